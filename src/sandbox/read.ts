/** Reading what others may have put into the sandbox's folder, or name in a header. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** The bytes of a regular file: a pipe is not waited for, and a device not read. Throws an Error that says so. */
export async function readRegular(path: string): Promise<Buffer> {
  const file = await openRegular(path);
  return file.readFile().finally(() => file.close());
}

/** The size of a regular file and the SHA-256 of its bytes, in lower-case hex, without holding them. Throws as `readRegular`. */
export async function digestRegular(path: string): Promise<{ readonly size: number; readonly sha256: string }> {
  const file = await openRegular(path);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}

async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is not a regular file.`);
}

/** Deeper than any request: what reads a value calls itself for each level. */
const MOST_LEVELS = 100;

/** JSON of a client, or of a file. Throws SyntaxError for what is none, and for what is nested too deeply. */
export function parseJson(text: string): unknown {
  // biome-ignore lint/plugin: the sandbox shares no code with the client
  const value: unknown = JSON.parse(text);
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_LEVELS) throw new SyntaxError('It is nested too deeply.');
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
}
