/** The boxes of MP4 and QuickTime (ISO/IEC 14496-12) that say how a video track is to be shown. */
import {
  type ContainerHeader,
  PLAIN_TRACK,
  type ReadAt,
  readDolbyVision,
  type TrackHeader,
  turnOf,
} from './track-header.ts';

/** Headers of long recordings take megabytes; more is no header. */
const MAX_HEADER_BYTES = 128 * 1024 * 1024;
const MAX_TOP_BOXES = 100_000;
/** What a file may begin a box with; anything else behind a whole box is not ours to read. */
const TOP_BOXES =
  /^(?:ftyp|moov|moof|mdat|mfra|free|skip|wide|uuid|meta|udta|sidx|styp|emsg|pnot|PICT|prft|pdin|ssix)$/;

/** Throws RangeError for boxes that do not hold what they must. */
export async function readMp4(read: ReadAt, bytes: number): Promise<ContainerHeader> {
  let tracks: readonly TrackHeader[] = [];
  let at = 0;
  for (let boxes = 0; at + 8 <= bytes && boxes < MAX_TOP_BOXES; boxes += 1) {
    const head = await read(at, 16);
    const type = head.toString('latin1', 4, 8);
    if (!TOP_BOXES.test(type)) return { tracks, cut: tracks.length === 0 };
    const size = boxSize(head, bytes - at);
    if (size < 8) return { tracks, cut: tracks.length === 0 };
    if (at + size > bytes) return { tracks, cut: true };
    if (type === 'moov') tracks = readMovie(await read(at, Math.min(size, MAX_HEADER_BYTES)));
    at += size;
  }
  return { tracks, cut: tracks.length === 0 };
}

/** Of a whole box, its header included; a size of 0 reaches to the end. */
function boxSize(head: Buffer, left: number): number {
  const small = head.readUInt32BE(0);
  return small === 1 ? Number(head.readBigUInt64BE(8)) : small || left;
}

function readMovie(moov: Buffer): TrackHeader[] {
  const boxes = children(moov, 8);
  const movie = find(boxes, 'mvhd');
  const matrix = movie ? readMatrix(movie, movie.readUInt8(8) === 1 ? 56 : 44) : IDENTITY;
  return boxes.filter(({ type }) => type === 'trak').flatMap(({ box }) => readTrack(box, matrix) ?? []);
}

interface Box {
  readonly type: string;
  /** With its header. */
  readonly box: Buffer;
}

function children(parent: Buffer, from: number): Box[] {
  const found: Box[] = [];
  for (let at = from; at + 8 <= parent.length; ) {
    const size = boxSize(parent.subarray(at), parent.length - at);
    if (size < 8 || at + size > parent.length) break;
    found.push({ type: parent.toString('latin1', at + 4, at + 8), box: parent.subarray(at, at + size) });
    at += size;
  }
  return found;
}

function find(boxes: readonly Box[], type: string): Buffer | undefined {
  return boxes.find((box) => box.type === type)?.box;
}

/** Where the header of a full box ends: size, type, version and flags. */
const FULL = 12;
/** A sample entry of a picture: its boxes follow 86 bytes of fixed fields. */
const VISUAL_ENTRY = 86;

function readTrack(trak: Buffer, movie: Matrix): TrackHeader | undefined {
  const boxes = children(trak, 8);
  const media = children(find(boxes, 'mdia') ?? Buffer.alloc(0), 8);
  const header = find(boxes, 'tkhd');
  if (!header || find(media, 'hdlr')?.toString('latin1', FULL + 4, FULL + 8) !== 'vide') return undefined;
  const samples = children(find(children(find(media, 'minf') ?? Buffer.alloc(0), 8), 'stbl') ?? Buffer.alloc(0), 8);
  const entries = children(find(samples, 'stsd') ?? Buffer.alloc(0), FULL + 4);
  const [entry] = entries;
  const inside = entry ? children(entry.box, VISUAL_ENTRY) : [];
  const dolbyVision = find(inside, 'dvcC') ?? find(inside, 'dvvC');
  const own = readMatrix(header, header.readUInt8(8) === 1 ? 60 : 48);
  const avcC = entries.length === 1 ? find(inside, 'avcC') : undefined;
  const isEnabled = (header.readUInt8(11) & 1) === 1;
  return {
    ...PLAIN_TRACK,
    chosen: isEnabled,
    turn: turnOf(...multiply(own, movie)),
    stereo: stereoOf(find(inside, 'st3d')?.readUInt8(FULL)),
    projection: projectionOf(find(inside, 'sv3d')),
    dolbyVision: dolbyVision && readDolbyVision(dolbyVision.subarray(8)),
    encrypted: entry?.type === 'encv' || entry?.type === 'drmi' || find(inside, 'sinf') !== undefined,
    timeless: isTimeless(find(samples, 'stts'), find(samples, 'ctts')),
    samples: find(samples, 'stsz')?.readUInt32BE(FULL + 4) ?? 0,
    ...(avcC && { avcC: avcC.toString('hex') }),
  };
}

/** Whether the tables of decoding and composition times give several samples one and the same time. */
function isTimeless(stts: Buffer | undefined, ctts: Buffer | undefined): boolean {
  let samples = 0;
  for (const [count, delta] of rows(stts)) {
    if (delta !== 0) return false;
    samples += count;
  }
  return samples > 1 && new Set([...rows(ctts)].map(([, offset]) => offset)).size <= 1;
}

/** Of a full box that holds a count and so many pairs of numbers. */
function* rows(box: Buffer | undefined): Generator<readonly [count: number, value: number]> {
  if (!box) return;
  const end = Math.min(box.length - 7, FULL + 4 + 8 * box.readUInt32BE(FULL));
  for (let at = FULL + 4; at < end; at += 8) yield [box.readUInt32BE(at), box.readUInt32BE(at + 4)];
}

/** The part of the matrix that turns and mirrors, row by row. */
type Matrix = readonly [a: number, b: number, c: number, d: number];
const IDENTITY: Matrix = [1, 0, 0, 1];

function readMatrix(box: Buffer, at: number): Matrix {
  const [a, b, c, d] = [0, 4, 12, 16].map((offset) => box.readInt32BE(at + offset) / 65_536);
  return a || b || c || d ? [a ?? 0, b ?? 0, c ?? 0, d ?? 0] : IDENTITY;
}

function multiply([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

function stereoOf(mode: number | undefined): string | undefined {
  return mode === 1 ? 'top and bottom' : mode === 2 ? 'side by side' : mode ? 'two eyes' : undefined;
}

/** Spherical video V2: `proj` holds one box that says how. */
function projectionOf(sv3d: Buffer | undefined): string | undefined {
  const inside = sv3d && find(children(sv3d, 8), 'proj');
  if (!inside) return sv3d && 'spherical';
  const kinds = children(inside, 8).map(({ type }) => type);
  if (kinds.includes('equi')) return 'equirectangular';
  return kinds.includes('cbmp') ? 'cubemap' : 'spherical';
}
