/** Which part of a clip is used: where it begins, and how many frames are taken. */

import type { ClipOptions } from '../../shared/clip.ts';
import { problemsError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { type MediaInfo, type VideoInfo, videoSeconds } from '../info.ts';
import { MAX_SECONDS, MIN_SECONDS } from '../limits.ts';
import { pictureAt, seekPointBefore } from '../probe/timeline.ts';
import { frameLimits, framesIn } from './frame.ts';
import { round } from './steps.ts';

/** The second that was asked for; the first one where the best part is chosen. */
export function startOf({ start }: ClipOptions): number {
  return start === 'auto' ? 0 : (start ?? 0);
}

/** The part of a clip that is used, in seconds into the source. */
export interface Part {
  /** Of the picture, not only of what is taken. */
  readonly end: number;
  /** The first picture that is taken. */
  readonly start: number;
  readonly decodeFrom: number;
}

/** The second of the source that a wish means. Where a container makes the picture late by less than a frame, seconds count from its first one. */
export function secondOf(options: ClipOptions, { delay, fps = 0 }: VideoInfo): number {
  const wished = startOf(options);
  return delay * fps < 1 ? wished + delay : Math.max(wished, delay);
}

/** The part of a clip that begins at this second of the source, or at its next picture. */
export function partOf({ timeline }: MediaInfo, video: VideoInfo, first: number): Part {
  const { delay, fps = 0 } = video;
  const end = delay + (videoSeconds(video) ?? 0);
  const start = (timeline && pictureAt(timeline, first, fps)) ?? first;
  return { end, start, decodeFrom: timeline ? seekPointBefore(timeline, start) : 0 };
}

/** Throws `usage` for a start or a duration that no clip could have. */
export function checkWishes({ start, duration, fit, focus }: ClipOptions): void {
  const wrong: string[] = [];
  if (typeof start === 'number' && !(start >= 0 && Number.isFinite(start)))
    wrong.push(`${option('start')} must not be negative.`);
  if (duration !== null && !(duration >= MIN_SECONDS && duration <= MAX_SECONDS))
    wrong.push(`${option('duration')} must be between ${MIN_SECONDS} and ${MAX_SECONDS} seconds, not ${duration}.`);
  if (focus && fit !== 'crop') wrong.push(`${option('focus')} says what is kept by ${option('fit')} crop: add that.`);
  refuseWishes(wrong);
}

function refuseWishes(problems: readonly string[], hint?: string): void {
  if (problems.length > 0) throw problemsError('usage', problems, hint === undefined ? {} : { hint });
}

/** How many frames are taken. Throws `usage` where the part cannot be as long as was asked for, naming what would work. */
export function chooseFrames(
  { start, end }: Part,
  fps: number,
  { wished: from, duration }: { wished: number; duration: number | null },
): number {
  const { min, max } = frameLimits(fps);
  const available = framesIn(end - start, fps);
  if (available < min) {
    const latest = Math.floor((end - min / fps) * 1000) / 1000;
    refuseWishes(
      [
        `${option('start')} ${from} leaves ${round(Math.max(0, end - start))} s of ${round(end)} s; ${MIN_SECONDS} s are needed.`,
      ],
      latest > 0 ? `${option('start')} can be at most ${latest}.` : `Leave ${option('start')} out.`,
    );
  }
  if (duration === null) return Math.min(available, max);
  const asked = Math.min(max, Math.max(min, Math.floor(duration * fps + 1e-6)));
  // A clip that is one frame short of a round number of seconds still counts as that long.
  if (available < asked - 1) {
    const longest = Math.floor((available / fps) * 1000) / 1000;
    refuseWishes(
      [`${option('duration')} ${duration} is more than the ${round(end - start)} s that are there.`],
      longest >= MIN_SECONDS ? `Leave it out, or ask for at most ${longest}.` : 'Leave it out.',
    );
  }
  return Math.min(available, asked);
}
