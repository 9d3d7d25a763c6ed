/** What went wrong, as scripts see it: the closed set behind the exit codes of the README. */
import { capitalizeThe, sentence } from './text.ts';

/** A word for each way to fail. */
export type ErrorCode = keyof typeof EXIT_CODES;

/** The exit code of each error code. 0 is success; these numbers are part of the public interface. */
export const EXIT_CODES = {
  bug: 1,
  usage: 2,
  clip: 3,
  auth: 4,
  refused: 5,
  network: 6,
  ambiguous: 7,
  pending: 8,
  unverified: 9,
  budget: 10,
  policy: 11,
  machine: 12,
  interrupted: 130,
  terminated: 143,
} as const;

/** What an error is about, for code that goes on by it: a message is for people, and may be reworded. */
export type ErrorReason =
  | 'no-provider-chosen'
  | 'unknown-character-id'
  | 'rate-limited'
  | 'never-sent'
  | 'out-of-time'
  | 'other-host';

export interface SoraErrorOptions {
  reason?: ErrorReason;
  /** What the user can do about it: a sentence or a command. */
  hint?: string;
  /** The server's name for the request, for its support desk. */
  requestId?: string;
  /** Of a lost answer: an id that its beginning names. */
  knownId?: string;
  /** The local job that this error is about. */
  jobId?: string;
  /** Every problem found, when there is more than one. */
  problems?: readonly string[];
  /** Milliseconds after which the server wants to be asked again. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** The only error the program throws on purpose. The message says what happened; the hint says what to do. */
export class SoraError extends Error {
  override readonly name = 'SoraError';
  readonly code: ErrorCode;
  readonly reason: ErrorReason | undefined;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly knownId: string | undefined;
  jobId: string | undefined;
  /** Of a refused video: those of its characters, as they were sent, that the host names in its refusal. */
  refusedCharacters: readonly string[] = [];
  readonly retryAfterMs: number | undefined;
  readonly problems: readonly string[];

  constructor(code: ErrorCode, message: string, options: SoraErrorOptions = {}) {
    super(capitalizeThe(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = options.reason;
    this.hint = options.hint;
    this.requestId = options.requestId;
    this.knownId = options.knownId;
    this.jobId = options.jobId;
    this.retryAfterMs = options.retryAfterMs;
    this.problems = options.problems ?? [];
  }
}

export function isSoraError(error: unknown, code?: ErrorCode): error is SoraError {
  return error instanceof SoraError && (code === undefined || error.code === code);
}

/**
 * What was last said before work was ended from here, by its own time or by the user: an error that is no such end itself,
 * or the cause of one. Undefined where nothing was said.
 */
export function beforeEnd(error: unknown): SoraError | undefined {
  if (!isSoraError(error)) return undefined;
  const isOwnEnd = error.reason === 'out-of-time' || error.code === 'interrupted' || error.code === 'terminated';
  return isOwnEnd ? beforeEnd(error.cause) : error;
}

/** Whether the same command, run again later as it is, may succeed without anything that a person would have to do first. */
export function isRetryable({ code, reason, cause }: SoraError): boolean {
  // Of a job: it is asked for anew by another command.
  if (reason === 'never-sent') return false;
  if (code === 'network' || code === 'pending' || reason === 'rate-limited') return true;
  // A finished video that could not be fetched.
  return code === 'unverified' && isSoraError(cause) && isRetryable(cause);
}

/** The code of a Node system error (`ENOENT`, `ENOSPC`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One sentence for several problems; a single one is said as it is. */
export function problemsError(
  code: ErrorCode,
  problems: readonly string[],
  options: Omit<SoraErrorOptions, 'problems'> = {},
): SoraError {
  const message =
    problems.length === 1 ? (problems[0] ?? '') : `${problems.length} problems:\n- ${problems.join('\n- ')}`;
  return new SoraError(code, message, { ...options, problems });
}

/** For a file that is not there. */
export const PATH_HINT = 'Check the path; a relative one begins at the current folder.';

/** The hints of several problems as one, each said once; the last, which may be a command, as it is. */
export function hintsOf(problems: readonly SoraError[]): { hint?: string } {
  const hints = [...new Set(problems.flatMap(({ hint }) => hint ?? []))];
  const last = hints.pop();
  return last === undefined ? {} : { hint: [...hints.map(sentence), last].join(' ') };
}

/**
 * Throws what several problems amount to, if there are any: a single one as it is, several in one refusal. Their code is `usage`
 * unless they have one in common. `usual` is the hint where one of them is `usage` or the first has none.
 */
export function throwProblems(problems: readonly SoraError[], { usual }: { readonly usual?: string } = {}): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1 && usual === undefined) throw first;
  const code = problems.every((one) => one.code === first.code) ? first.code : 'usage';
  const isUsual = usual !== undefined && (first.hint === undefined || problems.some((one) => one.code === 'usage'));
  const hint = isUsual ? { hint: usual } : usual === undefined ? hintsOf(problems) : hintsOf([first]);
  const messages = problems.map(({ message }) => message);
  throw problemsError(code, messages, { ...hint, cause: first });
}

/** When several ids were asked for and several failed, the first of these codes is the command's. */
export const WORST_FIRST: readonly ErrorCode[] = [
  'ambiguous',
  'unverified',
  'policy',
  'budget',
  'refused',
  'auth',
  'network',
  'pending',
];

/** With several ids: the first code that applies, worst first. */
export function exitOf(all: readonly { readonly error?: SoraError }[]): number {
  const codes = new Set(all.flatMap(({ error }) => error?.code ?? []));
  const [first] = codes;
  const worst = WORST_FIRST.find((code) => codes.has(code)) ?? first;
  return worst === undefined ? 0 : EXIT_CODES[worst];
}

const PRECEDENCE: readonly number[] = [
  ...[EXIT_CODES.usage, EXIT_CODES.machine],
  ...WORST_FIRST.map((code) => EXIT_CODES[code]),
];

/** Of many things at once, the first exit code that applies, worst first: 2 and 12, then as with several jobs. */
export function worstExit(exits: readonly number[]): number {
  return PRECEDENCE.find((code) => exits.includes(code)) ?? exits.find((code) => code !== 0) ?? 0;
}

/** The word for an exit code. */
export function codeOfExit(exit: number): ErrorCode {
  const found = Object.entries(EXIT_CODES).find(([, code]) => code === exit);
  return (found?.[0] ?? 'bug') as ErrorCode;
}

/** What stands in the way, a sentence for each problem, the last with the hint: for whoever tells it beside other problems. */
export function sentencesOf({ problems, message, hint }: SoraError): readonly string[] {
  const all = problems.length > 0 ? problems : [message];
  return all.map((text, index) => (index === all.length - 1 && hint !== undefined ? `${text} ${hint}` : text));
}
