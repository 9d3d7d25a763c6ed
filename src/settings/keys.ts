/** The keys that `sora auth login` stored, in `keys.json`: readable by their owner only, and never shown from here. */
import { join } from 'node:path';
import { machineError } from '../disk/atomic-write.ts';
import { permissionWarnings } from '../disk/permissions.ts';
import { readTextSync } from '../disk/read-file.ts';
import { mapOf, number, parseJson, recordDecoder, shape, string, unusableFile } from '../disk/schema.ts';
import { type SoraError, systemCode } from '../shared/errors.ts';
import { rewriteFile } from './settings.ts';

const FILE = 'keys.json';
const VERSION = 1;

interface KeysFile {
  readonly version: number;
  /** By provider; those of later versions of sora are kept. */
  readonly keys: Readonly<Record<string, string>>;
}

const decodeKeys = recordDecoder(VERSION, shape<KeysFile>({ version: number, keys: mapOf(string) }));
const EMPTY: KeysFile = { version: VERSION, keys: {} };

export interface ReadKeysOptions {
  /** Windows has no such permissions to look at. */
  readonly platform: string;
  /** Takes a sentence when others may read or replace the file. */
  readonly warn?: (sentence: string) => void;
}

export function keysPath(configDir: string): string {
  return join(configDir, FILE);
}

/** Keys by provider; none without a file. Throws SoraError `machine`, which never quotes the file. */
export async function readKeys(configDir: string, options: ReadKeysOptions): Promise<Readonly<Record<string, string>>> {
  const path = keysPath(configDir);
  const file = await load(path);
  if (file === undefined) return {};
  if (options.warn) for (const sentence of await permissionWarnings(path, options.platform)) options.warn(sentence);
  return file.keys;
}

/** Returns whether another key stood there. */
export async function storeKey(configDir: string, provider: string, key: string): Promise<boolean> {
  let replaced = false;
  await change(configDir, (file) => {
    replaced = Object.hasOwn(file.keys, provider);
    return { ...file, keys: { ...file.keys, [provider]: key } };
  });
  return replaced;
}

/** Returns whether there was one. */
export async function removeKey(configDir: string, provider: string): Promise<boolean> {
  // Without a file there is nothing to lock, and no folder to be made.
  if (!Object.hasOwn((await load(keysPath(configDir)))?.keys ?? {}, provider)) return false;
  let removed = false;
  await change(configDir, (file) => {
    removed = Object.hasOwn(file.keys, provider);
    if (!removed) return undefined;
    return { ...file, keys: Object.fromEntries(Object.entries(file.keys).filter(([name]) => name !== provider)) };
  });
  return removed;
}

async function change(configDir: string, make: (file: KeysFile) => KeysFile | undefined): Promise<void> {
  const path = keysPath(configDir);
  await rewriteFile(path, async () => {
    const next = make((await load(path)) ?? EMPTY);
    return next && `${JSON.stringify(next, null, 2)}\n`;
  });
}

async function load(path: string): Promise<KeysFile | undefined> {
  let text: string;
  try {
    text = readTextSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw machineError(error, 'read', path);
  }
  try {
    return decodeKeys(parseJson(text));
  } catch (error) {
    throw wrong(path, error);
  }
}

function wrong(path: string, error: unknown): SoraError {
  const repair = 'Correct or delete the file, then store the keys again with: sora auth login';
  return unusableFile('machine', { subject: `The keys in ${path}`, error, repair });
}

/** Keys as they are shown, and what cannot be one. */

/** A key as it may be shown: its end, and that only of one that is long enough to stay secret. */
export function maskKey(key: string): string {
  if (key.length <= 12) return '…';
  return `${key.startsWith('sk-') ? 'sk-' : ''}…${key.slice(-4)}`;
}

/** True for what can be sent as a key: one word of plain characters. */
export function isOneWord(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}
