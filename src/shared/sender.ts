/** The process that sends a request: whether it still lives can be told on its own machine. */

export interface Sender {
  /** Of this machine since it was started; another text on every other. */
  readonly machine: string;
  readonly pid: number;
  /** When it was started, in the machine's own terms; absent where that cannot be learned. */
  readonly startedAt?: string;
}
