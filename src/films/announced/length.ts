/** What a file of sound says of its length. Plain data. */

export interface AnnouncedLength {
  readonly seconds: number;
  /** By how many seconds a whole file may be shorter: what encoders add before and behind the sound. */
  readonly slack: number;
  /** Seconds whose bytes are in the file, where they can be counted. */
  readonly stored?: number;
}

/** A file that is cut off for certain, although nobody knows how much of it is missing. */
export interface IncompleteFile {
  /** What is missing: a sentence without its full stop, to follow a colon. */
  readonly lacks: string;
}
