/** Runs plans. What comes out is verified; where it is not what was planned, another plan is run. */

import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashFile } from '../disk/hash.ts';
import { temporary } from '../disk/temporary.ts';
import { type Clip, type ClipOptions, inspectCommand } from '../shared/clip.ts';
import { problemsError, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Ffmpeg } from './ffmpeg/find.ts';
import { loadFluent } from './ffmpeg/fluent.ts';
import { throwIfAborted } from './ffmpeg/process.ts';
import { type PlanRunOptions, runPlan, usableParts } from './ffmpeg/run-plan.ts';
import { decodeSound, isAudible, soundPart } from './ffmpeg/sound.ts';
import type { MediaInfo } from './info.ts';
import type { Judgement } from './judge/judge.ts';
import type { MasterLook, SeenMaster } from './judge/judge-master.ts';
import { convertInstead, withoutAudio, withoutTail } from './plan/fallbacks.ts';
import { frameLimits } from './plan/frame.ts';
import { MUTE_NOTE, NO_SOUND, SILENCE_NOTE, soundOf, UNDECODABLE } from './plan/heard.ts';
import type { ConvertPlan, MediaPlan, PlanTarget, RemuxPlan } from './plan/media-plan.ts';
import { probeMedia } from './probe/probe.ts';
import { type Decoded, type Shown, verifyDecodes } from './verify/decode.ts';
import { verifyEncode } from './verify/encode.ts';
import { copiedSoundProblems, countFrozenFrames, masterProblems, shownProblems } from './verify/master-problems.ts';
import { decodesUntil, movesAt } from './verify/source-checks.ts';

export { type Ffmpeg, findFfmpeg } from './ffmpeg/find.ts';
export { type Decoded, verifyDecodes } from './verify/decode.ts';

export interface PrepareRequest {
  readonly source: string;
  readonly info: MediaInfo;
  readonly plan: MediaPlan;
  readonly ffmpeg: Ffmpeg;
  /** A fresh path in an existing folder; the caller renames it. Nothing is left there unless this resolves. */
  readonly outputPath: string;
  readonly signal: AbortSignal;
  /** What the plan was made for: the result is judged. Without it, it is verified only. */
  readonly judgeFor?: ClipOptions | undefined;
  /** 0 to 1; never falls. */
  readonly onProgress?: (fraction: number) => void;
  /** Of one run of ffmpeg. */
  readonly timeoutMs?: number;
  /** How long it may take until its next frame. */
  readonly stallMs?: number;
}

export interface Prepared {
  /** The plan that ran: a copy that does not verify is encoded instead. */
  readonly plan: RemuxPlan | ConvertPlan;
  readonly clip: Clip;
  /** What a person should know about the result, one sentence each. */
  readonly notes: readonly string[];
  /** Undefined where it was not asked for. */
  readonly judgement: Judgement | undefined;
}

/** Runs the plan and verifies what came out. Throws `clip` when the source cannot be used, `machine`, or `interrupted`. */
export async function prepareClip(request: PrepareRequest): Promise<Prepared> {
  const { plan, signal } = request;
  throwIfAborted(signal);
  if (plan.kind === 'reject')
    throw problemsError('clip', plan.issues, {
      hint: `To see what it is: ${inspectCommand(request.source)}`,
    });
  const paths = { source: resolve(request.source), outputPath: resolve(request.outputPath) };
  const job: Job = { ...request, ...paths, onProgress: rising(request.onProgress) };
  try {
    const done = plan.kind === 'remux' ? await remux(job, plan) : await convert(job, plan, []);
    throwIfAborted(signal);
    job.onProgress(1);
    return done;
  } catch (error) {
    await rm(paths.outputPath, { force: true });
    throw error;
  }
}

type Job = PrepareRequest & { readonly onProgress: (fraction: number) => void };

/** Copies; where the copy is not what the headers promised, encodes. A sound that does not decode is no reason to encode the picture. */
async function remux(job: Job, plan: RemuxPlan): Promise<Prepared> {
  const [{ failure }] = await Promise.all([runPlan(job, job.info, plan), loadTools(job)]);
  if (failure !== undefined) {
    // Some builds look into the packets of a sound, and refuse to copy one that nobody can decode.
    if (plan.target.audio && (await isUndecodable(job))) return copyWithoutSound(job, plan);
    return convert(job, convertInstead(plan, `it cannot be copied (${failure})`), []);
  }
  const size = plan.target;
  const look = await lookOf(job, plan, job.info);
  const {
    decoded,
    info: looked,
    sha256,
  } = await examine(job, () => verifyDecodes(job.outputPath, job.ffmpeg, job.signal, { size, look }));
  if (!decoded.ok) {
    const silent =
      plan.target.audio && (await verifyDecodes(job.outputPath, job.ffmpeg, job.signal, { audio: false, size })).ok;
    if (!silent) return convert(job, convertInstead(plan, `the copy does not decode (${decoded.reason})`), []);
    return copyWithoutSound(job, plan);
  }
  if (plan.target.audio && !decoded.sound)
    return (await isUndecodable(job)) ? copyWithoutSound(job, plan) : remux(job, withoutAudio(plan, NO_SOUND));
  const info = await looked;
  const target = fewerFrames(plan.target, Math.min(plan.target.frames, decoded.frames));
  const problems = [
    ...masterProblems(info, target, 'remux'),
    ...shownProblems(decoded, target, { kind: 'remux', stored: info.video?.stored }),
    ...(plan.target.audio ? copiedSound(job, plan, { decoded, info }) : []),
  ];
  if (problems.length > 0) return convert(job, convertInstead(plan, `as a copy ${problems.join(', ')}`), []);
  const clip = clipOf(plan, { sha256: await sha256, bytes: info.bytes, frames: decoded.frames });
  const notes = [
    ...(decoded.sound && !isAudible(decoded.sound) ? [SILENCE_NOTE] : []),
    ...(target.frames < plan.target.frames ? [shortNote(target)] : []),
  ];
  const done = { ...plan, target };
  const seen = look && { look, times: decoded.times, printed: decoded.printed ?? [] };
  return { plan: done, clip, notes, judgement: await judged(job, done, { seen, decoded }) };
}

function copiedSound(
  { info: { audio: source } }: Job,
  { target, audioUntil }: RemuxPlan,
  { decoded, info }: { decoded: Shown; info: MediaInfo },
): string[] {
  return copiedSoundProblems(decoded, { source, copy: info.audio, until: audioUntil ?? target.seconds });
}

async function copyWithoutSound(job: Job, plan: RemuxPlan): Promise<Prepared> {
  const mute = await remux(job, withoutAudio(plan, UNDECODABLE));
  return { ...mute, notes: [MUTE_NOTE, ...mute.notes] };
}

async function isUndecodable(job: Job): Promise<boolean> {
  const { source, info, plan, ffmpeg } = job;
  if (plan.kind === 'reject' || !info.audio) return false;
  const part = { source, audio: info.audio, start: 0, seconds: plan.target.seconds };
  return typeof (await decodeSound(part, ffmpeg, job)) === 'string';
}

async function convert(job: Job, wanted: ConvertPlan, notes: readonly string[]): Promise<Prepared> {
  const { info, alphaNotes } = await usableParts(job);
  const sound = soundPart({ ...job, plan: wanted });
  const samples = sound && temporary(sound.outputPath);
  try {
    const [heard] = await Promise.all([sound && decodeSound(sound, job.ffmpeg, job), loadTools(job)]);
    const { plan: whole, soundNotes, attenuation } = soundOf(wanted, heard);
    let plan = whole;
    let made = await encode(job, info, plan, { attenuation });
    const shorter = made.failure === undefined ? undefined : withoutTail(plan, info);
    if (shorter && (await decodesUntil(job, shorter.end))) {
      plan = shorter.plan;
      made = await encode(job, info, plan, { attenuation, heedsDecoder: false });
    }
    if (made.failure !== undefined)
      throw new SoraError('clip', `The clip cannot be decoded: ${made.failure}.`, { hint: DAMAGED_HINT });
    return await finish(job, plan, { seen: made.seen, notes: [...new Set([...notes, ...alphaNotes, ...soundNotes])] });
  } finally {
    await samples?.dispose();
  }
}

/** Loads what is needed from now on, while ffmpeg does something else. */
async function loadTools({ judgeFor }: Job): Promise<void> {
  await Promise.all([loadFluent(), judgeFor && import('./judge/judge-master.ts'), import('node:crypto')]);
}

type Seen = Omit<SeenMaster, 'heard'>;

/** Runs the plan, and looks at the pictures that are encoded where a judgement was asked for. */
async function encode(
  job: Job,
  info: MediaInfo,
  plan: ConvertPlan,
  options: PlanRunOptions,
): Promise<{ readonly failure: string | undefined; readonly seen: Seen | undefined }> {
  const look = await lookOf(job, plan, info);
  const { failure, printed } = await runPlan(job, info, plan, { ...options, look });
  return { failure, seen: look && { look, printed } };
}

const DAMAGED_HINT = 'It is damaged. Play it to find where, or export it again from where it was made.';

async function finish(
  job: Job,
  plan: ConvertPlan,
  { seen, notes }: { readonly seen: Seen | undefined; readonly notes: string[] },
): Promise<Prepared> {
  const { target } = plan;
  const {
    decoded,
    info: looked,
    sha256,
  } = await examine(job, (info) => verifyEncode(job.outputPath, job.ffmpeg, job.signal, { target, info }));
  const info = await looked;
  if (decoded.ok && decoded.frames < plan.target.frames) return shorten(job, plan, decoded.frames, notes);
  const wrong = masterProblems(info, plan.target, 'convert');
  if (!decoded.ok) throw checkFailed([...wrong, decoded.reason]);
  const problems = [...wrong, ...shownProblems(decoded, plan.target, { kind: 'convert', stored: info.video?.stored })];
  if (problems.length > 0) throw checkFailed(problems);
  if (await isFrozen(job, plan, decoded)) {
    // What a seek found was not where the container said.
    if (plan.decodeFrom > 0) return convert(job, { ...plan, decodeFrom: 0 }, notes);
    throw checkFailed(['its beginning is frozen where the source moves']);
  }
  const clip = clipOf(plan, { sha256: await sha256, bytes: info.bytes, frames: plan.target.frames });
  return { plan, clip, notes: [...new Set(notes)], judgement: await judged(job, plan, { seen, decoded }) };
}

/** Whether the first pictures are one and the same although what is taken of those of the source is not. */
async function isFrozen(job: Job, plan: ConvertPlan, shown: Shown): Promise<boolean> {
  const still = countFrozenFrames(shown) / plan.target.fps;
  return still > 0 && movesAt(job, plan, still);
}

function checkFailed(problems: readonly string[]): SoraError {
  const hint = problems.every((problem) => /\bsound\b/.test(problem))
    ? `Leave the sound out with ${option('noAudio')}, or try another ffmpeg with SORA_FFMPEG.`
    : problems.every((problem) => /too large/.test(problem))
      ? `Give a shorter part of it with ${option('duration')}, or a smaller frame with ${option('resolution')} 720p.`
      : 'Try another ffmpeg with SORA_FFMPEG; this one made something else than it was asked for.';
  return new SoraError('clip', `The converted clip failed its check: ${problems.join(', ')}.`, { hint });
}

/** Headers may promise more than there is, such as frames that an edit list hides: then less is asked for, so that sound and picture end together. */
async function shorten(job: Job, plan: ConvertPlan, frames: number, notes: string[]): Promise<Prepared> {
  const target = fewerFrames(plan.target, frames);
  if (frames < frameLimits(target.fps).min)
    throw new SoraError('clip', `Only ${target.seconds.toFixed(2)} s of it could be decoded; 2 s are needed.`, {
      hint: DAMAGED_HINT,
    });
  return convert(job, { ...plan, target }, [...notes, shortNote(target)]);
}

function fewerFrames(target: PlanTarget, frames: number): PlanTarget {
  return { ...target, frames, seconds: frames / target.fps };
}

function shortNote({ seconds }: PlanTarget): string {
  return `The clip shows only ${seconds.toFixed(2)} s from there on, less than its headers say.`;
}

/** Retries start at zero again; a person should not see that. */
function rising(onProgress: ((fraction: number) => void) | undefined): (fraction: number) => void {
  let highest = 0;
  return (fraction) => {
    if (!onProgress || !(fraction > highest)) return;
    highest = fraction;
    onProgress(fraction);
  };
}

/** What was written is verified, probed and hashed at the same time; the answers are waited for where they are needed. */
async function examine(
  { outputPath, signal }: Job,
  verify: (info: Promise<MediaInfo>) => Promise<Decoded>,
): Promise<{ decoded: Decoded; info: Promise<MediaInfo>; sha256: Promise<string> }> {
  const info = probeMedia(outputPath, { signal });
  // ffmpeg is started before this process is busy.
  const verified = verify(info);
  const sha256 = hashFile(outputPath, signal);
  // What does not decode is not asked about further.
  for (const unasked of [info, sha256]) unasked.catch(() => {});
  return { decoded: await verified, info, sha256 };
}

/** What else is measured of the pictures; undefined where nobody asked for a judgement. */
async function lookOf(
  { judgeFor }: Job,
  plan: ConvertPlan | RemuxPlan,
  { video }: MediaInfo,
): Promise<MasterLook | undefined> {
  return judgeFor && video && (await import('./judge/judge-master.ts')).createMasterLook(plan, video);
}

/** What was seen, judged; undefined where nobody asked. */
async function judged(
  { info, judgeFor: options }: Job,
  plan: ConvertPlan | RemuxPlan,
  { seen, decoded }: { seen: Seen | undefined; decoded: Shown },
): Promise<Judgement | undefined> {
  if (!seen || !options) return undefined;
  const { judgeMaster } = await import('./judge/judge-master.ts');
  const { sound } = decoded;
  const levels = { seconds: sound ? plan.target.seconds : 0, peak: 0, rms: 0, ...sound, complaint: undefined };
  const isUndecodable = !sound && plan.steps.some(({ because }) => because.startsWith(UNDECODABLE));
  return judgeMaster({ ...seen, heard: isUndecodable ? UNDECODABLE : levels }, { info, plan, options });
}

function clipOf(
  plan: RemuxPlan | ConvertPlan,
  { sha256, bytes, frames }: { sha256: string; bytes: number; frames: number },
): Clip {
  const { width, height, fps } = plan.target;
  const clip = { sha256, seconds: frames / fps, width, height, fps, bytes };
  if (plan.kind === 'remux' || plan.placement.mode !== 'pad') return clip;
  const { picture, x, y } = plan.placement;
  return { ...clip, picture: { x, y, width: picture.width, height: picture.height } };
}
