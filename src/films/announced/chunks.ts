/** The length of a file of chunks by their headers: WAV, RF64, Wave64, CAF; and of AU, which has one header. */
import type { FileHandle } from 'node:fs/promises';
import type { AnnouncedLength, IncompleteFile } from './length.ts';

const EXACT_SECONDS = 0.02;
/** Programs that write to a pipe put the largest size that they know, or none. */
const LEAST_ENDLESS_BYTES = 0x7ffff000;
const MOST_CHUNKS = 1000;
const HEAD_BYTES = 64;

interface Chunk {
  /** Its name, as four characters. */
  readonly name: string;
  /** Of its contents; undefined where nobody knows. */
  readonly bytes: number | undefined;
  /** The first of its contents. */
  readonly head: Buffer;
  /** Where its contents begin. */
  readonly at: number;
}

/** How chunks are written. */
interface ChunkKind {
  /** Where the first of them stands, and the bytes of the header of each. */
  readonly first: number;
  readonly headerBytes: number;
  sizeOf(header: Buffer): number;
  /** Contents are padded to so many bytes. */
  readonly align: number;
}

const RIFF: ChunkKind = { first: 12, headerBytes: 8, align: 2, sizeOf: (header) => header.readUInt32LE(4) };
/** Names have sixteen bytes, and sizes count their header. */
const WAVE64: ChunkKind = {
  ...{ first: 40, headerBytes: 24, align: 8 },
  sizeOf: (header) => longSize(header.readBigUInt64LE(16)) - 24,
};
const CORE_AUDIO: ChunkKind = {
  ...{ first: 8, headerBytes: 12, align: 1 },
  // Of data that goes on to the end of the file, -1.
  sizeOf: (header) => longSize(header.readBigInt64BE(4)),
};

/** -1 for what is no size. */
function longSize(size: bigint): number {
  return size < BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : -1;
}

async function* chunksOf(file: FileHandle, kind: ChunkKind): AsyncGenerator<Chunk> {
  let at = kind.first;
  for (let count = 0; count < MOST_CHUNKS; count += 1) {
    const head = Buffer.alloc(kind.headerBytes + HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, at);
    if (bytesRead < kind.headerBytes) return;
    const size = kind.sizeOf(head);
    const bytes = size < 0 ? undefined : size;
    const start = at + kind.headerBytes;
    const contents = head.subarray(kind.headerBytes, Math.min(bytesRead, kind.headerBytes + (bytes ?? HEAD_BYTES)));
    yield { name: head.toString('latin1', 0, 4), bytes, head: contents, at: start };
    if (bytes === undefined) return;
    at = start + Math.ceil(bytes / kind.align) * kind.align;
  }
}

/** Of formats whose samples all take the same room: PCM, floating point, A-law, mu-law, and what says which of them in its own tail. */
const EVEN_FORMATS: readonly number[] = [1, 3, 6, 7, 0xfffe];

/** By the sizes of its chunks; those of RF64 and BW64 stand in `ds64`. */
export async function waveLength(file: FileHandle): Promise<AnnouncedLength | IncompleteFile | undefined> {
  let [bytesPerSecond, longBytes] = [0, 0];
  for await (const { name, bytes = 0, head, at } of chunksOf(file, RIFF)) {
    if (name === 'ds64' && head.length >= 16) longBytes = Math.max(0, longSize(head.readBigUInt64LE(8)));
    if (name === 'fmt ') bytesPerSecond = bytesPerSecondOf(head);
    if (name === 'data') {
      const isShort = bytes > 0 && bytes < LEAST_ENDLESS_BYTES;
      return lengthOf(file, { at, bytes: isShort ? bytes : longBytes, bytesPerSecond });
    }
  }
  return undefined;
}

export async function wave64Length(file: FileHandle): Promise<AnnouncedLength | IncompleteFile | undefined> {
  let bytesPerSecond = 0;
  for await (const { name, bytes = 0, head, at } of chunksOf(file, WAVE64)) {
    if (name === 'fmt ') bytesPerSecond = bytesPerSecondOf(head);
    if (name === 'data') return lengthOf(file, { at, bytes, bytesPerSecond });
  }
  return undefined;
}

/** Of a `fmt ` chunk; 0 of formats that are compressed, whose own number encoders get wrong. */
function bytesPerSecondOf(format: Buffer): number {
  if (format.length < 14 || !EVEN_FORMATS.includes(format.readUInt16LE(0))) return 0;
  return format.readUInt32LE(4) * format.readUInt16LE(12);
}

export async function cafLength(file: FileHandle): Promise<AnnouncedLength | IncompleteFile | undefined> {
  let bytesPerSecond = 0;
  for await (const { name, bytes, head, at } of chunksOf(file, CORE_AUDIO)) {
    if (name === 'desc' && head.length >= 24) {
      const [perPacket, frames] = [head.readUInt32BE(16), head.readUInt32BE(20)];
      // What is compressed has packets of varying sizes, or none in it: its own count of them stands behind the data.
      bytesPerSecond = frames === 1 ? head.readDoubleBE(0) * perPacket : 0;
    }
    // The count of edits stands in front of the sound.
    if (name === 'data')
      return bytes === undefined ? undefined : lengthOf(file, { at: at + 4, bytes: bytes - 4, bytesPerSecond });
  }
  return undefined;
}

/** Bytes of a sample by the number of an encoding: mu-law, PCM, floating point, A-law. */
const AU_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1 };

export async function auLength(file: FileHandle): Promise<AnnouncedLength | IncompleteFile | undefined> {
  const head = Buffer.alloc(24);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (bytesRead < head.length) return undefined;
  const [at, bytes, encoding, rate, channels] = [4, 8, 12, 16, 20].map((place) => head.readUInt32BE(place)) as [
    ...[number, number, number, number, number],
  ];
  if (bytes >= LEAST_ENDLESS_BYTES) return undefined;
  return lengthOf(file, { at, bytes, bytesPerSecond: rate * channels * (AU_BYTES[encoding] ?? 0) });
}

/** Of so many bytes of sound from there on, 0 where they are not announced; compressed sound has no bytes per second. */
async function lengthOf(
  file: FileHandle,
  { at, bytes, bytesPerSecond }: { readonly at: number; readonly bytes: number; readonly bytesPerSecond: number },
): Promise<AnnouncedLength | IncompleteFile | undefined> {
  if (bytes <= 0) return undefined;
  const stored = Math.min(bytes, Math.max(0, (await file.stat()).size - at));
  if (bytesPerSecond > 0)
    return { seconds: bytes / bytesPerSecond, stored: stored / bytesPerSecond, slack: EXACT_SECONDS };
  return stored < bytes ? { lacks: `${bytes - stored} of its ${bytes} bytes of sound are missing` } : undefined;
}
