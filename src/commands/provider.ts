/** The hosts and their models: what is configured, what they take, and what it costs. */
import { keyOf } from '../choice.ts';
import type { Context } from '../context.ts';
import { formatSize } from '../domain.ts';
import { SoraError } from '../errors.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { ModelFacts } from '../providers/models.ts';
import type { ProviderName } from '../providers/provider.ts';

const NAMES = Object.keys(PROVIDERS) as ProviderName[];

/** `sora provider list`: the hosts by name, and whether this machine can use them. */
export async function runProviderList(context: Context): Promise<undefined> {
  const { ui, host } = context;
  const keys = await context.keys();
  const providers = await Promise.all(
    NAMES.map(async (name) => {
      const entry = PROVIDERS[name];
      const models = await entry.models();
      return {
        name,
        baseUrl: (entry.baseUrlVariable && host.env[entry.baseUrlVariable]) || entry.defaultBaseUrl,
        keyVariable: entry.keyVariable ?? null,
        hasKey: name === 'sandbox' || keyOf(name, { env: host.env, keys }) !== undefined,
        models: models.length,
        characters: [...new Set(models.map(({ characterMode }) => characterMode))],
      };
    }),
  );
  ui.result({
    json: providers,
    text: ui.table(
      ['PROVIDER', 'KEY', 'BASE URL', 'CHARACTERS'],
      providers.map(({ name, keyVariable, hasKey, baseUrl, characters }) => [
        name,
        keyVariable === null ? 'none needed' : hasKey ? `${keyVariable} is set` : `${keyVariable} is not set`,
        baseUrl,
        name === 'sandbox' ? 'by id' : characters.map((mode) => WORDS[mode]).join(', '),
      ]),
    ),
    quiet: providers.map(({ name }) => name),
  });
}

const WORDS = { id: 'by id', 'reference-video': 'by clip' } as const;

/** `sora provider models [<provider>]` */
export async function runProviderModels(context: Context, wanted: string | undefined): Promise<undefined> {
  const { ui } = context;
  const names = wanted === undefined ? NAMES : NAMES.filter((name) => name === wanted);
  if (names.length === 0) {
    throw new SoraError('usage', `There is no provider "${wanted}".`, { hint: `Providers: ${NAMES.join(', ')}` });
  }
  const rows = (
    await Promise.all(
      names.map(async (name) => (await PROVIDERS[name].models()).map((model) => ({ provider: name, ...model }))),
    )
  ).flat();
  ui.result({
    json: rows,
    text: ui.table(
      ['MODEL', 'PROVIDER', 'CHARACTERS', 'SECONDS', 'SIZES', 'USD/S', 'RETIRED'],
      rows.map((model) => [
        model.id,
        model.provider,
        model.characters === 0 ? 'none' : `${model.characters} ${WORDS[model.characterMode]}`,
        range(model.seconds),
        sizesOf(model),
        priceOf(model),
        model.retired ?? '',
      ]),
    ),
    quiet: rows.map(({ id }) => id),
  });
}

/** `4-15`, or `4, 8, 12` where there are gaps. */
function range(seconds: readonly number[]): string {
  const [first] = seconds;
  const last = seconds.at(-1);
  if (first === undefined || last === undefined) return 'any';
  return last - first === seconds.length - 1 && seconds.length > 2 ? `${first}-${last}` : seconds.join(', ');
}

function sizesOf({ sizes }: ModelFacts): string {
  return sizes.length === 0
    ? 'any'
    : sizes
        .filter(({ width, height }) => width > height)
        .map(formatSize)
        .join(', ');
}

function priceOf({ price }: ModelFacts): string {
  if (!price) return 'unknown';
  const words = Object.entries(price.usdPerSecond).map(([side, usd]) => `${usd.toFixed(2)} at ${side}p`);
  return `${words.join(', ')} (${price.asOf})`;
}
