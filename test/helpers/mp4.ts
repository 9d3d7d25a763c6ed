/** Reads MP4 by its boxes (ISO/IEC 14496-12), so that what ffmpeg writes is not judged by ffmpeg. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseSps, type Sps } from './sps.ts';

export interface Mp4 {
  readonly bytes: number;
  readonly brand: string;
  /** Types of the boxes at the top, in order. */
  readonly topLevel: readonly string[];
  /** Paths of all boxes that were walked, such as `moov/trak/mdia`. */
  readonly boxes: readonly string[];
  /** Of the whole presentation (mvhd). */
  readonly seconds: number;
  /** As written in mvhd; 0 is none. */
  readonly creationTime: number;
  readonly tracks: readonly Mp4Track[];
}

export interface Mp4Track {
  /** `vide`, `soun`, or whatever else there is. */
  readonly kind: string;
  /** Type of the sample entry: `avc1`, `mp4a`. */
  readonly codec: string;
  /** Presented (tkhd, edit list applied), and of all samples stored (mdhd). */
  readonly seconds: number;
  readonly mediaSeconds: number;
  /** Rotation, scale and place (tkhd), in 16.16 and 2.30 fixed point. */
  readonly matrix: readonly number[];
  readonly width: number;
  readonly height: number;
  /** Runs of equal durations (stts), in units of `timescale`. */
  readonly durations: readonly { readonly count: number; readonly delta: number }[];
  readonly timescale: number;
  readonly samples: number;
  /** Boxes inside the sample entry. */
  readonly entryBoxes: readonly string[];
  readonly sps?: Sps;
  /** Horizontal over vertical spacing (pasp). */
  readonly pasp?: number;
  /** Primaries, transfer, matrix (colr). */
  readonly colr?: readonly number[];
  readonly sampleRate?: number;
  /** As AAC configures them: sample entries may say 2 of a single one. */
  readonly channels?: number;
  /** MPEG-4 object type of the sound: 2 is AAC-LC. */
  readonly audioObjectType?: number;
}

interface Box {
  readonly type: string;
  readonly path: string;
  readonly body: Buffer;
  /** Of the body, in the file. */
  readonly start: number;
  readonly children: readonly Box[];
}

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl', 'edts', 'udta', 'meta', 'ilst']);

export async function readMp4(path: string): Promise<Mp4> {
  const file = await readFile(path);
  const top = parseBoxes(file, '', 0);
  const all = flatten(top);
  const mvhd = find(all, 'moov/mvhd');
  const wide = mvhd.readUInt8(0) === 1;
  const timescale = mvhd.readUInt32BE(wide ? 20 : 12);
  return {
    bytes: file.length,
    brand: find(all, 'ftyp').toString('latin1', 0, 4),
    topLevel: top.map(({ type }) => type),
    boxes: all.map(({ path: at }) => at),
    seconds: readDuration(mvhd, wide ? 24 : 16) / timescale,
    creationTime: readDuration(mvhd, 4),
    tracks: all.filter(({ path: at }) => at === 'moov/trak').map((trak) => readTrack(flatten([trak]), timescale)),
  };
}

/** Where each sample of the first track of this kind stands in the file. */
export async function sampleRanges(path: string, kind: string): Promise<{ offset: number; length: number }[]> {
  const traks = flatten(parseBoxes(await readFile(path), '', 0)).filter(({ path: at }) => at === 'moov/trak');
  const boxes = traks.map((trak) => flatten([trak])).find((all) => kindOf(all) === kind) ?? [];
  const at = (name: string) => find(boxes, `moov/trak/mdia/minf/stbl/${name}`);
  const [stsc, stsz, stco] = [at('stsc'), at('stsz'), at('stco')];
  const fixed = stsz.readUInt32BE(4);
  const ranges: { offset: number; length: number }[] = [];
  for (let chunk = 0; chunk < stco.readUInt32BE(4); chunk += 1) {
    let perChunk = 0;
    for (let i = 0; i < stsc.readUInt32BE(4); i += 1) {
      if (stsc.readUInt32BE(8 + 12 * i) <= chunk + 1) perChunk = stsc.readUInt32BE(12 + 12 * i);
    }
    let offset = stco.readUInt32BE(8 + 4 * chunk);
    for (let i = 0; i < perChunk; i += 1) {
      const length = fixed || stsz.readUInt32BE(12 + 4 * ranges.length);
      ranges.push({ offset, length });
      offset += length;
    }
  }
  return ranges;
}

/** A hash of every coded slice of an H.264 picture, in order: equal only if nothing was encoded again. */
export async function sliceHashes(path: string): Promise<string[]> {
  const file = await readFile(path);
  const hashes: string[] = [];
  for (const { offset, length } of await sampleRanges(path, 'vide')) {
    for (let at = offset; at < offset + length; at += 4 + file.readUInt32BE(at)) {
      const unit = file.subarray(at + 4, at + 4 + file.readUInt32BE(at));
      const type = (unit[0] ?? 0) & 31;
      if (type >= 1 && type <= 5) hashes.push(createHash('md5').update(unit).digest('hex'));
    }
  }
  return hashes;
}

function parseBoxes(data: Buffer, parent: string, base: number): Box[] {
  const boxes: Box[] = [];
  let at = 0;
  while (at + 8 <= data.length) {
    const small = data.readUInt32BE(at);
    const header = small === 1 ? 16 : 8;
    const size = small === 1 ? Number(data.readBigUInt64BE(at + 8)) : small || data.length - at;
    const type = data.toString('latin1', at + 4, at + 8);
    if (size < header || at + size > data.length)
      throw new Error(`Box ${type} at ${base + at} does not fit its parent.`);
    const path = parent === '' ? type : `${parent}/${type}`;
    const body = data.subarray(at + header, at + size);
    const start = base + at + header;
    const skip = type === 'meta' ? 4 : 0;
    const inside = CONTAINERS.has(type) ? parseBoxes(body.subarray(skip), path, start + skip) : [];
    boxes.push({ type, path, body, start, children: inside });
    at += size;
  }
  return boxes;
}

function flatten(boxes: readonly Box[]): Box[] {
  return boxes.flatMap((box) => [box, ...flatten(box.children)]);
}

function find(boxes: readonly Box[], path: string): Buffer {
  const body = seek(boxes, path);
  if (!body) throw new Error(`There is no ${path}.`);
  return body;
}

function seek(boxes: readonly Box[], path: string): Buffer | undefined {
  return boxes.find((box) => box.path === path)?.body;
}

/** Durations and times are 64 bits wide in version 1 of a full box. */
function readDuration(box: Buffer, at: number): number {
  return box.readUInt8(0) === 1 ? Number(box.readBigUInt64BE(at)) : box.readUInt32BE(at);
}

function kindOf(boxes: readonly Box[]): string {
  return find(boxes, 'moov/trak/mdia/hdlr').toString('latin1', 8, 12);
}

function readTrack(boxes: readonly Box[], movieTimescale: number): Mp4Track {
  const tkhd = find(boxes, 'moov/trak/tkhd');
  const wide = tkhd.readUInt8(0) === 1;
  const afterTimes = wide ? 36 : 24;
  const mdhd = find(boxes, 'moov/trak/mdia/mdhd');
  const timescale = mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12);
  const stts = find(boxes, 'moov/trak/mdia/minf/stbl/stts');
  const durations = Array.from({ length: stts.readUInt32BE(4) }, (_, i) => ({
    count: stts.readUInt32BE(8 + 8 * i),
    delta: stts.readUInt32BE(12 + 8 * i),
  }));
  return {
    kind: kindOf(boxes),
    seconds: readDuration(tkhd, wide ? 28 : 20) / movieTimescale,
    mediaSeconds: readDuration(mdhd, mdhd.readUInt8(0) === 1 ? 24 : 16) / timescale,
    matrix: Array.from({ length: 9 }, (_, i) => tkhd.readInt32BE(afterTimes + 16 + 4 * i)),
    width: tkhd.readUInt32BE(afterTimes + 52) / 65_536,
    height: tkhd.readUInt32BE(afterTimes + 56) / 65_536,
    durations,
    timescale,
    samples: durations.reduce((sum, { count }) => sum + count, 0),
    ...readEntry(find(boxes, 'moov/trak/mdia/minf/stbl/stsd').subarray(8), kindOf(boxes)),
  };
}

function readEntry(stsd: Buffer, kind: string): Pick<Mp4Track, 'codec' | 'entryBoxes'> & Partial<Mp4Track> {
  const codec = stsd.toString('latin1', 4, 8);
  const header = { vide: 86, soun: 36 }[kind];
  if (header === undefined) return { codec, entryBoxes: [] };
  const inner = parseBoxes(stsd.subarray(header, stsd.readUInt32BE(0)), '', 0);
  const entryBoxes = inner.map(({ type }) => type);
  if (kind === 'soun') {
    const aac = readAudioConfig(seek(inner, 'esds'));
    return { codec, entryBoxes, sampleRate: stsd.readUInt32BE(32) / 65_536, ...aac };
  }
  const avcC = seek(inner, 'avcC');
  const pasp = seek(inner, 'pasp');
  const colr = seek(inner, 'colr');
  return {
    codec,
    entryBoxes,
    ...(avcC ? { sps: parseSps(avcC.subarray(8, 8 + avcC.readUInt16BE(6))) } : {}),
    ...(pasp ? { pasp: pasp.readUInt32BE(0) / pasp.readUInt32BE(4) } : {}),
    ...(colr ? { colr: [4, 6, 8].map((at) => colr.readUInt16BE(at)) } : {}),
  };
}

/** Down through the descriptors of 14496-1 to the AudioSpecificConfig of 14496-3. */
function readAudioConfig(esds: Buffer | undefined): Pick<Mp4Track, 'audioObjectType' | 'channels'> {
  if (!esds) return {};
  let at = 4;
  for (const [tag, skip] of [
    [3, 3],
    [4, 13],
    [5, 0],
  ] as const) {
    if (esds.readUInt8(at) !== tag) return {};
    at += 1;
    while (esds.readUInt8(at) & 0x80) at += 1;
    at += 1 + skip;
  }
  return { audioObjectType: esds.readUInt8(at) >> 3, channels: (esds.readUInt8(at + 1) >> 3) & 15 };
}
