/** `sora doctor`: whether this machine, its settings and, when asked, the chosen host are fit for work. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Connection, keyOf } from '../choice.ts';
import { type Context, proxyOf } from '../context.ts';
import { type ErrorCode, EXIT_CODES, isSoraError, SoraError } from '../errors.ts';
import { listParts } from '../media/find.ts';
import { type Answer, failureOf, jsonOf } from '../providers/answer.ts';
import { proxyFor } from '../providers/exchange.ts';
import { checkRoute, type HttpRequest } from '../providers/http.ts';
import { refusal } from '../providers/http-errors.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { ProviderName } from '../providers/provider.ts';
import { redactUrls } from '../providers/redact.ts';
import { ensureFolder, exists, machineError, removeQuietly, writeTemp } from '../store/files.ts';
import { readSettings } from '../store/settings.ts';
import { oneLine } from '../text.ts';
import { maskKey } from './auth.ts';
import { runStoreCheck } from './store.ts';

/** One line of the report. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** With the error that it stands for; one without is a remark, and fails nothing. */
type Finding = Check & { readonly code?: ErrorCode };

const LEAST_NODE: readonly [number, number] = [20, 19];
/** The first of these that was found is the exit code. */
const WORST: readonly ErrorCode[] = ['machine', 'auth', 'network', 'budget', 'policy', 'refused'];

/** Throws only when interrupted: what is wrong is the result, and the exit code tells. */
export async function runDoctor(context: Context, { api }: { readonly api: boolean }): Promise<number> {
  const local = [
    nodeFinding(context.host.nodeVersion),
    ...(await ffmpegFindings(context)),
    await look('mediainfo.js', () => loadMediaInfo()),
    await look('store readable', () => checkStore(context)),
    await look('store writable', () => checkWritable(context)),
  ];
  const settings = [...(await settingsFindings(context)), ...(await keyFindings(context))];
  const proxies = await look('proxy', async () => describeProxies(context));
  const usable = settings.every(({ code }) => code === undefined);
  const host = usable ? await hostFindings(context, api) : [];
  report(context, [...local, ...settings, proxies, ...host]);
  const codes = [...local, ...settings, proxies, ...host].map(({ code }) => code);
  const worst = WORST.find((code) => codes.includes(code));
  return worst === undefined ? 0 : EXIT_CODES[worst];
}

function report({ ui }: Context, findings: readonly Finding[]): void {
  const mark = ({ ok, code }: Finding): string =>
    ok ? ui.paint.green('ok  ') : code === undefined ? ui.paint.yellow('note') : ui.paint.red('FAIL');
  const width = Math.max(...findings.map(({ check }) => check.length));
  ui.result({
    json: findings.map(({ code, ...check }) => check),
    text: findings
      .flatMap((finding) => [
        `${mark(finding)}  ${finding.check.padEnd(width)}  ${oneLine(finding.detail)}`,
        ...(finding.fix === undefined ? [] : [`${' '.repeat(width + 8)}${oneLine(finding.fix)}`]),
      ])
      .join('\n'),
    quiet: findings.filter(({ code }) => code !== undefined).map(({ check }) => check),
  });
}

/** What an error says becomes the finding; what is wrong here is this machine's trouble, whoever reports it. */
async function look(check: string, work: () => Promise<string>, remote = false): Promise<Finding> {
  try {
    return { check, ok: true, detail: await work() };
  } catch (error) {
    if (!isSoraError(error) || error.code === 'interrupted' || error.code === 'terminated') throw error;
    const { message, hint } = error;
    const code = error.code === 'auth' || (remote && WORST.includes(error.code)) ? error.code : 'machine';
    return { check, ok: false, detail: message, ...(hint !== undefined && { fix: hint }), code };
  }
}

function nodeFinding(version: string | undefined): Finding {
  const check = 'node';
  if (version === undefined) return { check, ok: false, detail: 'The version is not known.' };
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) {
    return { check, ok: true, detail: version };
  }
  const fix = 'Install Node 22 or later: https://nodejs.org';
  return { check, ok: false, detail: `${version}; ${LEAST_NODE.join('.')} or later is needed`, fix, code: 'machine' };
}

async function ffmpegFindings(context: Context): Promise<Finding[]> {
  const { signal } = context.host;
  const found = await look('ffmpeg', async () => {
    const { path, version, source } = await context.ffmpeg();
    return `${version} at ${path} (from ${source})`;
  });
  if (!found.ok) return [found];
  const ffmpeg = await context.ffmpeg();
  const encoder = await look('ffmpeg libx264', async () => {
    const { execa } = await import('execa');
    const asked = ['-hide_banner', '-h', 'encoder=libx264'];
    const run = await execa(ffmpeg.path, asked, {
      stdin: 'ignore',
      reject: false,
      timeout: 15_000,
      cancelSignal: signal,
    });
    if (/^Encoder libx264 /m.test(run.stdout ?? '')) return 'can encode H.264';
    throw new SoraError('machine', 'This ffmpeg cannot encode H.264, so no clip can be converted.', {
      hint: 'Point SORA_FFMPEG at an ffmpeg that is built with libx264.',
    });
  });
  const [filters, decoders] = [await listParts(ffmpeg, 'filters', signal), await listParts(ffmpeg, 'decoders', signal)];
  return [
    found,
    encoder,
    part('ffmpeg zscale', filters.has('zscale'), 'HDR clips', 'zimg (zscale)'),
    part('ffmpeg libvpx', decoders.has('libvpx-vp9'), 'the transparency of WebM clips', 'libvpx'),
  ];
}

/** What some builds, and most that are old, cannot do: a remark, because most clips do not need it. */
function part(check: string, ok: boolean, what: string, library: string): Finding {
  if (ok) return { check, ok, detail: `can read ${what}` };
  const fix = `Point SORA_FFMPEG at a newer ffmpeg that is built with ${library}, if you need it.`;
  return { check, ok, detail: `This ffmpeg is too old or too small for ${what}.`, fix };
}

async function loadMediaInfo(): Promise<string> {
  try {
    const { default: createMediaInfo } = await import('mediainfo.js');
    (await createMediaInfo({ format: 'object' })).close();
    return 'loads';
  } catch (cause) {
    const why = oneLine(cause instanceof Error ? cause.message : String(cause));
    throw new SoraError('machine', `mediainfo.js does not load: ${why}`, { hint: 'Install sora again.', cause });
  }
}

/** `sora store check`, whose report is counted here instead of shown. */
async function checkStore(context: Context): Promise<string> {
  let counted = '';
  const result: Context['ui']['result'] = ({ text }) => {
    counted = text.split('\n')[0] ?? '';
  };
  try {
    await runStoreCheck({ ...context, ui: { ...context.ui, result } });
  } catch (error) {
    if (!isSoraError(error, 'machine') || counted === '') throw error;
    throw new SoraError('machine', error.message, { hint: 'sora store check names what is broken.', cause: error });
  }
  return counted;
}

/** A folder that is there takes a file for a moment; one that is not is only looked for from above. */
async function checkWritable({ paths }: Context): Promise<string> {
  const folders = [...new Set([paths.config, paths.data, paths.state])];
  for (const folder of folders) {
    try {
      if (await exists(folder)) {
        // Says so when it is no folder at all.
        await ensureFolder(folder);
        await removeQuietly(await writeTemp(folder, 'sora doctor'));
      } else {
        let above = dirname(folder);
        while (!(await exists(above)) && above !== dirname(above)) above = dirname(above);
        await access(above, constants.W_OK);
      }
    } catch (error) {
      throw machineError(error, 'write to', folder);
    }
  }
  return folders.join(', ');
}

async function settingsFindings(context: Context): Promise<Finding[]> {
  const warnings: string[] = [];
  const found = await look('settings', async () => {
    const settings = await readSettings(context.paths.config, (text) => warnings.push(text));
    const profile = await context.profileName();
    return `${settings.path}${(await exists(settings.path)) ? '' : ' (not there yet)'}, profile ${profile}`;
  });
  const fix = 'Correct or remove it; sora config list shows what is used.';
  return [found, ...warnings.map((detail) => ({ check: 'settings', ok: false, detail, fix }))];
}

/** Which keys there are. That one is missing is told of the chosen host only. */
async function keyFindings(context: Context): Promise<Finding[]> {
  const { env, platform } = context.host;
  const { keysPath, readKeys } = await import('../store/keys.ts');
  const warnings: string[] = [];
  let keys: Awaited<ReturnType<Context['keys']>> = {};
  const stored = await look('stored keys', async () => {
    keys = await readKeys(context.paths.config, { platform, warn: (text) => warnings.push(text) });
    return Object.keys(keys).length === 0
      ? 'none'
      : `${Object.keys(keys).join(', ')} in ${keysPath(context.paths.config)}`;
  });
  const rows = (Object.keys(PROVIDERS) as ProviderName[])
    .filter((name) => name !== 'sandbox')
    .map((name): Finding => {
      const found = keyOf(name, { env, keys });
      const from = found?.source === 'environment' ? PROVIDERS[name].keyVariable : 'stored';
      return { check: `key of ${name}`, ok: true, detail: found ? `${maskKey(found.key)} (${from})` : 'none' };
    });
  const fix = `chmod 600 ${keysPath(context.paths.config)}`;
  return [stored, ...warnings.map((detail) => ({ check: 'stored keys', ok: false, detail, fix })), ...rows];
}

function describeProxies({ host }: Context): string {
  const { http, https, noProxy } = proxyOf(host.env);
  const named = Object.entries({ HTTPS_PROXY: https, HTTP_PROXY: http, NO_PROXY: noProxy }).filter(
    ([, value]) => value,
  );
  // Throws when one of them is not a URL.
  for (const url of ['https://sora.invalid', 'http://sora.invalid']) proxyFor(new URL(url), proxyOf(host.env));
  const text = named.map(([name, value]) => `${name}=${hideUser(value ?? '')}`).join(', ');
  return text === '' ? 'none' : text;
}

/** A proxy may be written without its scheme, and still with a password. */
function hideUser(text: string): string {
  return redactUrls(text).replace(/^[^/]*@/, '***@');
}

async function hostFindings(context: Context, api: boolean): Promise<Finding[]> {
  const chosen = await look('provider', async () => {
    const { name, backend, key } = await context.connection();
    return `${name}${backend ? ` (${backend})` : ''}, ${key === undefined ? 'without a key' : 'with a key'}`;
  });
  if (!chosen.ok) {
    const { env } = context.host;
    const profile = (await readSettings(context.paths.config)).profile(await context.profileName());
    const named = context.globals.provider ?? (env.SORA_PROVIDER || undefined) ?? profile.provider;
    const { code, ...remark } = chosen;
    // Nothing chosen yet is no fault, unless the host is to be asked.
    const isFault = named !== undefined || context.globals.baseUrl !== undefined || api || code !== 'machine';
    return [isFault ? chosen : remark];
  }
  const to = await context.connection();
  const route = await look('base URL', async () => {
    if (to.name === 'sandbox') return 'built in';
    const { allowHttp } = to;
    checkRoute(to.baseUrl, { hasKey: to.key !== undefined, allowHttp, proxy: proxyOf(context.host.env) });
    const isPlain = to.baseUrl.startsWith('http:');
    return `${to.baseUrl}${isPlain ? ' (plain http: what is sent can be read on the way)' : ''}`;
  });
  const fix = 'Name a compatible host with --base-url or OPENAI_BASE_URL.';
  const retired: Finding[] = to.retired ? [{ check: 'base URL', ok: false, detail: to.retired, fix }] : [];
  const asked = api && route.ok ? [await look(ROUTES[to.name], () => ask(context, to), true)] : [];
  return [chosen, route, ...retired, ...asked];
}

/** What each host is asked with `--api`: reads, which create nothing and cost nothing. */
const ROUTES: Readonly<Record<ProviderName, string>> = {
  openai: 'GET /videos',
  sandbox: 'GET /videos',
  wavespeed: 'GET /balance',
  eachlabs: 'GET /v1/model',
};

async function ask(context: Context, to: Connection): Promise<string> {
  const { signal } = context.host;
  if (to.name === 'openai' || to.name === 'sandbox') {
    const provider = await context.provider();
    const page = await provider.listVideos?.({ limit: 1 }, { signal });
    return page ? `is served${page.videos.length === 0 ? '; no videos yet' : ''}` : 'this backend lists no videos';
  }
  const http = await context.http(to);
  const read = { method: 'GET', kind: 'read', signal } as const satisfies Partial<HttpRequest>;
  if (to.name === 'wavespeed') {
    const { origin } = new URL(to.baseUrl);
    const auth = to.key === undefined ? undefined : { header: 'authorization', value: `Bearer ${to.key}`, origin };
    const said = objectOf(await http.send({ ...read, url: `${to.baseUrl}/balance`, auth }));
    const { balance } = objectIn(said.data) ?? said;
    return `is served, and takes the key${typeof balance === 'number' ? `; balance ${balance} USD` : ''}`;
  }
  const { EACHLABS_DEFAULT_MODEL: slug } = await import('../providers/eachlabs-models.ts');
  const root = to.baseUrl.replace(/\/v1$/, '');
  // It asks for no key, so none is sent where none is needed.
  objectOf(await http.send({ ...read, url: `${root}/v1/model?slug=${encodeURIComponent(slug)}` }));
  return `is served, and knows ${slug}; it takes no key, so the key was not tried`;
}

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
