/** The hosts and their models: what is configured, what they take, and what it costs. */

import type { Context } from '../context.ts';
import { formatUsd, priceBasis } from '../costs/cost.ts';
import { hideUser } from '../http/redact.ts';
import { PROVIDER_NAMES, PROVIDERS, type ProviderName } from '../providers/index.ts';
import type { ModelFacts } from '../providers/models.ts';
import { shortSideOf } from '../providers/ratios.ts';
import {
  type Bounds,
  boundsText,
  type CharacterInput,
  type CharacterMode,
  mostCharacters,
  preferredMode,
} from '../providers/references.ts';
import { keyOf, keySourceOf, ownBaseUrl } from '../settings/choose-provider.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import type { ModelPrice } from '../shared/money.ts';
import { formatBytes, oneLine } from '../shared/text.ts';

/** `sora provider list`: the hosts by name, and whether this machine can use them. */
export async function runProviderList(context: Context): Promise<undefined> {
  const { ui, runtime } = context;
  const [keys, profile] = [await context.keys(), await context.profile()];
  // A flag names one host; this is about what is configured for each.
  const configured = { wishes: {}, env: runtime.env, keys, profile };
  const providers = await Promise.all(
    PROVIDER_NAMES.map(async (name) => {
      const entry = PROVIDERS[name];
      const models = await entry.models();
      return {
        name,
        baseUrl: hideUser((name === 'sandbox' ? undefined : ownBaseUrl(name, configured)) ?? entry.defaultBaseUrl),
        keyVariable: /^env:(.+)$/.exec(keySourceOf(name, profile) ?? '')?.[1] ?? entry.keyVariable ?? null,
        hasKey: name === 'sandbox' || keyOf(name, configured) !== undefined,
        models: models.length,
        modes: [...new Set(models.flatMap(({ characterInputs: [best] }) => best?.mode ?? []))],
        characterCost: (await entry.characterCost()) ?? null,
      };
    }),
  );
  ui.result({
    json: providers.map(({ modes, ...one }) => ({ ...one, characters: modes.map((mode) => JSON_MODES[mode]) })),
    text: ui.table(
      ['PROVIDER', 'KEY', 'BASE URL', 'CHARACTERS'],
      providers.map(({ name, keyVariable, hasKey, baseUrl, modes }) => [
        name,
        keyVariable === null ? 'none needed' : `${keyVariable}: ${hasKey ? 'yes' : 'no'}`,
        baseUrl,
        name === 'sandbox' ? 'id' : modes.map((mode) => WORDS[mode]).join('/'),
      ]),
      { 'BASE URL': 12 },
    ),
    quiet: providers.map(({ name }) => name),
  });
}

const WORDS = { id: 'id', 'clip-url': 'clip', 'clip-inline': 'clip', image: 'image' } as const satisfies Record<
  CharacterMode,
  string
>;

/** The words of `--json`, which never change. */
const JSON_MODES = {
  id: 'id',
  'clip-url': 'reference-video',
  'clip-inline': 'inline-video',
  image: 'reference-image',
} as const satisfies Record<CharacterMode, string>;

/** `sora provider models [<provider> [<id>]]` */
export async function runProviderModels(
  context: Context,
  wanted: string | undefined,
  id?: string | undefined,
): Promise<undefined> {
  const { ui } = context;
  const names = wanted === undefined ? PROVIDER_NAMES : PROVIDER_NAMES.filter((name) => name === wanted);
  if (names.length === 0) {
    throw new SoraError('usage', `There is no provider "${wanted}".`, {
      hint: `Providers: ${PROVIDER_NAMES.join(', ')}`,
    });
  }
  const [only] = names;
  if (id !== undefined && only !== undefined) return showModel(context, only, id);
  const rows = (
    await Promise.all(
      names.map(async (name) => (await PROVIDERS[name].models()).map((model) => ({ provider: name, ...model }))),
    )
  ).flat();
  ui.result({
    json: rows.map(modelJson),
    prose: true,
    // What is known of a model is wider than most terminals are: it is told line by line.
    text: rows
      .map((model) => [
        ui.paint.bold(model.id),
        ...factsOf(model).map(([name, text]) => `  ${name.padEnd(10)}  ${text}`),
      ])
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
    quiet: rows.map(({ id }) => id),
  });
}

function modelJson<M extends ModelFacts>(model: M) {
  const { characterInputs } = model;
  return {
    ...model,
    characterMode: JSON_MODES[preferredMode(characterInputs)],
    characters: mostCharacters(characterInputs),
  };
}

/** One model, as its host describes it where it does, and else as the table has it. */
async function showModel(context: Context, name: ProviderName, id: string): Promise<undefined> {
  const { ui, runtime } = context;
  const [keys, profile] = [await context.keys(), await context.profile()];
  const configured = { wishes: context.globals, env: runtime.env, keys, profile };
  const baseUrl = ownBaseUrl(name, configured) ?? PROVIDERS[name].defaultBaseUrl;
  const row = (await PROVIDERS[name].models()).find((model) => model.id === id);
  // Its stand-in would have to be started, and tells nothing else.
  const provider =
    name === 'sandbox' ? undefined : await context.providerOf({ id, provider: name, baseUrl }, 'preview');
  const described = await provider?.describeModel?.(id, { signal: runtime.signal });
  const model = described ?? row;
  if (!model) {
    throw new SoraError(
      'usage',
      `${name} publishes no description of its models, and ${oneLine(id, 200)} is not in the table.`,
      {
        hint: `A model that is not in the list can be used by its id. The list: sora provider models ${name}`,
      },
    );
  }
  const shown = { provider: name, ...model };
  const facts = [...factsOf(shown), ...(described ? inputsOf(described.inputs) : [])];
  ui.result({
    json: modelJson(shown),
    prose: true,
    text: [ui.paint.bold(id), ...facts.map(([what, text]) => `  ${what.padEnd(10)}  ${text}`)].join('\n'),
    quiet: [id],
  });
}

/** The names under which a request says things, a line each. */
function inputsOf(inputs: object): readonly (readonly [string, string])[] {
  const named = Object.entries(inputs).map(([what, how]) => {
    const { name = how, as = '' }: { name?: unknown; as?: unknown } =
      typeof how === 'object' && how !== null ? how : {};
    return `${what}: ${typeof name === 'string' ? name : JSON.stringify(name)}${as === '' ? '' : `, as ${as}`}`;
  });
  return named.map((text, index) => [index === 0 ? 'inputs' : '', text] as const);
}

function factsOf(model: ModelFacts & { provider: ProviderName }): readonly (readonly [string, string])[] {
  const { provider, characterInputs, people, retired, deprecated, price } = model;
  const characters = mostCharacters(characterInputs);
  const { isFree } = PROVIDERS[provider];
  return [
    ['provider', provider],
    ['characters', characters === 0 ? 'none' : `${characters}, by ${WORDS[preferredMode(characterInputs)]}`],
    ...characterInputs.flatMap(limitsOf),
    ...(people === false ? [['people', 'it refuses them, and what looks like them'] as const] : []),
    ['seconds', range(model.seconds)],
    ['ratios', model.ratios.join(', ') || 'any'],
    ...wrapped('sizes', sizesOf(model)),
    ['price', isFree ? 'free' : price ? priceOf(price) : 'unknown'],
    ...(price && !isFree ? clipPriceOf(price).map((text) => ['', text] as const) : []),
    ...(price && !isFree ? [['', priceBasis(price)] as const] : []),
    ...(retired === undefined ? [] : [['retired', `since ${retired}: another model may answer`] as const]),
    ...(deprecated ? [['deprecated', 'its host may stop it at any time'] as const] : []),
  ];
}

/** In lines that fit beneath each other on a terminal of 80 columns. */
function wrapped(name: string, list: string): readonly (readonly [string, string])[] {
  const lines = [''];
  for (const item of list.split(/(?<=,) /)) {
    const line = lines.at(-1) ?? '';
    if (line.length + item.length >= 80 - INDENT) lines.push(item);
    else lines[lines.length - 1] = line === '' ? item : `${line} ${item}`;
  }
  return lines.map((line, index) => [index === 0 ? name : '', line] as const);
}

/** Of the facts of a model: before what is known. */
const INDENT = 14;

/** What may be given of a character: how long, and beneath it what picture. */
function limitsOf(input: CharacterInput): readonly (readonly [string, string])[] {
  const isPicture = input.mode === 'image';
  const { side, ratio, bytes, ...rest } = isPicture ? { ...input.stills, pixels: {}, fps: {} } : input.clips;
  const { seconds = {}, totalSeconds = {} } = isPicture ? {} : input.clips;
  const how = [
    ...(input.mode === 'id' ? [] : [`${rest.count}`]),
    ...phrase(seconds, 's each'),
    ...phrase(totalSeconds, 's in all'),
  ];
  const what = [
    ...phrase(rest.pixels, 'pixels'),
    ...phrase(side, 'a side'),
    ...phrase(rest.fps, 'fps'),
    ...(ratio ? [`ratio ${boundsText(ratio)}`] : []),
    ...(bytes === undefined ? [] : [`at most ${formatBytes(bytes)}`]),
  ];
  const [first, ...others] = [how, what].flatMap(linesOf);
  if (first === undefined) return [];
  return [[isPicture ? 'pictures' : 'clips', first], ...others.map((more) => ['', more] as const)];
}

/** Of a line of 80 columns, what is left of a fact's name. */
const FACT_CHARS = 66;

function linesOf(phrases: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const one of phrases) {
    const last = lines.at(-1);
    if (last !== undefined && `${last}, ${one}`.length <= FACT_CHARS) lines[lines.length - 1] = `${last}, ${one}`;
    else lines.push(one);
  }
  return lines;
}

function phrase(bounds: Bounds | undefined, unit: string): readonly string[] {
  return bounds?.least === undefined && bounds?.most === undefined ? [] : [`${boundsText(bounds)} ${unit}`];
}

/** `4-15`, or `4, 8, 12` where there are gaps. */
function range(seconds: readonly number[]): string {
  const [first] = seconds;
  const last = seconds.at(-1);
  if (first === undefined || last === undefined) return 'any';
  return last - first === seconds.length - 1 && seconds.length > 2 ? `${first}-${last}` : seconds.join(', ');
}

/** By the shorter side where every shape comes in the same ones, else one by one. */
function sizesOf({ sizes, ratios }: ModelFacts): string {
  if (sizes.length === 0) return 'any';
  const sides = [...new Set(sizes.map(shortSideOf))];
  if (sides.length * ratios.length === sizes.length)
    return sides.map((side) => (side === 2160 ? '4k' : `${side}p`)).join(', ');
  const wide = sizes.filter(({ width, height }) => width > height).map(formatSize);
  return `${wide.join(', ')}, and upright`;
}

function priceOf({ usdPerSecond, billsClips }: ModelPrice): string {
  return `${ratesOf(usdPerSecond)}${billsClips ? ', clips too' : ''}`;
}

/** What a video with reference clips costs, where that is another price. */
function clipPriceOf({ withClips }: ModelPrice): readonly string[] {
  if (withClips === undefined) return [];
  if (withClips === 'unknown') return ['unknown with clips'];
  const { usdPerSecond, leastTimes } = withClips;
  const least = leastTimes === undefined ? '' : `, and at least ${leastTimes} times those of the video`;
  return [`with clips ${ratesOf(usdPerSecond)}`, `for their seconds too${least}`];
}

function ratesOf(usdPerSecond: ModelPrice['usdPerSecond']): string {
  return Object.entries(usdPerSecond)
    .map(([side, usd]) => `${formatUsd(usd)}/s at ${side}p`)
    .join(', ');
}
