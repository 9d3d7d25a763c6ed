/**
 * What a clip is worth as a reference of a character: findings with numbers, what they mean and what to do. Pure. The
 * thresholds lie between what was measured on clips made good and bad; test/media/judge.test.ts has the figures.
 */
import { type ClipOptions, formatSize, type Rect, type Size } from '../domain.ts';
import { trackName } from './audio-tracks.ts';
import { type MediaInfo, shownSize, type VideoInfo } from './info.ts';
import type { ConvertPlan, RemuxPlan } from './plan.ts';
import { jerk, liveliness, median, type Readings, type Sample } from './readings.ts';
import { type HeardTrack, isAudible } from './sound.ts';

export type Level = 'good' | 'remark' | 'problem';

export interface Finding {
  readonly what: 'shape' | 'sharpness' | 'exposure' | 'cuts' | 'motion' | 'steadiness' | 'bars' | 'size' | 'sound';
  readonly level: Level;
  /** Null where there is nothing to measure. */
  readonly value: number | null;
  readonly unit: string;
  /** A sentence. */
  readonly meaning: string;
  /** What to do about it, a sentence; none where it is good. */
  readonly advice?: string;
}

export interface Judgement {
  /** Of the source, in seconds: what would be used. */
  readonly part: { readonly start: number; readonly seconds: number };
  readonly findings: readonly Finding[];
  /** What could not be measured, and why: sentences. */
  readonly unmeasured: readonly string[];
}

export interface Evidence {
  readonly info: MediaInfo & { readonly video: VideoInfo };
  readonly options: ClipOptions;
  readonly plan: RemuxPlan | ConvertPlan;
  /** Of the picture between bars, where there are any. */
  readonly readings: Readings;
  /** What was heard of each track that was listened to. */
  readonly sounds: readonly HeardTrack[];
  /** In the upright frame; undefined where there are no bars. */
  readonly between: Rect | undefined;
}

/** Every finding that these readings allow, in the order in which a person would look. */
export function judge(evidence: Evidence): readonly Finding[] {
  const { readings, info, between, options } = evidence;
  return [
    ...shape(info.video),
    ...(readings.blur.length > 0 ? [sharpness(median(readings.blur))] : []),
    // The levels of HDR are of another scale.
    ...(readings.samples.length > 0 && !info.video.hdr ? [exposure(readings.samples)] : []),
    cuts(readings.cuts),
    ...(readings.samples.length > 2 ? [motion(readings.samples), steadiness(readings.samples)] : []),
    bars(uprightSize(info.video), between, options),
    size(evidence),
    sound(evidence),
  ];
}

/** Of a picture that no flat screen shows as it is. */
function shape({ projection, stereo, window }: VideoInfo): Finding[] {
  const base = { what: 'shape', level: 'problem', value: null, unit: '' } as const;
  if (projection !== undefined)
    return [
      {
        ...base,
        meaning: `It is a 360-degree picture (${projection}), and is used as it is stored.`,
        advice: 'Export a flat view of it.',
      },
    ];
  if (stereo === undefined || window) return [];
  return [
    { ...base, meaning: `It is 3D: two eyes in one picture (${stereo}).`, advice: 'Export the picture of one eye.' },
  ];
}

/** As stored, turned upright: the frame that ffmpeg's filters see. */
export function uprightSize({ width, height, rotation }: VideoInfo): Size {
  return rotation % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** Of the picture in the frame; the rest is bars. */
function share(whole: Size, between: Rect | undefined): number {
  return between ? (between.width * between.height) / (whole.width * whole.height) : 1;
}

/** One decimal, which is what the thresholds are good for. */
function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function sharpness(pixels: number): Finding {
  const value = rounded(pixels);
  const base = { what: 'sharpness', value, unit: 'px' } as const;
  if (pixels < 5.5) return { ...base, level: 'good', meaning: `Edges are ${value} pixels wide: it is sharp.` };
  const advice = 'Use a clip that is in focus and was not enlarged.';
  return pixels < 8
    ? { ...base, level: 'remark', meaning: `Edges are ${value} pixels wide: it is a little soft.`, advice }
    : { ...base, level: 'problem', meaning: `Edges are ${value} pixels wide: it is blurred.`, advice };
}

const BLACK = 16;
const WHITE = 235;

function exposure(samples: readonly Sample[]): Finding {
  const mean = median(samples.map((one) => one.mean));
  const [low, high] = [median(samples.map((one) => one.low)), median(samples.map((one) => one.high))];
  const value = Math.round(((mean - BLACK) * 100) / (WHITE - BLACK));
  const base = { what: 'exposure', value, unit: '%' } as const;
  const said = `Its mean brightness is ${value} %`;
  const light = 'Use a clip with more light on the face.';
  const shade = 'Use a clip with less light.';
  if (mean < 50 && high < 90) return { ...base, level: 'problem', meaning: `${said}: it is dark.`, advice: light };
  if (mean < 70 && high < 130)
    return { ...base, level: 'remark', meaning: `${said}: it is rather dark.`, advice: light };
  // A white wall behind a face leaves dark tones in the picture; overexposure does not.
  if (low > 190) return { ...base, level: 'problem', meaning: `${said}: it is overexposed.`, advice: shade };
  if (mean > 200) return { ...base, level: 'remark', meaning: `${said}: it is very bright.`, advice: shade };
  return { ...base, level: 'good', meaning: `${said}: it is well lit.` };
}

function cuts(times: readonly number[]): Finding {
  const base = { what: 'cuts', value: times.length, unit: times.length === 1 ? 'cut' : 'cuts' } as const;
  if (times.length === 0) return { ...base, level: 'good', meaning: 'It is one shot.' };
  const where = times.slice(0, 3).map((time) => `${rounded(time, 2)} s`);
  return {
    ...base,
    level: 'problem',
    meaning: `Another shot begins at ${where.join(', ')}${times.length > 3 ? ' and later' : ''}.`,
    advice: 'Choose one shot with --start, or let --start auto do it.',
  };
}

function motion(samples: readonly Sample[]): Finding {
  const change = liveliness(samples);
  const value = rounded(change, 2);
  const base = { what: 'motion', value, unit: '%' } as const;
  const said = `${value} % of its contrast changes`;
  const advice = 'Use a part in which the character moves or turns.';
  if (change < 0.15) return { ...base, level: 'problem', meaning: `It is a still picture: ${said}.`, advice };
  if (change < 0.8) return { ...base, level: 'remark', meaning: `It hardly moves: ${said}.`, advice };
  return { ...base, level: 'good', meaning: `It moves: ${said}.` };
}

function steadiness(samples: readonly Sample[]): Finding {
  const shaking = jerk(samples);
  const value = rounded(shaking, 2);
  const base = { what: 'steadiness', value, unit: '%' } as const;
  const said = `it jerks by ${value} % of the picture`;
  const advice = 'Use a steadier part, or stabilise the clip first.';
  if (shaking < 0.9) return { ...base, level: 'good', meaning: `The camera is steady: ${said}.` };
  return shaking < 1.8
    ? { ...base, level: 'remark', meaning: `The camera is restless: ${said}.`, advice }
    : { ...base, level: 'problem', meaning: `The camera shakes: ${said}.`, advice };
}

function bars(whole: Size, between: Rect | undefined, { cropBars }: ClipOptions): Finding {
  const value = Math.round((1 - share(whole, between)) * 100);
  const base = { what: 'bars', value, unit: '%' } as const;
  // A bar on one side alone may be a dark wall.
  if (!between) return { ...base, level: 'good', meaning: 'There are no black bars of equal width in it.' };
  const meaning = `Black bars take ${value} %; the picture is ${formatSize(between)}.`;
  return cropBars
    ? { ...base, level: 'good', meaning: `${meaning} They are cropped.` }
    : { ...base, level: value < 5 ? 'remark' : 'problem', meaning, advice: 'Add --crop-bars to cut them off.' };
}

function size({ info, plan }: Evidence): Finding {
  const shown = shownSize(info.video, plan.kind === 'convert' ? plan.crop : undefined);
  const picture = plan.kind === 'convert' ? plan.placement.picture : shown;
  const factor = Math.max(picture.width / shown.width, picture.height / shown.height);
  const value = rounded(factor, 2);
  const base = { what: 'size', value, unit: 'x' } as const;
  if (factor <= 1.02) return { ...base, level: 'good', meaning: `${formatSize(shown)} is large enough.` };
  const meaning = `${formatSize(shown)} is enlarged ${value} times: fine detail is missing.`;
  const advice = 'Use the original in its full size, if there is one.';
  return {
    ...base,
    level: factor < 1.25 ? 'good' : factor < 2.5 ? 'remark' : 'problem',
    meaning,
    ...(factor >= 1.25 && { advice }),
  };
}

function sound({ info, options, sounds }: Evidence): Finding {
  const isUsed = ({ audio }: HeardTrack): boolean => audio.track === info.audio?.track;
  const used = sounds.find(isUsed)?.heard;
  const value = typeof used === 'object' && used.seconds > 0 ? rounded(used.rms) : null;
  const base = { what: 'sound', value, unit: 'dB' } as const;
  if (!options.audio) return { ...base, level: 'good', meaning: 'Its sound is left out, as you asked.' };
  const others = sounds
    .filter((one) => !isUsed(one))
    .flatMap(({ audio, heard }) => (isAudible(heard) ? [`${trackName(audio)}, ${rounded(heard.rms)} dB`] : []));
  const also = others.length === 0 ? '' : ` Another track has sound: ${others.join('; ')}.`;
  const remark = (meaning: string): Finding => ({
    ...{ ...base, level: 'remark', meaning: meaning + also },
    advice: also
      ? 'Export the clip with that track alone, if it matters.'
      : 'Use a part in which it speaks, if its voice matters.',
  });
  if (!info.audio) return remark(info.audioTracks.length > 0 ? 'Its sound cannot be used.' : 'It has no sound.');
  if (used === undefined || typeof used === 'string') return remark('Its sound cannot be decoded.');
  if (used.seconds === 0) return remark('It has no sound in this part.');
  if (!isAudible(used)) return remark('Its sound is silence.');
  if (used.rms < -40) return remark(`Its sound is very quiet (${value} dB).`);
  return { ...base, level: 'good', meaning: `It has sound (${value} dB).${also}` };
}

/** One finding a line, as a person reads it, and what to do below it; the level is a word, so that no colour has to say it. */
export function judgementLines({ part, findings, unmeasured }: Judgement): string[] {
  const end = part.start + part.seconds;
  return [
    `As a reference of a character, ${part.start.toFixed(2)} s to ${end.toFixed(2)} s:`,
    ...findings.flatMap(({ what, level, meaning, advice }) => [
      `  ${level.padEnd(7)}  ${what.padEnd(10)}  ${meaning}`,
      ...(advice === undefined ? [] : [`${' '.repeat(23)}${advice}`]),
    ]),
    ...unmeasured.map((sentence) => `  unknown  ${sentence}`),
  ];
}
