/** Which pictures of a master show a character best, and the pictures themselves: in the words and by the thresholds of `clip inspect`. */

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeTemporaryFolder } from '../../disk/temporary-folder.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Rect } from '../../shared/geometry.ts';
import { fileUrl, untrustedInputOptions } from '../ffmpeg/arguments.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { cropFilter, PICTURE_INPUT, pictureStream, uprightFilters } from '../ffmpeg/picture-input.ts';
import { firstWords, machineProblem, requireStarted, throwIfAborted } from '../ffmpeg/process.ts';
import { runProgram } from '../ffmpeg/run-program.ts';
import { type MediaInfo, type VideoInfo, videoSeconds } from '../info.ts';
import { JPEG } from '../picture/fit.ts';
import { inputMatrix } from '../plan/colour.ts';
import { pictureWorth } from './best-part.ts';
import { cameraSpeed, type Measurements, motionAmount, temporalDisorder } from './filter-output.ts';
import { BLACK, lightOf, WHITE } from './judge.ts';
import { measureBetweenBars } from './measure-kept.ts';
import { measuresBlur } from './measure-picture.ts';
import { median } from './median.ts';
import { exposureVerdict, type Level, motionVerdict, sharpnessVerdict, THRESHOLDS } from './thresholds.ts';

/** A picture of a clip, as it was measured. */
export interface ChosenFrame {
  /** Seconds into the clip. */
  readonly at: number;
  /** Width of its edges in pixels, and the word for it; absent where this ffmpeg cannot measure that. */
  readonly sharpness?: { readonly value: number; readonly word: string; readonly level: Level };
  /** Mean brightness in per cent. */
  readonly exposure: { readonly value: number; readonly word: string; readonly level: Level };
}

/** As many as open every model that takes pictures only. */
export const STILLS = 4;
/** Looks a second at the sharpness: of each picture of its own time. */
const STILL_RATE = 8;
/** Of the best, what a picture is worth that is taken for its place: a frontal one in the middle, the others apart. */
const AS_GOOD = 0.85;
/** Of the length, between any two. */
const LEAST_DISTANCE = 1 / 8;

interface Candidate {
  readonly frame: ChosenFrame;
  readonly worth: number;
}

/**
 * First the one nearest to the middle of all that are as good as the best, then those that are good and far from the ones
 * before; one alone of what stands still. No order of quality: which of them is frontal nobody can measure. Pure.
 */
export function chooseStills(
  { samples, detail, blur, cuts }: Pick<Measurements, 'samples' | 'detail' | 'blur' | 'cuts'>,
  seconds: number,
): readonly ChosenFrame[] {
  const usual = median(samples.map(({ p5, p95 }) => p95 - p5));
  const candidates = (blur.length > 0 ? blur : detail).flatMap(({ at, value }): Candidate[] => {
    const sample = samples.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
    // What fades shows little, and beside a cut two shots may be in one picture.
    if (!sample || sample.p95 - sample.p5 < THRESHOLDS.fade.whole * usual) return [];
    if (cuts.some((cut) => Math.abs(cut - at) < 1 / STILL_RATE)) return [];
    const light = lightOf([sample]);
    const worth = pictureWorth({
      ...{ light, blur: blur.length > 0 ? value : undefined, detail: value },
    });
    const frame = {
      at: Math.max(0, Number(at.toFixed(3))),
      ...(blur.length > 0 && { sharpness: { value: Number(value.toFixed(1)), ...sharpnessVerdict(value) } }),
      exposure: { value: Math.round(((light.mean - BLACK) * 100) / (WHITE - BLACK)), ...exposureVerdict(light) },
    };
    return [{ frame, worth }];
  });
  const best = Math.max(...candidates.map(({ worth }) => worth));
  const good = candidates.filter(({ worth }) => worth >= AS_GOOD * best);
  const [first] = good.toSorted((a, b) => fromMiddle(a, seconds) - fromMiddle(b, seconds));
  if (!first) return [];
  const chosen = [first];
  const isStill = motionVerdict({
    ...{ change: motionAmount(samples), speed: cameraSpeed(samples), disorder: temporalDisorder(samples) },
  }).word;
  while (isStill !== 'still' && chosen.length < STILLS) {
    const next = farthest(candidates, chosen, seconds);
    if (!next) break;
    chosen.push(next);
  }
  return chosen.map(({ frame }) => frame);
}

function fromMiddle({ frame }: Candidate, seconds: number): number {
  return Math.abs(frame.at - seconds / 2);
}

/** A picture that is worth half as much has to be twice as far away. */
function farthest(
  candidates: readonly Candidate[],
  chosen: readonly Candidate[],
  seconds: number,
): Candidate | undefined {
  const distance = ({ frame }: Candidate): number =>
    Math.min(...chosen.map((other) => Math.abs(other.frame.at - frame.at)));
  // Rounded: builds of ffmpeg differ in the last digits of what they measure.
  const value = (one: Candidate): number => Math.round((one.worth * distance(one) * 10) / seconds);
  const far = candidates.filter((one) => distance(one) >= LEAST_DISTANCE * seconds);
  return far.toSorted((a, b) => value(b) - value(a))[0];
}

export interface StillsRequest {
  readonly source: string;
  readonly info: MediaInfo;
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  /** Where its picture lies between bars that were added, if that is known. */
  readonly picture?: Rect | undefined;
}

/** Pictures of a master, without its bars: JPEGs, the first of them nearest to the middle. Throws `clip`, `machine`, or `interrupted`. */
export async function takeStills(
  request: StillsRequest,
): Promise<readonly { readonly frame: ChosenFrame; readonly bytes: Uint8Array }[]> {
  const { source, info, ffmpeg, signal, picture } = request;
  const { video } = info;
  const seconds = video && videoSeconds(video);
  if (!video || !seconds) throw new TypeError('there is no picture to take');
  const isMeasured = await measuresBlur(ffmpeg, signal);
  const { readings, between } = await measureBetweenBars(
    {
      ...{ source, info, ffmpeg, signal, start: 0, seconds },
      want: { blur: isMeasured, detail: !isMeasured, rate: STILL_RATE },
    },
    picture,
  );
  const frames = chooseStills(readings, seconds);
  if (frames.length === 0)
    throw new SoraError('clip', 'No picture of the clip could be measured, so none can be chosen.', {
      hint: 'Give pictures of the character yourself: sora character stills <name> --set front.png side.png',
    });
  const taken = await extract(request, { video, crop: between, frames });
  return frames.flatMap((frame, index) => (taken[index] ? [{ frame, bytes: taken[index] }] : []));
}

const TIMEOUT_MS = 60_000;

/** The pictures at those times, in that order. */
async function extract(
  { source, ffmpeg, signal }: StillsRequest,
  { video, crop, frames }: { video: VideoInfo; crop: Rect | undefined; frames: readonly ChosenFrame[] },
): Promise<readonly (Uint8Array | undefined)[]> {
  const made = await makeTemporaryFolder('sora-stills-');
  const folder = made.path;
  try {
    const half = 0.5 / (video.fps ?? 30);
    const times = frames.map(({ at }) => at);
    const wanted = times.map((at) => `between(t\\,${(at - half).toFixed(5)}\\,${(at + half).toFixed(5)})`).join('+');
    const chain = [
      ...uprightFilters(video),
      `select=${wanted}`,
      ...(crop ? [cropFilter(crop)] : []),
      `scale=in_color_matrix=${inputMatrix(video)}:flags=accurate_rnd+full_chroma_int`,
      'format=gbrp',
      ...JPEG.filters,
      // Without even times pictures would be repeated.
      ...['setpts=N/(25*TB)', 'fps=25'],
    ];
    const args = [
      ...[...untrustedInputOptions(), ...PICTURE_INPUT, '-v', 'error', '-i', fileUrl(resolve(source))],
      ...['-map', pictureStream(video), '-filter:v', chain.join(','), '-frames:v', String(times.length)],
      ...[...JPEG.encoder, '-fflags', '+bitexact', '-f', 'image2', 'still-%d.jpg'],
    ];
    throwIfAborted(signal);
    // Written where ffmpeg runs: a path of any other kind would have to be escaped.
    const result = await runProgram(ffmpeg.path, args, { cwd: folder, signal, timeoutMs: TIMEOUT_MS });
    throwIfAborted(signal);
    if (result.failed) {
      requireStarted(result);
      throw (
        machineProblem(result.stderr) ??
        new SoraError('clip', `No pictures can be taken from the clip: ${firstWords(result.stderr)}.`, {
          hint: 'It is damaged. Make the character again.',
        })
      );
    }
    // Numbered in the order of the clip.
    const inOrder = times.toSorted((a, b) => a - b);
    return await Promise.all(
      times.map((at) => readFile(join(folder, `still-${inOrder.indexOf(at) + 1}.jpg`)).catch(() => undefined)),
    );
  } finally {
    await made.dispose();
  }
}
