/** What every adapter is tested with: a key, a wish, a picture, a clip, and readers of what comes back. */
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CharacterCalls, NewVideo, Provider, Reference } from '../../src/providers/provider.ts';
import type { CharacterReference } from '../../src/providers/references.ts';
import { isSoraError, type SoraError } from '../../src/shared/errors.ts';
import type { Seen } from '../helpers/server.ts';

export const KEY = 'sk-test-0123456789abcdef';
export const call = { signal: new AbortController().signal };

export const VIDEO: NewVideo = {
  prompt: 'Featuring Joe. He waves. "Ça va?" 李雷',
  model: undefined,
  seconds: 8,
  size: { width: 1280, height: 720 },
  characters: [],
  reference: undefined,
};

/** Characters by their ids, or by the URLs of their clips. */
export function cast(...values: readonly string[]): readonly CharacterReference[] {
  return values.map((value) => ({ mode: value.includes('://') ? 'clip-url' : 'id', values: [value] }));
}

export const PICTURE = {
  kind: 'bytes',
  bytes: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 13, 10, 255]),
  mime: 'image/png',
  fileName: 'a "b"\n.png',
} as const satisfies Reference;

/** A whole video is wanted. */
export const WHOLE = { variant: 'video', offset: 0, etag: undefined } as const;

export const MP4 = { 'content-type': 'video/mp4' };

/** Digits that a number of JavaScript cannot hold. */
export const LARGE_ID = '90071992547409931234';

/** The error of something that must fail; an adapter without the method does not. */
export async function failureOf(promise: Promise<unknown> | undefined): Promise<SoraError> {
  const error = await Promise.resolve(promise).then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!isSoraError(error)) throw error;
  return error;
}

/** Path of a file that passes for a clip; of so many empty bytes where a number is given. */
export async function clip(bytes: Buffer | number = Buffer.from('mp4')): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sora-clip-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'master.mp4');
  await writeFile(path, typeof bytes === 'number' ? '' : bytes);
  if (typeof bytes === 'number') await truncate(path, bytes);
  return path;
}

/** The calls of a host that has characters. */
export function charactersOf({ name, characters }: Provider): CharacterCalls {
  if (!characters) throw new Error(`${name} has no characters`);
  return characters;
}

export async function textOf({ body }: { readonly body: AsyncIterable<Uint8Array> }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export function jsonIn(seen: Seen | undefined): unknown {
  return JSON.parse(String(seen?.body));
}

/** Nobody listens there. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
