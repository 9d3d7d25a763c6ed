/** Every line of a batch as the request that it would be: planned, fingerprinted and priced before anything leaves. */

import { requireCharacter } from '../characters/find.ts';
import type { NamedRegistration } from '../characters/register-cast.ts';
import { askedCharacter } from '../journal/asked-cast.ts';
import { type Ask, type FamilyOf, fingerprintAsk } from '../journal/fingerprint.ts';
import { modelFamilies } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Character } from '../shared/character.ts';
import { isSoraError, sentencesOf } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import type { Cost } from '../shared/money.ts';
import { checkOrder, type OrderOptions } from '../videos/check-order.ts';
import { chooseSize, type FittedInput, sizeWishOf, type VideoInput } from '../videos/choose-size.ts';
import { copyNotes, missingOf, planAnew, planVideo, type VideoOrder, type VideoPlan } from '../videos/plan.ts';
import { namesInPrompt } from '../videos/prompt.ts';
import { createQuotes } from '../videos/quote.ts';
import { defaultModelFor } from '../videos/refuse-cast.ts';
import type { Workspace } from '../workspace.ts';
import type { BatchLine } from './line.ts';
import { inLineWords } from './line-words.ts';
import { type PlaceOptions, type Places, placesOf } from './places.ts';
import { problemAt } from './read-batch.ts';

export interface PlannedLine {
  readonly line: BatchLine;
  readonly ask: Ask;
  readonly fp: string;
  /** Without the bytes of its picture. */
  readonly input: FittedInput;
  readonly model: string | undefined;
  /** Where its video goes, absolute. */
  readonly wanted: string;
  /** Of one request; undefined where nobody knows. */
  readonly cost: Cost | undefined;
  /** Of the characters, those whom the host does not know yet. */
  readonly missing: readonly string[];
}

export interface BatchPlan {
  readonly lines: readonly PlannedLine[];
  readonly provider: Provider;
  readonly problems: readonly string[];
  readonly missing: readonly NamedRegistration[];
  /** What would be made of their clips first, a sentence each. */
  readonly copies: readonly string[];
  /** What may go wrong, a sentence each. */
  readonly doubts: readonly string[];
}

export interface PlanBatchOptions extends PlaceOptions, OrderOptions {
  /** What problems call the file. */
  readonly name: string;
  /** With whose key the host may be asked for prices; it is not asked unless given. */
  readonly ask?: Purpose | undefined;
  readonly purpose: Purpose;
}

/** Plans every line and gathers what is wrong with any. Throws what choosing the host throws, and what is wrong with this machine. */
export async function planBatch(
  workspace: Workspace,
  lines: readonly BatchLine[],
  options: PlanBatchOptions,
): Promise<BatchPlan> {
  const { name, purpose } = options;
  const provider = await workspace.provider(purpose);
  const { model } = await workspace.connection(purpose);
  const places = await placesOf(lines, options);
  const familyOf = await modelFamilies();
  const problems: { number: number; text: string }[] = [...places.problems];
  const doubts = new Set<string>();
  const planned: PlannedLine[] = [];
  const plans: VideoPlan[] = [];
  const quiet = { ...workspace, reporter: { ...workspace.reporter, note() {} } };
  const quoteOf = createQuotes(quiet, options.ask);
  for (const line of lines) {
    try {
      const order = await orderOf(quiet, line, { provider, model: line.model ?? model, places, purpose });
      for (const doubt of await checkOrder(quiet, order, options)) doubts.add(doubt);
      const plan = await planVideo(quiet, order);
      const ask = askOf(line, { input: order.input, plan, familyOf });
      const { input } = plan.order;
      const cost = await quoteOf(plan);
      plans.push(plan);
      planned.push({
        ...{ line, ask, fp: fingerprintAsk(ask), input, model: order.model, cost },
        wanted: places.outputs.get(line.id) ?? '',
        missing: plan.missing.map(({ character }) => character.name),
      });
    } catch (error) {
      if (!isSoraError(error) || !(error.code === 'usage' || error.code === 'clip')) throw error;
      for (const text of sentencesOf(error)) problems.push({ number: line.number, text: inLineWords(text) });
    }
  }
  for (const doubt of await uncast(workspace, lines)) doubts.add(doubt);
  return {
    ...{ lines: planned, provider, missing: missingOf(plans), copies: copyNotes(plans), doubts: [...doubts] },
    problems: problems
      .toSorted((a, b) => a.number - b.number)
      .map(({ number, text }) => problemAt({ name, number }, text)),
  };
}

async function orderOf(
  workspace: Workspace,
  line: BatchLine,
  {
    provider,
    model,
    places,
    purpose,
  }: { provider: Provider; model: string | undefined; places: Places; purpose: Purpose },
): Promise<VideoOrder> {
  const characters: Character[] = [];
  for (const name of line.characters) {
    const character = await requireCharacter(workspace, name, { mayBeNew: true });
    if (!characters.some((one) => one.name === character.name)) characters.push(character);
  }
  for (const id of line.characterIds) characters.push(await characterOfId(workspace, id));
  const { prompt, seconds, size, aspect, framing, id } = line;
  const reference = places.references.get(id);
  const sizeWish = sizeWishOf({ size, aspect });
  const input: VideoInput = {
    ...{ prompt, characters, seconds, sizeWish },
    size: chooseSize(sizeWish, characters[0]),
    ...(reference !== undefined && { reference }),
    ...(framing && { framing }),
  };
  const named = model ?? (await defaultModelFor({ input, provider }));
  return { input, provider, model: named, inject: true, isPreview: purpose === 'preview' };
}

async function characterOfId(workspace: Workspace, id: string): Promise<Character> {
  const { records } = await (await workspace.characters()).list();
  const found = records.find(({ registrations }) => registrations.some(({ value }) => value === id));
  return found ?? requireCharacter(workspace, id);
}

/** What the line asks for, in terms of no host; what it leaves out is left out. */
function askOf(
  line: BatchLine,
  { input, plan, familyOf }: { input: VideoInput; plan: VideoPlan; familyOf: FamilyOf },
): Ask {
  const { id, prompt, model, seconds, size, aspect, framing } = line;
  return {
    ...{ v: 1, id, prompt },
    ...(model !== undefined && { model: familyOf(model) }),
    ...(seconds !== undefined && { seconds }),
    ...((size ?? aspect) !== undefined && { size: formatSize(input.size) }),
    cast: input.characters.map((character) => askedCharacter(character, plan.order.provider)),
    ...(plan.reference && { reference: { sha256: plan.reference.record.sha256 } }),
    ...(framing && { framing }),
  };
}

const MOST_NAMED = 5;

/** Lines that say names of the cast and have none of them as a character. */
async function uncast(workspace: Workspace, lines: readonly BatchLine[]): Promise<readonly string[]> {
  const { records } = await (await workspace.characters()).digests();
  const names = records.map(({ name }) => name);
  if (names.length === 0) return [];
  const by = new Map<string, string[]>();
  for (const { id, prompt, characters } of lines) {
    for (const name of namesInPrompt(prompt.normalize('NFC'), names)) {
      if (!characters.includes(name)) by.set(name, [...(by.get(name) ?? []), id]);
    }
  }
  return [...by].map(([name, ids]) => {
    const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
    return `${ids.length === 1 ? 'One line says' : `${ids.length} lines say`} ${name}, who is in your cast, without "characters": ${ids.slice(0, MOST_NAMED).join(', ')}${more}.`;
  });
}

/** The plan of one line right before it leaves, with everybody registered. Throws `usage` when its picture is another by now. */
export async function planLine(
  workspace: Workspace,
  { input, model, ask }: PlannedLine,
  provider: Provider,
): Promise<{ readonly plan: VideoPlan; readonly isOther: boolean }> {
  const plan = await planAnew(workspace, { input, provider, model, inject: true });
  const sent = ask.reference && 'sha256' in ask.reference ? ask.reference.sha256 : undefined;
  return { plan, isOther: plan.reference?.record.sha256 !== sent };
}
