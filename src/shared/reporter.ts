/** What use cases say while they work. Only the command line prints; whoever calls a use case decides what is heard. */
import type { SoraError } from './errors.ts';

/** Work that takes a while, with its progress. */
export interface Task {
  /** `fraction` from 0 to 1, when known. A function is asked again every second, for a text that tells the time. */
  update(text: string | (() => string), fraction?: number): void;
  /** Ends the task; the text stays on the screen. */
  done(text: string): void;
  fail(text: string): void;
  /** Ends the task without a trace. */
  stop(): void;
}

export const SILENT_TASK: Task = { update() {}, done() {}, fail() {}, stop() {} };

/** Callbacks, all of which may be called at any time and in any number. Texts may hold what hosts and files say: unclean. */
export interface Reporter {
  note(text: string): void;
  warn(text: string): void;
  /** A step of a long wait as data: `{event: 'created' | 'found' | 'progress', jobId, ...}`. */
  event(event: Readonly<Record<string, unknown>>): void;
  task(text: string): Promise<Task>;
  /** What a forced exit says of work that may have been paid for. */
  error(error: SoraError): void;
}

/** Says nothing. */
export const SILENT: Reporter = { note() {}, warn() {}, event() {}, task: async () => SILENT_TASK, error() {} };
