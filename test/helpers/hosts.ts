/** Hosts as the program's own tables have them, for tests that hold for every one. */
import { HOST_NAMES, type HostName, PROVIDERS } from '../../src/providers/index.ts';
import type { CharacterMode } from '../../src/providers/references.ts';
import { baseUrls } from '../../src/sandbox/dialects.ts';

/** The variables that point these hosts at one server, which speaks for all of them below its origin. */
export function variablesAt(
  origin: string,
  key: string,
  names: readonly HostName[] = HOST_NAMES,
): Readonly<Record<string, string>> {
  const urls = baseUrls(origin);
  return Object.fromEntries(
    names.flatMap((name) => [
      [PROVIDERS[name].baseUrlVariable, urls[name]],
      [PROVIDERS[name].keyVariable, key],
    ]),
  );
}

/** The id of the first model that takes characters so; undefined where the host has none. */
export async function firstModel(name: HostName, mode: CharacterMode): Promise<string | undefined> {
  return (await PROVIDERS[name].models()).find(({ characterInputs }) => characterInputs[0]?.mode === mode)?.id;
}
