/** Headers of clips as cameras and editors write them, and ffmpeg's muxers do not. */
import { readFile, writeFile } from 'node:fs/promises';

/** A display matrix's `a b c d`; 1 is 65536. */
export type Matrix = readonly [a: number, b: number, c: number, d: number];

/** Every matrix that quarter turns and mirrors make, and what a player then does: mirror left to right, turn clockwise. */
export const MATRICES: readonly { matrix: Matrix; mirrored: boolean; rotation: 0 | 90 | 180 | 270 }[] = [
  { matrix: [1, 0, 0, 1], mirrored: false, rotation: 0 },
  { matrix: [0, 1, -1, 0], mirrored: false, rotation: 90 },
  { matrix: [-1, 0, 0, -1], mirrored: false, rotation: 180 },
  { matrix: [0, -1, 1, 0], mirrored: false, rotation: 270 },
  { matrix: [-1, 0, 0, 1], mirrored: true, rotation: 0 },
  { matrix: [0, -1, -1, 0], mirrored: true, rotation: 90 },
  { matrix: [1, 0, 0, -1], mirrored: true, rotation: 180 },
  { matrix: [0, 1, 1, 0], mirrored: true, rotation: 270 },
];

/** Writes the matrix into the header of the movie, or of its first track. */
export async function setMatrix(path: string, at: 'mvhd' | 'tkhd', [a, b, c, d]: Matrix): Promise<void> {
  const file = await readFile(path);
  const box = boxAt(file, at);
  const wide = file.readUInt8(box + 8) === 1 ? 12 : 0;
  const start = box + wide + (at === 'mvhd' ? 44 : 48);
  for (const [index, value] of [a, b, 0, c, d, 0].entries()) file.writeInt32BE(value * 65_536, start + 4 * index);
  await writeFile(path, file);
}

/** Bit 0 of a track's flags: whether players show it. */
export async function setEnabled(path: string, track: number, enabled: boolean): Promise<void> {
  const file = await readFile(path);
  let box = -5;
  for (let count = 0; count <= track; count += 1) box = boxAt(file, 'tkhd', box + 5);
  file.writeUInt8(enabled ? 3 : 2, box + 11);
  await writeFile(path, file);
}

/** What an edit list plays of a track: so many seconds, from this second of what is stored on. */
export interface Edit {
  readonly seconds: number;
  readonly from: number;
}

/** Gives the last track an edit list of its own; the header must stand behind the media. Plays at most 4 s. */
export async function setLastEdits(path: string, edits: readonly Edit[]): Promise<void> {
  const file = await readFile(path);
  const track = file.lastIndexOf('trak', undefined, 'latin1') - 4;
  const list = boxAt(file, 'elst', track);
  const scale = (type: string, from = 0): number => file.readUInt32BE(boxAt(file, type, from) + 20);
  const [movie, media] = [scale('mvhd'), scale('mdhd', track)];
  const entries = edits.map(({ seconds, from }) => {
    const entry = Buffer.alloc(12);
    for (const [index, value] of [seconds * movie, from * media, 65_536].entries())
      entry.writeUInt32BE(Math.round(value), 4 * index);
    return entry;
  });
  const made = box('elst', [0, 0, 0, 0, 0, 0, 0, edits.length], ...entries);
  const end = list + file.readUInt32BE(list);
  const longer = made.length - (end - list);
  for (const at of [boxAt(file, 'moov'), track, boxAt(file, 'edts', track)])
    file.writeUInt32BE(file.readUInt32BE(at) + longer, at);
  await writeFile(path, Buffer.concat([file.subarray(0, list), made, file.subarray(end)]));
}

/** Adds boxes to the end of the sample entry of the first picture; the header must stand behind the media. */
export async function addToEntry(path: string, entry: string, boxes: Buffer): Promise<void> {
  let file = await readFile(path);
  // Brands bear the names of sample entries.
  const at = boxAt(file, entry, boxAt(file, 'stsd'));
  const end = at + file.readUInt32BE(at);
  file = Buffer.concat([file.subarray(0, end), boxes, file.subarray(end)]);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', entry]) {
    const start = box === entry ? at : boxAt(file, box);
    file.writeUInt32BE(file.readUInt32BE(start) + boxes.length, start);
  }
  await writeFile(path, file);
}

export function box(type: string, ...content: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** A Dolby Vision configuration record. */
export function dolbyVisionBox(profile: number, compatibility: number): Buffer {
  return box(profile < 8 ? 'dvcC' : 'dvvC', [1, 0, profile << 1, 0x2d, compatibility << 4], Buffer.alloc(19));
}

function boxAt(file: Buffer, type: string, from = 0): number {
  const at = file.indexOf(type, from, 'latin1') - 4;
  if (at < 0) throw new Error(`There is no ${type}.`);
  return at;
}

/**
 * Adds elements to the Video of the first track of a Matroska file that ffmpeg wrote without checksums. The empty element
 * before its tracks becomes shorter, so that everything behind them stays where the index says.
 */
export async function addToVideo(path: string, elements: Buffer): Promise<void> {
  const file = await readFile(path);
  // The index has their id too, without a size.
  const tracks = file.indexOf(Buffer.from([0x16, 0x54, 0xae, 0x6b, 0x01]));
  const empty = file.lastIndexOf(Buffer.from([0xec, 0x01, 0, 0, 0, 0, 0, 0]), tracks);
  // PixelWidth comes first in it.
  const width = file.indexOf(0xb0, file.indexOf(0xe0, file.indexOf('V_', tracks)));
  const entry = file.indexOf(0xae, tracks + 4);
  const video = file.lastIndexOf(0xe0, width);
  for (const at of [tracks + 4, entry + 1, video + 1]) resize(file, at, elements.length);
  resize(file, empty + 1, -elements.length);
  await writeFile(
    path,
    Buffer.concat([
      file.subarray(0, empty + 9),
      file.subarray(empty + 9 + elements.length, width),
      elements,
      file.subarray(width),
    ]),
  );
}

/** Changes the size of an element, which keeps its length. */
function resize(file: Buffer, at: number, by: number): void {
  const length = Math.clz32(file.readUInt8(at)) - 23;
  let size = (file.readUInt8(at) & (255 >> length)) * 256 ** (length - 1) + by;
  for (let i = 1; i < length; i += 1) size += file.readUInt8(at + i) * 256 ** (length - 1 - i);
  for (let i = length - 1; i > 0; i -= 1, size = Math.floor(size / 256)) file.writeUInt8(size % 256, at + i);
  file.writeUInt8((256 >> length) | size, at);
}

/** An element of Matroska whose data is short. */
export function element(id: number, data: readonly number[] | Buffer): Buffer {
  const name = Buffer.from(id.toString(16).padStart(id > 0xffff ? 8 : id > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([name, Buffer.from([0x80 | data.length]), Buffer.from(data)]);
}

export function float32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeFloatBE(value);
  return data;
}
