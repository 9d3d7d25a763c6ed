/** Measures what a file does not state, by reading its packets to the end. */

import { fileUrl, hostileInput } from './arguments.ts';
import type { Ffmpeg } from './find.ts';
import { pictureStream } from './picture-input.ts';
import { KILL_AFTER_MS, throwIfAborted } from './process.ts';

export interface Measured {
  readonly seconds: number;
  readonly fps: number;
  readonly frames: number;
  readonly constantRate: boolean;
}

const TIMEOUT_MS = 60_000;
const MAX_PACKETS = 1_000_000;
/** Rates that recordings mean; their times are rounded to milliseconds. */
const STANDARD_FPS = [10, 12, 15, 20, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60, 120];

/** Undefined when ffmpeg finds no picture in it. Never runs longer than a minute. */
export async function measureVideo(
  path: string,
  ffmpeg: Ffmpeg,
  { stream, signal }: { readonly stream: number; readonly signal: AbortSignal },
): Promise<Measured | undefined> {
  const { execa } = await import('execa');
  const args = [
    ...hostileInput(),
    '-v',
    'error',
    '-i',
    fileUrl(path),
    '-map',
    pictureStream({ stream }),
    '-c',
    'copy',
    '-f',
    'framecrc',
    '-',
  ];
  const child = execa(ffmpeg.path, args, {
    stdin: 'ignore',
    reject: false,
    buffer: false,
    timeout: TIMEOUT_MS,
    cancelSignal: signal,
    forceKillAfterDelay: KILL_AFTER_MS,
  });
  const lines: string[] = [];
  for await (const line of child.iterable({ from: 'stdout' })) {
    lines.push(line);
    if (lines.length > MAX_PACKETS) child.kill();
  }
  await child;
  throwIfAborted(signal);
  return readPackets(lines);
}

/** Reads ffmpeg's framecrc listing: `#tb 0: 1/90000`, then `stream, dts, pts, duration, size, checksum`. */
export function readPackets(lines: readonly string[]): Measured | undefined {
  const base = /^#tb 0: (\d+)\/(\d+)/.exec(lines.find((line) => line.startsWith('#tb 0:')) ?? '');
  const tick = base ? Number(base[1]) / Number(base[2]) : Number.NaN;
  const packets = lines
    .map((line) => /^0,\s*-?\d+,\s*(-?\d+),\s*(\d+),/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ at: Number(match[1]), lasts: Number(match[2]) }))
    .sort((a, b) => a.at - b.at);
  const [first, last] = [packets[0], packets.at(-1)];
  if (!first || !last || !(tick > 0)) return undefined;

  const gaps = packets.slice(1).map((packet, index) => packet.at - (packets[index]?.at ?? 0));
  const usual = gaps.length > 0 ? (last.at - first.at) / gaps.length : last.lasts;
  const spread = gaps.reduce((widest, gap) => Math.max(widest, Math.abs(gap - usual)), 0);
  const constantRate = spread <= Math.max(1, usual * 0.01);
  const seconds = (last.at - first.at + (last.lasts || usual)) * tick;
  if (!(seconds > 0)) return { seconds: 0, fps: 0, frames: packets.length, constantRate };
  const average = constantRate && gaps.length > 0 ? 1 / (usual * tick) : packets.length / seconds;
  const standard = STANDARD_FPS.filter(
    (fps) => Math.abs(average / fps - 1) < 0.0005 || (spread > 0 && Math.abs(average / fps - 1) < 0.002),
  );
  const nearest = standard.sort((a, b) => Math.abs(a - average) - Math.abs(b - average))[0];
  return { seconds, fps: constantRate ? (nearest ?? average) : average, frames: packets.length, constantRate };
}
