/** What every run of ffmpeg shares: how it is ended, and how its failure is told. */
import { SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';

/** SIGTERM lets ffmpeg leave; a decoder that hangs gets SIGKILL after this. */
export const KILL_AFTER_MS = 2000;

/** Throws what the abort stands for: its own reason where that is ours, else `interrupted`. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof SoraError) throw signal.reason;
  throw new SoraError('interrupted', 'Interrupted.', { cause: signal.reason });
}

/** ffmpeg's first complaints, which are the specific ones, in one short line, without its advice to whoever types its options. */
export function firstWords(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => withoutAdvice(line.replace(/^(?:\[[^\]]*\]\s*)+/, '')).trim())
    .filter((line) => line !== '' && !NOISE.test(line));
  return oneLine([...new Set(lines)].slice(0, 2).join('; '), 200).replace(/[.\s]+$/, '') || 'ffmpeg gave no reason';
}

/**
 * A sentence or a clause that tells a user of ffmpeg what to do, to the end of its line: which option to change, where to
 * report it, or which version to get.
 */
const ADVICE =
  /(?:^|[.,;:!?]\s+|\()(?:if you (?:want|need|are|think)\b|(?:(?:you (?:can|may|might|should|need to|could)|please|alternatively,?|also,?) )?(?:(?:try|consider) \w+ing|add|choose|consider|enable|increase|install|raise|reduce|set (?:the|a|\w+ option)|specify|try|update|upgrade|use)\b(?! of\b)|please\b|the recommended\b|patches (?:are )?welcome|this is a bug, please).*$/i;

function withoutAdvice(line: string): string {
  return line.replace(ADVICE, '');
}

const NOISE =
  /^(?:Conversion failed|Last message repeated|Task finished with error|Terminating thread|Stream mapping|Press \[q\]|\w+=)/;

/**
 * Signals by which a program ends that has run into its own fault: a damaged file did that, not the machine. An instruction
 * or a call that the machine does not have (SIGILL, SIGSYS) is the machine's.
 */
const CRASHES = /\bSIG(?:ABRT|SEGV|BUS|FPE|TRAP)\b/;

/** That ffmpeg crashed, to follow a colon; undefined for every other end. Takes the name of a signal, or words with it. */
export function crashWords(ended: string | undefined): string | undefined {
  const signal = CRASHES.exec(ended ?? '')?.[0];
  return signal && `ffmpeg crashed on it (${signal})`;
}

/** `machine`: ffmpeg was ended from outside, which says nothing about the clip. */
export function endedError(how: string, cause?: unknown): SoraError {
  return new SoraError('machine', `ffmpeg ended early: ${how}.`, {
    hint: 'The system may have stopped it for lack of memory. Try again, or see: sora doctor',
    cause,
  });
}

/** The program of a run is not there, or may not be run. Throws `machine` then. */
export function requireStarted(result: {
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
  readonly cause?: unknown;
}): void {
  if (result.exitCode !== undefined || !result.code) return;
  throw new SoraError('machine', `ffmpeg could not be started: ${result.code}.`, {
    hint: 'See what is wrong with it: sora doctor',
    cause: result.cause,
  });
}

/** The machine's own troubles, as ffmpeg words them; undefined when it is the clip's. */
export function machineProblem(stderr: string): SoraError | undefined {
  const trouble = TROUBLES.find(({ words }) => words.test(stderr));
  return trouble && new SoraError('machine', trouble.message, { hint: trouble.hint });
}

const TROUBLES: readonly { words: RegExp; message: string; hint: string }[] = [
  {
    words: /No space left on device|Disk quota exceeded/,
    message: 'The disk is full.',
    hint: 'Free some space and try again.',
  },
  {
    // ffmpeg also says "Operation not permitted" of a decoder that cannot be opened; here it is said of a file.
    words: /Permission denied|Read-only file system|^[^\n/]*\/[^\n]*: Operation not permitted/m,
    message: 'ffmpeg may not read or write a file here.',
    hint: 'Check the permissions of the clip and of the folder that is written to.',
  },
  {
    words: /Cannot allocate memory|Out of memory/,
    message: 'There is not enough memory.',
    hint: 'Close other programs, or give a smaller clip. A damaged one may ask for any amount.',
  },
  {
    words:
      /(?:Unknown|Unrecognized) encoder|Encoder not found|No such filter|Unknown bitstream filter|Unrecognized option/,
    message: 'This build of ffmpeg lacks a part that is needed: libx264, AAC and the usual filters.',
    hint: 'Install a full build (for example: npm install -g ffmpeg-static) or point SORA_FFMPEG at one.',
  },
];
