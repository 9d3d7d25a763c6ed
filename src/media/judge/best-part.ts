/** Which 2 to 4 s of a clip show a character best: no cut inside, sharp, well lit, moving but not shaking. Pure. */
import type { VideoInfo } from '../info.ts';
import { MAX_SECONDS, MIN_SECONDS } from '../limits.ts';
import type { BestPart } from '../plan/media-plan.ts';
import { cameraShake, cameraSpeed, fades, type Measurements, motionAmount, temporalDisorder } from './filter-output.ts';
import { lightOf } from './judge.ts';
import { median } from './median.ts';
import {
  contrastVerdict,
  exposureVerdict,
  fadeVerdict,
  motionVerdict,
  SCORE,
  sharpnessVerdict,
  steadinessVerdict,
} from './thresholds.ts';

/** A part of the source that is looked at, in seconds. */
export interface Span {
  readonly start: number;
  readonly seconds: number;
}

/** Pixels that are decoded at most, so that a film takes no longer than a minute of 1080p at 60 fps does. */
const PIXEL_BUDGET = 60 * 60 * 1920 * 1080;
const LEAST_SCAN_SECONDS = 40;
const MOST_SCAN_SECONDS = 240;
/** Long enough for a whole window and some choice around it. */
const SAMPLE_SECONDS = 8;

/** What to look at: all of a short clip, samples at even distances of a long one. */
export function planScan(seconds: number, { width, height, fps }: Pick<VideoInfo, 'width' | 'height' | 'fps'>): Span[] {
  const affordable = PIXEL_BUDGET / (width * height * (fps ?? 30));
  const scanned = Math.min(MOST_SCAN_SECONDS, Math.max(LEAST_SCAN_SECONDS, affordable));
  if (seconds <= scanned) return [{ start: 0, seconds }];
  const count = Math.floor(scanned / SAMPLE_SECONDS);
  const distance = seconds / count;
  return Array.from({ length: count }, (_, index) => ({
    start: Math.floor((index * distance + (distance - SAMPLE_SECONDS) / 2) * 1000) / 1000,
    seconds: SAMPLE_SECONDS,
  }));
}

/** Longer shows more, where both are good. */
const LENGTHS = [
  { seconds: MAX_SECONDS, worth: 1 },
  { seconds: 3, worth: 0.9 },
  { seconds: MIN_SECONDS, worth: 0.8 },
];
/** Candidates are a quarter of a second apart, and begin with every shot. */
const STEP = 3;
const SLICE_SECONDS = 0.5;
/** Times of frames are rounded. */
const SLACK = 0.003;

interface Qualities {
  /** Width of edges; undefined where it was not measured. */
  readonly blur: number | undefined;
  readonly detail: number;
  readonly light: ReturnType<typeof lightOf>;
  readonly change: number;
  readonly swing: number;
}

interface Candidate {
  readonly start: number;
  readonly seconds: number;
  readonly cuts: number;
  readonly score: number;
  readonly part: Part;
}

/**
 * The best window of what was looked at, or undefined when nothing could be seen. `duration` fixes its length; of equally
 * good ones the earliest is taken, so that the answer is the same every time.
 */
export function chooseBestPart(
  looks: readonly { readonly span: Span; readonly readings: Measurements }[],
  duration: number | null,
): BestPart | undefined {
  const longest = Math.max(0, ...looks.map(({ span }) => span.seconds));
  // A clip may be a frame short of a round number of seconds.
  const wished = duration !== null && duration - longest < 0.1 ? Math.min(duration, longest) : duration;
  const lengths = wished === null ? LENGTHS : [{ seconds: wished, worth: 1 }];
  const usable = lengths.filter(({ seconds }) => seconds <= longest + SLACK);
  // A clip between two lengths is best used whole.
  if (duration === null && longest < MAX_SECONDS) usable.unshift({ seconds: longest, worth: 1 });
  const [first, ...others] = looks.flatMap(({ span, readings }) =>
    usable.flatMap((length) =>
      startsIn(span, readings, length.seconds).map((start) => candidateAt(readings, start, length)),
    ),
  );
  if (!first) return undefined;
  const best = others.reduce((a, b) => (b.score > a.score ? b : a), first);
  const places = new Set([first, ...others].map(({ start }) => start)).size;
  const { start, seconds } = best;
  return { start, seconds, because: `${among(places)}: ${describe(best).join(', ')}` };
}

function among(places: number): string {
  return places === 1 ? 'the only place' : `the best of ${places} places`;
}

function startsIn(span: Span, { samples, cuts }: Measurements, seconds: number): number[] {
  const last = span.start + span.seconds - seconds;
  const starts = [
    span.start,
    ...samples.filter((_, index) => index % STEP === 0).map(({ at }) => Math.ceil(at * 1000) / 1000),
    // Not later than its first frame.
    ...cuts.map((at) => Math.floor(at * 1000) / 1000),
  ];
  return [...new Set(starts)].filter((start) => start >= span.start && start <= last + SLACK).sort((a, b) => a - b);
}

function candidateAt(readings: Measurements, start: number, { seconds, worth }: (typeof LENGTHS)[number]): Candidate {
  const end = start + seconds;
  const part = partOf(readings, start, end);
  const cuts = readings.cuts.filter((at) => at > start + SLACK && at < end - SLACK).length;
  // Slice by slice: half a good window is worth half of one that is good throughout.
  const count = Math.round(seconds / SLICE_SECONDS);
  const rates = Array.from({ length: count }, (_, index) => {
    const [from, to] = [start + (index * seconds) / count, start + ((index + 1) * seconds) / count];
    return rate(qualitiesOf(partOf(part, from, to)));
  });
  const mean = rates.reduce((sum, one) => sum + one, 0) / count;
  const score = Math.round((0.8 * mean + 0.2 * Math.min(...rates)) * worth * 0.1 ** Math.min(2, cuts) * 1000);
  return { start, seconds, cuts, score, part };
}

type Part = Pick<Measurements, 'samples' | 'detail' | 'blur'>;

function partOf({ samples, detail, blur }: Part, start: number, end: number): Part {
  const isInside = ({ at }: { at: number }): boolean => at >= start - SLACK && at < end - SLACK;
  return { samples: samples.filter(isInside), detail: detail.filter(isInside), blur: blur.filter(isInside) };
}

function qualitiesOf({ samples, detail, blur }: Part): Qualities {
  const middle = (of: Part['blur']): number => median(of.map(({ value }) => value));
  return {
    blur: blur.length > 0 ? middle(blur) : undefined,
    detail: middle(detail),
    light: lightOf(samples),
    change: motionAmount(samples),
    swing: cameraShake(samples),
  };
}

/** 0 to 1: each quality counts as a factor, so that none makes up for another. */
function rate({ change, swing, ...picture }: Qualities): number {
  const movement = 0.3 + 0.7 * Math.min(ramp(change, SCORE.still), ramp(change, SCORE.lively));
  const steadiness = ramp(swing, SCORE.shaking);
  return pictureWorth(picture) * product([movement, steadiness]);
}

/** The same for what one picture shows: how sharp it is, and how well lit. */
export function pictureWorth({
  blur,
  detail,
  light: { mean },
}: Pick<Qualities, 'blur' | 'detail'> & { readonly light: Pick<Qualities['light'], 'mean'> }): number {
  const sharpness = blur === undefined ? ramp(detail, SCORE.detail) : ramp(blur, SCORE.blur);
  return product([sharpness, Math.min(ramp(mean, SCORE.dark), ramp(mean, SCORE.bright))]);
}

function product(factors: readonly number[]): number {
  return factors.reduce((all, factor) => all * Math.max(0.05, factor), 1);
}

/** 0 at `none`, 1 at `full`, straight between them. */
function ramp(value: number, { none, full }: { none: number; full: number }): number {
  return Math.min(1, Math.max(0, (value - none) / (full - none)));
}

/** In the words of `clip inspect`. What this build does not measure is left out; a contrast or a beginning that is as it should be, too. */
function describe({ cuts, part }: Candidate): string[] {
  const { blur, light, change, swing } = qualitiesOf(part);
  const { start, end } = fades(part.samples);
  const [contrast, fade] = [contrastVerdict(light), fadeVerdict(start + end)];
  return [
    cuts === 0 ? 'no cut inside' : cuts === 1 ? 'one cut inside' : `${cuts} cuts inside`,
    ...(blur === undefined ? [] : [sharpnessVerdict(blur).word]),
    exposureVerdict(light).word,
    ...(contrast.level === 'good' ? [] : [contrast.word]),
    ...(fade.level === 'good' ? [] : [fade.word]),
    motionVerdict({ change, speed: cameraSpeed(part.samples), disorder: temporalDisorder(part.samples) }).word,
    steadinessVerdict(swing).word,
  ];
}
