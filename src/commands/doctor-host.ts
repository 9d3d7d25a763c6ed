/** What `sora doctor` says of the chosen host: whether it may be asked, and with `--api` which routes it really serves. */

import type { Context } from '../context.ts';
import { type Answer, failureOf, isUnsupported, jsonOf, parseJson } from '../http/answer.ts';
import { checkRoute } from '../http/client.ts';
import { refusal } from '../http/errors.ts';
import { isLoopback, proxyOf } from '../http/proxy.ts';
import { hideUser } from '../http/redact.ts';
import type { HttpRequest } from '../http/request.ts';
import type { ProviderName } from '../providers/provider.ts';
import type { Connection } from '../settings/choose-provider.ts';
import { readSettings } from '../settings/settings.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { type Finding, runCheck } from './doctor-finding.ts';

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
    const profile = (await readSettings(context.paths.config)).profile(await context.profileName());
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
  const fix = 'Name a compatible host with --base-url or OPENAI_BASE_URL.';
  const retired: Finding[] = to.retired ? [{ check: 'base URL', ok: false, detail: to.retired, fix }] : [];
  const asked = api && route.ok ? await askAll(context, to) : [];
  return [chosen, route, ...retired, ...asked];
}

/** A read that creates nothing and costs nothing, and what its answer means. */
interface Question {
  readonly check: string;
  ask(): Promise<string>;
  /** Not every work needs it: that it fails is a remark. */
  readonly isExtra?: boolean;
}

/** After one of these no other question would fare better. */
const HOPELESS = new Set(['auth', 'network', 'budget']);

async function askAll(context: Context, to: Connection): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { check, ask, isExtra } of await QUESTIONS[to.name](context, to)) {
    const found = await runCheck(check, ask, true);
    const { code, ...remark } = found;
    const isRemark = isExtra && code === 'refused';
    findings.push(isRemark ? remark : found);
    if (!isRemark && code !== undefined && HOPELESS.has(code)) break;
  }
  return findings;
}

const QUESTIONS = {
  openai: videoQuestions,
  sandbox: videoQuestions,
  wavespeed: wavespeedQuestions,
  eachlabs: eachlabsQuestions,
} satisfies Record<ProviderName, (context: Context, to: Connection) => Promise<readonly Question[]>>;

/** No host has this one: how it says so tells whether the route is there. */
const NO_ID = 'video_sora_doctor_0000';

/** The routes of `/v1/videos`. */
async function videoQuestions(context: Context, to: Connection): Promise<readonly Question[]> {
  const provider = await context.provider();
  const nothing = { prompt: '-', model: undefined, seconds: 4, size: { width: 1280, height: 720 } };
  const { url } = provider.describeVideo({ ...nothing, characters: [], reference: undefined });
  const get = reader(context, to, url);
  return [
    {
      check: 'GET /videos',
      async ask() {
        const page = await provider.listVideos?.({ limit: 1 }, { signal: context.runtime.signal });
        return page ? `is served${page.videos.length === 0 ? '; no videos yet' : ''}` : 'this backend lists no videos';
      },
    },
    {
      check: 'GET /videos/{id}',
      ask: async () =>
        servedBy(await get(`${url}/${NO_ID}`, ONCE), 'Without it no job can be followed. Check the base URL.'),
    },
    {
      check: 'GET /videos/{id}/content',
      ask: async () =>
        servedBy(await get(`${url}/${NO_ID}/content`, ONCE), 'Without it no video can be fetched. Check the base URL.'),
    },
    {
      check: 'GET /videos/characters/{id}',
      isExtra: true,
      async ask() {
        const fix = 'Use another host for videos with characters: sora provider list';
        if (provider.takesCharacters !== 'no') return servedBy(await get(`${url}/characters/${NO_ID}`, ONCE), fix);
        throw new SoraError('refused', `${provider.backend ?? provider.name} takes no characters.`, { hint: fix });
      },
    },
  ];
}

async function wavespeedQuestions(context: Context, to: Connection): Promise<readonly Question[]> {
  const get = reader(context, to, to.baseUrl);
  const { WAVESPEED_DEFAULT_MODEL } = await import('../providers/wavespeed/models.ts');
  const model = to.model ?? WAVESPEED_DEFAULT_MODEL;
  return [
    {
      check: 'GET /balance',
      async ask() {
        const said = objectOf(await get(`${to.baseUrl}/balance`));
        const { balance } = objectIn(said.data) ?? said;
        return `is served, and takes the key${typeof balance === 'number' ? `; balance ${balance} USD` : ''}`;
      },
    },
    {
      check: 'GET /models',
      isExtra: true,
      async ask() {
        const { data } = objectOf(await get(`${to.baseUrl}/models`));
        const ids = Array.isArray(data) ? data.map((one) => objectIn(one)?.model_id) : [];
        if (ids.includes(model)) return `is served, and lists ${model}`;
        throw new SoraError('refused', `It does not list ${oneLine(model, 200)} among its ${ids.length} models.`, {
          hint: 'Name another with --model, or in the profile: sora config set model <id>',
        });
      },
    },
  ];
}

async function eachlabsQuestions(context: Context, to: Connection): Promise<readonly Question[]> {
  const { CHARACTER_MODEL, EACHLABS_DEFAULT_MODEL } = await import('../providers/eachlabs/models.ts');
  const root = to.baseUrl.replace(/\/v1$/, '');
  const get = reader(context, to, root);
  // Schemas ask for no key, so none is sent where none is needed.
  const schema = async (slug: string): Promise<string> => {
    objectOf(await get(`${root}/v1/model?slug=${encodeURIComponent(slug)}`, { auth: undefined }));
    return `is served, and knows ${slug}`;
  };
  return [
    { check: 'GET /v1/model', ask: () => schema(to.model ?? EACHLABS_DEFAULT_MODEL) },
    { check: 'GET /v1/model (characters)', isExtra: true, ask: () => schema(CHARACTER_MODEL) },
    {
      check: 'GET /v1/prediction/{id}',
      ask: async () =>
        servedBy(
          await get(`${root}/v1/prediction/${NO_ID}`, ONCE),
          'Without it no job can be followed. Check the base URL.',
        ),
    },
  ];
}

type Get = (url: string, more?: Partial<HttpRequest>) => Promise<Answer>;

/** Takes the first answer for one, whatever its status says: some hosts answer 500 about an id that they do not know. */
const ONCE: Partial<HttpRequest> = { settles: () => true };

/** Reads with the key. */
function reader(context: Context, to: Connection, root: string): Get {
  const { origin } = new URL(root);
  const auth =
    to.key === undefined
      ? undefined
      : to.backend === 'azure'
        ? { header: 'api-key', value: to.key, origin }
        : { header: 'authorization', value: `Bearer ${to.key}`, origin };
  return async (url, more) => {
    const http = await context.http(to);
    const { signal } = context.runtime;
    return http.send({ method: 'GET', kind: 'read', url, auth, signal, ...more });
  };
}

/** Whether the answer about an id that nobody has shows that the route is there. Throws when it is not. */
function servedBy(answer: Answer, fix: string): string {
  const { status, host } = answer;
  if (status === 401 || status === 402 || status === 403 || status === 429 || status > 500) throw refusal(answer);
  const said = parseJson(answer.text);
  const isJson = said !== undefined;
  const message = reasonIn(said) ?? failureOf(answer).message;
  if (isJson && status < 300) return 'is served';
  const isThere = status !== 405 && !NO_ROUTE.test(message) && !isUnsupported(answer);
  if (isJson && isThere) return `is served: it answers ${status} about a made-up id`;
  const told = isJson ? oneLine(answer.redact(message), 120) : 'something that is not JSON';
  throw new SoraError('refused', `${host} does not serve it: it answered ${status} with ${told}`, { hint: fix });
}

/** eachlabs puts the name of the status into `error`, and what it is about into `details`. */
function reasonIn(said: unknown): string | undefined {
  const details = objectIn(said)?.details;
  return typeof details === 'string' && details.trim() !== '' ? details : undefined;
}

/** How servers say that they have no such route at all, and not that there is nothing of that id. */
const NO_ROUTE =
  /^"?(?:not found|404 page not found|page not found|method not allowed|cannot get\b|no route\b|no static resource|invalid url\b|route\b.*not found|the requested url)/i;

/** Throws what a status, or a code in the body that is not 200, means. */
function objectOf(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const said = objectIn(jsonOf(answer));
  if (said?.code !== undefined && said.code !== 200 && typeof said.code === 'number') {
    throw refusal({ ...answer, status: said.code });
  }
  if (said) return said;
  throw new SoraError('refused', `${answer.host} answered with something else: ${failureOf(answer).message}`, {
    hint: 'Check the base URL.',
  });
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
