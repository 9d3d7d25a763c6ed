/** Lists the packets of a clip's picture, without decoding any. */
import { resolve } from 'node:path';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import type { FfmpegProgram } from '../ffmpeg/find.ts';
import { KEEP_TIMESTAMPS } from '../ffmpeg/part-clock.ts';
import { throwIfAborted } from '../ffmpeg/process.ts';
import { linesOf, type OutputReader, runProgram } from '../ffmpeg/run-program.ts';
import { FIRST_LOOK_TIMEOUT_MS } from './first-frames.ts';
import { type Listing, readOrigin, readPackets, readShown, type Timeline, timelineOf } from './timeline.ts';

export interface TimelineRequest {
  readonly ffmpeg: FfmpegProgram;
  readonly signal: AbortSignal;
  /** Counts the video streams that are no cover art. */
  readonly stream?: number;
  /** Seconds into the file. */
  readonly from?: number;
  /** Reads to the end unless given. */
  readonly seconds?: number;
}

const WHOLE_TIMEOUT_MS = 60_000;
const MAX_PACKETS = 1_000_000;
/** The last packets before a limit may be missing: they are stored in decoding order. */
const EDGE_SECONDS = 1;

/** Undefined when ffmpeg finds no picture there, or does not run. Never runs longer than a minute. Throws only on abort. */
export async function readTimeline(path: string, request: TimelineRequest): Promise<Timeline | undefined> {
  const { stream = 0, from = 0, seconds } = request;
  const map = ['-map', `0:V:${stream}`];
  const copied = await listLines(path, request, [...map, '-c', 'copy', '-copyinkf', '-f', 'framecrc', '-'], 'stdout');
  const origin = readOrigin(copied.stderr);
  const edge = seconds === undefined ? Number.POSITIVE_INFINITY : from + seconds - EDGE_SECONDS;
  const timeline = (listing: Pick<Listing, 'tick' | 'packets'> | undefined): Timeline | undefined => {
    const made = listing && timelineOf(listing, { origin, from, stream });
    return made && (made.end < edge ? made : cutAt(made, edge));
  };
  const listing = readPackets(copied.lines);
  const listed = timeline(listing);
  if (!listed || !(listing?.isMoved || listing?.isPartial)) return listed;

  // The checksum of a small picture takes no time.
  const shown = [...map, '-filter:v', 'scale=w=32:h=32:flags=neighbor,showinfo', '-f', 'null', '-'];
  const seen = timeline(readShown((await listLines(path, request, shown, 'stderr')).lines));
  const { hidden, leading, keys } = listed;
  return seen && { ...seen, hidden, leading, keys: listing.isMoved ? [] : keys };
}

/** Without what is shown after the edge: some pictures there are missing, and would pass for a varying rate. */
function cutAt(timeline: Timeline, edge: number): Timeline {
  const times = timeline.times.filter((at) => at < edge);
  if (times.length === 0) return { ...timeline, isComplete: false };
  return { ...timeline, times, end: timeline.times[times.length] ?? timeline.end, isComplete: false };
}

/** Runs ffmpeg on the part, with the time stamps of the file; the lines of one of its outputs, and what it said besides. */
async function listLines(
  path: string,
  { ffmpeg, signal, from = 0, seconds }: TimelineRequest,
  output: readonly string[],
  pipe: 'stdout' | 'stderr',
): Promise<{ lines: string[]; stderr: string }> {
  const limits = [
    ...(from > 0 ? ['-ss', String(from)] : []),
    ...(seconds === undefined ? [] : ['-t', String(seconds)]),
  ];
  const input = [...untrustedInputOptions(), '-loglevel', 'info', '-nostats', ...KEEP_TIMESTAMPS, ...limits];
  const lines: string[] = [];
  const read: OutputReader = async (printed) => {
    for await (const line of linesOf(printed)) if (lines.push(line) > MAX_PACKETS) return;
  };
  const { stderr } = await runProgram(ffmpeg.path, [...input, '-i', fileUrl(resolve(path)), ...output], {
    signal,
    timeoutMs: seconds === undefined ? WHOLE_TIMEOUT_MS : FIRST_LOOK_TIMEOUT_MS,
    ...(pipe === 'stdout' ? { readStdout: read } : { readStderr: read }),
  });
  throwIfAborted(signal);
  return { lines, stderr };
}
