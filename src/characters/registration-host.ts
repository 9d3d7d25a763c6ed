/** The host that characters are registered with: the chosen one, refused where it takes none. */

import { hostTitle } from '../providers/index.ts';
import { type Provider, takesCharacters } from '../providers/provider.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';

const USE_ANOTHER = `Use another host with ${option('provider')} or ${option('baseUrl')}.`;

/** Throws `usage` for a host that takes no characters, and what the choice throws. */
export async function registrationHost(
  workspace: Workspace,
  { purpose, hint }: { purpose?: Purpose; hint?: string } = {},
): Promise<Provider> {
  const provider = await workspace.provider(purpose);
  if (takesCharacters(provider)) return provider;
  const model = (await workspace.connection(purpose)).model ?? provider.defaultModel;
  const { characterInputs } = await provider.limits(model, { signal: workspace.runtime.signal });
  if (takesCharacters(provider, characterInputs)) return provider;
  throw takesNone(provider, hint);
}

/** The host has no calls for characters, or none for how its model takes them. */
export function takesNone(provider: Provider, hint: string = USE_ANOTHER): SoraError {
  return new SoraError('usage', `${provider.backend ?? hostTitle(provider)} takes no characters.`, { hint });
}
