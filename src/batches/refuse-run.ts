/** What a run of a batch refuses before anything is sent: a person has to say first what is meant. */

import { isInShard } from '../journal/names.ts';
import { refuseElsewhere } from '../journal/refuse-elsewhere.ts';
import type { Slot } from '../journal/state.ts';
import type { TakeLedger } from '../journal/take-ledger.ts';
import type { RunWishes, Shard } from '../shared/batch.ts';
import { problemsError, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { statusCommand } from './given-batch.ts';
import type { PlannedLine } from './plan-batch.ts';
import { slotsOf } from './slots.ts';

export interface RefusalOptions extends RunWishes {
  readonly shard?: Shard;
  readonly file: string;
}

/** How every line stands. Throws `usage` for requests of another file, for ids that are unknown, and for texts that have changed. */
export async function refuseRun(
  ledger: TakeLedger,
  lines: readonly PlannedLine[],
  options: RefusalOptions,
): Promise<ReadonlyMap<string, Slot>> {
  await refuseElsewhere(
    ledger,
    lines.map(({ fp }) => fp),
    { things: 'lines', again: 'To make them again, give the lines other ids.' },
  );
  const slots = await slotsOf(ledger, lines);
  const begun = (await ledger.takes()).map(({ scene }) => scene);
  refuseChanged(lines, { slots, begun }, options);
  return slots;
}

/** Ids of which something was made whose text is another now, and none of this text. */
function refuseChanged(
  lines: readonly PlannedLine[],
  { slots, begun }: { slots: ReadonlyMap<string, Slot>; begun: readonly string[] },
  { changed, shard, file, resend, anew }: RefusalOptions,
): void {
  const known = new Set([...lines.map(({ line }) => line.id), ...begun]);
  const present = new Set(lines.map(({ line }) => line.id));
  const strange = [...resend.filter((id) => !known.has(id)), ...anew.filter((id) => !present.has(id))];
  if (strange.length > 0) {
    throw new SoraError('usage', `${file} has no line with the id ${strange.join(', ')}.`, {
      hint: `See the ids: ${statusCommand(file)}`,
    });
  }
  const other = lines.filter(
    ({ line }) => isInShard(line.id, shard) && slots.get(line.id)?.isOtherText === true && !anew.includes(line.id),
  );
  if (changed || other.length === 0) return;
  throw problemsError(
    'usage',
    other.map(({ line }) => `Line ${line.number} (${line.id}) asks for something else than when it was made.`),
    {
      hint: `Nothing was sent. To make them by their new text, beside what is there: add ${option('changed')}. To keep what is there, undo the change, or give the line another id.`,
    },
  );
}
