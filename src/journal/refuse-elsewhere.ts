/** Requests that another file has made already, as its journal or this home tells: the file was renamed, or copied. */
import { existsSync } from 'node:fs';
import { SoraError } from '../shared/errors.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';
import { partsOfKey } from './fingerprint.ts';
import { journalsBeside } from './journal.ts';
import type { TakeLedger } from './take-ledger.ts';

export interface ElsewhereWords {
  /** `lines`, `scenes` */
  readonly things: string;
  /** How they are made again all the same. */
  readonly again: string;
}

/** Throws `usage` for what `findElsewhere` finds. */
export async function refuseElsewhere(
  ledger: TakeLedger,
  fps: Iterable<string>,
  { again, ...words }: ElsewhereWords,
): Promise<void> {
  const found = await findElsewhere(ledger, fps, words);
  if (found) throw new SoraError('usage', `${found.text} Nothing was sent.`, { hint: `${found.hint}\n${again}` });
}

/** Requests of these fingerprints, one for each thing, which no line here asks for and which stand with another file. */
export async function findElsewhere(
  ledger: TakeLedger,
  fps: Iterable<string>,
  { things }: Pick<ElsewhereWords, 'things'>,
): Promise<{ readonly text: string; readonly hint: string } | undefined> {
  const takes = await ledger.takes();
  const known = new Set(takes.map(({ fp }) => fp));
  const keys = new Set(takes.map(({ key }) => key));
  const fresh = [...fps].filter((fp) => !known.has(fp));
  if (fresh.length === 0) return undefined;
  const asked = new Set(fresh);
  const countOf = (made: ReadonlySet<string>): string => {
    const count = fresh.filter((fp) => made.has(fp)).length;
    return `${count} of these ${things} ${count === 1 ? 'was' : 'were'} made`;
  };
  const byJournal = await ledger.journal.findElsewhere(asked);
  const [found] = byJournal;
  if (found) {
    const made = new Set(byJournal.flatMap(({ file, fp }) => (file === found.file ? [fp] : [])));
    const journals = await journalsBeside(found.file);
    const [moved, copied] = (['mv', 'cp'] as const).map((verb) =>
      bringAlong(verb, journals, { from: found.file, to: ledger.file }),
    );
    return {
      text: `${countOf(made)} already: ${found.journal} tells of it.`,
      hint: `Was the file renamed? ${moved}\nWas it copied, and should it have the same videos? ${copied}`,
    };
  }
  const byHome = (await ledger.jobs()).flatMap(({ key = '', take, status, remoteId }) => {
    const fp = partsOfKey(key)?.fp ?? '';
    const isOther = take !== undefined && take.file !== ledger.file && !keys.has(key) && asked.has(fp);
    return isOther && (status !== 'failed' || remoteId !== undefined) ? [{ file: take.file, fp }] : [];
  });
  const [{ file } = { file: undefined }] = byHome;
  if (file === undefined) return undefined;
  const made = new Set(byHome.flatMap((one) => (one.file === file ? [one.fp] : [])));
  const journals = await journalsBeside(file);
  return {
    text: `${countOf(made)} on this machine for ${file}.`,
    hint:
      journals.length > 0
        ? `Bring its journal along: ${bringAlong('cp', journals, { from: file, to: ledger.file })}`
        : `Its journal is not beside it any more. Restore it, and run this command again: ${file}.journal.jsonl`,
  };
}

/** Shell commands that give each journal of one file the same place beside another. Nothing that lies there is lost. */
function bringAlong(
  verb: 'mv' | 'cp',
  journals: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): string {
  return journals
    .map((journal) => {
      const target = `${to}${journal.slice(from.length)}`;
      const [source, place] = [shellQuote(journal), shellQuote(target)];
      // The newline ends a line that a killed process left there; empty lines mean nothing.
      return existsSync(target)
        ? `(echo; ${shellCommand('cat', [source])}) >> ${place}`
        : shellCommand(verb, [source, place]);
    })
    .join(' && ');
}
