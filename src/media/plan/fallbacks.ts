/** What a plan becomes when the first try fails: an encode instead of a copy, without the end of the file, without sound. */
import { type MediaInfo, videoSeconds } from '../info.ts';
import { READ_MARGIN_SECONDS } from '../limits.ts';
import { frameLimits, framesIn } from './frame.ts';
import type { ConvertPlan, RemuxPlan } from './media-plan.ts';

/** The encode to fall back on when a copy turns out not to be what its headers say. */
export function convertInstead(plan: RemuxPlan, because: string): ConvertPlan {
  const { width, height } = plan.target;
  const box = { width, height };
  return {
    kind: 'convert',
    target: plan.target,
    start: plan.start,
    decodeFrom: 0,
    placement: { box, picture: box, mode: 'exact', x: 0, y: 0 },
    steps: [{ do: 'encode video', because, detail: 'H.264' }, ...plan.steps],
  };
}

/** What may be broken at the end of a recording that stopped. */
const TAIL_SECONDS = 0.3;

/**
 * The same plan without the end of the file, and where that begins in seconds since the first picture: a recording that
 * stopped ends in the middle of a picture. Undefined where the part does not reach it, or would be too short.
 */
export function withoutTail(
  plan: ConvertPlan,
  { video }: MediaInfo,
): { readonly plan: ConvertPlan; readonly end: number } | undefined {
  const end = ((video && videoSeconds(video)) ?? 0) - TAIL_SECONDS;
  const { fps, seconds } = plan.target;
  const at = plan.start - (video?.delay ?? 0);
  const frames = Math.min(plan.target.frames, framesIn(end - at, fps));
  if (at + seconds + READ_MARGIN_SECONDS <= end || frames < frameLimits(fps).min) return undefined;
  const because = 'its last pictures cannot be decoded: the recording stopped';
  const target = { ...plan.target, frames, seconds: frames / fps };
  const detail = `the last ${TAIL_SECONDS} s: ${frames} frames are left, ${target.seconds.toFixed(2)} s`;
  const step = { do: 'leave out the end', because, detail };
  return { plan: { ...plan, target, steps: [...plan.steps, step] }, end };
}

/** The same plan without sound. */
export function withoutAudio<P extends RemuxPlan | ConvertPlan>(plan: P, because: string): P {
  return {
    ...plan,
    target: { ...plan.target, audio: false },
    steps: [
      ...plan.steps.filter((step) => step.do !== 'encode audio'),
      { do: 'drop audio', because, detail: 'no sound' },
    ],
  };
}
