/** How journals are called, so that whoever reads or writes files by names of others' choice knows one. Pure. */

/** `.journal[.<name>][.<i>of<n>].jsonl` */
export const JOURNAL_ENDING = /\.journal(?:\.[A-Za-z0-9][\w-]*)?(?:\.\d+of\d+)?\.jsonl$/;

/** True for the path of any journal; letters of both cases may name one file. */
export function isJournalName(path: string): boolean {
  return JOURNAL_ENDING.test(path) || JOURNAL_ENDING.test(path.toLowerCase());
}
