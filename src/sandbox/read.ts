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
