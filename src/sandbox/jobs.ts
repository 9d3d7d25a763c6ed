/** What a job is at a moment, from its record and the clock alone, so that no daemon has to keep it going. Pure. */
import type { PictureType } from './render/render.ts';

/** The host of records that name none. */
export const FIRST_HOST = 'openai';

/**
 * What a broken model or a mixed-up queue returns: pictures of noise, a second half that stands still, or the video of the
 * newest job before it that asked for something else.
 */
export const SPOILED = ['noise', 'frozen', 'reused'] as const;

/** What a scenario has in store for one job. */
export interface Fate {
  /** Ends as failed, for this reason. */
  readonly fail?: { readonly code: string; readonly message: string };
  /** Told in place of `in_progress` or `processing`; of a list each in turn, for an equal part of its time. */
  readonly status?: string | readonly string[];
  /** The same for the progress in per cent, right or wrong. */
  readonly progress?: number | readonly number[];
  /** The word that is told in place of `completed` or `success`. */
  readonly end?: string;
  /** From creation to the end, in place of the scenario's `jobSeconds`. */
  readonly jobSeconds?: number;
  /** For how long its content can be had once it is done, in place of the host's own time. */
  readonly keepSeconds?: number;
  /** For how long a link to its content is good, from when it was told; without it, for as long as there is content. */
  readonly linkSeconds?: number;
  /** What its video shows in place of what was asked for; told is nothing of it. */
  readonly shows?: (typeof SPOILED)[number];
  /** What is made, and told, in place of what was asked for: a host that substitutes. */
  readonly made?: { readonly model?: string; readonly size?: string; readonly seconds?: string };
}

/** A stretch of an extended video. */
export interface JobPart {
  readonly prompt: string;
  readonly take: number;
  /** Where it ends, in seconds of the video. */
  readonly until: number;
}

export interface JobRecord {
  readonly version: 1;
  readonly id: string;
  /** The dialect that it came in by: nothing made by one is known to another. Absent: `FIRST_HOST`. */
  readonly host?: string;
  /** Rises with every job of a state folder: the order of lists. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly durationMs: number;
  readonly prompt: string;
  readonly model: string;
  /** What was asked for, where another made it. */
  readonly askedModel?: string;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  /**
   * Characters and reference clips (ids of uploads) that were passed *and* are named in the prompt: the others stay
   * away, as at the real host.
   */
  readonly shown: readonly { readonly id: string; readonly name: string }[];
  /** Of the reference picture beside the record. */
  readonly picture?: PictureType;
  readonly remixOf?: string;
  /** How many times it has been extended already. */
  readonly extensions: number;
  /** Of an extension: what its video was made of before, oldest first. */
  readonly before?: readonly JobPart[];
  /** Its number among equal requests, from 1: each looks another way. Absent in records of earlier versions: 1. */
  readonly take?: number;
  readonly fate: Fate;
  /** What it makes in place of a video. */
  readonly character?: { readonly id: string; readonly name: string };
  /** The inputs as they were sent, where the host repeats them. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** In US dollars. */
  readonly cost?: number;
  /** What it may cost at most, as it was told before it was made: of a length that the model chooses. */
  readonly mostCost?: number;
  /** Where its end was to be told. */
  readonly webhook?: string;
  readonly cancelledMs?: number;
  /** Since when its host knows nothing of it any more; it has been paid for all the same. */
  readonly deletedMs?: number;
  /** Milliseconds from its creation on in which it was held back: part of `durationMs`. */
  readonly heldMs?: number;
}

export interface JobView {
  readonly phase: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly progress: number;
  /** What the scenario has told in place of the host's own word, and of the progress. */
  readonly told: { readonly status?: string | undefined; readonly progress?: number | undefined };
  readonly completedMs: number | undefined;
  /** When the content goes away. */
  readonly expiresMs: number | undefined;
}

/** A host's own words for how jobs are. */
export type StatusWords = Readonly<Record<JobView['phase'], string>>;

/** What its host says of a job: the scenario's word, where it has one. */
export function statusWord({ phase, told }: Pick<JobView, 'phase' | 'told'>, words: StatusWords): string {
  return told.status ?? words[phase];
}

const HOUR_MS = 3_600_000;
/** For how long the hosts of tasks keep uploads, tasks and outputs. */
export const WEEK_MS = 7 * 24 * HOUR_MS;

/** `keepMs` is for how long the content can be had. */
export function viewJob(job: JobRecord, nowMs: number, keepMs = HOUR_MS): JobView {
  const { fate } = job;
  if (job.cancelledMs !== undefined) {
    return { phase: 'cancelled', progress: 0, told: {}, completedMs: job.cancelledMs, expiresMs: undefined };
  }
  const elapsed = nowMs - job.createdMs;
  const { heldMs = 0 } = job;
  const queued = heldMs + Math.min(500, (job.durationMs - heldMs) / 8);
  const completedMs = job.createdMs + job.durationMs;
  if (elapsed >= job.durationMs) {
    if (fate.fail) return { phase: 'failed', progress: progressAt(0.6), told: {}, completedMs, expiresMs: undefined };
    const expiresMs = completedMs + (fate.keepSeconds === undefined ? keepMs : fate.keepSeconds * 1000);
    return { phase: 'done', progress: 100, told: { status: fate.end }, completedMs, expiresMs };
  }
  const running = elapsed >= queued;
  const share = elapsed / job.durationMs;
  return {
    phase: running ? 'running' : 'queued',
    progress: running ? progressAt((elapsed - queued) / (job.durationMs - queued)) : 0,
    told: { status: toldAt(fate.status, share, running), progress: toldAt(fate.progress, share, running) },
    completedMs: undefined,
    expiresMs: undefined,
  };
}

function progressAt(share: number): number {
  return Math.min(99, Math.floor(share * 100));
}

/** A list fills the whole time of a job, a single one only the time in which it runs. */
function toldAt<T>(told: T | readonly T[] | undefined, share: number, running: boolean): T | undefined {
  // Before the first moment stands the answer to a create, which is always the host's own.
  if (told === undefined || share < 0) return undefined;
  if (Array.isArray(told)) return told[Math.floor(share * told.length)];
  return running ? (told as T) : undefined;
}
