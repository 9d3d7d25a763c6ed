/** Whether a film, or a piece of one that was copied, is what it was to be: nobody has it before. */
import { readFile } from 'node:fs/promises';
import { fileUrl, untrustedInputOptions } from '../media/ffmpeg/arguments.ts';
import { decoderComplaints, isSevere } from '../media/ffmpeg/complaints.ts';
import type { FfmpegProgram } from '../media/ffmpeg/find.ts';
import { KEEP_TIMESTAMPS } from '../media/ffmpeg/part-clock.ts';
import { firstWords, machineProblem } from '../media/ffmpeg/process.ts';
import { linesOf, type OutputReader } from '../media/ffmpeg/run-program.ts';
import { DECODER_THREADS, runDecoder } from '../media/verify/decode.ts';
import type { AssemblyPlan } from './plan.ts';
import { timescaleOf } from './raster.ts';
import { readTrack } from './take.ts';

interface CheckTools {
  readonly ffmpeg: FfmpegProgram;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 4 * 3_600_000;

/** Why the pictures of a file do not decode, or are not so many, to follow a colon; undefined when they do. */
export async function decodeProblem(path: string, frames: number, tools: CheckTools): Promise<string | undefined> {
  const { problem, shown } = await decode(path, ['-map', '0:v:0', '-f', 'null', '-'], tools);
  return problem ?? (shown === frames ? undefined : `${shown} of its ${frames} pictures are shown`);
}

export interface FilmParts {
  readonly audio: boolean;
  /** The header that all pieces have. */
  readonly header: string | undefined;
  /** A list of the packets of pictures that went into the film, as framecrc writes it. */
  readonly packets: string;
}

/**
 * Why the film is not what was planned, to follow a colon; undefined when it is. Its pieces are known to be good: it has to have
 * each of their packets, byte for byte and at its time. Every sound and every keyframe is decoded besides. Decoding all of the
 * pictures would take a fifth of the time that it took to encode them, and compares nothing.
 */
export async function filmProblem(
  film: Pick<AssemblyPlan, 'frames' | 'rate'>,
  path: string,
  { audio, header, packets, ...tools }: FilmParts & CheckTools,
): Promise<string | undefined> {
  const track = await readTrack(path);
  if (track?.avcC !== header) return 'its header is not that of its pieces';
  if (track?.samples !== film.frames) return `it has ${track?.samples ?? 0} pictures instead of ${film.frames}`;
  // Each an output of its own: one would buffer the sound until its first picture is decoded, and not without limit.
  const decoded = ['0:v:0', ...(audio ? ['0:a:0'] : [])].flatMap((stream) => ['-map', stream, '-f', 'null', '-']);
  const listed = ['-map', '0:v:0', '-c', 'copy', '-f', 'framecrc', 'pipe:1'];
  const stored: Packet[] = [];
  const read: OutputReader = async (output) => {
    for await (const line of linesOf(output)) stored.push(...packetOf(line));
  };
  const { problem } = await decode(path, [...decoded, ...listed], { ...tools, read, input: ['-skip_frame', 'nokey'] });
  if (problem !== undefined) return problem;
  const meant = (await readFile(packets, 'utf8')).split('\n').flatMap(packetOf);
  return packetProblem(film, { stored, meant });
}

interface Decoding extends CheckTools {
  readonly read?: OutputReader;
  readonly input?: readonly string[];
}

/** `shown` counts what was put out, unless the standard output is read. */
async function decode(
  path: string,
  outputs: readonly string[],
  { ffmpeg, signal, read, input = [] }: Decoding,
): Promise<{ readonly problem?: string; readonly shown: number }> {
  const listen = ['-loglevel', 'level+info', '-nostats', ...(read ? [] : ['-progress', 'pipe:1']), '-xerror'];
  const options = [...untrustedInputOptions(), ...listen, ...KEEP_TIMESTAMPS, ...DECODER_THREADS, ...input];
  const args = [...options, '-i', fileUrl(path), ...outputs];
  const { result, frames } = await runDecoder(ffmpeg, args, { signal, timeoutMs: TIMEOUT_MS, read });
  const lines = result.stderr.split(/[\r\n]+/);
  if (result.failed) {
    const machine = machineProblem(result.stderr);
    if (machine) throw machine;
    return { problem: firstWords(lines.filter(isSevere).join('\n')), shown: frames };
  }
  const [complaint] = decoderComplaints(lines);
  return { shown: frames, ...(complaint !== undefined && { problem: firstWords(complaint) }) };
}

/** Of a picture, as it is stored. */
export interface Packet {
  /** Presentation time, in units of its track. */
  readonly at: number;
  /** Length and checksum of its bytes. */
  readonly content: string;
}

/** Of framecrc's lines the packets: `stream, dts, pts, duration, size, checksum[, F=flags]`. Pure. */
export function packetOf(line: string): Packet[] {
  const [, at, content] = /^0,\s*-?\d+,\s*(-?\d+),\s*\d+,\s*(\d+, 0x[\da-f]+)/i.exec(line) ?? [];
  return at === undefined || content === undefined ? [] : [{ at: Number(at), content }];
}

/** Of a picture: time stamps of takes that are copied may be rounded. */
const SLACK = 0.25;

/** Whether the same packets are stored as were meant, each at its place in the film. Pure. */
export function packetProblem(
  { frames, rate }: Pick<AssemblyPlan, 'frames' | 'rate'>,
  { stored, meant }: { readonly stored: readonly Packet[]; readonly meant: readonly Packet[] },
): string | undefined {
  if (stored.length !== frames) return `it has ${stored.length} pictures instead of ${frames}`;
  const other = stored.findIndex(({ content }, index) => content !== meant[index]?.content);
  if (other >= 0) return `picture ${other + 1} is stored with other bytes than it was made with`;
  const lasts = (timescaleOf(rate) * rate.den) / rate.num;
  const times = stored.map(({ at }) => at).sort((a, b) => a - b);
  const moved = times.findIndex((at, index) => Math.abs(at / lasts - index) > SLACK);
  return moved < 0 ? undefined : `picture ${moved + 1} is not shown at its time`;
}
