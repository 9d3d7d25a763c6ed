/** What a plan is: a copy, an encode, or a refusal, with its steps and their reasons. */
import type { Rect, Size } from '../../shared/geometry.ts';
import type { Placement, Rate } from './frame.ts';
import type { PlanStep } from './steps.ts';

export interface PlanTarget extends Size {
  readonly rate: Rate;
  readonly fps: number;
  readonly frames: number;
  /** Exactly `frames / fps`. */
  readonly seconds: number;
  readonly audio: boolean;
}

/** One stream copy. */
export interface RemuxPlan {
  readonly kind: 'remux';
  readonly target: PlanTarget;
  /** Seconds into the source at which its first picture is shown: less than a frame. */
  readonly start: number;
  /** What is left out; nothing is encoded. */
  readonly steps: readonly PlanStep[];
  /** Packets of sound that begin at this second or later are left out: the sound outlasts the picture. */
  readonly audioUntil: number | undefined;
}

/** One encode. */
export interface ConvertPlan {
  readonly kind: 'convert';
  readonly steps: readonly PlanStep[];
  readonly target: PlanTarget;
  /** Seconds into the source at which its first picture is shown. */
  readonly start: number;
  /** Seconds into the source at which decoding begins, so that the first picture comes out whole. */
  readonly decodeFrom: number;
  readonly placement: Placement;
  /** The part of the upright picture that is kept, in its own pixels; without it, all. */
  readonly crop?: Rect;
  /** Nothing at or behind this second of the source is read. */
  readonly until?: number;
}

export interface RejectPlan {
  readonly kind: 'reject';
  readonly issues: readonly string[];
}

export type MediaPlan = RemuxPlan | ConvertPlan | RejectPlan;

/** The part of a clip that `--start auto` chose. */
export interface BestPart {
  /** Into the source. */
  readonly start: number;
  readonly seconds: number;
  /** Why, in a phrase. */
  readonly because: string;
  /** Nothing at or behind this second of the source may be read: its picture has another shape. */
  readonly until?: number;
}

/** What was found in the picture, where the wishes ask for it. */
export interface PictureFindings {
  readonly moment?: BestPart | undefined;
  /** Without its bars, in pixels of the upright picture. */
  readonly crop?: Rect | undefined;
  /** Which its pictures take on the way, after the one that its headers tell. Only matters to what fits otherwise. */
  readonly otherSize?: Size | undefined;
  /** The frame rate that it has to have, whatever its own is. */
  readonly fps?: number | undefined;
}
