/**
 * Finds changes of the resolution in an H.264 stream. Headers tell the first size only; later ones stand between the
 * pictures: a sequence parameter set (ITU-T H.264, 7.3.2.1.1) with a length before it, in MP4 and Matroska alike. No coded
 * picture holds three zero bytes in a row, so that it is found without reading any container.
 */
import { open } from 'node:fs/promises';
import type { Size } from '../../shared/geometry.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Longer than any set and the head of what follows it. */
const OVERLAP_BYTES = 512;
const ZEROS = Buffer.alloc(3);

/** The first size other than `size` that a stream in this file announces; undefined when there is none. Reads all of the file. */
export async function findOtherSize(path: string, size: Size, signal: AbortSignal): Promise<Size | undefined> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES + OVERLAP_BYTES);
    for (let at = 0; ; at += CHUNK_BYTES) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      const other = otherSizeIn(buffer.subarray(0, bytesRead), size);
      if (other || bytesRead < buffer.length) return other;
    }
  } finally {
    await file.close();
  }
}

/** The same in bytes. Pure. */
export function otherSizeIn(bytes: Buffer, size: Size): Size | undefined {
  for (let at = bytes.indexOf(ZEROS); at >= 0; at = bytes.indexOf(ZEROS, at)) {
    // Of a longer row, the last three.
    for (at += 3; bytes[at] === 0; at += 1);
    const set = setAt(bytes, at);
    const other = set && readSize(set);
    if (other && (other.width !== size.width || other.height !== size.height)) return other;
  }
  return undefined;
}

const SET = 7;
/** What follows a set: what pictures refer to, another set, words. */
const FOLLOWERS: ReadonlySet<number> = new Set([6, 7, 8, 13, 15]);
const PROFILES: ReadonlySet<number> = new Set([44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244]);

/** The unit behind this last byte of a length, when it can be a parameter set and something follows that belongs there. */
function setAt(bytes: Buffer, at: number): Buffer | undefined {
  const [length = 0, head = 0, profile = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if ((head & 31) !== SET || head === SET || head > 127 || !PROFILES.has(profile)) return undefined;
  const end = at + 1 + length;
  const isFollowed = bytes[end] === 0 && bytes[end + 1] === 0 && FOLLOWERS.has((bytes[end + 4] ?? 0) & 31);
  const unit = bytes.subarray(at + 1, end);
  return isFollowed && unit.at(-1) !== 0 && !unit.includes(ZEROS) ? unit : undefined;
}

/** Undefined when the set does not hold together. */
function readSize(unit: Buffer): Size | undefined {
  const bits = createBits(unit);
  bits.skip(8);
  const profile = bits.take(8);
  bits.skip(16);
  bits.golomb();
  let chroma = 1;
  if (profile >= 100 || profile === 44 || profile === 83 || profile === 86) {
    chroma = bits.golomb();
    if (chroma === 3) bits.skip(1);
    bits.golomb();
    bits.golomb();
    bits.skip(1);
    if (bits.take(1) === 1) skipScaling(bits, chroma === 3 ? 12 : 8);
  }
  bits.golomb();
  const order = bits.golomb();
  if (order === 0) bits.golomb();
  if (order === 1) {
    bits.skip(1);
    bits.golomb();
    bits.golomb();
    for (let left = bits.golomb(); left > 0 && !bits.ended(); left -= 1) bits.golomb();
  }
  bits.golomb();
  bits.skip(1);
  const [columns, rows] = [bits.golomb() + 1, bits.golomb() + 1];
  const fields = bits.take(1) === 1 ? 1 : 2;
  if (fields === 2) bits.skip(1);
  bits.skip(1);
  const cut = bits.take(1) === 1 ? [0, 0, 0, 0].map(() => bits.golomb()) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = cut;
  const [unitX, unitY] = [chroma === 1 || chroma === 2 ? 2 : 1, (chroma === 1 ? 2 : 1) * fields];
  const width = columns * 16 - (left + right) * unitX;
  const height = rows * 16 * fields - (top + bottom) * unitY;
  const isWhole = !bits.ended() && chroma <= 3 && order <= 2 && width > 0 && height > 0;
  return isWhole ? { width, height } : undefined;
}

function skipScaling(bits: Bits, lists: number): void {
  for (let list = 0; list < lists && !bits.ended(); list += 1) {
    if (bits.take(1) === 0) continue;
    const entries = list < 6 ? 16 : 64;
    for (let entry = 0, last = 8, next = 8; entry < entries && next !== 0; entry += 1, last = next || last) {
      const code = bits.golomb();
      next = (last + (code % 2 === 1 ? (code + 1) / 2 : -code / 2) + 256) % 256;
    }
  }
}

interface Bits {
  take(count: number): number;
  skip(count: number): void;
  /** Unsigned. */
  golomb(): number;
  /** More was taken than there is. */
  ended(): boolean;
}

/** Without the bytes that keep three zeros from standing in a row. */
function createBits(unit: Buffer): Bits {
  const bytes = unit.filter((byte, i) => !(byte === 3 && unit[i - 1] === 0 && unit[i - 2] === 0));
  let at = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1, at += 1) value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  return {
    take,
    skip(count) {
      at += count;
    },
    golomb() {
      let zeros = 0;
      while (zeros < 32 && take(1) === 0) zeros += 1;
      return 2 ** zeros - 1 + take(zeros);
    },
    ended: () => at > bytes.length * 8,
  };
}
