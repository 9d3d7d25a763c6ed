/** The settings and the keys: whether they can be used, and which there are. */
import { exists } from '../disk/atomic-write.ts';
import { canBeSent } from '../http/origins.ts';
import { HOST_NAMES, type ProviderName } from '../providers/index.ts';
import { type FoundKey, keyOf } from '../settings/choose-provider.ts';
import { isOneWord, keysPath, maskKey, readKeys } from '../settings/keys.ts';
import { type Profile, readSettings } from '../settings/settings.ts';
import type { Workspace } from '../workspace.ts';
import { type Finding, runCheck } from './finding.ts';

/** The settings file and the profile. */
export async function settingsFindings(workspace: Workspace): Promise<Finding[]> {
  const { warnings, warn } = collectWarnings(workspace);
  const found = await runCheck('settings', async () => {
    const { platform } = workspace.runtime;
    const settings = await readSettings(workspace.paths().config, { platform, warn });
    const profile = await workspace.profileName();
    return `${settings.path}${(await exists(settings.path)) ? '' : ' (not there yet)'}, profile ${profile}`;
  });
  const fix = 'Correct or remove it; sora config list shows what is used.';
  return [found, ...warnings.map((text) => ({ check: 'settings', ok: false, fix, ...withoutCommand(text) }))];
}

/** Which keys there are. That one is missing is told of the chosen host only. */
export async function keyFindings(workspace: Workspace): Promise<Finding[]> {
  const { env, platform } = workspace.runtime;
  const { warnings, warn } = collectWarnings(workspace);
  let keys: Awaited<ReturnType<Workspace['keys']>> = {};
  const stored = await runCheck('stored keys', async () => {
    keys = await readKeys(workspace.paths().config, { platform, warn });
    return Object.keys(keys).length === 0
      ? 'none'
      : `${Object.keys(keys).join(', ')} in ${keysPath(workspace.paths().config)}`;
  });
  // That the settings cannot be read has been said.
  const profile = await workspace.profile().catch((): Profile => ({}));
  const chosen = await workspace.connection().then(
    (to) => to.name,
    () => undefined,
  );
  const rows = HOST_NAMES.map((name) =>
    keyFinding(name, { found: keyOf(name, { env, keys, profile }), isChosen: name === chosen }),
  );
  const exposed = warnings.map((text): Finding => ({ check: 'stored keys', ok: false, ...withoutCommand(text) }));
  return [stored, ...exposed, ...rows];
}

/** A key that no header carries as it is: of the chosen host it is a fault. One with a space is sent, and seldom right. */
function keyFinding(
  name: ProviderName,
  { found, isChosen }: { readonly found: FoundKey | undefined; readonly isChosen: boolean },
): Finding {
  const check = `key of ${name}`;
  if (!found) return { check, ok: true, detail: 'none' };
  const { key, variable } = found;
  const detail = `${maskKey(key)} (${variable ?? 'stored'})`;
  if (isOneWord(key)) return { check, ok: true, detail };
  const fix =
    variable === undefined
      ? `Store it again: sora auth login ${name}`
      : `Set it again, as one word: export ${variable}=<key>`;
  if (canBeSent(key)) {
    return {
      check,
      ok: false,
      detail: `${detail} has a space in it: it may be two things that were pasted as one.`,
      fix,
    };
  }
  return {
    ...{ check, ok: false, fix },
    detail: `${detail} contains a line break or another character that cannot be sent in a key.`,
    ...(isChosen && { code: 'auth' }),
  };
}

/** They become lines of the report, and are told there only. */
function collectWarnings({ told }: Workspace): { warnings: readonly string[]; warn: (text: string) => void } {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(text);
    told.add(text);
  };
  return { warnings, warn };
}

/** A warning, and apart from it the command that it may end in. */
function withoutCommand(warning: string): Pick<Finding, 'detail' | 'fix'> {
  const [, detail = warning, fix] = /^(.+) Run: (.+)$/s.exec(warning) ?? [];
  return { detail, ...(fix !== undefined && { fix }) };
}
