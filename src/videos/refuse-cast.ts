/** Characters that a model does not take: why, and which model would take them. */

import { type FittedCast, fitCast } from '../characters/fit-cast.ts';
import { type HostName, hostTitle, PROVIDERS } from '../providers/index.ts';
import type { ProviderLimits } from '../providers/limits.ts';
import type { ModelFacts } from '../providers/models.ts';
import { ratioOf, shortSideOf } from '../providers/ratios.ts';
import { mostCharacters } from '../providers/references.ts';
import type { Character } from '../shared/character.ts';
import { problemsError, SoraError } from '../shared/errors.ts';
import { orientationOf } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { listOf, oneLine, shellCommand, shellOption, shellPhrase } from '../shared/text.ts';
import type { VideoOrder } from './plan.ts';

type Asked = Omit<VideoOrder, 'inject'>;

/** The refusal (`usage`) of characters that the model cannot take, whatever is made of their clips; undefined where there is none. */
export async function refusedCast(order: Asked, limits: ProviderLimits): Promise<SoraError | undefined> {
  const { input, model } = order;
  const { characters, size } = input;
  const { characterInputs } = limits;
  const { problems, isTooMany } = fitCast(characters, characterInputs, orientationOf(size));
  if (isTooMany) return tooMany(order, mostCharacters(characterInputs));
  if (problems.length === 0) return undefined;
  const told = problems.map((problem) =>
    model === undefined ? problem : `${model} does not take this cast: ${problem}`,
  );
  const taker = await modelThatTakes(order);
  const hints = [
    ...(taker === undefined ? [] : [`Use a model that takes it, such as ${taker}.`]),
    ...remakeHint(order, limits),
  ];
  return problemsError('usage', told, hints.length > 0 ? { hint: hints.join(' ') } : {});
}

async function tooMany(order: Asked, most: number): Promise<SoraError> {
  const { input, model, provider } = order;
  const taker = await modelThatTakes(order);
  const hint = taker
    ? `Leave some out, or use a model that takes them, such as ${taker}.`
    : `Leave some out, or choose another model with ${option('model')}: sora provider models ${provider.name}`;
  const names = listOf(input.characters.map(({ name }) => name));
  const at = provider.backend ?? hostTitle(provider);
  if (most === 0)
    return new SoraError('usage', `${model ?? at} takes no characters: it would leave out ${names}.`, { hint });
  const count = input.characters.length;
  return new SoraError('usage', `${at} takes at most ${most} characters in a video, not ${count}: ${names}.`, { hint });
}

/** How to get a clip that is long enough, where one is too short. */
function remakeHint({ input: { characters } }: Asked, { characterInputs: [best] }: ProviderLimits): readonly string[] {
  const least = best && best.mode !== 'image' ? (best.clips.seconds?.least ?? 0) : 0;
  const short = characters.find(({ clip }) => clip !== undefined && clip.master.seconds < least);
  if (!short?.clip) return [];
  const again = shellCommand(
    'sora character create',
    ['<clip>'],
    [shellOption('name', shellPhrase(short.name)), `${option('duration')} ${least} ${option('force')}`],
  );
  return [`Or make a longer clip of ${short.name}, from ${oneLine(short.clip.source.fileName, 100)}: ${again}`];
}

/**
 * The flags that name a model which takes the cast and makes such a video: of the same host if there is one. Of people only one
 * that takes people, and so where `people` says that the cast shows some.
 */
export async function modelThatTakes(
  { input, provider, model }: Asked,
  { people = input.characters.some(isPerson) }: { readonly people?: boolean } = {},
): Promise<string | undefined> {
  const names = Object.keys(PROVIDERS).filter((name): name is HostName => name !== 'sandbox');
  const own = provider.name;
  for (const name of [own, ...names.filter((one) => one !== own)] as readonly HostName[]) {
    const models = await PROVIDERS[name].models();
    const found = models.find((one) => one.id !== model && isLiving(one, people) && makes(one, input));
    if (!found) continue;
    const flags = `${option('model')} ${found.id}`;
    return name === own ? flags : `${option('provider')} ${name} ${flags}`;
  }
  return undefined;
}

function isLiving({ retired, people: takesPeople }: ModelFacts, people: boolean): boolean {
  return retired === undefined && !(people && takesPeople === false);
}

export function isPerson({ kind }: Pick<Character, 'kind'>): boolean {
  return kind === 'person';
}

/** Sent where nobody names a model: the host's default, or for people its first that takes them and makes such a video. */
export async function defaultModelFor({
  input,
  provider,
}: Pick<Asked, 'input' | 'provider'>): Promise<string | undefined> {
  const { name, defaultModel } = provider;
  if (!isHostName(name) || !input.characters.some(isPerson)) return defaultModel;
  const models = await PROVIDERS[name].models();
  if (models.find(({ id }) => id === defaultModel)?.people !== false) return defaultModel;
  return models.find((one) => isLiving(one, true) && makes(one, input))?.id ?? defaultModel;
}

function isHostName(name: string): name is HostName {
  return Object.hasOwn(PROVIDERS, name);
}

function makes({ characterInputs, sizes, seconds }: ModelFacts, { characters, size, seconds: wanted }: Asked['input']) {
  const isOfSize = sizes.some((one) => ratioOf(one) === ratioOf(size) && shortSideOf(one) === shortSideOf(size));
  return (
    (sizes.length === 0 || isOfSize) &&
    (wanted === undefined || seconds.length === 0 || seconds.includes(wanted)) &&
    isFitting(fitCast(characters, characterInputs, orientationOf(size)))
  );
}

function isFitting({ problems, isTooMany }: FittedCast): boolean {
  return problems.length === 0 && !isTooMany;
}
