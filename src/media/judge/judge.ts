/** What a clip is worth as a reference of a character: findings with numbers, what they mean and what to do. Pure. */

import type { ClipOptions } from '../../shared/clip.ts';
import { formatSize, type Rect } from '../../shared/geometry.ts';
import { option } from '../../shared/options.ts';
import { type HeardTrack, isAudible } from '../ffmpeg/sound.ts';
import { type MediaInfo, shownSize, uprightSize, type VideoInfo } from '../info.ts';
import { trackName } from '../plan/audio-tracks.ts';
import type { ConvertPlan, RemuxPlan } from '../plan/media-plan.ts';
import { barsAdvice, letterboxShare, shareOf } from './bars.ts';
import { cameraShake, cameraSpeed, fades, type Measurements, motionAmount, temporalDisorder } from './filter-output.ts';
import { median } from './median.ts';
import type { Sample } from './meter.ts';
import {
  contrastVerdict,
  exposureVerdict,
  fadeVerdict,
  type Level,
  motionVerdict,
  sharpnessVerdict,
  spreadPercent,
  steadinessVerdict,
  THRESHOLDS,
} from './thresholds.ts';

export interface AspectVerdict {
  readonly what:
    | 'shape'
    | 'sharpness'
    | 'exposure'
    | 'contrast'
    | 'fade'
    | 'cuts'
    | 'motion'
    | 'steadiness'
    | 'bars'
    | 'size'
    | 'sound';
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
  readonly findings: readonly AspectVerdict[];
  /** What could not be measured, and why: sentences. */
  readonly unmeasured: readonly string[];
}

export interface Evidence {
  readonly info: MediaInfo & { readonly video: VideoInfo };
  readonly options: ClipOptions;
  readonly plan: RemuxPlan | ConvertPlan;
  /** Of the picture between bars, where there are any. */
  readonly readings: Measurements;
  /** What was heard of each track that was listened to. */
  readonly sounds: readonly HeardTrack[];
  /** In the upright frame; undefined where there are no bars. */
  readonly between: Rect | undefined;
}

/** Every finding that these readings allow, in the order in which a person would look. */
export function judge(evidence: Evidence): readonly AspectVerdict[] {
  const { readings, info } = evidence;
  const { samples, blur } = readings;
  return [
    ...shape(info.video),
    ...(blur.length > 0 ? [sharpness(median(blur.map(({ value }) => value)))] : []),
    // The levels of HDR are of another scale.
    ...(samples.length > 0 && !info.video.hdr ? [exposure(samples), contrast(samples)] : []),
    ...(samples.length > 2 ? [fade(samples)] : []),
    cuts(readings.cuts),
    ...(samples.length > 2 ? [motion(samples), steadiness(samples)] : []),
    bars(evidence),
    size(evidence),
    sound(evidence),
  ];
}

/** Of a picture that no flat screen shows as it is. */
function shape({ projection, stereo, window }: VideoInfo): AspectVerdict[] {
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

/** One decimal, which is what the thresholds are good for. */
function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function sharpness(pixels: number): AspectVerdict {
  const value = rounded(pixels);
  const { level, word } = sharpnessVerdict(pixels);
  return {
    ...{ what: 'sharpness', level, value, unit: 'px', meaning: `Edges are ${value} pixels wide: it is ${word}.` },
    ...(level !== 'good' && { advice: 'Use a clip that is in focus and was not enlarged.' }),
  };
}

export const BLACK = 16;
export const WHITE = 235;

function exposure(samples: readonly Sample[]): AspectVerdict {
  const light = lightOf(samples);
  const value = Math.round(((light.mean - BLACK) * 100) / (WHITE - BLACK));
  const { level, word } = exposureVerdict(light);
  const advice = word.endsWith('dark') ? 'Use a clip with more light on the face.' : 'Use a clip with less light.';
  return {
    ...{ what: 'exposure', level, value, unit: '%', meaning: `Its mean brightness is ${value} %: it is ${word}.` },
    ...(level !== 'good' && { advice }),
  };
}

/** The usual light of a part. */
export function lightOf(samples: readonly Sample[]): Pick<Sample, 'mean' | 'p5' | 'low' | 'high' | 'p95'> {
  const of = (key: 'mean' | 'p5' | 'low' | 'high' | 'p95'): number => median(samples.map((one) => one[key]));
  return { mean: of('mean'), p5: of('p5'), low: of('low'), high: of('high'), p95: of('p95') };
}

function contrast(samples: readonly Sample[]): AspectVerdict {
  const light = lightOf(samples);
  const value = Math.round(spreadPercent(light));
  const { level, word } = contrastVerdict(light);
  const meaning = `Its tones span ${value} % of the scale${level === 'good' ? '' : `: it is ${word}`}.`;
  const advice = 'If it is log footage, apply its look (LUT) and export it as BT.709.';
  return { ...{ what: 'contrast', level, value, unit: '%', meaning }, ...(level !== 'good' && { advice }) };
}

function fade(samples: readonly Sample[]): AspectVerdict {
  const { start, end } = fades(samples);
  const value = rounded(start + end, 2);
  const { level } = fadeVerdict(start + end);
  const base = { what: 'fade', level, value, unit: 's' } as const;
  if (level === 'good') return { ...base, meaning: 'It is fully visible from its first frame to its last.' };
  const parts = [
    ...(start > 0 ? [`its first ${rounded(start, 2)} s fade in`] : []),
    ...(end > 0 ? [`its last ${rounded(end, 2)} s fade out`] : []),
  ].join(', and ');
  return {
    ...base,
    meaning: `${parts[0]?.toUpperCase()}${parts.slice(1)}: little of it can be seen then.`,
    advice: `Choose a part without it with ${option('start')}, or let ${option('start')} auto do it.`,
  };
}

function cuts(times: readonly number[]): AspectVerdict {
  const base = { what: 'cuts', value: times.length, unit: times.length === 1 ? 'cut' : 'cuts' } as const;
  if (times.length === 0) return { ...base, level: 'good', meaning: 'It is one shot.' };
  const where = times.slice(0, 3).map((time) => `${rounded(time, 2)} s`);
  return {
    ...base,
    level: 'problem',
    meaning: `Another shot begins at ${where.join(', ')}${times.length > 3 ? ' and later' : ''}.`,
    advice: `Choose one shot with ${option('start')}, or let ${option('start')} auto do it.`,
  };
}

function motion(samples: readonly Sample[]): AspectVerdict {
  const change = motionAmount(samples);
  const value = rounded(change, 2);
  const { level, word } = motionVerdict({
    ...{ change, speed: cameraSpeed(samples), disorder: temporalDisorder(samples) },
  });
  const base = { what: 'motion', level, value, unit: '%' } as const;
  const said = `${value} % of its contrast changes`;
  const advice = 'Use a part in which the character moves or turns.';
  if (word === 'noise')
    return {
      ...base,
      meaning: `It is noise: no picture has anything in common with the next.`,
      advice: 'Use another clip.',
    };
  if (word === 'still') return { ...base, meaning: `It is a still picture: ${said}.`, advice };
  if (word === 'hardly moving') return { ...base, meaning: `It hardly moves: ${said}.`, advice };
  if (level === 'good') return { ...base, meaning: `It moves: ${said}.` };
  return level === 'remark'
    ? { ...base, meaning: `It moves a lot: ${said}.`, advice: 'Use a calmer part.' }
    : {
        ...base,
        meaning: `Everything changes all the time, which no person does: ${said}.`,
        advice: 'Use another part.',
      };
}

function steadiness(samples: readonly Sample[]): AspectVerdict {
  const swing = cameraShake(samples);
  const value = rounded(swing, 2);
  const { level, word } = steadinessVerdict(swing);
  const does = word === 'shaking' ? 'shakes' : `is ${word}`;
  return {
    ...{ what: 'steadiness', level, value, unit: '%' },
    meaning: value === 0 ? `The camera ${does}.` : `The camera ${does}: it swings over ${value} % of the picture.`,
    ...(level !== 'good' && { advice: 'Use a steadier part, or stabilise the clip first.' }),
  };
}

/** What a master would show: bars of the source and those that are added. */
function bars({ info, between, options, plan }: Evidence): AspectVerdict {
  const whole = uprightSize(info.video);
  const share = letterboxShare(plan, whole, between);
  const value = Math.round(share);
  const base = { what: 'bars', value, unit: '%' } as const;
  const isCropped = plan.kind === 'convert' && plan.crop !== undefined;
  const own =
    between && !isCropped
      ? ` ${Math.round((1 - shareOf(between, whole)) * 100)} % of the clip are bars already: its picture is ${formatSize(between)}.`
      : '';
  if (share < THRESHOLDS.bars.remark) {
    if (own) return { ...base, level: 'good', meaning: `Its black bars are cut off with the rest.${own}` };
    // A bar on one side alone may be a dark wall.
    const meaning = isCropped ? 'Its black bars are cropped.' : 'There are no black bars of equal width in it.';
    return { ...base, level: 'good', meaning };
  }
  const level = share < THRESHOLDS.bars.problem ? 'remark' : 'problem';
  const advice = barsAdvice({ video: info.video, between, options }, share);
  return { ...base, level, meaning: `Black bars take ${value} % of the frame.${own}`, ...(advice && { advice }) };
}

function size({ info, plan }: Evidence): AspectVerdict {
  const shown = shownSize(info.video, plan.kind === 'convert' ? plan.crop : undefined);
  const picture = plan.kind === 'convert' ? plan.placement.picture : shown;
  const factor = Math.max(picture.width / shown.width, picture.height / shown.height);
  const value = rounded(factor, 2);
  const base = { what: 'size', value, unit: 'x' } as const;
  const { told, remark, problem } = THRESHOLDS.size;
  if (factor <= told) return { ...base, level: 'good', meaning: `${formatSize(shown)} is large enough.` };
  const meaning = `${formatSize(shown)} is enlarged ${value} times: fine detail is missing.`;
  const advice = 'Use the original in its full size, if there is one.';
  return {
    ...base,
    level: factor < remark ? 'good' : factor < problem ? 'remark' : 'problem',
    meaning,
    ...(factor >= remark && { advice }),
  };
}

function sound({ info, options, sounds }: Evidence): AspectVerdict {
  const isUsed = ({ audio }: HeardTrack): boolean => audio.track === info.audio?.track;
  const used = sounds.find(isUsed)?.heard;
  const value = typeof used === 'object' && used.seconds > 0 ? rounded(used.rms) : null;
  const base = { what: 'sound', value, unit: 'dB' } as const;
  if (!options.audio) return { ...base, level: 'good', meaning: 'Its sound is left out, as requested.' };
  const others = sounds
    .filter((one) => !isUsed(one))
    .flatMap(({ audio, heard }) => (isAudible(heard) ? [`${trackName(audio)}, ${rounded(heard.rms)} dB`] : []));
  const also = others.length === 0 ? '' : ` Another track has sound: ${others.join('; ')}.`;
  const remark = (meaning: string): AspectVerdict => ({
    ...{ ...base, level: 'remark', meaning: meaning + also },
    advice: also
      ? 'Export the clip with that track alone, if it matters.'
      : 'Use a part in which it speaks, if its voice matters.',
  });
  if (!info.audio) return remark(info.audioTracks.length > 0 ? 'Its sound cannot be used.' : 'It has no sound.');
  if (used === undefined || typeof used === 'string') return remark('Its sound cannot be decoded.');
  if (used.seconds === 0) return remark('It has no sound in this part.');
  if (!isAudible(used)) return remark('Its sound is silence.');
  if (used.rms < THRESHOLDS.sound.quiet) return remark(`Its sound is very quiet (${value} dB).`);
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
