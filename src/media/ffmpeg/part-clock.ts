/** The clock by which the part of a source is cut out of its decoded frames. Pure. */
import type { MediaInfo } from '../info.ts';
import type { ConvertPlan } from '../plan/media-plan.ts';

/**
 * Frames keep the time stamps of their file. Otherwise ffmpeg counts from the first stream that is used, where a container
 * may begin anew (MPEG-TS, MPEG-PS), so that two runs on different streams would have different clocks.
 */
export const KEEP_TIMESTAMPS: readonly string[] = ['-copyts'];

export interface PartClock {
  /** Before `-i`. */
  readonly options: readonly string[];
  /** The time on the clock of decoded frames at which the part begins. */
  readonly start: number;
  /** What that clock shows at the beginning of the source. */
  readonly offset: number;
}

/** The clock of decoded frames. Without time stamps it counts since the seek. */
export function partClock(
  { start, decodeFrom }: Pick<ConvertPlan, 'start' | 'decodeFrom'>,
  { timeline }: Pick<MediaInfo, 'timeline'>,
): PartClock {
  const offset = timeline ? timeline.origin : -decodeFrom;
  return { options: timeline ? KEEP_TIMESTAMPS : [], start: start + offset, offset };
}

/** Time stamps are rounded, and pictures further apart. */
const PART_SLACK_SECONDS = 0.002;

/** Lets nothing through at or behind this second of the source. `-t` would count from the first picture that comes. */
export function endFilter({ offset }: PartClock, until: number): string {
  return `trim=end=${(until + offset - PART_SLACK_SECONDS).toFixed(6)}`;
}

/**
 * Cuts by the time stamps of what is decoded: a container seeks to somewhere near, and what it finds there may not be
 * decodable. In microseconds: half way between two places of the grid a picture takes the earlier one, so that none is shown
 * twice. Of two pictures of one time the first counts: where decoding begins inside a group, a build of 2018 gives a grey one
 * the time of another.
 */
export function startFilters({ start }: PartClock): string[] {
  return [
    ...(start === 0 ? [] : [`trim=start=${(start - PART_SLACK_SECONDS).toFixed(6)}`]),
    'select=isnan(prev_t)+gt(t\\,prev_t)',
    'settb=AVTB',
    `setpts=round(PTS-${start.toFixed(6)}/TB)-2`,
  ];
}
