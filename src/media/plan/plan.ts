/**
 * What has to be done to a file so that every host takes it, with reasons. Pure: a plan can be shown, tested, stored and
 * run later. Rules: 2-4 s, 16:9 or 9:16 at 720p-1080p, H.264 8-bit 4:2:0 BT.709, constant 23.976-60 fps, AAC or silence.
 */

import type { ClipOptions } from '../../shared/clip.ts';
import { refuseAll } from '../../shared/errors.ts';
import { formatSize, type Rect, type Size } from '../../shared/geometry.ts';
import { displayedSize, type MediaInfo, shownSize, type VideoInfo, videoSeconds } from '../info.ts';
import { MAX_SECONDS, MAX_SIDE, MIN_SECONDS, READ_MARGIN_SECONDS } from '../limits.ts';
import { pictureAt, seekPointBefore } from '../probe/timeline.ts';
import {
  chooseBox,
  formatRate,
  fpsOf,
  frameLimits,
  framesIn,
  isAllowedFps,
  type Placement,
  place,
  type Rate,
  targetRate,
} from './frame.ts';
import { audioSteps, cutSoundSteps, leftOutTracks, noSoundSteps } from './sound-steps.ts';
import { colourSteps, encodeSteps, type PlanStep, pictureSteps, plural, round } from './steps.ts';

export { PLAN_VERSION } from '../../shared/clip.ts';
export type { AudioInfo, MediaInfo, VideoInfo } from '../info.ts';
export type { PlanStep } from './steps.ts';

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
}

/**
 * Throws `usage` for a wish that this clip cannot meet, naming what would work; a clip that cannot be used is `reject`.
 * Without a moment `--start auto` is planned from the beginning.
 */
export function planMedia(
  info: MediaInfo,
  options: ClipOptions,
  { moment, crop, otherSize }: PictureFindings = {},
): MediaPlan {
  refuseWishes(wrongWishes(options));
  const issues = findIssues(info);
  const { video } = info;
  if (!video || issues.length > 0) return { kind: 'reject', issues };

  const rate = targetRate(video.fps ?? 0);
  const fps = fpsOf(rate);
  const wished = moment?.start ?? startOf(options);
  const part = partOf(info, video, moment ? Math.max(moment.start, video.delay) : secondOf(options, video));
  const whole = framesIn(part.end - video.delay, fps);
  const frames = chooseFrames(part, fps, { wished, duration: options.duration ?? moment?.seconds ?? null });
  const shown = shownSize(video, crop);
  const placement = place(shown, chooseBox(shown, options), options, video.pixelAspect === 1);
  const audio = options.audio && info.audio !== undefined;
  const target = { ...placement.box, rate, fps, frames, seconds: frames / fps, audio };

  const steps = [
    ...(info.truncated ? [CUT_OFF] : []),
    ...trimSteps({ part, delay: video.delay, frames, whole, fps, options, moment }),
    ...lateSteps(info, video, { wished, end: part.end, fps }),
    ...rateSteps(info, video, rate),
    ...pictureSteps(video, { placement, crop }, options),
    ...colourSteps(video),
    ...encodeSteps(info, rate, otherSize),
  ];
  const taken = part.start + target.seconds;
  const drops = [
    // Of a file that is cut off, headers tell a length that the sound does not have.
    ...(audio && !info.truncated && reachesEnd(taken, part.end, fps) ? cutSoundSteps(info, taken) : []),
    ...dropSteps(info, options),
  ];
  const audioUntil = audio ? audioLimit(info, target.seconds) : undefined;
  const copies = audio ? info.audio?.codec === 'AAC' && audioUntil !== 'unknown' : true;
  if (steps.length === 0 && copies) {
    return {
      kind: 'remux',
      target,
      start: part.start,
      steps: drops,
      audioUntil: audioUntil === 'unknown' ? undefined : audioUntil,
    };
  }
  const sound = audio ? audioSteps(info, steps.length > 0) : [];
  const from = { start: part.start, decodeFrom: part.decodeFrom };
  return {
    kind: 'convert',
    steps: [...steps, ...sound, ...drops],
    target,
    ...from,
    placement,
    ...(crop && { crop }),
    ...(moment?.until !== undefined && { until: moment.until }),
  };
}

/** The last picture is among those that are taken. */
function reachesEnd(end: number, seconds: number, fps: number): boolean {
  return end > seconds - 1.5 / fps;
}

const CUT_OFF: PlanStep = {
  do: 'read what is there',
  because: 'the file is cut off: it ends before its own index says so',
  detail: 'what can be decoded',
};

function startOf({ start }: ClipOptions): number {
  return start === 'auto' ? 0 : (start ?? 0);
}

/** In seconds into the source. */
interface Part {
  /** Of the picture, not only of what is taken. */
  readonly end: number;
  /** The first picture that is taken. */
  readonly start: number;
  readonly decodeFrom: number;
}

/** The second of the source that a wish means. Where a container makes the picture late by less than a frame, seconds count from its first one. */
function secondOf(options: ClipOptions, { delay, fps = 0 }: VideoInfo): number {
  const wished = startOf(options);
  return delay * fps < 1 ? wished + delay : Math.max(wished, delay);
}

/** The part of a clip that begins at this second of the source, or at its next picture. */
function partOf({ timeline }: MediaInfo, video: VideoInfo, first: number): Part {
  const { delay, fps = 0 } = video;
  const end = delay + (videoSeconds(video) ?? 0);
  const start = (timeline && pictureAt(timeline, first, fps)) ?? first;
  return { end, start, decodeFrom: timeline ? seekPointBefore(timeline, start) : 0 };
}

/** A delay of less than a frame stays where it is, unless a copy that needs nothing else would be too long with it. */
function lateSteps(
  { audio, timeline }: MediaInfo,
  { delay }: VideoInfo,
  { wished, end, fps }: { wished: number; end: number; fps: number },
): PlanStep[] {
  const isCopyTooLong = end > MAX_SECONDS + 0.0005 && framesIn(end - delay, fps) <= frameLimits(fps).max;
  const isInside = timeline !== undefined && timeline.leading > 0;
  if (wished >= delay || (delay < 1 / fps && !isCopyTooLong && !isInside)) return [];
  const because = isInside
    ? 'it begins inside a group of pictures, which cannot be decoded'
    : `the picture starts ${round(delay)} s late`;
  const first = isInside ? `with the first keyframe, at ${round(delay)} s` : 'with the first picture';
  return [{ do: 'begin later', because, detail: `${first}${audio ? '; sound before it is cut' : ''}` }];
}

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

function findIssues(info: MediaInfo): string[] {
  const { video } = info;
  if (info.motionPhoto)
    return ['It is a motion photo, a picture with a video behind it: export the video from the app that shows it.'];
  if (info.image) return ['It is a single picture, not a video.'];
  if (!video) {
    return [info.audio ? 'It has sound but no video.' : 'It has no video.'];
  }
  const issues: string[] = [];
  issues.push(...unreadable(video));
  const { width, height } = video;
  if (!(width >= 16 && height >= 16)) issues.push(`Its picture is ${formatSize(video)}; at least 16x16 is needed.`);
  if (width > MAX_SIDE || height > MAX_SIDE)
    issues.push(`Its picture is ${formatSize(video)}; at most ${MAX_SIDE}x${MAX_SIDE} is supported.`);
  const shown = displayedSize(video);
  const ratio = Math.max(shown.width, shown.height) / Math.max(1, Math.min(shown.width, shown.height));
  if (ratio > 50) issues.push(`Its picture is ${formatSize(shown)}: too narrow to be placed in a frame.`);
  const seconds = videoSeconds(video);
  if (seconds === undefined || video.fps === undefined || !(video.fps > 0)) {
    issues.push(
      info.timeline && info.timeline.packets > info.timeline.times.length
        ? 'Its pictures all have one time stamp: when to show them is not known.'
        : 'Its length or frame rate is not stored in the file and could not be measured.',
    );
  } else {
    const fps = fpsOf(targetRate(video.fps));
    if (framesIn(seconds, fps) < frameLimits(fps).min)
      issues.push(`It is ${round(seconds)} s long; at least ${MIN_SECONDS} s are needed.`);
  }
  return issues;
}

/** Why nothing can be made of its picture, whatever its size and length. */
function unreadable({ encrypted, missingDecoder, dolbyVision }: VideoInfo): string[] {
  if (encrypted)
    return ['It is encrypted, and nothing but its own player can decode it: give a copy without protection.'];
  if (missingDecoder !== undefined)
    return [
      `This ffmpeg has no decoder for ${missingDecoder}: point SORA_FFMPEG at another one, or export the clip as H.264.`,
    ];
  if (dolbyVision?.compatibility !== 0) return [];
  const { profile } = dolbyVision;
  return [
    `It is Dolby Vision profile ${profile}, whose colours only Dolby Vision shows: export it as HDR10, HLG or SDR.`,
  ];
}

function wrongWishes({ start, duration }: ClipOptions): string[] {
  const wrong: string[] = [];
  if (typeof start === 'number' && !(start >= 0 && Number.isFinite(start))) wrong.push('--start must not be negative.');
  if (duration !== null && !(duration >= MIN_SECONDS && duration <= MAX_SECONDS))
    wrong.push(`--duration must be between ${MIN_SECONDS} and ${MAX_SECONDS} seconds, not ${duration}.`);
  return wrong;
}

function refuseWishes(problems: readonly string[], hint?: string): void {
  if (problems.length > 0) throw refuseAll('usage', problems, hint === undefined ? {} : { hint });
}

function chooseFrames(
  { start, end }: Part,
  fps: number,
  { wished: from, duration }: { wished: number; duration: number | null },
): number {
  const { min, max } = frameLimits(fps);
  const available = framesIn(end - start, fps);
  if (available < min) {
    const latest = Math.floor((end - min / fps) * 1000) / 1000;
    refuseWishes(
      [`--start ${from} leaves ${round(Math.max(0, end - start))} s of ${round(end)} s; ${MIN_SECONDS} s are needed.`],
      latest > 0 ? `--start can be at most ${latest}.` : 'Leave --start out.',
    );
  }
  if (duration === null) return Math.min(available, max);
  const asked = Math.min(max, Math.max(min, Math.floor(duration * fps + 1e-6)));
  // A clip that is one frame short of a round number of seconds still counts as that long.
  if (available < asked - 1) {
    const longest = Math.floor((available / fps) * 1000) / 1000;
    refuseWishes(
      [`--duration ${duration} is more than the ${round(end - start)} s that are there.`],
      longest >= MIN_SECONDS ? `Leave it out, or ask for at most ${longest}.` : 'Leave it out.',
    );
  }
  return Math.min(available, asked);
}

interface Cut {
  readonly part: Part;
  readonly delay: number;
  readonly frames: number;
  readonly whole: number;
  readonly fps: number;
  readonly options: ClipOptions;
  readonly moment: BestPart | undefined;
}

function trimSteps({ part: { start, end }, delay, frames, whole, fps, options, moment }: Cut): PlanStep[] {
  const isFirst = start <= delay;
  if (isFirst && frames >= whole) return [];
  const asked = [
    options.start ? `--start ${options.start}` : undefined,
    options.duration === null ? undefined : `--duration ${options.duration}`,
  ].filter((part) => part !== undefined);
  const because = [
    asked.length > 0 && `${asked.join(' and ')} ${asked.length === 1 ? 'was' : 'were'} given`,
    asked.length === 0 &&
      (end - delay > MAX_SECONDS || !moment) &&
      `${round(end - delay)} s is longer than ${MAX_SECONDS} s`,
    moment?.because,
  ]
    .filter((part) => typeof part === 'string')
    .join('; ');
  const from = isFirst ? `first ${frames} frames` : `${frames} frames from ${round(start)} s on`;
  return [{ do: 'trim', because, detail: `${from}: ${(frames / fps).toFixed(2)} s at ${round(fps)} fps` }];
}

function rateSteps({ timeline }: MediaInfo, video: VideoInfo, rate: Rate): PlanStep[] {
  const fps = video.fps ?? 0;
  const detail = `constant ${round(fpsOf(rate))} fps`;
  if (!video.constantRate) {
    const what = timeline ? `most frames come at ${round(fps)} fps` : `${round(fps)} fps on average`;
    return [{ do: 'set frame rate', because: `it varies, ${what}`, detail }];
  }
  if (isAllowedFps(fps)) return [];
  const because = fps < 24 ? `${round(fps)} fps is below 23.976` : `${round(fps)} fps is above 60`;
  return [{ do: 'set frame rate', because, detail: `${detail} (${formatRate(rate)})` }];
}

function dropSteps(info: MediaInfo, options: ClipOptions): PlanStep[] {
  const steps: PlanStep[] = noSoundSteps(info, options);
  const extra = [
    info.videoStreams > 1 && leftOut(info.video?.stream ?? 0, plural(info.videoStreams - 1, 'video stream')),
    ...(options.audio ? leftOutTracks(info) : []),
    info.coverArt && 'the cover art',
  ].filter((part) => typeof part === 'string');
  if (extra.length > 0)
    steps.push({ do: 'leave out', because: 'a clip has one video and one audio stream', detail: extra.join(', ') });
  return steps;
}

/** Players do not show what stands before the chosen stream, unless they are told to. */
function leftOut(chosen: number, others: string): string {
  return chosen === 0 ? others : `${others} (players show number ${chosen + 1})`;
}

/**
 * The second from which on packets of sound are left out, so that none outlasts the picture; undefined when none can.
 * Counts one packet more, because old muxers turn the encoder's priming packet into sound.
 */
function audioLimit({ audio }: MediaInfo, seconds: number): number | undefined | 'unknown' {
  if (!audio) return undefined;
  const packet = audio.sampleRate && audio.samplesPerFrame ? audio.samplesPerFrame / audio.sampleRate : undefined;
  if (audio.seconds !== undefined && audio.seconds + (packet ?? 0) <= seconds + 0.0005) return undefined;
  return packet === undefined ? 'unknown' : Math.floor((seconds - 2 * packet) * 1000) / 1000;
}
