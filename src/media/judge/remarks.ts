/** What is wrong with a video that a host made, from what was measured of it: remarks, which never undo a success. Pure. */

import type { Size } from '../../shared/geometry.ts';
import type { VideoRemark } from '../../shared/job.ts';
import { isAudible } from '../ffmpeg/sound.ts';
import { temporalDisorder } from './filter-output.ts';
import type { Sample } from './meter.ts';
import type { Stretch } from './stillness.ts';
import { THRESHOLDS } from './thresholds.ts';
import type { VideoMeasurements } from './video-look.ts';

export interface Expected {
  /** Of the picture, in pixels. */
  readonly size: Size;
  /** Whether sound was ordered, or always comes. */
  readonly sound: boolean;
}

/** In the order in which a person would want to hear of them. */
export function findRemarks(seen: VideoMeasurements, { size, sound }: Expected): readonly VideoRemark[] {
  const { samples, seconds, frozen, blockiness, bars, cuts } = seen;
  const black = stretchesOf(seen, ({ p95 }) => p95 < THRESHOLDS.black.p95, THRESHOLDS.black.seconds);
  const noise = noisyStretches(seen);
  // What is black, or noise, is no other fault as well.
  const isElsewhere = (at: number): boolean =>
    ![...black, ...noise].some(({ from, to }) => at >= from - 0.2 && at <= to + 0.2);
  const standing = frozen.filter(({ from, to }) => isElsewhere((from + to) / 2));
  const isShown = samples.some(({ at }) => isElsewhere(at));
  const { value, leastSide } = THRESHOLDS.blocky;
  const isBlocky = blockiness !== undefined && blockiness >= value && Math.min(size.width, size.height) >= leastSide;
  return [
    ...black.map((one): VideoRemark => ({ what: 'black', message: `It is black${when(one, seconds)}.` })),
    ...noise.map((one): VideoRemark => ({ what: 'noise', message: `It is noise${when(one, seconds)}.` })),
    ...standing.map((one): VideoRemark => ({ what: 'frozen', message: `It stands still${when(one, seconds)}.` })),
    ...(isBlocky && isShown ? [{ what: 'blocky', message: 'Its picture is made of blocks.' }] : []),
    ...(isShown && bars >= THRESHOLDS.bars.remark
      ? [{ what: 'bars', message: `Black bars take ${Math.round(bars)} % of the frame.` }]
      : []),
    ...cutRemarks(cuts.filter(isElsewhere)),
    ...(sound ? silence(seen) : []),
  ];
}

function noisyStretches(seen: VideoMeasurements): readonly Stretch[] {
  const { noise, noisy } = THRESHOLDS.motion;
  return stretchesOf(seen, ({ disorder }) => disorder >= noisy, 1).filter(({ from, to }) => {
    const inside = seen.samples.filter(({ at }) => at >= from && at < to);
    return temporalDisorder(inside) >= noise;
  });
}

function cutRemarks(cuts: readonly number[]): readonly VideoRemark[] {
  if (cuts.length === 0) return [];
  const where = cuts.slice(0, 3).map((at) => `${at.toFixed(1)} s`);
  const more = cuts.length > where.length ? ' and later' : '';
  return [{ what: 'cut', message: `Another shot begins at ${where.join(', ')}${more}.` }];
}

function silence({ loudness }: VideoMeasurements): readonly VideoRemark[] {
  if (loudness === undefined) return [{ what: 'silent', message: 'It has no sound.' }];
  return isAudible({ peak: loudness, rms: loudness }) ? [] : [{ what: 'silent', message: 'Its sound is silence.' }];
}

/** Nothing where it lasts for as long as the video. */
function when({ from, to }: Stretch, seconds: number): string {
  const [begins, ends] = [from < 0.2, to > seconds - 0.2];
  if (begins && ends) return '';
  if (begins) return ` until ${to.toFixed(1)} s`;
  return ends ? ` from ${from.toFixed(1)} s to its end` : ` from ${from.toFixed(1)} s to ${to.toFixed(1)} s`;
}

/** Where samples in a row are so, for at least so many seconds. */
function stretchesOf(
  { samples, seconds }: VideoMeasurements,
  is: (sample: Sample) => boolean,
  leastSeconds: number,
): readonly Stretch[] {
  const found: Stretch[] = [];
  let from: number | undefined;
  for (const [index, sample] of samples.entries()) {
    if (is(sample)) from ??= index === 0 ? 0 : sample.at;
    const isLast = index === samples.length - 1;
    if (from === undefined || (is(sample) && !isLast)) continue;
    const to = is(sample) ? seconds : sample.at;
    if (to - from >= Math.min(leastSeconds, seconds - 0.1)) found.push({ from, to });
    from = undefined;
  }
  return found;
}
