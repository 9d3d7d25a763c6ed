/** The chosen host: whether it can be asked, and where that is wanted which of its routes it really serves. */

import { checkRoute } from '../http/client.ts';
import { isLoopback, proxyOf } from '../http/proxy.ts';
import { hideUser } from '../http/redact.ts';
import type { ProviderEntry } from '../providers/entry.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { Asked } from '../providers/questions.ts';
import { createRoute } from '../providers/route.ts';
import type { Connection } from '../settings/choose-provider.ts';
import { readSettings } from '../settings/settings.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { type Finding, runCheck } from './finding.ts';

/** The choice of the host and the way to it; with `api`, its routes as well. */
export async function hostFindings(workspace: Workspace, api: boolean): Promise<Finding[]> {
  const chosen = await runCheck('provider', async () => {
    const { name, backend, key } = await workspace.connection();
    // The sandbox has a key of its own, of which the user knows nothing.
    const keyed = name === 'sandbox' ? 'which needs no key' : key === undefined ? 'without a key' : 'with a key';
    return `${name}${backend ? ` (${backend})` : ''}, ${keyed}`;
  });
  if (!chosen.ok) {
    const { env } = workspace.runtime;
    const profile = (await readSettings(workspace.paths().config)).profile(await workspace.profileName());
    const named = workspace.selection.provider ?? (env.SORA_PROVIDER || undefined) ?? profile.provider;
    const { code, ...remark } = chosen;
    // Nothing chosen yet is no fault, unless the host is to be asked.
    const isFault = named !== undefined || workspace.selection.baseUrl !== undefined || api || code !== 'machine';
    return [isFault ? chosen : remark];
  }
  const to = await workspace.connection();
  const route = await runCheck('base URL', async () => {
    if (to.name === 'sandbox') return 'built in';
    const { allowHttp } = to;
    checkRoute(to.baseUrl, { hasKey: to.key !== undefined, allowHttp, proxy: proxyOf(workspace.runtime.env) });
    const url = new URL(to.baseUrl);
    const isPlain = url.protocol === 'http:' && !isLoopback(url);
    return `${hideUser(to.baseUrl)}${isPlain ? ' (plain http: what is sent can be read on the way)' : ''}`;
  });
  const fix = `Name a compatible host with ${option('baseUrl')} or ${PROVIDERS[to.name].baseUrlVariable}.`;
  const retired: Finding[] = to.retired ? [{ check: 'base URL', ok: false, detail: to.retired, fix }] : [];
  const asked = api && route.ok ? await askAll(workspace, to) : [];
  return [chosen, route, ...retired, ...asked];
}

/** After one of these no other question would fare better. */
const HOPELESS = new Set(['network', 'budget']);

async function askAll(workspace: Workspace, to: Connection): Promise<Finding[]> {
  const findings: Finding[] = [];
  let denied = 0;
  for (const { check, ask, isExtra } of await PROVIDERS[to.name].questions(await askedOf(workspace, to))) {
    const found = await runCheck(check, ask, true);
    const { code, ...remark } = found;
    const isRemark = isExtra && code === 'refused';
    findings.push(isRemark ? remark : found);
    // One route may ask for more than the key has; a key that two routes refuse is wrong.
    if (code === 'auth') denied += 1;
    if (denied === 2 || (!isRemark && code !== undefined && HOPELESS.has(code))) break;
  }
  return findings;
}

/** What a host's questions are made of. */
async function askedOf(workspace: Workspace, to: Connection): Promise<Asked> {
  const { signal } = workspace.runtime;
  const entry: ProviderEntry = PROVIDERS[to.name];
  const http = await workspace.http(to);
  return {
    ...{ provider: await workspace.provider(), baseUrl: to.baseUrl, model: to.model, signal },
    reader(root) {
      const route = createRoute(entry, { ...to, baseUrl: root, http });
      return (url, more) => http.send(route.read(url, { signal }, more));
    },
  };
}
