/**
 * The journals beside a file: append-only, read by every process and written by each in its own. What was appended is
 * on the disk when the call returns.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appendLines } from '../disk/append-lines.ts';
import { machineError } from '../disk/atomic-write.ts';
import { LOCK_TIMING, type LockTiming, withLock } from '../disk/lock.ts';
import { SoraError, systemCode } from '../shared/errors.ts';
import { isJournalName } from '../shared/journal-name.ts';
import { currentFingerprint, type FamilyOf } from './fingerprint.ts';
import { type Asked, type Line, readJournal, TAKEN_BACK } from './lines.ts';
import { fileOfJournal, isJournalOf, type JournalOwner, journalPath } from './names.ts';

export interface Reading {
  /** Of every journal of the file. */
  readonly lines: readonly Line[];
  /**
   * The same journal by journal, but for lines without an end. A later reading of a journal that was only appended to has the
   * same array, which has grown: `count` of its lines were there.
   */
  readonly parts: readonly { readonly lines: readonly Line[]; readonly count: number }[];
  /** Lines that stand behind the last newline of a journal. */
  readonly rest: readonly Line[];
  /** `<path>:<line>` of lines that a killed process did not finish. */
  readonly torn: readonly string[];
}

export interface Journal {
  /** The one that this process writes. */
  readonly path: string;
  /** Throws `machine` for one that cannot be read, whole or in a line: what stands in it is not known. */
  read(): Promise<Reading>;
  append(...lines: readonly Line[]): Promise<void>;
  /**
   * Claims a request: under the lock, `decide` sees what all journals say and returns the line that asks for it, or nothing;
   * then everything is read again. `taken` when another process has asked for the same meanwhile: the claim was taken back.
   */
  claim(decide: (reading: Reading) => Promise<Asked | undefined>): Promise<Asked | 'taken' | undefined>;
  /** Runs `work` while no other process of this machine claims, or does this. */
  exclusively<R>(work: (reading: Reading) => Promise<R>): Promise<R>;
  /** Requests of these fingerprints in journals of other files of this folder: the file was renamed, or copied. */
  findElsewhere(fps: ReadonlySet<string>): Promise<readonly Elsewhere[]>;
}

export interface Elsewhere {
  readonly journal: string;
  /** The file that it is the journal of, which need not exist. */
  readonly file: string;
  /** By today's tables of models. */
  readonly fp: string;
}

export interface JournalOptions extends JournalOwner {
  readonly familyOf?: FamilyOf;
  readonly now: () => number;
  readonly lock?: LockTiming;
}

/** The journals of `file`, an absolute path. Nothing is made before the first line is appended. */
export function openJournal(file: string, options: JournalOptions): Journal {
  const { familyOf = (model) => model, now, lock: timing = LOCK_TIMING } = options;
  const lock: LockTiming = { ...timing, owner: 'user' };
  const path = journalPath(file, options);
  const folder = dirname(file);
  const tails = new Map<string, Tail>();
  const fpOf = (asked: Asked): string => currentFingerprint(asked, familyOf);

  const read = async (): Promise<Reading> => {
    const parts: { readonly lines: readonly Line[]; readonly count: number }[] = [];
    const unended: Line[] = [];
    const torn: string[] = [];
    for (const name of namesIn(folder, (one) => isJournalOf(one, file))) {
      const at = join(folder, name);
      const tail = readTail(at, tails.get(at));
      if (!tail) continue;
      tails.set(at, tail);
      parts.push({ lines: tail.lines, count: tail.lines.length });
      for (const number of tail.torn) torn.push(`${at}:${number}`);
      const rest = readRest(at, tail);
      for (const line of rest.lines) unended.push(line);
      for (const number of rest.torn) torn.push(`${at}:${number}`);
    }
    let all: readonly Line[] | undefined;
    return {
      ...{ parts, rest: unended, torn },
      // Whoever follows a journal needs only what is new of thousands of lines.
      get lines() {
        all ??= [...parts.flatMap(({ lines, count }) => lines.slice(0, count)), ...unended];
        return all;
      },
    };
  };

  const append = (...lines: readonly Line[]): Promise<void> => appendLines(path, lines, 'user');

  const exclusively = <R>(work: (reading: Reading) => Promise<R>): Promise<R> =>
    withLock(`${file}.journal.lock`, async () => work(await read()), lock);

  return {
    path,
    read,
    append,
    exclusively,
    claim: (decide) =>
      withLock(
        `${file}.journal.lock`,
        async (held) => {
          const before = await read();
          const asked = await decide(before);
          if (!asked) return undefined;
          held.assertHeld();
          await append(asked);
          const rival = linesSince(before, await read()).find(
            (line) =>
              line.line === 'asked' &&
              line.key !== asked.key &&
              fpOf(line) === fpOf(asked) &&
              !before.lines.some(({ key }) => key === line.key),
          );
          if (!rival) return asked;
          const at = new Date(now()).toISOString();
          const failed = { v: 1, at, key: asked.key, line: 'failed', why: TAKEN_BACK } as const;
          await append({ ...failed, exit: 8, retryable: true, made: 'no' });
          return 'taken';
        },
        lock,
      ),
    async findElsewhere(fps) {
      const found: Elsewhere[] = [];
      const others = namesIn(folder, (name) => isJournalName(name) && !isJournalOf(name, file));
      for (const name of others) {
        const journal = join(folder, name);
        // One of another file that cannot be read is that file's trouble.
        const text = readFrom(journal, 0)?.text ?? '';
        for (const line of readJournal(text).lines) {
          const fp = line.line === 'asked' ? fpOf(line) : undefined;
          if (fp !== undefined && fps.has(fp)) found.push({ journal, file: fileOfJournal(journal), fp });
        }
      }
      return found;
    },
  };
}

/** The absolute paths of all journals of a file, which need not exist. */
export async function journalsBeside(file: string): Promise<readonly string[]> {
  const folder = dirname(file);
  return namesIn(folder, (name) => isJournalOf(name, file)).map((name) => join(folder, name));
}

/** At least what has come between two readings; more where a journal was written anew. */
function linesSince(before: Reading, after: Reading): readonly Line[] {
  const known = new Map(before.parts.map(({ lines, count }) => [lines, count]));
  return [...after.parts.flatMap(({ lines, count }) => lines.slice(known.get(lines) ?? 0, count)), ...after.rest];
}

function namesIn(folder: string, matches: (name: string) => boolean): readonly string[] {
  try {
    return readdirSync(folder).filter(matches).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw machineError(error, 'list', folder, 'user');
  }
}

/** What was read of a journal: later readings go on behind it. */
interface Tail {
  readonly inode: number;
  /** Up to the last newline. */
  readonly bytes: number;
  /** The last bytes before that, by which a file that was written anew is noticed. */
  readonly end: string;
  /** Of those bytes. */
  readonly count: number;
  readonly lines: Line[];
  readonly torn: number[];
  /** Behind the last newline. */
  readonly rest: string;
}

const END_BYTES = 64;

/** Undefined when it is gone. */
function readTail(path: string, before: Tail | undefined): Tail | undefined {
  const from = before === undefined ? 0 : before.bytes - Buffer.byteLength(before.end);
  const read = readFrom(path, from);
  if (!read) return undefined;
  const { inode } = read;
  const isSame = before !== undefined && before.inode === inode && read.text.startsWith(before.end);
  if (before !== undefined && !isSame) return readTail(path, undefined);
  const text = isSame ? read.text.slice(before.end.length) : read.text;
  const cut = text.lastIndexOf('\n') + 1;
  const whole = text.slice(0, cut);
  const count = before?.count ?? 0;
  const added = readJournal(whole, count + 1);
  if (added.problem !== undefined) throw unreadable(path, added.problem);
  const bytes = (before?.bytes ?? 0) + Buffer.byteLength(whole);
  return {
    ...{ inode, bytes, count: count + whole.split('\n').length - 1, rest: text.slice(cut) },
    end: cut === 0 && before ? before.end : lastBytes(`${before?.end ?? ''}${whole}`),
    // Appended to in place: thousands of lines would be copied at each claim.
    lines: extended(before?.lines ?? [], added.lines),
    torn: extended(before?.torn ?? [], added.torn),
  };
}

function extended<T>(all: T[], more: readonly T[]): T[] {
  for (const one of more) all.push(one);
  return all;
}

/** ASCII but for texts of users: a part of a character at the front is left out. */
function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  let from = Math.max(0, bytes.length - END_BYTES);
  while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from).toString();
}

/** What stands behind the last newline: a whole line of an editor that ends files without one, or a torn one. */
function readRest(
  path: string,
  { rest, count }: Tail,
): { readonly lines: readonly Line[]; readonly torn: readonly number[] } {
  if (rest.trim() === '') return { lines: [], torn: [] };
  const { lines, torn, problem } = readJournal(rest, count + 1);
  if (problem !== undefined) throw unreadable(path, problem);
  return { lines, torn };
}

function unreadable(path: string, problem: string): SoraError {
  return new SoraError('machine', `The journal ${path} cannot be used: ${problem}.`, {
    hint: /newer version/.test(problem)
      ? 'Update sora.'
      : 'Repair it: keep every line of both sides of a merge, or fetch the file. Nothing is sent before, because what was paid for stands there.',
  });
}

/** The text from that byte on, and which file it is; undefined when there is none. */
function readFrom(path: string, from: number): { readonly text: string; readonly inode: number } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw machineError(error, 'read', path, 'user');
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw unreadable(path, 'it is not a file');
    const buffer = Buffer.alloc(Math.max(0, stats.size - from));
    let held = 0;
    while (held < buffer.length) {
      const bytes = readSync(file, buffer, held, buffer.length - held, from + held);
      if (bytes === 0) break;
      held += bytes;
    }
    return { text: buffer.toString('utf8', 0, held), inode: stats.ino };
  } catch (error) {
    throw machineError(error, 'read', path, 'user');
  } finally {
    closeSync(file);
  }
}
