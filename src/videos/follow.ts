/** Following a job to its end. */

export interface FollowFlags {
  readonly output?: string;
  /** Seconds, for the whole command. */
  readonly timeout: number;
  /** Seconds. */
  readonly pollInterval?: number;
  readonly force: boolean;
  readonly allowDrift: boolean;
  /** Options that were typed and only mean something to a wait, as they were typed. */
  readonly waitOnly?: readonly string[];
}
