/**
 * What has to be done to a file so that every host takes it, with reasons. Pure: a plan can be shown, tested, stored and
 * run later. Rules: 2-4 s, 16:9 or 9:16 at 720p-1080p, H.264 8-bit 4:2:0 BT.709, constant 23.976-60 fps, AAC or silence.
 */

import type { ClipOptions } from '../../shared/clip.ts';
import { option } from '../../shared/options.ts';
import { type MediaInfo, shownSize, type VideoInfo } from '../info.ts';
import { MAX_SECONDS } from '../limits.ts';
import {
  chooseBox,
  formatRate,
  fpsOf,
  frameLimits,
  framesIn,
  isAllowedFps,
  place,
  type Rate,
  rateOf,
  targetRate,
} from './frame.ts';
import { findIssues } from './issues.ts';
import type { BestPart, MediaPlan, PictureFindings } from './media-plan.ts';
import { checkWishes, chooseFrames, type Part, partOf, secondOf, startOf } from './part.ts';
import { audioSteps, cutSoundSteps, leftOutTracks, noSoundSteps } from './sound-steps.ts';
import { colourSteps, encodeSteps, type PlanStep, pictureSteps, plural, round } from './steps.ts';

/**
 * Throws `usage` for a wish that this clip cannot meet, naming what would work; a clip that cannot be used is `reject`.
 * Without a moment `--start auto` is planned from the beginning.
 */
export function planMedia(
  info: MediaInfo,
  options: ClipOptions,
  { moment, crop, otherSize, fps: wantedFps }: PictureFindings = {},
): MediaPlan {
  checkWishes(options);
  const issues = findIssues(info);
  const { video } = info;
  if (!video || issues.length > 0) return { kind: 'reject', issues };

  const rate = wantedFps === undefined ? targetRate(video.fps ?? 0) : rateOf(wantedFps);
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
    ...rateSteps(info, video, rate, wantedFps),
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

const CUT_OFF: PlanStep = {
  do: 'read what is there',
  because: 'the file is cut off: it ends before its own index says so',
  detail: 'what can be decoded',
};

/** The last picture is among those that are taken. */
function reachesEnd(end: number, seconds: number, fps: number): boolean {
  return end > seconds - 1.5 / fps;
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
    options.start ? `${option('start')} ${options.start}` : undefined,
    options.duration === null ? undefined : `${option('duration')} ${options.duration}`,
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

function rateSteps({ timeline }: MediaInfo, video: VideoInfo, rate: Rate, wantedFps: number | undefined): PlanStep[] {
  const fps = video.fps ?? 0;
  const detail = `constant ${round(fpsOf(rate))} fps`;
  if (wantedFps !== undefined && fpsOf(rate) !== fps) {
    return [{ do: 'set frame rate', because: `${round(fps)} fps is not what is wanted`, detail }];
  }
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
