/**
 * Reading what is found under a path: no wait for a pipe, nothing of a device, and a file up to a bound. It need not
 * be the file that was once put there.
 */
import { closeSync, constants, fstatSync, openSync, promises, readSync, type Stats } from 'node:fs';

/** Larger than anything of ours but clips and caches: some ten thousand characters. */
export const MAX_TEXT_BYTES = 16_000_000;

/** Without O_NONBLOCK, opening a pipe waits for its writer, in a thread that nothing can stop. Windows has no such flag. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file, following links. Throws the system's error, one of code `EFTYPE` for what is no regular file, and
 * `EISDIR` for a folder.
 */
export async function openRegular(path: string): Promise<promises.FileHandle> {
  const file = await promises.open(path, READ);
  try {
    requireRegular(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The text of a regular file, as UTF-8. Throws as `readBytesSync`. */
export function readTextSync(path: string, maxBytes: number = MAX_TEXT_BYTES): string {
  return readBytesSync(path, maxBytes).toString('utf8');
}

/** A whole regular file. Throws as `openRegular`, and an error of code `ERR_FS_FILE_TOO_LARGE` beyond the bound. */
export function readBytesSync(path: string, maxBytes: number): Buffer {
  const file = openSync(path, READ);
  try {
    const stats = fstatSync(file);
    requireRegular(stats);
    // A byte more than it has, so that one that grows meanwhile, or has no size as those of /proc, is seen to go on.
    let buffer = Buffer.allocUnsafe(Math.min(stats.size, maxBytes) + 1);
    for (let held = 0; ; ) {
      if (held > maxBytes) throw coded('ERR_FS_FILE_TOO_LARGE', 'it is too large');
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const bytes = readSync(file, buffer, held, buffer.length - held, null);
      if (bytes === 0) return buffer.subarray(0, held);
      held += bytes;
    }
  } finally {
    closeSync(file);
  }
}

function requireRegular(stats: Stats): void {
  if (stats.isDirectory()) throw coded('EISDIR', 'it is a folder');
  if (!stats.isFile()) throw coded('EFTYPE', 'it is not a regular file');
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
