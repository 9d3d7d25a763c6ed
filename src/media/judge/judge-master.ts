/**
 * Judges a master as `clip inspect` judges the part it is made of: an encode by the pictures that it is made from, in the run
 * that makes it, and a copy by its own, in the pass that verifies it.
 */

import type { ClipOptions } from '../../shared/clip.ts';
import type { Rect, Size } from '../../shared/geometry.ts';
import { lengthOptions } from '../ffmpeg/arguments.ts';
import type { PictureLook } from '../ffmpeg/picture-look.ts';
import type { TrackLevels } from '../ffmpeg/sound.ts';
import { thumbnailFilters } from '../ffmpeg/video-filters.ts';
import { type MediaInfo, shownSize, uprightSize, type VideoInfo } from '../info.ts';
import type { ConvertPlan, RemuxPlan } from '../plan/media-plan.ts';
import { activePicture, keptPicture } from './bars.ts';
import { parseFilterOutput } from './filter-output.ts';
import { type Judgement, judge } from './judge.ts';
import { isAlike, overlap } from './measure-kept.ts';
import { bars, lookOutputs, picturesOf, SMALL_SIDE, seenBranch, seenOutput, smaller } from './measure-picture.ts';
import { createMeter, type Meter } from './meter.ts';

/** What is looked at while a master is made or verified. */
export interface MasterLook extends PictureLook {
  /** The small pictures that were read. */
  readonly pictures: readonly Uint8Array[];
  readonly size: Size;
  /** What they show of the upright frame of the source. */
  readonly shown: Rect;
  /** Of all of each: measured while the next ones are decoded. */
  readonly meter: Meter;
}

/** Of an encode, for the pictures of the source at the rate of the target; of a copy, for its own. */
export function createMasterLook(plan: ConvertPlan | RemuxPlan, video: VideoInfo): MasterLook {
  const { fps } = plan.target;
  const kept = keptPicture(plan, video);
  const size = smaller(shownSize(video, kept), SMALL_SIDE);
  const pictures: Uint8Array[] = [];
  const meter = createMeter(size, fps);
  const isCopy = plan.kind === 'remux';
  const seen = isCopy
    ? seenBranch(size, fps)
    : `${thumbnailFilters(size, kept, video).join(',')},extractplanes=y[seen]`;
  const length = isCopy ? [] : lengthOptions(plan.target);
  return {
    ...{ size, pictures, meter, shown: kept ?? { x: 0, y: 0, ...uprightSize(video) } },
    branches: [seen, bars({ toFiles: false })],
    outputs: lookOutputs({ bars: true }, length),
    piped: [...seenOutput(fps), ...length],
    async read(stdout) {
      for await (const picture of picturesOf(stdout, size)) {
        pictures.push(picture);
        meter.add(picture);
      }
    },
  };
}

const UNMEASURED: readonly string[] = ['Its sharpness was not judged: sora clip inspect measures it.'];

export interface SeenMaster {
  readonly look: MasterLook;
  /** When each picture is shown; those of an encode stand on the grid of its rate. */
  readonly times?: readonly number[];
  /** What each `metadata` filter of the look printed, in the order of its branches. */
  readonly printed: readonly string[];
  /** Its sound, or why it has none. */
  readonly heard: TrackLevels | string;
}

/** `info`, `plan` and `options` are those by which it was made. */
export function judgeMaster(
  { look, times = [], printed: [loose = '', tight = ''], heard }: SeenMaster,
  { info, plan, options }: { info: MediaInfo; plan: ConvertPlan | RemuxPlan; options: ClipOptions },
): Judgement | undefined {
  const { video } = info;
  if (!video) return undefined;
  const { fps, seconds } = plan.target;
  const seen = { times: times.map(frameLine).join('\n'), fine: '', edges: '', blur: '', loose, tight };
  const start = plan.kind === 'convert' ? plan.start : 0;
  const readings = (meter: Meter) => parseFilterOutput(seen, { offset: start, meter, fps });
  const whole = readings(look.meter);
  const between = activePicture(uprightSize(video), whole.lit);
  const lit = between && overlap(between, look.shown);
  return {
    part: { start, seconds },
    findings: judge({
      // The small pictures are of standard dynamic range, as a master is.
      info: { ...info, video: { ...video, hdr: undefined } },
      ...{ options, plan, between },
      readings: lit && !isAlike(lit, look.shown) ? readings(metered(look, fps, lit)) : whole,
      sounds: info.audio ? [{ audio: info.audio, heard }] : [],
    }),
    unmeasured: UNMEASURED,
  };
}

/** As the `metadata` filter prints it. */
function frameLine(at: number): string {
  return `frame:0 pts_time:${at}`;
}

/** Measures a part of the upright frame in the small pictures. */
function metered({ pictures, size, shown }: MasterLook, fps: number, part: Rect): Meter {
  const [across, down] = [size.width / shown.width, size.height / shown.height];
  const [x, y] = [part.x - shown.x, part.y - shown.y];
  const [left, top] = [Math.ceil(x * across), Math.ceil(y * down)];
  const right = Math.floor((x + part.width) * across);
  const bottom = Math.floor((y + part.height) * down);
  const meter = createMeter({ width: right - left, height: bottom - top }, fps);
  for (const picture of pictures) meter.add(cut(picture, size.width, { left, top, right, bottom }));
  return meter;
}

function cut(
  picture: Uint8Array,
  stride: number,
  { left, top, right, bottom }: { left: number; top: number; right: number; bottom: number },
): Uint8Array {
  const width = right - left;
  const part = new Uint8Array(width * (bottom - top));
  for (let line = top; line < bottom; line += 1)
    part.set(picture.subarray(line * stride + left, line * stride + right), (line - top) * width);
  return part;
}
