/** Lines that ask for what was sent for them before, in other words: they keep the fingerprint of what is there. Pure. */
import { idsOf } from '../journal/asked-cast.ts';
import { findEqual } from '../journal/equal-ask.ts';
import type { FamilyOf } from '../journal/fingerprint.ts';
import { type Take, takesByScene } from '../journal/fold.ts';
import { formatSize } from '../shared/geometry.ts';
import type { PlannedLine } from './plan-batch.ts';

export interface EqualLines {
  /** All lines, in their order. */
  readonly lines: readonly PlannedLine[];
  /** The ids of those whose text is another than that of the take that they have. */
  readonly equal: ReadonlySet<string>;
}

export function asAskedBefore(lines: readonly PlannedLine[], takes: readonly Take[], familyOf: FamilyOf): EqualLines {
  const scenes = takesByScene(takes);
  const equal = new Set<string>();
  const all = lines.map((planned) => {
    const { line, fp, ask, input, model } = planned;
    const sent = { model, seconds: input.seconds, size: formatSize(input.size) };
    const take = findEqual(scenes.get(line.id) ?? [], { fp, ask, sent, ids: idsOf(input.characters) }, familyOf);
    if (!take?.ask) return planned;
    equal.add(line.id);
    return { ...planned, fp: take.fp, ask: take.ask };
  });
  return { lines: all, equal };
}
