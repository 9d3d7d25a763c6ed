/** Every scene as the request that it would be: cast, checked and priced before anything leaves. Asks no host but for its price. */
import { requireCharacter } from '../characters/find.ts';
import { hashFile, hashText } from '../disk/hash.ts';
import { askedCharacter, idsOf } from '../journal/asked-cast.ts';
import { type AskedText, findEqual } from '../journal/equal-ask.ts';
import { type Ask, type AskedCharacter, type FamilyOf, fingerprintAsk } from '../journal/fingerprint.ts';
import type { Take } from '../journal/fold.ts';
import { modelFamilies } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Character } from '../shared/character.ts';
import { isSoraError, sentencesOf } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import type { Cost } from '../shared/money.ts';
import { listOf } from '../shared/text.ts';
import { checkOrder, type OrderOptions } from '../videos/check-order.ts';
import { chooseSize, DEFAULT_SECONDS, sizeWishOf } from '../videos/choose-size.ts';
import { planVideo, type VideoOrder, type VideoPlan } from '../videos/plan.ts';
import { namesInPrompt } from '../videos/prompt.ts';
import { createQuotes } from '../videos/quote.ts';
import { defaultModelFor } from '../videos/refuse-cast.ts';
import type { Workspace } from '../workspace.ts';
import { blankPicture } from './blank-picture.ts';
import { inFilmWords } from './film-words.ts';
import { chainOf, type NamedFile, type Scene, type Storyboard } from './storyboard.ts';

export interface PlannedScene {
  readonly scene: Scene;
  /** The id of the first scene of its chain. */
  readonly chain: string;
  /** What it asks for, but for the picture of the scene that it continues. */
  readonly ask: Ask;
  /** Undefined where it cannot be sent from here: `problems` say why. */
  readonly order: VideoOrder | undefined;
  readonly plan: VideoPlan | undefined;
  /** Of one take; undefined where nobody knows. */
  readonly cost: Cost | undefined;
  /** What stands in the way of sending it, sentences. */
  readonly problems: readonly string[];
}

export interface FilmPlan {
  /** In the order of the film. */
  readonly scenes: readonly PlannedScene[];
  readonly provider: Provider;
  /** What may go wrong, a sentence each. */
  readonly doubts: readonly string[];
}

export interface PlanScenesOptions extends OrderOptions {
  /** Of every scene that was ever asked for: who was in it, as it was asked for. */
  readonly takes: readonly Take[];
  /** With whose key the host may be asked for prices; it is not asked unless given. */
  readonly ask?: Purpose | undefined;
  readonly purpose: Purpose;
}

/** Throws what choosing the host throws, and what is wrong with this machine; what is wrong with a scene is in its plan. */
export async function planScenes(
  workspace: Workspace,
  board: Storyboard,
  options: PlanScenesOptions,
): Promise<FilmPlan> {
  const { purpose } = options;
  const provider = await workspace.provider(purpose);
  const { model } = await workspace.connection(purpose);
  const quiet = { ...workspace, reporter: { ...workspace.reporter, note() {} } };
  const quoteOf = createQuotes(quiet, options.ask);
  const { records } = await (await workspace.characters()).digests();
  const cast = records.map(({ name }) => name);
  const familyOf = await modelFamilies();
  const doubts = new Set<string>();
  const scenes: PlannedScene[] = [];
  for (const scene of board.scenes) {
    const { people, problems } = await castOf(quiet, scene, { cast, provider, takes: options.takes });
    const characters = people.flatMap(({ character }) => character ?? []);
    const size = chooseSize(sizeWishOf(scene), characters[0]);
    const input: VideoOrder['input'] = {
      ...{ prompt: scene.prompt, characters, seconds: scene.seconds, size, sizeWish: sizeWishOf(scene) },
      ...(scene.reference && { reference: scene.reference.path }),
      ...(scene.framing && { framing: scene.framing }),
    };
    const named = scene.model ?? model ?? (await defaultModelFor({ input, provider }));
    const order: VideoOrder = { input, provider, model: named, inject: true, isPreview: purpose === 'preview' };
    const { plan, ...checked } = await check(quiet, order, { scene, isWhole: problems.length === 0, options });
    for (const doubt of checked.doubts) doubts.add(doubt);
    const picture = plan?.reference?.record.sha256 ?? (await hashOf(scene.reference));
    const all = [...problems, ...checked.problems];
    const ask = askOf(scene, { cast: people.map(({ asked }) => asked), picture, familyOf });
    const asked = plan?.order.input ?? { size, seconds: scene.seconds ?? DEFAULT_SECONDS };
    const sent = { model: order.model, seconds: asked.seconds, size: formatSize(asked.size) };
    scenes.push({
      ...{ scene, chain: chainOf(board, scene.id), problems: all },
      ask: inEarlierWords(ask, { scene, takes: options.takes, sent, ids: idsOf(characters), familyOf }),
      ...{ order: all.length === 0 ? order : undefined, plan: all.length === 0 ? plan : undefined },
      cost: plan && (await quoteOf(plan)),
    });
  }
  for (const doubt of chainDoubts(scenes, familyOf)) doubts.add(doubt);
  return { scenes, provider, doubts: [...doubts] };
}

/** The scenes by their texts alone: what they ask for, without a host, a price, or a request that could be sent. */
export async function readScenes(
  workspace: Workspace,
  board: Storyboard,
  { takes }: Pick<PlanScenesOptions, 'takes'>,
): Promise<readonly PlannedScene[]> {
  const { records } = await (await workspace.characters()).digests();
  const cast = records.map(({ name }) => name);
  const familyOf = await modelFamilies();
  return Promise.all(
    board.scenes.map(async (scene): Promise<PlannedScene> => {
      const { people } = await castOf(workspace, scene, { cast, provider: undefined, takes });
      const ask = askOf(scene, {
        cast: people.map(({ asked }) => asked),
        picture: await hashOf(scene.reference),
        familyOf,
      });
      const characters = people.flatMap(({ character }) => character ?? []);
      const size = chooseSize(sizeWishOf(scene), characters[0]);
      const sent = { model: scene.model, seconds: scene.seconds ?? DEFAULT_SECONDS, size: formatSize(size) };
      const nothing = { order: undefined, plan: undefined, cost: undefined, problems: [] };
      return {
        scene,
        chain: chainOf(board, scene.id),
        ask: inEarlierWords(ask, { scene, takes, sent, ids: idsOf(characters), familyOf }),
        ...nothing,
      };
    }),
  );
}

/** What the scene asks for, in terms of no host; what it leaves out is left out. */
function askOf(
  { prompt, model, seconds, size, framing }: Scene,
  { cast, picture, familyOf }: { cast: readonly AskedCharacter[]; picture: string | undefined; familyOf: FamilyOf },
): Ask {
  return {
    ...{ v: 1, prompt },
    ...(model !== undefined && { model: familyOf(model) }),
    ...(seconds !== undefined && { seconds }),
    ...(size && { size: formatSize(size) }),
    cast,
    ...(picture !== undefined && { reference: { sha256: picture } }),
    ...(framing && { framing }),
  };
}

/** The words of an earlier take of the scene, where the present ones only say what was sent for it, or leave that out again. */
function inEarlierWords(
  ask: Ask,
  {
    scene,
    takes,
    familyOf,
    ...text
  }: Pick<AskedText, 'sent' | 'ids'> & {
    readonly scene: Scene;
    readonly takes: readonly Take[];
    readonly familyOf: FamilyOf;
  },
): Ask {
  const own = takes.flatMap((take) => {
    if (take.scene !== scene.id || !take.ask) return [];
    const { reference, ...words } = take.ask;
    // From which take it goes on is no part of its text.
    return reference && 'lastFrameOf' in reference ? { ...take, ask: words, fp: fingerprintAsk(words) } : take;
  });
  return findEqual(own, { fp: fingerprintAsk(ask), ask, ...text }, familyOf)?.ask ?? ask;
}

/** As a job's record has it; undefined for a picture that cannot be read, which is one of the scene's problems. */
async function hashOf(picture: NamedFile | undefined): Promise<string | undefined> {
  if (!picture) return undefined;
  if (/^https:/i.test(picture.path)) return hashText(picture.path);
  return hashFile(picture.path).catch(() => undefined);
}

interface CastMember {
  /** Undefined for somebody who is not on this machine. */
  readonly character: Character | undefined;
  readonly asked: AskedCharacter;
}

/**
 * Those whom the scene names, else those whom its prompt says: of the cast, and of earlier takes of it. Who is not here is
 * told by the journal, so that what is done stays done on a machine without the cast; so is the id that somebody without a
 * clip has, where no host is chosen.
 */
async function castOf(
  workspace: Workspace,
  scene: Scene,
  { cast, provider, takes }: { cast: readonly string[]; provider: Provider | undefined; takes: readonly Take[] },
): Promise<{ readonly people: readonly CastMember[]; readonly problems: readonly string[] }> {
  const earlier = new Map(
    takes
      .filter((take) => take.scene === scene.id)
      .flatMap(({ ask }) => ask?.cast ?? [])
      .map((one) => [one.name, one]),
  );
  const store = await workspace.characters();
  const people: CastMember[] = [];
  const problems: string[] = [];
  for (const name of scene.cast ?? saidIn(scene.prompt, [...new Set([...cast, ...earlier.keys()])])) {
    const character = await store.find(name);
    const asked = (character && askedCharacter(character, provider)) ?? earlier.get(name);
    if (!character) problems.push(await strangerProblem(workspace, name));
    if (asked && !people.some((one) => one.asked.name === asked.name)) people.push({ character, asked });
  }
  return { people, problems };
}

async function strangerProblem(workspace: Workspace, name: string): Promise<string> {
  try {
    await requireCharacter(workspace, name, { mayBeNew: true });
  } catch (error) {
    if (isSoraError(error, 'usage')) return sentencesOf(error).map(inFilmWords).join(' ');
    throw error;
  }
  return `${name} is not here any more.`;
}

/** In the order in which the prompt says them. */
function saidIn(prompt: string, names: readonly string[]): readonly string[] {
  const text = prompt.normalize('NFC');
  return [...namesInPrompt(text, names)].toSorted((a, b) => text.indexOf(a) - text.indexOf(b));
}

async function check(
  workspace: Workspace,
  order: VideoOrder,
  { scene, isWhole, options }: { scene: Scene; isWhole: boolean; options: OrderOptions },
): Promise<{
  readonly plan?: VideoPlan;
  readonly doubts: readonly string[];
  readonly problems: readonly string[];
}> {
  try {
    const doubts = await checkOrder(workspace, order, options);
    const plan = await planVideo(workspace, order);
    // Whether the host takes a first picture at all; which one it is, nobody knows yet.
    if (scene.continues !== undefined && isWhole) {
      await planVideo(workspace, { ...order, input: { ...order.input, reference: blankPicture(order.input.size) } });
    }
    return { plan, doubts, problems: [] };
  } catch (error) {
    if (!isSoraError(error) || !(error.code === 'usage' || error.code === 'clip')) throw error;
    return { doubts: [], problems: sentencesOf(error).map(inFilmWords) };
  }
}

const LONGEST_SHARP_CHAIN = 3;

/** What is known to happen to scenes that continue each other. */
function chainDoubts(scenes: readonly PlannedScene[], familyOf: FamilyOf): readonly string[] {
  const lengths = new Map<string, number>();
  for (const { chain } of scenes) lengths.set(chain, (lengths.get(chain) ?? 0) + 1);
  const soft = [...lengths].filter(([, length]) => length > LONGEST_SHARP_CHAIN);
  const people = scenes.filter(
    ({ scene, ask, order }) =>
      scene.continues !== undefined && ask.cast.length > 0 && familyOf(order?.model ?? '').startsWith('sora'),
  );
  return [
    ...soft.map(
      ([first, length]) =>
        `${length} scenes go on from ${first}, each from the last picture of the one before: pictures become softer. A cut in between keeps them sharp.`,
    ),
    ...(people.length > 0
      ? [
          `${listOf(people.map(({ scene }) => scene.id))} would go on from a picture of people, which hosts of Sora may refuse (exit 11): cut there, or extend the video before it.`,
        ]
      : []),
  ];
}
