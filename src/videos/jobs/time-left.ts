/** How long a job will still take, by how long this user's own finished jobs took. Pure. */
import type { Job, Remote } from '../../shared/job.ts';

/** Seconds that are left, from and to; or that every job like it was done by now. */
export type TimeLeft = { readonly low: number; readonly high: number } | 'longer than usual';

/** Fewer finished jobs say nothing. */
const LEAST_SAMPLES = 3;
/** The newest ones: hosts grow faster and slower. */
const MOST_SAMPLES = 30;

/** What makes two jobs alike, from the narrowest group to the widest. Another host or model says nothing about this one. */
const GROUPS: readonly ((job: Job) => readonly unknown[])[] = [
  ({ request: { size, seconds, from } }) => [size.width, size.height, seconds, from?.kind],
  // The same number of pixels, turned.
  ({ request: { size, seconds, from } }) => [size.width * size.height, seconds, from?.kind],
  ({ request: { seconds, from } }) => [seconds, from?.kind],
  () => [],
];

/**
 * The range that is left for an unfinished job, from the times of at least three finished ones of the same host and
 * model, and of the same size and length where there are enough of those. Undefined when that is not known.
 */
export function estimateTimeLeft(jobs: readonly Job[], job: Job, nowMs: number): TimeLeft | undefined {
  const started = Date.parse(job.createdAt);
  const elapsed = (nowMs - started) / 1000;
  if (!(elapsed >= 0)) return undefined;
  const finished = jobs
    .flatMap((one) => (one.status === 'succeeded' && one.id !== job.id && isLike(one, job) ? one : []))
    .map((one) => ({ one, seconds: secondsOf(one) }))
    .filter(({ seconds }) => seconds > 0)
    .toSorted((a, b) => Date.parse(b.one.createdAt) - Date.parse(a.one.createdAt));
  for (const group of GROUPS) {
    const wanted = JSON.stringify(group(job));
    const samples = finished
      .filter(({ one }) => JSON.stringify(group(one)) === wanted)
      .slice(0, MOST_SAMPLES)
      .map(({ seconds }) => seconds)
      .toSorted((a, b) => a - b);
    if (samples.length >= LEAST_SAMPLES) return rangeOf(samples, elapsed);
  }
  return undefined;
}

function isLike(one: Job, job: Job): boolean {
  return (
    one.provider === job.provider &&
    one.baseUrl === job.baseUrl &&
    one.model === job.model &&
    one.backend === job.backend
  );
}

/** From the record to the end; NaN where that was not seen. */
function secondsOf({ createdAt, finishedAt }: Remote): number {
  return (Date.parse(finishedAt ?? '') - Date.parse(createdAt)) / 1000;
}

/** Without the fastest and the slowest tenth: one job that hung for an hour is not what is to be expected. */
function rangeOf(sorted: readonly number[], elapsed: number): TimeLeft {
  const cut = Math.floor(sorted.length / 10);
  const low = sorted[cut] ?? 0;
  const high = sorted[sorted.length - 1 - cut] ?? 0;
  return elapsed > high ? 'longer than usual' : { low: Math.max(0, low - elapsed), high: high - elapsed };
}
