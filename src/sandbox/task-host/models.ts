/** What a model of a task host is, how large its videos are, and whom a prompt brings into them. Pure. */
import type { Fields, Inputs } from './fields.ts';

export interface ModelSpec {
  readonly id: string;
  readonly fields: Fields;
  /** Makes a character from a clip within these limits, instead of a video. */
  readonly characterClips?: ClipRules;
  /** Takes clips by URL within these limits. */
  readonly references?: ReferenceRules;
  /** What prompts call a clip, with `{n}` for its number from 1, or `{i}` for that from 0; `@Video{n}` unless given. */
  readonly marker?: string;
  /** In US dollars. */
  price(of: Billing): number;
}

export type Range = readonly [from: number, to: number];

/** What is absent is not looked at. */
export interface ReferenceRules {
  /** Seconds of all together, and of each. */
  readonly seconds?: Range;
  readonly each?: Range;
  readonly pixels?: Range;
  /** Of either side. */
  readonly side?: Range;
  readonly fps?: Range;
  /** Width to height. */
  readonly ratio?: Range;
}

export interface ClipRules {
  readonly seconds: Range;
  /** Of the short side. */
  readonly shortest: number;
  /** The widest ratio, of the long side to the short one. */
  readonly ratio: number;
}

export interface Billing {
  readonly seconds: number;
  /** Pixels of the video's short side. */
  readonly short: number;
  /** Of the clips that came in. */
  readonly inputSeconds: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
}

const ANY = Number.POSITIVE_INFINITY;

/** Both generations of Seedance. */
const SEEDANCE_CLIP = { each: [1.8, ANY], fps: [24, 60], side: [300, 6000], ratio: [0.4, 2.5] } as const;

/** 1280x720 fits, 1920x1080 does not. */
export const SEEDANCE_20_CLIPS: ReferenceRules = { ...SEEDANCE_CLIP, seconds: [0, 15], pixels: [409_600, 927_408] };
export const SEEDANCE_25_CLIPS: ReferenceRules = { ...SEEDANCE_CLIP, seconds: [0, 30] };

/** The shorter sides that have names. */
const SHORT_SIDES: Readonly<Record<string, number>> = { '2k': 1440, '4k': 2160 };

/**
 * From its pixels, or from a ratio by name and `resolution`; without either, in the orientation of the picture. Hosts call the
 * pixels `size` or `ratio`, and the ratio `aspect_ratio` or `ratio`.
 */
export function frameOf({ settings }: Inputs, picture: Frame | undefined): Frame {
  const { size, ratio: told, aspect_ratio = told } = settings;
  // Left to the model, some with a resolution: it takes the shape of the picture.
  const open = /^(?:auto|adaptive)(?:_(\w+))?$/.exec(String(aspect_ratio));
  const resolution = String(open?.[1] ?? settings.resolution ?? '720p').toLowerCase();
  const [width = 0, height = 0] = String(size ?? told)
    .split(/[*:]/)
    .map(Number);
  if (Math.min(width, height) > 100) return { width, height };
  const short = SHORT_SIDES[resolution] ?? Number.parseInt(resolution, 10);
  const portrait = picture !== undefined && picture.height > picture.width;
  const ratio = open ? undefined : aspect_ratio;
  const [across = 16, down = 9] = String(ratio ?? (portrait ? '9:16' : '16:9'))
    .split(':')
    .map(Number);
  const unit = short / Math.min(across, down);
  return { width: even(across * unit), height: even(down * unit) };
}

function even(value: number): number {
  return Math.round(value / 2) * 2;
}

/** What a clip is called in the video, or undefined when the prompt does not speak of it. `number` counts from 1. */
export function labelOf(prompt: string, number: number, pattern = '@Video{n}'): string | undefined {
  const marker = pattern.replace('{n}', String(number)).replace('{i}', String(number - 1));
  const place = `${marker.replace(/[<>]/g, '\\$&')}(?!\\d)`;
  if (!new RegExp(place).test(prompt)) return undefined;
  const before = new RegExp(`^(.*) is the character in <?${place}`, 's').exec(prompt)?.[1];
  // Of "Dr. Joe" this leaves "Joe": a label, by which nothing is decided.
  return (
    before
      ?.split(/[.!?。]\s+|\n/)
      .at(-1)
      ?.trim() || marker
  );
}

/** The most seconds that a request may be given: of "auto", the longest that the model makes. */
export function mostSecondsOf({ fields }: Pick<ModelSpec, 'fields'>, inputs: Inputs): number {
  const { duration } = fields;
  if (Number.isFinite(Number.parseFloat(String(inputs.settings.duration ?? 0)))) return secondsOf(inputs);
  const lengths = duration?.is === 'choice' ? duration.of : duration?.is === 'whole' ? [duration.to] : [];
  return Math.max(secondsOf(inputs), ...lengths.map(Number).filter(Number.isFinite));
}

/** The seconds that a request asks for: hosts write a number, `"8"` or `"8s"`, and of "auto" 5 are made. */
export function secondsOf({ settings: { duration = 0 } }: Inputs): number {
  const seconds = Number.parseFloat(String(duration));
  return Number.isNaN(seconds) ? 5 : seconds;
}
