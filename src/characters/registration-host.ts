/** The chosen host, where characters are to be registered. */
import type { Provider } from '../providers/provider.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import { SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';

/** Throws `usage` for a host that takes no characters, and what the choice throws. */
export async function registrationHost(
  workspace: Workspace,
  { purpose, hint = 'Use another host with --provider or --base-url.' }: { purpose?: Purpose; hint?: string } = {},
): Promise<Provider> {
  const provider = await workspace.provider(purpose);
  if (provider.takesCharacters !== 'no') return provider;
  throw new SoraError('usage', `${provider.backend ?? provider.name} takes no characters.`, { hint });
}
