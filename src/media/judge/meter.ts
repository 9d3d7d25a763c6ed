/**
 * Measures a clip by small grey pictures of it, one after another: light, movement, and where another shot begins. The same at
 * every frame rate: pictures are compared over equal times, not over equal numbers of them. Pure.
 */

import type { Size } from '../../shared/geometry.ts';
import { estimateGlobalMotion, type Pyramid, pyramidOf } from './shift.ts';
import { THRESHOLDS } from './thresholds.ts';

/** One of about twelve looks a second at a small copy of the picture. */
export interface Sample {
  /** Seconds into the source. */
  readonly at: number;
  /** Luma, 16 to 235: of all pixels, and the values below which 5, 10, 90 and 95 per cent of them lie. */
  readonly mean: number;
  readonly p5: number;
  readonly low: number;
  readonly high: number;
  readonly p95: number;
  /** Mean difference of luma to the picture an eighth of a second before. */
  readonly change: number;
  /**
   * Mean difference to the picture right before, in shares of what two pictures of these tones without anything in common
   * have: 1 for noise, whatever the frame rate; 0 where nothing moves.
   */
  readonly disorder: number;
  /** How far the whole picture moved since the sample before, in per cent of its long side. */
  readonly x: number;
  readonly y: number;
}

/** Samples a second, as near as the rate allows. */
const SAMPLE_RATE = 12;
/** Over which change is measured, as near as the rate allows: at 5 fps a fifth of a second. */
const CHANGE_SECONDS = 1 / 8;

/** Of luma: in a picture that is all but even, what little there is of noise is no disorder. */
const LEAST_SPREAD = 4;

/** What one picture says. */
interface Light {
  readonly mean: number;
  readonly p5: number;
  readonly low: number;
  readonly high: number;
  readonly p95: number;
  /** Mean difference of luma between any two of its pixels. */
  readonly spread: number;
}

type Measured = Omit<Sample, 'at'> & { readonly index: number };

export interface Meter {
  /** Pictures that were added. */
  readonly count: number;
  /** One byte of luma (16 to 235) per pixel, line by line. */
  add(picture: Uint8Array): void;
  /** `at`: seconds of each picture, by its index. */
  read(at: (index: number) => number): { readonly samples: readonly Sample[]; readonly cuts: readonly number[] };
}

/** `fps`: pictures a second that will be added. */
export function createMeter(size: Size, fps: number): Meter {
  const lag = Math.max(1, Math.round(fps * CHANGE_SECONDS));
  const stride = Math.max(1, Math.round(fps / SAMPLE_RATE));
  const recent: Uint8Array[] = [];
  const steps: number[] = [];
  const contrasts: number[] = [];
  const measured: Measured[] = [];
  let before: Pyramid | undefined;
  return {
    get count() {
      return steps.length;
    },
    add(picture) {
      const index = steps.length;
      const { spread, ...light } = lightOf(picture);
      const last = recent.at(-1);
      const step = last ? difference(picture, last) : 0;
      steps.push(step);
      contrasts.push(light.high - light.low);
      if (index % stride === 0) {
        const pyramid = pyramidOf(picture, size);
        const { x, y } = before ? estimateGlobalMotion(before, pyramid) : { x: 0, y: 0 };
        const percent = 100 / Math.max(size.width, size.height);
        const earlier = recent.length >= lag ? recent.at(-lag) : undefined;
        const change = earlier ? difference(picture, earlier) : undefined;
        const disorder = step / Math.max(LEAST_SPREAD, spread);
        measured.push({ index, ...light, change: change ?? 0, disorder, x: x * percent, y: y * percent });
        before = pyramid;
      }
      recent.push(picture);
      if (recent.length > lag) recent.shift();
    },
    read(at) {
      const cuts = detectSceneCuts({ steps, contrasts, fps });
      return {
        samples: withoutCuts(measured, cuts, Math.max(lag, stride)).map(({ index, ...rest }) => ({
          at: at(index),
          ...rest,
        })),
        cuts: cuts.map(at),
      };
    },
  };
}

function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return sum / a.length;
}

/** A function of its own, without `for ... of`: V8 takes up to four times as long for this loop otherwise. */
function histogramOf(picture: Uint8Array): Uint32Array {
  const histogram = new Uint32Array(256);
  for (let i = 0; i < picture.length; i += 1) {
    const luma = picture[i] ?? 0;
    histogram[luma] = (histogram[luma] ?? 0) + 1;
  }
  return histogram;
}

function lightOf(picture: Uint8Array): Light {
  const histogram = histogramOf(picture);
  let sum = 0;
  let seen = 0;
  const wanted = [0.05, 0.1, 0.9, 0.95].map((share) => share * picture.length);
  const found: number[] = [];
  let spread = 0;
  histogram.forEach((count, luma) => {
    sum += count * luma;
    seen += count;
    const below = seen / picture.length;
    spread += 2 * below * (1 - below);
    while (found.length < wanted.length && seen >= (wanted[found.length] ?? 0)) found.push(luma);
  });
  const [p5 = 0, low = 0, high = 0, p95 = 0] = found;
  return { mean: sum / picture.length, p5, low, high, p95, spread };
}

/**
 * The indices at which another shot begins: the change there stands out of all those close to it, which movement, a whipped pan
 * and a flash (back again at once) do not, and is much of the contrast that there is, so that darkness hides none.
 */
function detectSceneCuts({
  steps,
  contrasts,
  fps,
}: {
  /** Mean difference of luma to the picture before. */
  readonly steps: readonly number[];
  /** Luma from the darkest tenth to the brightest. */
  readonly contrasts: readonly number[];
  readonly fps: number;
}): number[] {
  const { stands, share, seconds, leastContrast } = THRESHOLDS.cut;
  const near = Math.max(1, Math.round(fps * seconds));
  return steps.flatMap((step, index) => {
    const contrast = Math.max(leastContrast, contrasts[index] ?? 0, contrasts[index - 1] ?? 0);
    if (index === 0 || step < share * contrast) return [];
    const others = [...steps.slice(Math.max(1, index - near), index), ...steps.slice(index + 1, index + near + 1)];
    return step >= stands * Math.max(0, ...others) ? [index] : [];
  });
}

/** What changes from shot to shot is no movement: those samples say what the one before says, or the one after. */
function withoutCuts(measured: readonly Measured[], cuts: readonly number[], reach: number): Measured[] {
  const isAcross = ({ index }: Measured): boolean =>
    index < reach || cuts.some((cut) => cut <= index && cut > index - reach);
  const plain = measured.filter((one) => !isAcross(one));
  return measured.map((one) => {
    if (!isAcross(one)) return one;
    const {
      change = 0,
      disorder = 0,
      x = 0,
      y = 0,
    } = plain.findLast(({ index }) => index < one.index) ?? plain[0] ?? {};
    return { ...one, change, disorder, x, y };
  });
}
