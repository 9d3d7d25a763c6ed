/** The lists that hosts of tasks keep of an account: the newest first, for a week, as far as a query lets them through. */
import type { JobRecord } from '../jobs.ts';
import type { State } from '../state.ts';
import { Refusal } from './fields.ts';
import { isExpired } from './references.ts';

export interface TaskQuery {
  readonly model?: string | undefined;
  /** The host's own words for how tasks are. */
  readonly statuses?: readonly string[] | undefined;
  /** Milliseconds since the epoch, the first included. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

export interface Listed {
  readonly host: string;
  readonly nowMs: number;
  /** Added to the times that the host tells. */
  readonly skewMs: number;
  statusOf(job: JobRecord): string;
}

export async function listTasks(
  state: State,
  { model, statuses, fromMs, toMs }: TaskQuery,
  { host, nowMs, skewMs, statusOf }: Listed,
): Promise<readonly JobRecord[]> {
  const jobs = await state.jobs(host);
  return jobs
    .filter(({ createdMs }) => !isExpired(createdMs, nowMs))
    .filter((job) => model === undefined || job.model === model)
    .filter((job) => statuses === undefined || statuses.includes(statusOf(job)))
    .filter(({ createdMs }) => fromMs === undefined || createdMs + skewMs >= fromMs)
    .filter(({ createdMs }) => toMs === undefined || createdMs + skewMs <= toMs)
    .toReversed();
}

/** Throws Refusal for what is no whole number of that range. */
export function readCount(at: string, value: unknown, { least, most }: { least: number; most: number }): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `from ${least} to ${most}`;
  throw new Refusal(400, `Field "${at}" must be a whole number, ${range}.`);
}

/** Milliseconds since the epoch, of an ISO 8601 time; undefined where none is given. */
export function readTime(at: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new Refusal(400, `Field "${at}" must be a time such as 2026-01-31T12:00:00Z.`);
}

/** A text, or undefined where none is given. */
export function readWord(at: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new Refusal(400, `Field "${at}" must be a string.`);
}
