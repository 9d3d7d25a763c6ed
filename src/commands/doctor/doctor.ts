/** `sora doctor`: whether this machine, its settings and, when asked, the chosen host are fit for work. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../../context.ts';
import { ensureFolder, exists, machineError, removeQuietly, writeTemp } from '../../disk/atomic-write.ts';
import { canBeSent } from '../../http/origins.ts';
import { proxyFor, proxyOf } from '../../http/proxy.ts';
import { hideUser } from '../../http/redact.ts';
import { listParts } from '../../media/ffmpeg/find.ts';
import { HOST_NAMES, type ProviderName } from '../../providers/index.ts';
import { type FoundKey, keyOf } from '../../settings/choose-provider.ts';
import { isOneWord, keysPath, maskKey, readKeys } from '../../settings/keys.ts';
import { type Profile, readSettings } from '../../settings/settings.ts';
import { EXIT_CODES, isSoraError, SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { runStoreCheck } from '../store.ts';
import { type Finding, runCheck, WORST } from './finding.ts';
import { hostFindings } from './host.ts';

const LEAST_NODE: readonly [number, number] = [20, 19];
/** Throws only when interrupted: what is wrong is the result, and the exit code tells. */
export async function runDoctor(context: Context, { api }: { readonly api: boolean }): Promise<number> {
  // First: the services warn of the same, unless they find it told.
  const settings = [...(await settingsFindings(context)), ...(await keyFindings(context))];
  const local = [
    nodeFinding(context.runtime.nodeVersion),
    ...(await ffmpegFindings(context)),
    await runCheck('mediainfo.js', () => loadMediaInfo()),
    await runCheck('store readable', () => checkStore(context)),
    await runCheck('store writable', () => checkWritable(context)),
  ];
  const proxies = await runCheck('proxy', async () => describeProxies(context));
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
    prose: true,
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
  const { signal } = context.runtime;
  const found = await runCheck('ffmpeg', async () => {
    const { path, version, source } = await context.ffmpeg();
    return `${version} at ${path} (from ${source})`;
  });
  if (!found.ok) return [found];
  const ffmpeg = await context.ffmpeg();
  const encoder = await runCheck('ffmpeg libx264', async () => {
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
    ...agedFindings(filters),
    part('ffmpeg zscale', filters.has('zscale'), 'HDR clips', 'zimg (zscale)'),
    part('ffmpeg libvpx', decoders.has('libvpx-vp9'), 'the transparency of WebM clips', 'libvpx'),
  ];
}

/** Told by a filter that came with 5.1: builds name their version in many ways, or not at all. */
function agedFindings(filters: ReadonlySet<string>): Finding[] {
  if (filters.has('blurdetect')) return [];
  return [
    {
      ...{ check: 'ffmpeg age', ok: false },
      detail: 'It is older than 5.1: it may miss damage inside a clip, and the end of some QuickTime animations.',
      fix: 'Point SORA_FFMPEG at ffmpeg 5.1 or later, if you can.',
    },
  ];
}

/** What some builds, and most that are old, cannot do: a remark, because most clips do not need it. */
function part(check: string, ok: boolean, what: string, library: string): Finding {
  if (ok) return { check, ok, detail: `can read ${what}` };
  const fix = `Point SORA_FFMPEG at a newer ffmpeg that is built with ${library}, if you need it.`;
  return { check, ok, detail: `This ffmpeg cannot read ${what}.`, fix };
}

async function loadMediaInfo(): Promise<string> {
  const { openReader } = await import('../../media/probe/mediainfo.ts');
  (await openReader()).close();
  return 'loads';
}

/** `sora store check`, whose report is counted here instead of shown. */
async function checkStore(context: Context): Promise<string> {
  let counted = '';
  const result: Context['ui']['result'] = ({ text }) => {
    counted = text.split('\n')[0] ?? '';
  };
  try {
    // Settings and keys have findings of their own.
    await runStoreCheck({ ...context, ui: { ...context.ui, result } }, { settings: false });
  } catch (error) {
    if (!isSoraError(error, 'machine') || counted === '') throw error;
    throw new SoraError('machine', error.message, { hint: 'sora store check names what is broken.', cause: error });
  }
  return counted;
}

/** A folder that is there takes a file for a moment; one that is not is only looked for from above. */
async function checkWritable({ paths }: Context): Promise<string> {
  const folders = [...new Set([paths().config, paths().data, paths().state])];
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
  const { warnings, warn } = collectWarnings(context);
  const found = await runCheck('settings', async () => {
    const { platform } = context.runtime;
    const settings = await readSettings(context.paths().config, { platform, warn });
    const profile = await context.profileName();
    return `${settings.path}${(await exists(settings.path)) ? '' : ' (not there yet)'}, profile ${profile}`;
  });
  const fix = 'Correct or remove it; sora config list shows what is used.';
  return [found, ...warnings.map((text) => ({ check: 'settings', ok: false, fix, ...withoutCommand(text) }))];
}

/** Which keys there are. That one is missing is told of the chosen host only. */
async function keyFindings(context: Context): Promise<Finding[]> {
  const { env, platform } = context.runtime;
  const { warnings, warn } = collectWarnings(context);
  let keys: Awaited<ReturnType<Context['keys']>> = {};
  const stored = await runCheck('stored keys', async () => {
    keys = await readKeys(context.paths().config, { platform, warn });
    return Object.keys(keys).length === 0
      ? 'none'
      : `${Object.keys(keys).join(', ')} in ${keysPath(context.paths().config)}`;
  });
  // That the settings cannot be read has been said.
  const profile = await context.profile().catch((): Profile => ({}));
  const chosen = await context.connection().then(
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
function collectWarnings({ told }: Context): { warnings: readonly string[]; warn: (text: string) => void } {
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

function describeProxies({ runtime }: Context): string {
  const { variables, ...proxies } = proxyOf(runtime.env);
  const named = (['https', 'http', 'noProxy'] as const).flatMap((kind) => {
    const value = proxies[kind];
    return value === undefined ? [] : [`${variables?.[kind]}=${hideUser(value)}`];
  });
  // Throws when one of them is not a URL.
  for (const url of ['https://sora.invalid', 'http://sora.invalid']) proxyFor(new URL(url), proxyOf(runtime.env));
  return named.join(', ') || 'none';
}
