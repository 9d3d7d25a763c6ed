/** What the journals say of the takes of lines, and whether a run sends something for them. */
import type { Slot } from '../journal/state.ts';
import type { TakeLedger } from '../journal/take-ledger.ts';
import type { RunWishes } from '../shared/batch.ts';
import type { PlannedLine } from './plan-batch.ts';

/** By their ids. */
export function slotsOf(ledger: TakeLedger, lines: readonly PlannedLine[]): Promise<Map<string, Slot>> {
  return ledger.slots(new Map(lines.map(({ line, fp }) => [line.id, { fp, wanted: 1 }])));
}

/** Whether a run sends something for a line, with what a person asks for besides. */
export function willSend(
  slot: Slot | undefined,
  id: string,
  { resend, anew, adopt }: Omit<RunWishes, 'changed'>,
): boolean {
  if (!slot) return false;
  const givenUp = [...resend, ...adopt.filter(({ videoId }) => videoId === undefined).map((one) => one.id)];
  return slot.need > 0 || anew.includes(id) || (slot.unknown.length > 0 && givenUp.includes(id));
}

/** Of an id that the file no longer has: nothing is wanted of it but what was begun. */
export function slotOfStray(ledger: TakeLedger, id: string): Promise<Slot> {
  return ledger.slot(id, { fp: undefined, wanted: 0 });
}
