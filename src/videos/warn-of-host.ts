/** The warning about a host that may ignore characters: once a home, until the host is another or its kind is said. */
import { firstTimeOf } from '../disk/once-marker.ts';
import { hostTitle } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { option } from '../shared/options.ts';
import { capitalizeThe } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';

/** Warns before characters are sent for the first time to a host that is not known to take them. */
export async function warnOfCharacters(
  workspace: Workspace,
  provider: Provider,
  characters: readonly unknown[],
): Promise<void> {
  if (characters.length === 0 || provider.characters?.isDocumented !== false) return;
  if (!(await firstTimeOf(workspace.paths().state, 'characters', provider.baseUrl))) return;
  workspace.reporter.warn(
    `${capitalizeThe(hostTitle(provider))} is not known to take characters, and some servers silently ignore them. Say what runs there with ${option('backend')}, or for good: sora config set backend <kind>. (Said once for this host.)`,
  );
}
