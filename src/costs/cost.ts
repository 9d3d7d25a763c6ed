/** What videos cost, as far as anybody knows: what is not known is undefined, and never 0. Pure. */

import type { Size } from '../shared/geometry.ts';
import { isRefused, type JobCost, type JobDigest } from '../shared/job.ts';
import type { ClipPrice, Cost, ModelPrice } from '../shared/money.ts';
import { counted } from '../shared/text.ts';

export interface PriceTableQuery {
  /** The table of the host that is asked. */
  readonly facts: readonly { readonly id: string; readonly price?: ModelPrice }[];
  readonly model: string | undefined;
  readonly size: Size;
  readonly seconds: number;
  /** Of all reference clips together; some models bill them. */
  readonly clipSeconds: number;
}

/** What one video costs by the table. Undefined for a model, or a size of it, that the table has no price for. */
export function costFromPriceTable({ facts, model, size, seconds, clipSeconds }: PriceTableQuery): Cost | undefined {
  const price = facts.find(({ id }) => id === model)?.price;
  if (!price) return undefined;
  const rates: ClipPrice | 'unknown' = clipSeconds > 0 && price.withClips !== undefined ? price.withClips : price;
  if (rates === 'unknown') return undefined;
  const perSecond = rates.usdPerSecond[Math.min(size.width, size.height)];
  if (perSecond === undefined) return undefined;
  const together = seconds + (price.billsClips || rates === price.withClips ? clipSeconds : 0);
  const billed = Math.max(together, seconds * (rates.leastTimes ?? 1));
  return { usd: roundUsd(perSecond * billed), asOf: price.asOf, source: price.source };
}

/** Where a price is from, and of which day: `as of 2026-09-24: the vendor’s price page`. Nothing is a price that does not get old. */
export function priceBasis({ usd, asOf, source }: Partial<Pick<Cost, 'usd'>> & Pick<Cost, 'asOf' | 'source'>): string {
  return usd === 0 ? source : `as of ${asOf}: ${source}`;
}

/** One line of what a command costs: so many equal things. */
export interface BillItem {
  readonly what: 'video' | 'character';
  readonly count: number;
  /** Undefined while nobody knows. */
  readonly each: Cost | undefined;
}

/** Videos of these prices, those of one price together. */
export function billOfVideos(costs: readonly (Cost | undefined)[]): readonly BillItem[] {
  const byPrice = new Map<string, BillItem>();
  for (const each of costs) {
    const key = JSON.stringify(each ?? null);
    byPrice.set(key, { what: 'video', count: (byPrice.get(key)?.count ?? 0) + 1, each });
  }
  return [...byPrice.values()];
}

/** Everything together; undefined when a part of it is not known. Dated as its first line. */
export function totalOf(bill: readonly BillItem[]): Cost | undefined {
  const items = bill.filter(({ count }) => count > 0);
  const costs = items.flatMap(({ each }) => each ?? []);
  const [first] = costs;
  if (!first || costs.length < items.length) return undefined;
  return {
    usd: knownUsd(items),
    asOf: first.asOf,
    source: [...new Set(costs.map(({ source }) => source))].join(' + '),
  };
}

/** As a dry run shows it with `--json`: by the name that it has in a job, and by that of earlier versions. Null while nobody knows. */
export function priceDocument(cost: Cost | undefined): (Cost & { readonly estimateUsd: number }) | null {
  return cost ? { ...cost, estimateUsd: cost.usd } : null;
}

/** What sending nothing costs; `today` is an ISO 8601 date. */
export function nothingSent(today: string): Cost {
  return { usd: 0, asOf: today, source: 'nothing would be sent' };
}

/** US dollars of those parts that are known: what it costs at least. */
export function knownUsd(bill: readonly BillItem[]): number {
  return sum(bill.map(({ count, each }) => count * (each?.usd ?? 0)));
}

/** `$0.80 (2 x $0.40; as of 2026-09-24: the vendor’s price page)`, each basis once; or `unknown`, with what is known of it. */
export function describeBill(bill: readonly BillItem[]): string {
  const total = totalOf(bill);
  const known = bill.filter(({ count, each }) => count > 0 && each);
  if (!total) return known.length === 0 ? 'unknown' : `unknown, at least ${formatUsd(knownUsd(known))}`;
  const byBasis = new Map<string, BillItem[]>();
  for (const item of known) {
    const basis = item.each ? priceBasis(item.each) : '';
    byBasis.set(basis, [...(byBasis.get(basis) ?? []), item]);
  }
  const words = [...byBasis].map(([basis, items]) => {
    const [only] = known.length === 1 ? items : [];
    // What is all of it was said.
    if (only?.what === 'video' && only.count === 1) return basis;
    return `${items.map(amountOf).join(' + ')}; ${basis}`;
  });
  return `${formatPrice(total.usd)} (${words.join(' + ')})`;
}

function amountOf({ what, count, each }: BillItem): string {
  const usd = formatUsd(each?.usd ?? 0);
  if (what !== 'video') return `${counted(count, 'character')} at ${usd}`;
  return count === 1 ? usd : `${count} x ${usd}`;
}

/** Of what nobody has charged yet: 0 is what its price list says. */
function formatPrice(usd: number): string {
  return usd === 0 ? 'free' : formatUsd(usd);
}

/** `$1.20`, `$0.001`: cents, and the parts of one that there are. */
export function formatUsd(usd: number): string {
  // Most prices are whole cents, and lists are long.
  if (Math.round(usd * 100) / 100 === usd) return `$${usd.toFixed(2)}`;
  if (usd > 0 && usd < 0.00005) return 'below $0.0001';
  return `$${usd.toFixed(4).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

type Priceable = Pick<JobDigest, 'status' | 'remoteId' | 'cost'>;

/** `$0.40` as the host reported it, `~$0.40` or `free` as it was estimated; `-` where no job came of the request. */
export function formatJobCost(job: Priceable): string {
  if (job.cost?.actualUsd !== undefined) return formatUsd(job.cost.actualUsd);
  if (isRefused(job)) return '-';
  const { estimateUsd } = job.cost ?? {};
  return estimateUsd === undefined ? 'unknown' : estimateUsd === 0 ? 'free' : `~${formatUsd(estimateUsd)}`;
}

/** `Estimated: $1.20; reported by hosts: $0.40; unknown: 2 jobs`, each job in one of them; undefined without any job. */
export function describeCosts(jobs: readonly Priceable[]): string | undefined {
  const told: number[] = [];
  const estimates: number[] = [];
  let unknown = 0;
  for (const job of jobs) {
    const { actualUsd, estimateUsd } = job.cost ?? {};
    if (actualUsd !== undefined) told.push(actualUsd);
    else if (isRefused(job)) continue;
    else if (estimateUsd === undefined) unknown += 1;
    else estimates.push(estimateUsd);
  }
  const parts = [
    ...(estimates.length > 0 ? [`estimated: ${formatPrice(sum(estimates))}`] : []),
    ...(told.length > 0 ? [`reported by hosts: ${formatUsd(sum(told))}`] : []),
    ...(unknown > 0 ? [`unknown: ${counted(unknown, 'job')}`] : []),
  ];
  const text = parts.join('; ');
  return text === '' ? undefined : text.charAt(0).toUpperCase() + text.slice(1);
}

/** What registrations cost together: `~$0.003`, `unknown`, or `~$0.003 and 2 at an unknown price`. */
export function formatPaid(costs: readonly Pick<JobCost, 'estimateUsd'>[]): string {
  const known = costs.flatMap(({ estimateUsd }) => estimateUsd ?? []);
  const unknown = costs.length - known.length;
  if (known.length === 0) return 'unknown';
  return `~${formatUsd(sum(known))}${unknown === 0 ? '' : ` and ${unknown} at an unknown price`}`;
}

function sum(amounts: readonly number[]): number {
  return roundUsd(amounts.reduce((total, amount) => total + amount, 0));
}

/** Millionths: 0.1 taken three times is 0.3. */
export function roundUsd(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
