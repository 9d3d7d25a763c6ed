/**
 * The ledger of what was paid for: `costs.jsonl` in the state folder. Append-only, so that it outlives the records of
 * jobs; a line stands there before its request leaves, which is how a budget holds for processes at once.
 */

import { dirname } from 'node:path';
import { appendLines } from '../disk/append-lines.ts';
import { ensureFolder, machineError } from '../disk/atomic-write.ts';
import { type HeldLock, LOCK_TIMING, type LockTiming, withLock } from '../disk/lock.ts';
import { readTextSync } from '../disk/read-file.ts';
import {
  checkVersion,
  date,
  isObject,
  list,
  number,
  oneOf,
  optional,
  parseJson,
  problemOf,
  refine,
  shape,
  string,
} from '../disk/schema.ts';
import { withCanonicalUrl } from '../providers/index.ts';
import { SoraError, systemCode } from '../shared/errors.ts';
import type { BudgetOptions } from '../shared/money.ts';
import { checkBudget } from './budget.ts';
import type { Charge, CostEntry } from './spending.ts';

/** What is known later of an entry. */
export type Correction =
  | { readonly actualUsd: number }
  | { readonly estimateUsd: number }
  | { readonly refused: true }
  | { readonly sent: true };

export interface CostLedger {
  /** Oldest first. Throws SoraError `machine` for a file that cannot be read. */
  entries(): Promise<readonly CostEntry[]>;
  /** Throws as `reserve` would, for so many US dollars; writes nothing. */
  foresee(
    cost: { readonly provider: string; readonly usd: number | undefined },
    limits: Pick<BudgetOptions, 'budget' | 'allowUnknownCost'>,
  ): Promise<void>;
  /**
   * Writes down what is about to be paid for. Throws SoraError `budget` where the budget does not allow it, and writes
   * nothing then.
   */
  reserve(entry: CostEntry, limits: Pick<BudgetOptions, 'budget' | 'allowUnknownCost'>): Promise<void>;
  /** Of entries that are there. */
  correct(corrections: ReadonlyMap<string, Correction>): Promise<void>;
  /** Entries that are not there yet, with all that is known of them. */
  add(entries: readonly CostEntry[]): Promise<void>;
}

const VERSION = 1;
/** More than two million requests, and less than the longest text. */
const MAX_BYTES = 400_000_000;
const amount = refine(number, (value) => value >= 0, 'is less than nothing');
const ENTRY = shape<Omit<CostEntry, 'actualUsd' | 'refused' | 'sent'>>({
  id: string,
  at: date,
  what: oneOf('video', 'character'),
  provider: string,
  baseUrl: string,
  model: optional(string),
  characters: list(string),
  tags: list(string),
  estimateUsd: optional(amount),
  staged: optional(string),
});

export interface CostLedgerOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** What else is known of the entries, and of what has none; for budgets. */
  known?(entries: readonly CostEntry[]): Promise<readonly Charge[]>;
  readonly lock?: LockTiming;
}

/** The ledger at that path. Nothing is made before the first line is written. */
export function openCostLedger(path: string, options: CostLedgerOptions): CostLedger {
  const { now, known = async (entries) => entries, lock = LOCK_TIMING } = options;
  const entries = async (): Promise<readonly CostEntry[]> => foldCosts(readLines(path));
  const stamp = (): string => new Date(now()).toISOString();
  const append = (values: readonly object[]): Promise<void> => appendLines(path, values, 'sora');
  const locked = async <R>(work: (held: HeldLock) => Promise<R>): Promise<R> => {
    await ensureFolder(dirname(path));
    return withLock(`${path}.lock`, work, lock);
  };
  return {
    entries,
    async foresee({ provider, usd }, { budget, allowUnknownCost = false }) {
      if (!budget) return;
      const entry = { id: '', at: stamp(), provider, ...(usd !== undefined && { estimateUsd: usd }) };
      checkBudget(await known(await entries()), { entry, budget, allowUnknownCost });
    },
    reserve: (entry, { budget, allowUnknownCost = false }) =>
      locked(async (held) => {
        if (budget) checkBudget(await known(await entries()), { entry, budget, allowUnknownCost });
        held.assertHeld();
        await append([lineOf(entry)]);
      }),
    correct: (corrections) =>
      locked(() =>
        append([...corrections].map(([id, correction]) => ({ v: VERSION, at: stamp(), id, ...correction }))),
      ),
    add: (more) => locked(() => append(more.flatMap((entry) => [lineOf(entry), ...correctionsOf(entry)]))),
  };
}

function lineOf({ actualUsd: _, refused: __, sent: ___, ...entry }: CostEntry): object {
  return { v: VERSION, ...entry };
}

function correctionsOf({ id, at, actualUsd, refused }: CostEntry): readonly object[] {
  return [
    ...(actualUsd === undefined ? [] : [{ v: VERSION, at, id, actualUsd }]),
    ...(refused ? [{ v: VERSION, at, id, refused }] : []),
  ];
}

/** What the lines say together, in whatever order the corrections of an entry stand. Pure. */
export function foldCosts(lines: readonly unknown[]): readonly CostEntry[] {
  const entries = new Map<string, CostEntry>();
  const corrections = new Map<string, Correction>();
  const estimates = new Map<string, number>();
  const sent = new Set<string>();
  for (const line of lines) {
    if (!isObject(line) || typeof line.id !== 'string') continue;
    const { v: _, ...entry } = line;
    if (problemOf(ENTRY, entry) === undefined) entries.set(line.id, withCanonicalUrl(entry as unknown as CostEntry));
    else if (line.sent === true) sent.add(line.id);
    else if (line.refused === true) corrections.set(line.id, { refused: true });
    else if (problemOf(amount, line.actualUsd) === undefined)
      corrections.set(line.id, { actualUsd: line.actualUsd as number });
    else if (problemOf(amount, line.estimateUsd) === undefined) estimates.set(line.id, line.estimateUsd as number);
  }
  return [...entries.values()].map((entry) => ({
    ...entry,
    ...estimateOf(estimates.get(entry.id)),
    ...corrections.get(entry.id),
    ...(sent.has(entry.id) && { sent: true }),
  }));
}

function estimateOf(usd: number | undefined): Pick<CostEntry, 'estimateUsd'> {
  return usd === undefined ? {} : { estimateUsd: usd };
}

/** A line that a killed process did not finish is left out: its request never left. */
function readLines(path: string): readonly unknown[] {
  const lines: unknown[] = [];
  for (const [index, text] of readText(path).split('\n').entries()) {
    if (text.trim() === '') continue;
    let line: unknown;
    try {
      line = parseJson(text);
    } catch (cause) {
      if (/^\{"v":?/.test(text) && !text.trimEnd().endsWith('}')) continue;
      throw new SoraError('machine', `${path} is damaged in line ${index + 1}: what was spent is not known.`, {
        hint: 'Repair the line, or move the file away: what the records of jobs know is counted without it.',
        cause,
      });
    }
    try {
      checkVersion({ version: isObject(line) ? line.v : undefined }, VERSION);
    } catch (cause) {
      throw new SoraError('machine', `${path} was written by a newer version of sora: what was spent is not known.`, {
        hint: 'Update sora.',
        cause,
      });
    }
    lines.push(line);
  }
  return lines;
}

function readText(path: string): string {
  try {
    return readTextSync(path, MAX_BYTES);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw machineError(error, 'read', path);
  }
}
