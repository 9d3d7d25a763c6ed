/** Reading what others may have put into the sandbox's folder, or name in a header. */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync } from 'node:fs';

/**
 * The bytes of a regular file: a pipe is not waited for, and a device not read. Throws an Error that says so. Not asynchronous: a
 * record is read for each answer, and to hand that to threads takes several times as long.
 */
export function readRegular(path: string): Buffer {
  const file = openRegular(path);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The size of a regular file and the SHA-256 of its bytes, in lower-case hex, without holding them. Throws as `readRegular`. */
export async function digestRegular(path: string): Promise<{ readonly size: number; readonly sha256: string }> {
  const fd = openRegular(path);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path, { fd }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}

function openRegular(path: string): number {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
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
