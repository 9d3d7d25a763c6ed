/** Reading what others may have put into the sandbox's folder, or name in a header. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** The bytes of a regular file: a pipe is not waited for, and a device not read. Throws an Error that says so. */
export async function readRegular(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a regular file.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
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
