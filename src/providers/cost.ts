/** What videos cost, as far as anybody knows: what is not known is undefined, and never 0. Pure. */
import type { Job, Size } from '../domain.ts';
import type { ModelFacts } from './models.ts';

export interface Cost {
  /** US dollars. */
  readonly usd: number;
  /** ISO 8601 date on which the price was true, and who said so. */
  readonly asOf: string;
  readonly source: string;
}

export interface Priced {
  /** The table of the host that is asked. */
  readonly facts: readonly ModelFacts[];
  readonly model: string | undefined;
  readonly size: Size;
  readonly seconds: number;
  /** Of all reference clips together; some models bill them. */
  readonly clipSeconds: number;
}

/** What one video costs by the table. Undefined for a model, or a size of it, that the table has no price for. */
export function estimateCost({ facts, model, size, seconds, clipSeconds }: Priced): Cost | undefined {
  const price = facts.find(({ id }) => id === model)?.price;
  const perSecond = price?.usdPerSecond[Math.min(size.width, size.height)];
  if (!price || perSecond === undefined) return undefined;
  const billed = seconds + (price.billsClips ? clipSeconds : 0);
  return { usd: roundUsd(perSecond * billed), asOf: price.asOf, source: price.source };
}

/** The cost of so many equal videos. */
export function timesCount(cost: Cost, count: number): Cost {
  return { ...cost, usd: roundUsd(cost.usd * count) };
}

/** `$1.20`, `$0.001`: cents, and the parts of one that there are. */
export function formatUsd(usd: number): string {
  if (usd > 0 && usd < 0.00005) return 'below $0.0001';
  return `$${usd.toFixed(4).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** `$0.40` as the host told it, `~$0.40` as it was estimated; `-` where no job came of the request. */
export function formatJobCost(job: Job): string {
  if (job.cost?.actualUsd !== undefined) return formatUsd(job.cost.actualUsd);
  if (cameToNothing(job)) return '-';
  return job.cost?.estimateUsd === undefined ? 'unknown' : `~${formatUsd(job.cost.estimateUsd)}`;
}

/** `Estimated: $1.20; told by hosts: $0.40; unknown: 2 jobs`, each job in one of them; undefined without any job. */
export function describeCosts(jobs: readonly Job[]): string | undefined {
  const counted = jobs.filter((job) => job.cost?.actualUsd !== undefined || !cameToNothing(job));
  const told = counted.flatMap(({ cost }) => cost?.actualUsd ?? []);
  const estimates = counted.flatMap(({ cost }) => (cost?.actualUsd === undefined ? (cost?.estimateUsd ?? []) : []));
  const unknown = counted.length - told.length - estimates.length;
  const parts = [
    ...(estimates.length > 0 ? [`estimated: ${formatUsd(sum(estimates))}`] : []),
    ...(told.length > 0 ? [`told by hosts: ${formatUsd(sum(told))}`] : []),
    ...(unknown > 0 ? [`unknown: ${unknown} ${unknown === 1 ? 'job' : 'jobs'}`] : []),
  ];
  const text = parts.join('; ');
  return text === '' ? undefined : text.charAt(0).toUpperCase() + text.slice(1);
}

/** The host refused the request itself: there was never a job to be paid. */
function cameToNothing({ status, remoteId }: Job): boolean {
  return status === 'failed' && remoteId === undefined;
}

function sum(amounts: readonly number[]): number {
  return roundUsd(amounts.reduce((total, amount) => total + amount, 0));
}

/** Millionths: 0.1 taken three times is 0.3. */
function roundUsd(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
