/** Jobs that know more of their takes than the journals: a run writes it down, as long as their records are here. */
import { existsSync } from 'node:fs';
import { isSoraError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { linesFromHome } from './home-lines.ts';
import { openJournal, type Reading } from './journal.ts';

/**
 * The ids of those of the jobs that are made for takes whose lines are missing. A file that is gone together with its journals
 * will never be run again; in journals that cannot be read all lines may be missing.
 */
export async function unwrittenJobs(jobs: readonly Job[]): Promise<ReadonlySet<string>> {
  const byFile = new Map<string, Job[]>();
  for (const job of jobs) {
    if (job.take) byFile.set(job.take.file, [...(byFile.get(job.take.file) ?? []), job]);
  }
  const unwritten = new Set<string>();
  for (const [file, own] of byFile) {
    const reading = await read(file);
    const lines = reading?.lines ?? [];
    if (reading && lines.length === 0 && !existsSync(file)) continue;
    const known = { lines, file, accountOf: () => '', at: '' };
    for (const job of own) if (linesFromHome({ ...known, jobs: [job] }).length > 0) unwritten.add(job.id);
  }
  return unwritten;
}

/** Undefined where it cannot be read. */
async function read(file: string): Promise<Reading | undefined> {
  try {
    return await openJournal(file, { now: () => 0 }).read();
  } catch (error) {
    if (!isSoraError(error)) throw error;
    return undefined;
  }
}
