/**
 * What is true of one scene or line now, out of its takes: derived whenever it is read, never stored. The first state
 * that applies is the one. Pure.
 */
import { isTakenBack, type Take } from './fold.ts';

export type SlotState =
  | 'unreadable'
  | 'unknown'
  | 'open'
  | 'failed'
  | 'missing'
  | 'changed'
  | 'short'
  | 'absent'
  | 'chosen';

/** Where the file of a take that is done is: here with its bytes, not here, or other bytes under its name. */
export type Presence = 'here' | 'absent' | 'other';

export interface SlotInput {
  /** All takes of the scene, of whatever text. */
  readonly takes: readonly Take[];
  /** Of the present text; undefined for a scene that is no longer in the file. */
  readonly fp: string | undefined;
  /** How many takes are wanted. */
  readonly wanted: number;
  presenceOf(take: Take): Presence;
  /** Whether the process that sends it is known to live: its answer may yet come. */
  isAlive(take: Take): boolean;
  /** Whether this account has been told that the host knows no such job. */
  isInvisible?(take: Take): boolean;
}

export interface Slot {
  readonly state: SlotState;
  /** Of the product, for this scene alone. */
  readonly exit: number;
  /** The take that counts; undefined while there is none. */
  readonly chosen: Take | undefined;
  /** How many requests a run would send. */
  readonly need: number;
  /** Of the present text: done, open and unknown ones. */
  readonly current: readonly Take[];
  readonly failed: readonly Take[];
  readonly unknown: readonly Take[];
  readonly open: readonly Take[];
  /** True where it has takes, and none of them of this text. */
  readonly isOtherText: boolean;
}

/** Asked again by a run as a new take: nothing was made, or the host calls the failure one that passes. */
export function mayAskAgain({ failed }: Pick<Take, 'failed'>): boolean {
  if (!failed) return true;
  return failed.exit !== 11 && (failed.retryable || failed.made === 'no');
}

export function slotOf({ takes, fp, wanted, presenceOf, isAlive, isInvisible }: SlotInput): Slot {
  const own = takes.filter((take) => !isTakenBack(take));
  const same = own.filter((take) => take.fp === fp);
  const current = same.filter(({ state }) => state !== 'failed');
  const failed = same.filter(({ state, closed }) => state === 'failed' && !closed);
  const asked = own.filter(({ state }) => state === 'asked');
  const unknown = asked.filter((take) => take.remoteId === undefined && !isAlive(take));
  const open = asked.filter((take) => !unknown.includes(take));
  const done = current.filter(({ state }) => state === 'done').toReversed();
  const chosen = done.find((take) => presenceOf(take) === 'here') ?? done[0];
  const stops = failed.filter((take) => !mayAskAgain(take));
  const need = fp === undefined ? 0 : Math.max(0, wanted - current.length - stops.length);
  const isOtherText = fp !== undefined && own.length > 0 && same.length === 0;
  const short = fp !== undefined && current.length < wanted;
  const of = (state: SlotState, exit: number): Slot => ({
    ...{ state, exit, chosen, need, current, failed, unknown, open, isOtherText },
  });
  if (chosen && presenceOf(chosen) === 'other') return of('unreadable', 12);
  if (unknown.length > 0) return of('unknown', 7);
  if (open.length > 0) return of('open', open.some((take) => isInvisible?.(take) === true) ? 4 : 8);
  if (short && !chosen && failed.length > 0) return of('failed', worstOf(failed));
  if (need > 0)
    return of(own.length === 0 ? 'missing' : done.length > 0 ? 'short' : isOtherText ? 'changed' : 'missing', 8);
  if (chosen && presenceOf(chosen) === 'absent') return of('absent', 9);
  return of('chosen', 0);
}

/** A policy refusal outweighs another. */
export function worstOf(failed: readonly Take[]): number {
  const exits = failed.flatMap((take) => take.failed?.exit ?? []);
  return exits.includes(11) ? 11 : (exits.at(-1) ?? 5);
}
