/** Reads what a host checks in an uploaded MP4 from its boxes (ISO 14496-12), with a reader of the sandbox's own. */

export interface ClipFacts {
  /** Of the longest of file and tracks. */
  readonly seconds: number;
  readonly videoSeconds: number;
  /** On average. */
  readonly fps: number;
  /** Sample entry of the video track: `avc1`, `hvc1` ... */
  readonly codec: string;
  /** Of the displayed picture: rotation and pixel aspect ratio applied. */
  readonly width: number;
  readonly height: number;
}

interface Mp4Box {
  readonly type: string;
  readonly body: Buffer;
}

/** Undefined when this is no whole MP4 with a picture and a known length. */
export function readClip(bytes: Buffer): ClipFacts | undefined {
  try {
    const file = childrenOf(bytes);
    if (file[0]?.type !== 'ftyp' || !find(file, 'mdat')) return undefined;
    const movie = childrenOf(find(file, 'moov') ?? Buffer.alloc(0));
    const header = readTimes(need(movie, 'mvhd'), { version1At: 20, version0At: 12, scaleBytes: 4 });
    const tracks = movie.filter((box) => box.type === 'trak').map((box) => readTrack(box.body, header.scale));
    const video = tracks.find((track) => track.handler === 'vide');
    const seconds = Math.max(header.duration / header.scale, ...tracks.map((track) => track.seconds));
    if (!video?.entry || !(seconds > 0)) return undefined;
    return {
      seconds,
      videoSeconds: video.seconds,
      fps: video.fps,
      codec: video.entry.type,
      ...displayed(video.entry.body, video.turned),
    };
  } catch (error) {
    // A box that ends before its fields do.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function childrenOf(bytes: Buffer, start = 0): Mp4Box[] {
  const boxes: Mp4Box[] = [];
  for (let at = start; at < bytes.length; ) {
    const short = bytes.readUInt32BE(at);
    const header = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? bytes.length - at : short;
    if (size < header || at + size > bytes.length) throw new RangeError('box out of bounds');
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + header, at + size) });
    at += size;
  }
  return boxes;
}

function find(boxes: readonly Mp4Box[], type: string): Buffer | undefined {
  return boxes.find((box) => box.type === type)?.body;
}

function need(boxes: readonly Mp4Box[], type: string): Buffer {
  const body = find(boxes, type);
  if (!body) throw new RangeError(`no ${type} box`);
  return body;
}

/** A time scale (if the box has one) and the duration behind it, in both box versions. */
function readTimes(box: Buffer, layout: { version1At: number; version0At: number; scaleBytes: 0 | 4 }) {
  const long = box.readUInt8(0) === 1;
  const at = long ? layout.version1At : layout.version0At;
  const durationAt = at + layout.scaleBytes;
  return {
    scale: layout.scaleBytes === 4 ? box.readUInt32BE(at) : 1,
    duration: long ? Number(box.readBigUInt64BE(durationAt)) : box.readUInt32BE(durationAt),
    end: durationAt + (long ? 8 : 4),
  };
}

function readTrack(track: Buffer, movieScale: number) {
  const boxes = childrenOf(track);
  const media = childrenOf(need(boxes, 'mdia'));
  const tkhd = need(boxes, 'tkhd');
  const times = readTimes(tkhd, { version1At: 28, version0At: 20, scaleBytes: 0 });
  // The matrix stands 16 bytes behind the duration; a quarter turn moves its weight off the diagonal.
  const turned = tkhd.readInt32BE(times.end + 16) === 0 && tkhd.readInt32BE(times.end + 20) !== 0;
  const own = readTimes(need(media, 'mdhd'), { version1At: 20, version0At: 12, scaleBytes: 4 });
  const samples = childrenOf(need(childrenOf(need(media, 'minf')), 'stbl'));
  return {
    handler: need(media, 'hdlr').toString('latin1', 8, 12),
    seconds: times.duration > 0 ? times.duration / movieScale : own.duration / own.scale,
    turned,
    fps: sampleCount(samples) / (own.duration / own.scale),
    entry: childrenOf(need(samples, 'stsd'), 8)[0],
  };
}

/** Of the sum in `stts`; a track without one has none. */
function sampleCount(samples: readonly Mp4Box[]): number {
  const table = find(samples, 'stts');
  if (!table) return 0;
  let count = 0;
  for (let index = 0; index < table.readUInt32BE(4); index += 1) count += table.readUInt32BE(8 + 8 * index);
  return count;
}

function displayed(entry: Buffer, turned: boolean): { width: number; height: number } {
  const pixel = find(childrenOf(entry, 78), 'pasp');
  const stretch = pixel ? pixel.readUInt32BE(0) / pixel.readUInt32BE(4) : 1;
  const [width, height] = [entry.readUInt16BE(24) * stretch, entry.readUInt16BE(26)];
  return turned ? { width: height, height: width } : { width, height };
}
