/** The records of a folder, listed: what can be read, and what cannot, by name and reason. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSoraError, systemCode } from '../shared/errors.ts';
import type { Reporter } from '../shared/reporter.ts';
import { machineError } from './atomic-write.ts';
import { reasonFor } from './system-reason.ts';

/** A file that is no record. `U` is what there is of one that can be read and not used as a record. */
export interface BrokenRecord<U = unknown> {
  readonly path: string;
  /** Without a full stop, to follow a colon. */
  readonly reason: string;
  readonly unusable?: U;
}

/** Records that can be read, and those that cannot: named, skipped and left as they are. */
export interface Listing<T, U = unknown> {
  readonly records: readonly T[];
  readonly broken: readonly BrokenRecord<U>[];
}

/** The records of a listing; each that cannot be read is a warning. */
export function readableOf<T>({ records, broken }: Listing<T>, reporter: Pick<Reporter, 'warn'>): readonly T[] {
  for (const { path, reason } of broken) reporter.warn(`Skipped ${path}: ${reason}`);
  return records;
}

export const SUFFIX = '.json';

interface Reading<T, U> {
  readonly read: (id: string, path: string) => T;
  readonly broken: (path: string, error: unknown) => BrokenRecord<U>;
}

export async function listFolder<T, U>(dir: string, reading: Reading<T, U>): Promise<Listing<T, U>> {
  // A record that is renamed meanwhile is seen under neither name: then the folder is looked at once more.
  for (let tries = 3; ; tries -= 1) {
    const ids = await recordIds(dir);
    const records: T[] = [];
    const broken: BrokenRecord<U>[] = [];
    let vanished = false;
    for (const id of ids) {
      const path = join(dir, id + SUFFIX);
      try {
        // Thousands of small files: reading them one after the other is several times quicker than by promises.
        records.push(reading.read(id, path));
      } catch (error) {
        if (systemCode(error) === 'ENOENT') vanished = true;
        else broken.push(reading.broken(path, error));
      }
    }
    if (!vanished || tries <= 1) return { records, broken };
  }
}

export async function recordIds(dir: string): Promise<string[]> {
  try {
    const names = readdirSync(dir);
    const ids = names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
    return ids.map((name) => name.slice(0, -SUFFIX.length)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw machineError(error, 'list', dir);
  }
}

export function reasonOf(error: unknown): string {
  const code = isSoraError(error) ? undefined : systemCode(error);
  if (code !== undefined) return reasonFor(code)[0];
  return error instanceof Error ? error.message : String(error);
}
