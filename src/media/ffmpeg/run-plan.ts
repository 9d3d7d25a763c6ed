/** A plan run by ffmpeg once, and what its end says of the clip. */
import { SoraError } from '../../shared/errors.ts';
import type { MediaInfo } from '../info.ts';
import type { ConvertPlan, RemuxPlan } from '../plan/media-plan.ts';
import { ffmpegCommand, lookOptions } from './arguments.ts';
import { afterOpening, decoderComplaints } from './complaints.ts';
import { type Ffmpeg, listParts } from './find.ts';
import { type FluentRun, runFluent, STALL_MS } from './fluent.ts';
import { alphaDecoder } from './picture-input.ts';
import { type PictureLook, readMetadata } from './picture-look.ts';
import { crashWords, endedError, firstWords, machineProblem, throwIfAborted } from './process.ts';

export interface PlanRun {
  readonly source: string;
  readonly info: MediaInfo;
  readonly ffmpeg: Ffmpeg;
  readonly outputPath: string;
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Of the run. */
  readonly timeoutMs?: number | undefined;
  /** How long it may take until its next frame. */
  readonly stallMs?: number | undefined;
}

/** Checks that the build has what this clip needs beyond the usual. */
export async function usableParts({
  info,
  ffmpeg,
  signal,
}: Pick<PlanRun, 'info' | 'ffmpeg' | 'signal'>): Promise<{ info: MediaInfo; alphaNotes: string[] }> {
  const { video } = info;
  if (video?.hdr && !(await listParts(ffmpeg, 'filters', signal)).has('zscale')) {
    throw new SoraError('clip', `The clip is HDR (${video.hdr}), and this ffmpeg has no zscale filter to convert it.`, {
      hint: 'Install an ffmpeg that is built with zimg (zscale) and point SORA_FFMPEG at it, or export the clip in standard dynamic range.',
    });
  }
  const decoder = video?.alpha ? alphaDecoder(video.codec) : undefined;
  if (!video || decoder === undefined || (await listParts(ffmpeg, 'decoders', signal)).has(decoder))
    return { info, alphaNotes: [] };
  const note = `Its transparency was ignored: this ffmpeg has no ${decoder} decoder.`;
  return { info: { ...info, video: { ...video, alpha: false } }, alphaNotes: [note] };
}

export interface PlanRunOptions {
  /** Decibels by which the sound is turned down. */
  readonly attenuation?: number;
  /** Whether what the decoder complains of is a failure. */
  readonly heedsDecoder?: boolean;
  /** What else is made of the pictures that are encoded. */
  readonly look?: PictureLook | undefined;
}

export interface RunPlan {
  /** Undefined when ffmpeg ended well and called nothing damaged, else its complaint. */
  readonly failure: string | undefined;
  /** What each `metadata` filter of the look printed, in the order of its branches. */
  readonly printed: readonly string[];
}

/** A copy decodes nothing, and is decoded afterwards. Throws what is not about the clip. */
export async function runPlan(
  job: PlanRun,
  info: MediaInfo,
  plan: RemuxPlan | ConvertPlan,
  { attenuation = 0, heedsDecoder = plan.kind === 'convert', look }: PlanRunOptions = {},
): Promise<RunPlan> {
  const command = ffmpegCommand({ plan, info, source: job.source, outputPath: job.outputPath, attenuation });
  const seen =
    look && plan.kind === 'convert' && info.video
      ? { options: lookOptions(look, { plan, info, video: info.video }), read: look.read }
      : undefined;
  const encoded = (frames: number): void => job.onProgress(Math.min(0.95, (0.95 * frames) / plan.target.frames));
  const onFrames = plan.kind === 'convert' ? encoded : () => {};
  const { signal, timeoutMs } = job;
  // What is decoded before the part gives no frame, and takes no longer than it plays.
  const lead = plan.kind === 'convert' ? (plan.start - plan.decodeFrom) * 1000 : 0;
  const stallMs = (job.stallMs ?? STALL_MS) + lead;
  const run = await runFluent(job.ffmpeg, command, { signal, timeoutMs, stallMs, onFrames, seen });
  const printed = readMetadata(run.printed);
  const failure = failureOf(run, { signal, stallMs });
  if (failure !== undefined || !heedsDecoder) return { failure, printed };
  const decodeFrom = plan.kind === 'convert' ? plan.decodeFrom : 0;
  const isInside = decodeFrom > 0 || (info.timeline?.leading ?? 0) > 0;
  const complaints = decoderComplaints(afterOpening(run.stderr.split('\n')), { isInside });
  return { failure: complaints.length === 0 ? undefined : firstWords(complaints.join('\n')), printed };
}

/** Undefined for a run that ended well, else ffmpeg's complaint, to follow a colon. Throws what is not about the clip. */
export function failureOf(
  run: FluentRun,
  { signal, stallMs = STALL_MS }: { readonly signal: AbortSignal; readonly stallMs?: number },
): string | undefined {
  throwIfAborted(signal);
  if (run.stopped === 'timeout')
    throw new SoraError('clip', 'ffmpeg took too long on this clip and was stopped.', {
      hint: 'Give a shorter or smaller clip.',
    });
  if (run.stopped === 'stall')
    throw new SoraError(
      'machine',
      `ffmpeg made no frame and wrote nothing for ${Math.round(stallMs / 1000)} s, and was stopped.`,
      {
        hint: 'Try again when the machine is less busy, or with another ffmpeg: SORA_FFMPEG names one.',
      },
    );
  if (run.error === undefined) return undefined;
  const machine = machineProblem(run.stderr);
  if (machine) throw machine;
  const crash = crashWords(run.error.message);
  if (crash !== undefined) return crash;
  if (/spawn|killed with signal/.test(run.error.message)) throw endedError(run.error.message, run.error);
  return firstWords(run.stderr);
}
