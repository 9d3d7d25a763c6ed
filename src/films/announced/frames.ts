/**
 * Sound that is stored as frames, one after another, each with its own header (MP3, MP2, AAC, AC-3), or as packets (MPEG-TS). None
 * says how many there are, but a file that ends inside one is cut off; MP3 may have a count in front.
 */
import type { FileHandle } from 'node:fs/promises';
import type { AnnouncedLength, IncompleteFile } from './length.ts';

/** How frames begin. */
interface FrameKind {
  readonly headerBytes: number;
  readonly firstByte: number;
  /** Undefined where no frame begins there, or one whose size it does not say. */
  bytesOf(header: Buffer): number | undefined;
}

export const ADTS: FrameKind = {
  ...{ headerBytes: 7, firstByte: 0xff },
  bytesOf(header) {
    if ((header.readUInt16BE(0) & 0xfff6) !== 0xfff0) return undefined;
    const bytes = (header.readUInt32BE(2) >>> 5) & 0x1fff;
    return bytes < 7 ? undefined : bytes;
  },
};

const AC3_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

export const AC3: FrameKind = {
  ...{ headerBytes: 6, firstByte: 0x0b },
  bytesOf(header) {
    if (header.readUInt16BE(0) !== 0x0b77 || header.readUInt8(5) >>> 3 > 10) return undefined;
    const code = header.readUInt8(4);
    const [hz, kbps] = [[48_000, 44_100, 32_000][code >>> 6], AC3_KBPS[(code & 63) >>> 1]];
    if (hz === undefined || kbps === undefined) return undefined;
    // In words of two bytes; at 44.1 kHz frames are not of one size.
    const words = Math.floor((kbps * 96_000) / hz) + (hz === 44_100 ? code & 1 : 0);
    return 2 * words;
  },
};

const MPEG_AUDIO: FrameKind = {
  ...{ headerBytes: 4, firstByte: 0xff },
  bytesOf: (header) => frameOf(header.readUInt32BE(0))?.bytes,
};

/** Bits a second, in thousands: of MPEG 1 by layer, and of MPEG 2 the first and the others. */
const KBPS = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  low1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  low: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

interface MpegFrame {
  readonly layer: 1 | 2 | 3;
  /** Undefined where its rate is free. */
  readonly bytes: number | undefined;
  /** For how long it is heard. */
  readonly seconds: number;
  /** Of layer III, between its header and what may be a Xing header. */
  readonly sideBytes: number;
}

function frameOf(header: number): MpegFrame | undefined {
  if (header >>> 21 !== 0x7ff) return undefined;
  const version = (header >>> 19) & 3;
  const layer = ([undefined, 3, 2, 1] as const)[(header >>> 17) & 3];
  const rate = [44_100, 48_000, 32_000][(header >>> 10) & 3];
  if (version === 1 || layer === undefined || rate === undefined) return undefined;
  const isOne = version === 3;
  const isMono = ((header >>> 6) & 3) === 3;
  const hz = rate / (isOne ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 2 || isOne ? 1152 : 576;
  const kbps = KBPS[isOne ? layer : layer === 1 ? 'low1' : 'low'][(header >>> 12) & 15];
  const slots = kbps && Math.floor((samples * kbps * 125) / (layer === 1 ? 4 : 1) / hz) + ((header >>> 9) & 1);
  return {
    layer,
    bytes: slots ? slots * (layer === 1 ? 4 : 1) : undefined,
    seconds: samples / hz,
    sideBytes: isOne ? (isMono ? 17 : 32) : isMono ? 9 : 17,
  };
}

/** Behind the tag with a cover picture. */
const FRAME_SEARCH_BYTES = 64 * 1024;
/** An encoder's delay and its padding are never longer. */
const PADDING_FRAMES = 4;

/** By the count of frames in its Xing header, which encoders write when they are done; without one, by its last frame. */
export async function mpegAudioLength(file: FileHandle): Promise<AnnouncedLength | IncompleteFile | undefined> {
  const from = await tagBytes(file);
  const text = Buffer.alloc(FRAME_SEARCH_BYTES);
  const { bytesRead } = await file.read(text, 0, text.length, from);
  const first = text.subarray(0, bytesRead);
  const at = first.findIndex((byte, index) => byte === 0xff && index + 4 <= first.length && isFrame(first, index));
  const frame = at < 0 ? undefined : frameOf(first.readUInt32BE(at));
  if (!frame) return undefined;
  const xing = at + 4 + frame.sideBytes;
  const isCounted =
    frame.layer === 3 && /^(?:Xing|Info)$/.test(first.toString('latin1', xing, xing + 4)) && xing + 12 <= first.length;
  if (isCounted && (first.readUInt32BE(xing + 4) & 1) === 1)
    return { seconds: first.readUInt32BE(xing + 8) * frame.seconds, slack: PADDING_FRAMES * frame.seconds };
  return endsInsideFrame(file, MPEG_AUDIO, from + at);
}

function isFrame(bytes: Buffer, at: number): boolean {
  return frameOf(bytes.readUInt32BE(at)) !== undefined;
}

/** Of an ID3 tag in front. */
async function tagBytes(file: FileHandle): Promise<number> {
  const tag = Buffer.alloc(10);
  await file.read(tag, 0, tag.length, 0);
  if (tag.toString('latin1', 0, 3) !== 'ID3') return 0;
  return [6, 7, 8, 9].reduce((size, index) => size * 128 + (tag[index] ?? 0), 0) + tag.length;
}

const WINDOW_BYTES = 64 * 1024;
/** Fewer may be something else that begins alike. */
const LEAST_FRAMES = 3;

/** Undefined where the last frame is whole, and where something else follows one: a tag, or what nobody can read. */
export async function endsInsideFrame(
  file: FileHandle,
  kind: FrameKind,
  start?: number,
): Promise<IncompleteFile | undefined> {
  const { size } = await file.stat();
  let window = Buffer.alloc(0);
  let [at, windowAt] = [start ?? (await tagBytes(file)), 0];
  for (let frames = 0; at < size; frames += 1) {
    if (at + kind.headerBytes > windowAt + window.length) {
      const next = Buffer.alloc(WINDOW_BYTES);
      const { bytesRead } = await file.read(next, 0, next.length, at);
      [window, windowAt] = [next.subarray(0, bytesRead), at];
    }
    const header = window.subarray(at - windowAt, at - windowAt + kind.headerBytes);
    const isHalf = header.length < kind.headerBytes;
    const bytes = isHalf ? undefined : kind.bytesOf(header);
    const isCut = isHalf ? header[0] === kind.firstByte : bytes !== undefined && at + bytes > size;
    if (isCut) return frames < LEAST_FRAMES ? undefined : { lacks: 'the end of its last frame is missing' };
    if (bytes === undefined) return undefined;
    at += bytes;
  }
  return undefined;
}

const PACKET_BYTES = 188;
const PACKET_BEGINS = 0x47;

/** Of MPEG-TS. */
export async function endsInsidePacket(file: FileHandle): Promise<IncompleteFile | undefined> {
  const head = Buffer.alloc(PACKET_BYTES + 1);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const isPlain = bytesRead === head.length && head[0] === PACKET_BEGINS && head[PACKET_BYTES] === PACKET_BEGINS;
  return isPlain && (await file.stat()).size % PACKET_BYTES !== 0
    ? { lacks: 'the end of its last packet is missing' }
    : undefined;
}
