/** What a file or a text holds, as one short text. */
import { createRequire } from 'node:module';
import { openRegular } from './read-file.ts';

const load = createRequire(import.meta.url);

/** Loaded when it is first needed: lists need none of it, and it would take a tenth of their time. */
export function crypto(): typeof import('node:crypto') {
  return load('node:crypto') as typeof import('node:crypto');
}

const CHUNK_BYTES = 1024 * 1024;

/** Lower-case hex SHA-256 of a text, or of bytes. */
export function hashText(text: string | Uint8Array): string {
  return crypto().createHash('sha256').update(text).digest('hex');
}

/** Lower-case hex SHA-256 of a regular file. Throws as `openRegular`, and the signal's reason when aborted. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = crypto().createHash('sha256');
  try {
    const file = await openRegular(path);
    const how = { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) };
    for await (const chunk of file.createReadStream(how)) hash.update(chunk as Uint8Array);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return hash.digest('hex');
}
