/** Requests that ask for the same in other words: one says what was resolved for the other, which leaves it out. Pure. */
import { type Ask, type AskedCharacter, canonicalJson, type FamilyOf } from './fingerprint.ts';
import { isTakenBack, type Take } from './fold.ts';

/** What a text asks for, and what would be sent for it now. */
export interface AskedText {
  readonly fp: string;
  readonly ask: Ask;
  readonly sent: { readonly model?: string | undefined; readonly seconds: number; readonly size: string };
  /** By the names of its cast, the ids by which hosts know them. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Of the takes of one scene the one whose text asks for the same: equal but for model, length or size, where one of the two says
 * what was sent for the other, and for somebody who was known by an id alone and has got a clip or pictures since. Undefined where a take has this very text, or none has an equal one.
 */
export function findEqual(takes: readonly Take[], text: AskedText, familyOf: FamilyOf): Take | undefined {
  const own = takes.filter((take) => !isTakenBack(take));
  if (own.some(({ fp }) => fp === text.fp)) return undefined;
  const equal = own.filter((take) => isEqual(take, text, familyOf));
  return equal.findLast(({ state }) => state === 'done') ?? equal.at(-1);
}

function isEqual(take: Take, { ask, sent, ids }: AskedText, familyOf: FamilyOf): boolean {
  if (!take.ask || wishOf({ ...take.ask, cast: asCastNow(take.ask.cast, ask.cast, ids) }) !== wishOf(ask)) return false;
  const family = (model: string | undefined): string | undefined => (model === undefined ? undefined : familyOf(model));
  return (
    isSame([family(take.ask.model), family(ask.model)], [family(take.model), family(sent.model)]) &&
    isSame([take.ask.seconds, ask.seconds], [take.seconds, sent.seconds]) &&
    isSame([take.ask.size, ask.size], [take.size, sent.size])
  );
}

/** Who has that id still is the same: what a model is sent of them does not change by what else is known of them here. */
function asCastNow(
  before: readonly AskedCharacter[],
  now: readonly AskedCharacter[],
  ids: AskedText['ids'],
): readonly AskedCharacter[] {
  return before.map((one) => {
    if (!('value' in one) || !ids.get(one.name)?.has(one.value)) return one;
    return now.find(({ name }) => name === one.name) ?? one;
  });
}

/** What both leave out is equal; what one of them leaves out is what was sent for the one and would be sent for the other. */
function isSame<T>([before, now]: readonly [T, T], [was, is]: readonly [T, T]): boolean {
  return before === now || ((before === undefined || now === undefined) && was !== undefined && was === is);
}

function wishOf({ model: _model, seconds: _seconds, size: _size, ...rest }: Ask): string {
  return canonicalJson(rest);
}

/**
 * Whether their host cannot tell the videos of two requests apart, by what was sent: whatever they left out, and whoever is cast.
 * What nobody knows may be equal.
 */
export function mayBeTakenFor(a: Take, b: Take, familyOf: FamilyOf): boolean {
  const [one, other] = [a, b].map((take) => sentOf(take, familyOf));
  return a.baseUrl === b.baseUrl && [0, 1, 2, 3].every((at) => isSameIfKnown(one?.[at], other?.[at]));
}

function sentOf({ ask, model, seconds, size }: Take, familyOf: FamilyOf): readonly (string | undefined)[] {
  const sent = model ?? ask?.model;
  const length = seconds ?? ask?.seconds;
  return [ask?.prompt.normalize('NFC'), sent && familyOf(sent), length?.toString(), size ?? ask?.size];
}

function isSameIfKnown(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}
