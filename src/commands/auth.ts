/** `sora auth`: the keys of the hosts, stored without ever being an argument, and shown masked only. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Context, Runtime } from '../context.ts';
import { HOST_NAMES, type HostName, PROVIDERS } from '../providers/index.ts';
import { keyOf, keySourceOf, missingSource } from '../settings/choose-provider.ts';
import { isOneWord, keysPath, maskKey, removeKey, storeKey } from '../settings/keys.ts';
import { SoraError } from '../shared/errors.ts';
import { nearest } from '../shared/text.ts';
import { readStdin } from '../terminal/stdin.ts';

const LONGEST_KEY = 4096;

/** `sora auth login <provider>`: the key comes from a hidden prompt, or from stdin where that is no terminal. */
export async function runAuthLogin(context: Context, text: string): Promise<undefined> {
  const { runtime, ui, paths } = context;
  const name = providerNamed(text);
  const given = runtime.stdin.isTTY ? await askHidden(runtime, name) : await readKey(runtime, name);
  const key = checkKey(given, name);
  const profile = await context.profile();
  const replaced = await storeKey(paths().config, name, key);
  const path = keysPath(paths().config);
  const used = keyOf(name, { env: runtime.env, keys: { [name]: key }, profile });
  if (used?.variable !== undefined) ui.warn(`${used.variable} is set, and is used before the key that was stored.`);
  const from = keySourceOf(name, profile);
  if (!used) ui.warn(`The profile looks for its key elsewhere (keyFrom is ${from}), not at the stored one.`);
  ui.result({
    json: { provider: name, key: maskKey(key), path, replaced },
    text: `${replaced ? 'Replaced' : 'Stored'} the key of ${name} (${maskKey(key)}) in ${path}`,
    quiet: [path],
  });
}

/** `sora auth logout <provider>`: a key that was not stored is a success too. */
export async function runAuthLogout(context: Context, text: string): Promise<undefined> {
  const { runtime, ui, paths } = context;
  const name = providerNamed(text);
  const profile = await context.profile();
  const removed = await removeKey(paths().config, name);
  const used = keyOf(name, { env: runtime.env, keys: {}, profile });
  if (used?.variable !== undefined) ui.warn(`${used.variable} is still set in the environment, and is used.`);
  ui.result({
    json: { provider: name, removed },
    text: removed ? `Removed the stored key of ${name}.` : `No key of ${name} was stored.`,
    quiet: [name],
  });
}

/** `sora auth status [<provider>]`: which key is used. Throws `auth` when one provider was asked for and has none. */
export async function runAuthStatus(context: Context, text: string | undefined): Promise<undefined> {
  const { runtime, ui } = context;
  const names = text === undefined ? HOST_NAMES : [providerNamed(text)];
  const keys = await context.keys();
  const [profile, profileName] = [await context.profile(), await context.profileName()];
  const rows = names.map((name) => {
    const found = keyOf(name, { env: runtime.env, keys, profile });
    const keyFrom = keySourceOf(name, profile);
    return {
      provider: name,
      source: found?.source ?? null,
      variable: /^env:(.+)$/.exec(keyFrom ?? '')?.[1] ?? PROVIDERS[name].keyVariable,
      stored: keyOf(name, { env: {}, keys }) !== undefined,
      key: found ? maskKey(found.key) : null,
      ...(keyFrom !== undefined && { keyFrom, profile: profileName }),
    };
  });
  ui.result({
    json: text === undefined ? rows : rows[0],
    text: ui.table(
      ['PROVIDER', 'KEY', 'FROM'],
      rows.map((row) => [row.provider, row.key ?? 'none', originOf(row)]),
    ),
    quiet: rows.filter(({ key }) => key !== null).map(({ provider }) => provider),
  });
  const [only] = rows;
  if (text === undefined || !only || only.key !== null) return;
  if (only.keyFrom !== undefined) throw missingSource(only.provider, only.keyFrom);
  throw new SoraError('auth', `There is no key for ${only.provider}.`, {
    hint: `Set ${only.variable}, or store one with: sora auth login ${only.provider}`,
  });
}

interface KeyRow {
  readonly source: 'environment' | 'stored' | null;
  readonly variable: string;
  readonly stored: boolean;
  readonly keyFrom?: string;
  readonly profile?: string;
}

/** Which source wins, and why where that is not the usual order. */
function originOf({ source, variable, stored, keyFrom, profile }: KeyRow): string {
  if (keyFrom !== undefined) {
    const words = keyFrom === 'stored' ? 'stored' : variable;
    return `${words}${source === null ? ', where there is none' : ''} (profile ${profile})`;
  }
  return source === 'environment' ? `${variable}${stored ? ' (before the stored one)' : ''}` : (source ?? '');
}

/** What was typed is not repeated unless it is close to a name: it may be a key. */
function providerNamed(text: string): HostName {
  const name = HOST_NAMES.find((one) => one === text);
  if (name) return name;
  if (text === 'sandbox')
    throw new SoraError('usage', 'The sandbox needs no key.', { hint: 'Use it right away: --provider sandbox' });
  const close = nearest(text, HOST_NAMES);
  throw new SoraError('usage', 'That is not the name of a provider that has a key.', {
    hint: `${close ? `Did you mean ${close}? ` : ''}Providers: ${HOST_NAMES.join(', ')}. A key is never an argument.`,
  });
}

async function readKey(runtime: Runtime, name: HostName): Promise<string> {
  const text = Buffer.from(await readStdin(runtime, LONGEST_KEY + 2)).toString('utf8');
  if (text.trim() !== '') return text;
  throw new SoraError('usage', 'No key was given on standard input.', {
    hint: `Run it on a terminal, or pipe the key: echo "$KEY" | sora auth login ${name}`,
  });
}

/** Readline takes the terminal out of its own echo, and writes its own to nowhere. */
async function askHidden(runtime: Runtime, name: HostName): Promise<string> {
  if (!runtime.stderr.isTTY || runtime.env.CI) {
    throw new SoraError('usage', 'There is no terminal to ask on.', {
      hint: `Pipe the key: echo "$KEY" | sora auth login ${name}`,
    });
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: runtime.stdin.stream, output: nowhere, terminal: true, historySize: 0 });
  const stop = (): void => lines.close();
  runtime.signal.addEventListener('abort', stop, { once: true });
  runtime.stderr.stream.write(`Key of ${name} (not shown): `);
  try {
    return await new Promise<string>((resolve, reject) => {
      const interrupted = (): SoraError => new SoraError('interrupted', 'Interrupted. Nothing was stored.');
      lines.once('line', resolve);
      lines.once('SIGINT', () => reject(interrupted()));
      lines.once('close', () => (runtime.signal.aborted ? reject(runtime.signal.reason as Error) : resolve('')));
      if (runtime.signal.aborted) stop();
    });
  } finally {
    runtime.signal.removeEventListener('abort', stop);
    lines.close();
    runtime.stderr.stream.write('\n');
  }
}

/** Throws `usage` without quoting the key. */
function checkKey(text: string, name: HostName): string {
  const key = text.replace(/^\uFEFF/, '').trim();
  if (key === '')
    throw new SoraError('usage', 'The key is empty. Nothing was stored.', {
      hint: `Try again with a key: sora auth login ${name}`,
    });
  if (key.length <= LONGEST_KEY && isOneWord(key)) return key;
  throw new SoraError('usage', `That cannot be a key for ${name}: it is not one word of plain characters.`, {
    hint: 'Nothing was stored. Copy the key again, without quotes, spaces or line breaks.',
  });
}
