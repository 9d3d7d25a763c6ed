/** Requests that another file has made already, as its journal or this home tells: the file was renamed, or copied. */
import { SoraError } from '../shared/errors.ts';
import { shellQuote } from '../shared/text.ts';
import { partsOfKey } from './fingerprint.ts';
import type { TakeLedger } from './take-ledger.ts';

export interface ElsewhereWords {
  /** `lines`, `scenes` */
  readonly things: string;
  /** How they are made again all the same. */
  readonly again: string;
}

/** Throws `usage` where a request of these fingerprints, which no line here asks for, stands with another file. */
export async function refuseElsewhere(
  ledger: TakeLedger,
  fps: Iterable<string>,
  { things, again }: ElsewhereWords,
): Promise<void> {
  const takes = await ledger.takes();
  const known = new Set(takes.map(({ fp }) => fp));
  const keys = new Set(takes.map(({ key }) => key));
  const fresh = new Set([...fps].filter((fp) => !known.has(fp)));
  if (fresh.size === 0) return;
  const byJournal = await ledger.journal.findElsewhere(fresh);
  const [found] = byJournal;
  if (found) {
    const from = shellQuote(found.journal);
    const to = shellQuote(ledger.journal.path);
    throw new SoraError(
      'usage',
      `${byJournal.length} of these ${things} were made already: ${found.journal} has them. Nothing was sent.`,
      {
        hint: `Was the file renamed? mv ${from} ${to}\nWas it copied, and is to have the same videos? cp ${from} ${to}\n${again}`,
      },
    );
  }
  const byHome = (await ledger.jobs()).filter(
    ({ key = '', take, status, remoteId }) =>
      take !== undefined &&
      take.file !== ledger.file &&
      !keys.has(key) &&
      fresh.has(partsOfKey(key)?.fp ?? '') &&
      (status !== 'failed' || remoteId !== undefined),
  );
  const [job] = byHome;
  if (!job?.take) return;
  throw new SoraError(
    'usage',
    `${byHome.length} of these ${things} were made on this machine for ${job.take.file}. Nothing was sent.`,
    {
      hint: `Bring its journal along: cp ${shellQuote(`${job.take.file}.journal.jsonl`)} ${shellQuote(ledger.journal.path)}\n${again}`,
    },
  );
}
