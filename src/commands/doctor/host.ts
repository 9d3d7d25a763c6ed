/** What `sora doctor` says of the chosen host: whether it may be asked, and with `--api` which routes it really serves. */

import type { Context } from '../../context.ts';
import { checkRoute } from '../../http/client.ts';
import { isLoopback, proxyOf } from '../../http/proxy.ts';
import { hideUser } from '../../http/redact.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Asked } from '../../providers/questions.ts';
import { authFor } from '../../providers/route.ts';
import type { Connection } from '../../settings/choose-provider.ts';
import { readSettings } from '../../settings/settings.ts';
import { type Finding, runCheck } from './finding.ts';

/** The choice of the host and the way to it; with `api`, its routes as well. */
export async function hostFindings(context: Context, api: boolean): Promise<Finding[]> {
  const chosen = await runCheck('provider', async () => {
    const { name, backend, key } = await context.connection();
    // The sandbox has a key of its own, of which the user knows nothing.
    const keyed = name === 'sandbox' ? 'which needs no key' : key === undefined ? 'without a key' : 'with a key';
    return `${name}${backend ? ` (${backend})` : ''}, ${keyed}`;
  });
  if (!chosen.ok) {
    const { env } = context.runtime;
    const profile = (await readSettings(context.paths().config)).profile(await context.profileName());
    const named = context.globals.provider ?? (env.SORA_PROVIDER || undefined) ?? profile.provider;
    const { code, ...remark } = chosen;
    // Nothing chosen yet is no fault, unless the host is to be asked.
    const isFault = named !== undefined || context.globals.baseUrl !== undefined || api || code !== 'machine';
    return [isFault ? chosen : remark];
  }
  const to = await context.connection();
  const route = await runCheck('base URL', async () => {
    if (to.name === 'sandbox') return 'built in';
    const { allowHttp } = to;
    checkRoute(to.baseUrl, { hasKey: to.key !== undefined, allowHttp, proxy: proxyOf(context.runtime.env) });
    const url = new URL(to.baseUrl);
    const isPlain = url.protocol === 'http:' && !isLoopback(url);
    return `${hideUser(to.baseUrl)}${isPlain ? ' (plain http: what is sent can be read on the way)' : ''}`;
  });
  const fix = `Name a compatible host with --base-url or ${PROVIDERS[to.name].baseUrlVariable}.`;
  const retired: Finding[] = to.retired ? [{ check: 'base URL', ok: false, detail: to.retired, fix }] : [];
  const asked = api && route.ok ? await askAll(context, to) : [];
  return [chosen, route, ...retired, ...asked];
}

/** After one of these no other question would fare better. */
const HOPELESS = new Set(['auth', 'network', 'budget']);

async function askAll(context: Context, to: Connection): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { check, ask, isExtra } of await PROVIDERS[to.name].questions(await askedOf(context, to))) {
    const found = await runCheck(check, ask, true);
    const { code, ...remark } = found;
    const isRemark = isExtra && code === 'refused';
    findings.push(isRemark ? remark : found);
    if (!isRemark && code !== undefined && HOPELESS.has(code)) break;
  }
  return findings;
}

/** What a host's questions are made of. */
async function askedOf(context: Context, to: Connection): Promise<Asked> {
  const { signal } = context.runtime;
  const keyHeader = PROVIDERS[to.name].keyHeader(to.backend);
  return {
    ...{ provider: await context.provider(), baseUrl: to.baseUrl, model: to.model, signal },
    reader(root) {
      const auth = authFor(to.key, root, keyHeader);
      return async (url, more) => {
        const http = await context.http(to);
        return http.send({ method: 'GET', kind: 'read', url, auth, signal, ...more });
      };
    },
  };
}
