/** The names of a file's journals, and names of files that are made from ids. Pure. */
import { basename } from 'node:path';
import { hashText } from '../disk/hash.ts';
import type { Shard } from '../shared/batch.ts';
import { JOURNAL_ENDING } from '../shared/journal-name.ts';

/** Whose journal a process writes: everybody's, one of a name (CI), one of a shard. */
export interface JournalOwner {
  readonly name?: string;
  readonly shard?: Shard;
}

/** `<file>.journal[.<name>][.<i>of<n>].jsonl`, beside the file. */
export function journalPath(file: string, { name, shard }: JournalOwner = {}): string {
  const part = shard === undefined ? undefined : `${shard.index}of${shard.count}`;
  return `${[`${file}.journal`, name, part].filter((word) => word !== undefined).join('.')}.jsonl`;
}

/** The last one: the name of the file itself may have `.journal` in it. */
const JOURNAL = new RegExp(`^(.*)${JOURNAL_ENDING.source}`, 's');

/** The file that a journal is of, by its name. */
export function fileOfJournal(path: string): string {
  return path.replace(JOURNAL, '$1');
}

/** Whether a journal's name is one of that file's. */
export function isJournalOf(name: string, file: string): boolean {
  const own = basename(file);
  return name.startsWith(own) && JOURNAL_ENDING.exec(name.slice(own.length))?.index === 0;
}

/** Whether that shard has this id: by its hash, so that a line keeps its shard whatever is added to the file. */
export function isInShard(id: string, shard: Shard | undefined): boolean {
  if (shard === undefined) return true;
  return Number.parseInt(hashText(id).slice(0, 12), 16) % shard.count === shard.index - 1;
}

const MOST_BYTES = 40;
/** What Windows keeps for devices, with or without an extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/;
/** What one file system or another refuses, what shells and ffmpeg read as something else, and what nobody sees. */
const UNSAFE = /[\p{C}\p{Z}<>:"/\\|?*%'`$&;#!{}[\]()]+/gu;

/**
 * A name for files, made from an id: NFC, in small letters, at most 40 bytes, none that Windows reserves. Where it says less
 * than the id, or `isTaken` by another id, six hex digits of the id's hash follow.
 */
export function fileNameOf(id: string, isTaken: (name: string) => boolean = () => false): string {
  const folded = id.normalize('NFC').toLowerCase();
  const plain = folded.replace(UNSAFE, '-').replace(/^[-. ]+|[-. ]+$/g, '');
  const safe = RESERVED.test(plain) ? `_${plain}` : plain;
  const cut = cutBytes(safe, MOST_BYTES);
  const name = cut === '' ? 'line' : cut;
  if (name === folded && !isTaken(name)) return name;
  return `${cutBytes(name, MOST_BYTES - 7)}-${hashText(id).slice(0, 6)}`;
}

/** At most so many bytes of UTF-8, without a part of a character at the end. */
function cutBytes(text: string, most: number): string {
  let bytes = 0;
  let cut = '';
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > most) break;
    cut += char;
  }
  return cut.replace(/[-. ]+$/, '');
}
