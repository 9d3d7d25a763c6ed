/** One picture of a video, as players show it, in a PNG: the first, the last, or the one that is shown at a time. */
import { resolve } from 'node:path';
import { checkFree, writeOutput } from '../disk/publish.ts';
import { fileUrl, untrustedInputOptions } from '../media/ffmpeg/arguments.ts';
import { isSevere } from '../media/ffmpeg/complaints.ts';
import { KEEP_TIMESTAMPS } from '../media/ffmpeg/part-clock.ts';
import { alphaDecoder, PICTURE_INPUT, pictureStream, uprightFilters } from '../media/ffmpeg/picture-input.ts';
import { firstWords, machineProblem } from '../media/ffmpeg/process.ts';
import { usableParts } from '../media/ffmpeg/run-plan.ts';
import { frameFilters } from '../media/ffmpeg/video-filters.ts';
import { shownSize } from '../media/info.ts';
import { seekPointBefore } from '../media/probe/timeline.ts';
import { runDecoder } from '../media/verify/decode.ts';
import { SoraError } from '../shared/errors.ts';
import type { Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { readTake, type Take } from './take.ts';

/** Seconds into the video; `last` is its last picture. */
export type Moment = number | 'last';

export interface WrittenFrame extends Size {
  /** The second at which the picture begins to be shown. */
  readonly seconds: number;
}

export interface Frame extends WrittenFrame {
  readonly png: Buffer;
}

/** Which of its pictures, and from where on it is decoded; in seconds into the file. */
export interface PictureChoice {
  readonly at: number;
  /** The first that is decoded for it: the last of them is taken. */
  readonly from: number;
  readonly decodeFrom: number;
}

/** Pictures at the end that a stream may store and a decoder not give: those whose references are missing. */
const LAST_FEW = 8;
const SLACK_SECONDS = 0.0005;

/** The picture that is shown at a moment. Throws `usage` for a moment behind the end. Pure. */
function choosePicture({ timeline }: Pick<Take, 'timeline'>, moment: Moment): PictureChoice {
  const { times, end } = timeline;
  const [first = 0] = times;
  // Players count from the first picture, whatever the file says of it.
  const second = moment === 'last' ? end : moment + first;
  if (moment !== 'last' && second >= end - 1e-6)
    throw new SoraError('usage', `The video ends at ${(end - first).toFixed(3)} s.`, {
      hint: `Name an earlier time with ${option('at')}, or take its last picture with ${option('last')}.`,
    });
  const at = times.findLast((time) => time <= second + SLACK_SECONDS) ?? first;
  const from = moment === 'last' ? (times.at(-LAST_FEW) ?? first) : at;
  return { at, from, decodeFrom: seekPointBefore(timeline, from) };
}

/** ffmpeg's arguments for the picture, as a PNG on its standard output. Pure. */
function frameArgs({ path, video, timeline }: Take, { at, from, decodeFrom }: PictureChoice): string[] {
  const { width, height } = shownSize(video, undefined);
  const picture = { width, height };
  const decoder = video.alpha ? alphaDecoder(video.codec) : undefined;
  const begin = (from + timeline.origin - SLACK_SECONDS).toFixed(6);
  const end = (at + timeline.origin + SLACK_SECONDS).toFixed(6);
  const filters = [
    ...uprightFilters(video),
    `select=gte(t\\,${begin})*lte(t\\,${end})`,
    'reverse',
    ...frameFilters({ placement: { box: picture, picture, mode: 'exact', x: 0, y: 0 } }, video),
    'scale=in_color_matrix=bt709:in_range=tv:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact',
    'format=rgb24',
  ];
  return [
    ...[...untrustedInputOptions(), '-loglevel', 'level+info', '-nostats', ...KEEP_TIMESTAMPS, ...PICTURE_INPUT],
    ...(decoder === undefined ? [] : ['-c:v', decoder]),
    ...(decodeFrom > 0 ? ['-ss', String(decodeFrom)] : []),
    ...['-i', fileUrl(path), '-map', pictureStream(video), '-filter:v', filters.join(','), '-frames:v', '1'],
    ...['-map_metadata', '-1', '-fflags', '+bitexact', '-c:v', 'png', '-f', 'image2pipe', 'pipe:1'],
  ];
}

const FRAME_TIMEOUT_MS = 120_000;

/** The picture as a PNG. Throws `usage` for what is no file or a moment behind its end, `clip` for what cannot be decoded. */
export async function makeFrame(workspace: Workspace, path: string, moment: Moment): Promise<Frame> {
  const { signal } = workspace.runtime;
  const ffmpeg = await workspace.ffmpeg();
  const take = await readTake(path, { ffmpeg, signal });
  const { info } = await usableParts({ info: take.info, ffmpeg, signal });
  const usable = { ...take, video: info.video ?? take.video };
  const choice = choosePicture(take, moment);
  const chunks: Uint8Array[] = [];
  const read = async (stdout: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of stdout) chunks.push(chunk);
  };
  const limits = { signal, timeoutMs: FRAME_TIMEOUT_MS, read };
  const { result } = await runDecoder(ffmpeg, frameArgs(usable, choice), limits);
  const png = Buffer.concat(chunks);
  const [first = 0] = take.timeline.times;
  const seconds = Math.round((choice.at - first) * 1e6) / 1e6;
  if (!result.failed && png.length > 0) return { ...shownSize(usable.video, undefined), seconds, png };
  const machine = machineProblem(result.stderr);
  if (machine) throw machine;
  const why = firstWords(
    result.stderr
      .split(/[\r\n]+/)
      .filter(isSevere)
      .join('\n'),
  );
  throw new SoraError('clip', `${oneLine(path)}: its picture at ${seconds} s cannot be decoded: ${why}.`, {
    hint: `It is damaged there. Name another time with ${option('at')}.`,
  });
}

/** The same in a file, whole or not at all. Throws `usage` for a place that is taken or cannot be written to. */
export async function writeFrame(
  workspace: Workspace,
  { path, moment, output, force }: { path: string; moment: Moment; output: string; force: boolean },
): Promise<WrittenFrame & { readonly path: string }> {
  const target = resolve(workspace.runtime.cwd, output);
  if (/[/\\]$/.test(output) || !/\.png$/i.test(target))
    throw new SoraError('usage', `${option('output')} names the PNG file to write.`, {
      hint: `For example: ${option('output')} frame.png`,
    });
  await checkFree(target, { force, example: 'frame.png', takesStdout: true });
  const { png, ...frame } = await makeFrame(workspace, path, moment);
  await writeOutput(target, png, { force, taken: 'usage', clock: workspace.runtime.clock });
  return { path: target, ...frame };
}
