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
