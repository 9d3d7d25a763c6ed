/** Looks through a whole clip, or through samples of a long one, for the part that `--start auto` takes. */

import { isSoraError, SoraError } from '../../shared/errors.ts';
import type { Rect } from '../../shared/geometry.ts';
import { option } from '../../shared/options.ts';
import { videoSeconds } from '../info.ts';
import type { BestPart } from '../plan/media-plan.ts';
import { chooseBestPart, planScan } from './best-part.ts';
import { measureBetweenBars } from './measure-kept.ts';
import { type MeasureRequest, measuresBlur } from './measure-picture.ts';

export interface ScanRequest extends Pick<MeasureRequest, 'source' | 'info' | 'ffmpeg' | 'signal'> {
  /** Seconds that the part must have; null is as many as are good. */
  readonly duration: number | null;
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/**
 * Bars that are already in the picture are left out of what is measured. Throws `clip` when no part of it can be decoded,
 * `machine`, or `interrupted`. The same file and build give the same part.
 */
export async function findBestPart({ duration, onProgress, ...request }: ScanRequest): Promise<BestPart> {
  const { video } = request.info;
  if (!video) throw new TypeError('there is no picture to look through');
  const spans = planScan(videoSeconds(video) ?? 0, video);
  const total = spans.reduce((sum, { seconds }) => sum + seconds, 0);
  const blur = await measuresBlur(request.ffmpeg, request.signal);
  const looks = [];
  let failure: SoraError | undefined;
  let done = 0;
  let furthest = 0;
  let picture: Rect | undefined;
  for (const span of spans) {
    try {
      // A part may be looked at twice.
      const onSeconds = (seconds: number): void => {
        furthest = Math.max(furthest, done + seconds);
        onProgress(furthest / total);
      };
      const part = { ...request, ...span, onSeconds, want: { blur, detail: !blur } };
      const { readings, between } = await measureBetweenBars(part, picture);
      looks.push({ span, readings });
      picture = between;
    } catch (error) {
      // One damaged place is no reason not to take another.
      if (!isSoraError(error, 'clip')) throw error;
      failure = error;
    }
    done += span.seconds;
    onProgress(done / total);
  }
  const moment = chooseBestPart(looks, duration);
  if (moment) return moment;
  throw new SoraError('clip', 'No part of the clip could be analysed, so none can be chosen.', {
    hint: `Choose one yourself: ${option('start')} 0`,
    ...(failure && { cause: failure }),
  });
}
