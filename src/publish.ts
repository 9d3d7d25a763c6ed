/** Finished files in their final place: never half, never over another without being told. */
import { constants } from 'node:fs';
import { copyFile, link, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSoraError, SoraError, systemCode } from './errors.ts';

/**
 * Moves a finished file to its place, in one step. Without `force` a file that is there is never replaced: it throws
 * `taken`. Throws `machine` when the disk is in the way. The caller removes the temporary name.
 */
export async function publishFile(
  temporary: string,
  target: string,
  { force, taken }: { readonly force: boolean; readonly taken: 'usage' | 'unverified' },
): Promise<void> {
  const appeared = (): SoraError => new SoraError(taken, `${target} has appeared meanwhile and was not replaced.`);
  if (force) {
    await rename(temporary, target);
  } else {
    try {
      // link() refuses to replace a file that appeared meanwhile; rename() would not.
      await link(temporary, target);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw appeared();
      // Some file systems have no hard links.
      await copyFile(temporary, target, constants.COPYFILE_EXCL).catch((cause: unknown) => {
        throw systemCode(cause) === 'EEXIST' ? appeared() : cause;
      });
    }
  }
  // The file is in its place: a folder that may be written but not read, or cannot be synced, changes nothing about that.
  const folder = await open(dirname(target)).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** What the disk refused, as an error for people; any other error as it is. */
export function machineError(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (isSoraError(error) || code === undefined) return error;
  if (!['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'ENOENT', 'ENOTDIR', 'EFBIG', 'EMFILE'].includes(code))
    return error;
  return new SoraError('machine', `${path} could not be written: ${code === 'ENOSPC' ? 'the disk is full' : code}.`, {
    cause: error,
  });
}
