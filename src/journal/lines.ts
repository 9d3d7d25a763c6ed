/**
 * The lines of a journal (format 1): their types, and the text of one journal read into them. Lines of one key are a
 * set: their order means nothing, because merges reorder them. Pure.
 */
import {
  boolean,
  date,
  field,
  hostUrl,
  isObject,
  list,
  number,
  oneOf,
  optional,
  parseJson,
  problemOf,
  rule,
  type Schema,
  sha256,
  shape,
  string,
} from '../disk/schema.ts';
import { withCanonicalUrl } from '../providers/index.ts';
import { EXIT_CODES } from '../shared/errors.ts';
import type { Sender } from '../shared/sender.ts';
import { type Ask, isAsk, partsOfKey } from './fingerprint.ts';

export interface LineBase {
  readonly v: 1;
  /** ISO 8601. */
  readonly at: string;
  /** Of a take, which is also the idempotency key of its job; of a pick or a rejection, a name of its own. */
  readonly key: string;
}

/** Written and flushed before the request leaves. */
export interface Asked extends LineBase {
  readonly line: 'asked';
  /** A scene of a film, or the id of a line of a batch. */
  readonly scene: string;
  /** Which take of its scene, from 1. */
  readonly n: number;
  readonly fp: string;
  /** The fingerprint's input, so that it can be computed anew. */
  readonly ask?: Ask;
  /** Where the file first lies whole, relative to the journal's folder, with `/`. */
  readonly file: string;
  readonly provider: string;
  readonly baseUrl: string;
  /** `accountOf` the connection that it was sent by. */
  readonly account: string;
  readonly profile?: string;
  readonly backend?: string;
  /** Model, length and size as they were sent. */
  readonly model?: string;
  readonly seconds?: number;
  readonly size?: string;
  /** US dollars; absent where nobody knew a price. */
  readonly estimateUsd?: number;
  readonly tag?: string;
  /** The unknown take whose place this one takes, on a person's word. */
  readonly closes?: string;
  readonly sender?: Sender;
}

export interface Sent extends LineBase {
  readonly line: 'sent';
  readonly remoteId: string;
  /** The id of the job's record in the home that sent it. */
  readonly job?: string;
}

/** The file is verified and in place. */
export interface Done extends LineBase {
  readonly line: 'done';
  /** Where it lies, relative to the journal's folder, with `/`. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly seconds?: number;
  readonly width?: number;
  readonly height?: number;
  readonly frames?: number;
  readonly fps?: number;
  readonly audio?: boolean;
  readonly avcC?: string;
  /** US dollars, as far as the host has said. */
  readonly cost?: number;
  /** In which ways it is not what was asked for. */
  readonly mismatch?: readonly string[];
}

/** Whether the host has made something of a request that came to nothing. */
export type Made = 'no' | 'maybe' | 'yes';

/** A definite end without a file. */
export interface Failed extends LineBase {
  readonly line: 'failed';
  readonly why: string;
  readonly exit: number;
  readonly retryable: boolean;
  readonly made: Made;
  readonly cost?: number;
}

/** A person's word that an unknown take made nothing; with a remote id, that a take which this account cannot see is given up. */
export interface Close extends LineBase {
  readonly line: 'close';
  readonly remoteId?: string;
}

/** A person's word on which video at the host an unknown take is. */
export interface Adopt extends LineBase {
  readonly line: 'adopt';
  readonly remoteId: string;
}

export interface Pick extends LineBase {
  readonly line: 'pick';
  readonly scene: string;
  /** Of the file of a take, or `none`. */
  readonly sha256: string;
  /** The keys of the picks that were known when it was made. */
  readonly after: readonly string[];
  /** SHA-256 of the words for which it was made, and of which film of the file; absent in lines of earlier versions. */
  readonly words?: string;
  readonly quality?: string;
  readonly variant?: string;
}

export interface Reject extends LineBase {
  readonly line: 'reject';
  readonly scene: string;
  readonly sha256: string;
}

export type Line = Asked | Sent | Done | Failed | Close | Adopt | Pick | Reject;

/** A claim that was taken back because another process had the same request: nothing was sent, and nobody need know. */
export const TAKEN_BACK = 'taken back';

/** Paid for, and no longer at the host. */
export const PAID_AND_GONE = 'paid-and-gone';

/** Why a request came to nothing, in words for people. */
export function whyFailed({
  why,
  exit,
  made,
}: {
  readonly why: string;
  readonly exit: number;
  readonly made: Failed['made'];
}): string {
  if (why === PAID_AND_GONE) return 'it was made and paid for, and its host no longer keeps it';
  return made === 'no' && exit === EXIT_CODES.network ? `never sent, and nothing was paid: ${why}` : why;
}

const amount = rule<number>((value) => Number.isFinite(value) && Number(value) >= 0, 'is not an amount');
const count = rule<number>((value) => Number.isInteger(value) && Number(value) >= 0, 'is not a whole number');
const base = { v: oneOf(1), at: date, key: string };
const ask = rule<Ask>(isAsk, 'is not a request');

const SCHEMAS: { readonly [K in Line['line']]: Schema<Extract<Line, { line: K }>> } = {
  asked: shape<Asked>({
    ...{ ...base, line: oneOf('asked'), scene: string, n: count, fp: sha256, ask: optional(ask), file: string },
    ...{ provider: string, baseUrl: hostUrl, account: string, profile: optional(string), backend: optional(string) },
    ...{ model: optional(string), seconds: optional(number), size: optional(string), estimateUsd: optional(amount) },
    ...{ tag: optional(string), closes: optional(string) },
    sender: optional(shape<Sender>({ machine: string, pid: count, startedAt: optional(string) })),
  }),
  sent: shape<Sent>({ ...base, line: oneOf('sent'), remoteId: string, job: optional(string) }),
  done: shape<Done>({
    ...{ ...base, line: oneOf('done'), file: string, sha256, bytes: count, seconds: optional(number) },
    ...{ width: optional(number), height: optional(number), frames: optional(count), fps: optional(number) },
    ...{ audio: optional(boolean), avcC: optional(string), cost: optional(amount), mismatch: optional(list(string)) },
  }),
  failed: shape<Failed>({
    ...{ ...base, line: oneOf('failed'), why: string, exit: count, retryable: boolean },
    ...{ made: oneOf('no', 'maybe', 'yes'), cost: optional(amount) },
  }),
  close: shape<Close>({ ...base, line: oneOf('close'), remoteId: optional(string) }),
  adopt: shape<Adopt>({ ...base, line: oneOf('adopt'), remoteId: string }),
  pick: shape<Pick>({
    ...{ ...base, line: oneOf('pick'), scene: string, sha256: string, after: list(string) },
    ...{ words: optional(sha256), quality: optional(string), variant: optional(string) },
  }),
  reject: shape<Reject>({ ...base, line: oneOf('reject'), scene: string, sha256 }),
};

/** What a line of text is: a line, nothing to read (`torn`: a process was killed while it wrote it), or what no sora has written. */
export type ReadLine = { readonly line: Line } | { readonly torn: true } | { readonly problem: string } | undefined;

const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;

/** One line of text without its end; undefined for an empty one. */
function readLine(text: string): ReadLine {
  if (text.trim() === '') return undefined;
  if (CONFLICT.test(text)) return { problem: 'it has the conflict markers of a merge' };
  if (text.startsWith('version https://git-lfs')) {
    return { problem: 'it is the pointer of a file that Git LFS has not fetched' };
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    return isUnfinished(text) ? { torn: true } : { problem: 'a line is damaged' };
  }
  if (!isObject(json)) return { problem: 'a line is not an object' };
  const version = field(json, 'v');
  if (typeof version === 'number' && version > 1) {
    return { problem: `it was written by a newer version of sora (format ${version}; this one reads up to 1)` };
  }
  const kind = field(json, 'line');
  const schema = typeof kind === 'string' && Object.hasOwn(SCHEMAS, kind) ? SCHEMAS[kind as Line['line']] : undefined;
  if (!schema) return { problem: `a line is of no kind that sora writes` };
  const problem = problemOf(schema, json);
  if (problem !== undefined) return { problem: `of a line "${kind}", ${problem}` };
  const line = json as unknown as Line;
  if (line.line !== 'asked') return { line };
  if (!isOwnFile(line)) return { problem: 'of a line "asked", "file" is not of its "key"' };
  return { line: withCanonicalUrl(line) };
}

/** What lies there is replaced and removed: in a journal that others have written, it can only be a file of that take. */
function isOwnFile({ key, file }: Asked): boolean {
  const parts = partsOfKey(key);
  return parts !== undefined && file.split('/').at(-1) === `.${parts.uuid}.mp4`;
}

const START = '{"v":';

/** Whether it is the beginning of a line, and nothing else: every line is written in one piece. */
function isUnfinished(text: string): boolean {
  if (!text.startsWith(START)) return START.startsWith(text);
  if (!text.endsWith('}')) return true;
  // Cut right behind an inner object: valid with the brackets closed that are still open.
  const open: string[] = [];
  for (const [bracket] of text.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    if (bracket === '{') open.push('}');
    else if (bracket === '[') open.push(']');
    else open.pop();
  }
  return open.length > 0 && isJson(`${text}${open.toReversed().join('')}`);
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

export interface JournalText {
  readonly lines: readonly Line[];
  /** Numbers of lines, from 1, that a killed process did not finish. */
  readonly torn: readonly number[];
  /** Why it cannot be used, without a full stop, with the number of the line. */
  readonly problem?: string;
}

/** The whole text of a journal; `from` is the number of its first line. */
export function readJournal(text: string, from = 1): JournalText {
  const lines: Line[] = [];
  const torn: number[] = [];
  for (const [index, one] of text.split('\n').entries()) {
    // Some editors begin a file with a byte order mark, and end lines as Windows does.
    const read = readLine(one.replace(/^\uFEFF|\r$/g, ''));
    if (!read) continue;
    if ('problem' in read) return { lines, torn, problem: `${read.problem} (line ${from + index})` };
    if ('torn' in read) torn.push(from + index);
    else lines.push(read.line);
  }
  return { lines, torn };
}
