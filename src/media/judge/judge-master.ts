/** Judges a master, converted or copied, by what is seen of it in the pass that verifies it, as `clip inspect` judges the part it is made of. */

import type { ClipOptions } from '../../shared/clip.ts';
import type { Rect, Size } from '../../shared/geometry.ts';
import type { TrackLevels } from '../ffmpeg/sound.ts';
import { type MediaInfo, uprightSize } from '../info.ts';
import type { ConvertPlan, PlanTarget, RemuxPlan } from '../plan/media-plan.ts';
import type { PictureLook, Shown } from '../verify/decode.ts';
import { activePicture } from './bars.ts';
import { parseFilterOutput } from './filter-output.ts';
import { type Judgement, judge } from './judge.ts';
import { bars, lookOutputs, picturesOf, SMALL_SIDE, seenBranch, seenOutput, smaller } from './measure-picture.ts';
import { createMeter, type Meter } from './meter.ts';

/** What is looked at while a master is verified. */
export interface MasterLook extends PictureLook {
  /** The small pictures that were read. */
  readonly pictures: readonly Uint8Array[];
  readonly size: Size;
  /** Of all of each: measured while the next ones are decoded. */
  readonly meter: Meter;
}

export function createMasterLook({ fps, ...target }: Pick<PlanTarget, 'width' | 'height' | 'fps'>): MasterLook {
  const size = smaller(target, SMALL_SIDE);
  const pictures: Uint8Array[] = [];
  const meter = createMeter(size, fps);
  return {
    ...{ size, pictures, meter },
    branches: [seenBranch(size, fps), bars({ toFiles: false })],
    outputs: [...seenOutput(fps), ...lookOutputs({ bars: true })],
    async read(stdout) {
      for await (const picture of picturesOf(stdout, size)) {
        pictures.push(picture);
        meter.add(picture);
      }
    },
  };
}

const UNMEASURED: readonly string[] = ['Its sharpness was not judged: sora clip inspect measures it.'];

/** `info`, `plan` and `options` are those by which it was made; `heard` is its sound, or why it has none. */
export function judgeMaster(
  { look, shown, heard }: { look: MasterLook; shown: Shown; heard: TrackLevels | string },
  { info, plan, options }: { info: MediaInfo; plan: ConvertPlan | RemuxPlan; options: ClipOptions },
): Judgement | undefined {
  const { video } = info;
  if (!video) return undefined;
  const { fps, seconds } = plan.target;
  const printed = { times: shown.times.map(frameLine).join('\n'), fine: '', edges: '', blur: '' };
  const [loose = '', tight = ''] = shown.printed;
  const seen = { ...printed, loose, tight };
  const start = plan.kind === 'convert' ? plan.start : 0;
  const readings = (meter: Meter) => parseFilterOutput(seen, { offset: start, meter, fps });
  const whole = readings(look.meter);
  const lit = activePicture(plan.target, whole.lit);
  return {
    part: { start, seconds },
    findings: judge({
      // A master is of standard dynamic range.
      info: { ...info, video: { ...video, hdr: undefined } },
      ...{ options, plan },
      readings: lit ? readings(metered(look, fps, plan.target, lit)) : whole,
      sounds: info.audio ? [{ audio: info.audio, heard }] : [],
      // A copy has the frame of its source.
      between: lit && plan.kind === 'convert' ? inSource(lit, plan, uprightSize(video)) : lit,
    }),
    unmeasured: UNMEASURED,
  };
}

/** As the `metadata` filter prints it. */
function frameLine(at: number): string {
  return `frame:0 pts_time:${at}`;
}

/** Measures a part of the frame in the small pictures. */
function metered({ pictures, size }: MasterLook, fps: number, frame: Size, part: Rect): Meter {
  const [across, down] = [size.width / frame.width, size.height / frame.height];
  const [left, top] = [Math.ceil(part.x * across), Math.ceil(part.y * down)];
  const right = Math.floor((part.x + part.width) * across);
  const bottom = Math.floor((part.y + part.height) * down);
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

/** Edges found in a picture are that exact, in pixels. */
const SLACK = 4;

/** What is lit of a master, in the upright frame of its source; undefined where that is all of it: the bars were added. */
function inSource(lit: Rect, { placement, crop }: ConvertPlan, whole: Size): Rect | undefined {
  const { mode, picture, box } = placement;
  const base = crop ?? { x: 0, y: 0, ...whole };
  const [left, top] = mode === 'crop' ? [placement.x, placement.y] : [-placement.x, -placement.y];
  const span = (from: number, length: number, side: number, shift: number, [all, scaled]: [number, number]) => {
    // What was cut off is taken for lit.
    const begin = from <= SLACK ? 0 : Math.max(0, from + shift);
    const end = from + length >= side - SLACK ? scaled : Math.min(scaled, from + length + shift);
    if (begin <= SLACK && end >= scaled - SLACK) return [0, all] as const;
    const scale = all / scaled;
    return [2 * Math.round((begin * scale) / 2), 2 * Math.round(((end - begin) * scale) / 2)] as const;
  };
  const [x, width] = span(lit.x, lit.width, box.width, left, [base.width, picture.width]);
  const [y, height] = span(lit.y, lit.height, box.height, top, [base.height, picture.height]);
  if (width === base.width && height === base.height) return undefined;
  return { x: base.x + x, y: base.y + y, width, height };
}
