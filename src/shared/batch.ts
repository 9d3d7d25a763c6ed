/** Batches, as the command line and the use cases both know them: parts of a file, and what is done unless told otherwise. */

/** The `index`-th of `count` parts, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Requests under way at once: more than most hosts take of one account. */
export const DEFAULT_JOBS = 4;

/** More requests of one line after failures that pass, in one run. */
export const DEFAULT_RETRIES = 2;

/** A person's word on a line of unknown fate. */
export interface Adoption {
  /** Of the line. */
  readonly id: string;
  /** The host's id of the video that it has made; undefined for none that the host lists. */
  readonly videoId: string | undefined;
}

/** What a person asks for besides the file. */
export interface RunWishes {
  /** Makes lines whose text has changed. */
  readonly changed: boolean;
  readonly resend: readonly string[];
  readonly anew: readonly string[];
  readonly adopt: readonly Adoption[];
}
