/** Finished files in their final place: never half, never over another without being told. */
import type { Stats } from 'node:fs';
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSoraError, SoraError, systemCode } from './errors.ts';
import { oneLine } from './text.ts';

/** Whether a file may be put there. Throws `usage` for what is no file, what is taken, and a name that no disk takes. */
export async function checkFree(
  path: string,
  { force, example }: { readonly force: boolean; readonly example: string },
): Promise<void> {
  const there = await lookAt(path);
  if (!there) {
    // A link to nothing is there all the same: it would be found only once the file has been paid for.
    if (!force && (await lstat(path).catch(() => undefined))) throw isTaken(path);
    return;
  }
  if (there.isDirectory()) throw new SoraError('usage', `${path} is a folder.`, { hint: `Name a file: -o ${example}` });
  refuseDevice(path, there);
  if (!force) throw isTaken(path);
}

function isTaken(path: string): SoraError {
  return new SoraError('usage', `${path} exists already.`, {
    hint: 'Add --force to replace it, or name another file with -o.',
  });
}

async function lookAt(path: string): Promise<Stats | undefined> {
  return stat(path).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENAMETOOLONG') return undefined;
    throw new SoraError('usage', `The name of the file is too long: ${oneLine(path, 120)}`, {
      hint: 'Name a shorter one with -o.',
      cause,
    });
  });
}

/** A rename would replace a device or a pipe, which others use, by a plain file. */
function refuseDevice(path: string, there: Stats): void {
  if (there.isFile() || there.isDirectory()) return;
  throw new SoraError('usage', `${path} is a device or a pipe, not a file, and is not replaced.`, {
    hint: 'Name a file with -o.',
  });
}

/**
 * Moves a finished file to its place, in one step. Without `force` a file that is there is never replaced: it throws
 * `taken`. Throws `machine` when the disk is in the way. The caller removes the temporary name.
 */
export async function publishFile(
  temporary: string,
  target: string,
  { force, taken }: { readonly force: boolean; readonly taken: 'usage' | 'unverified' },
): Promise<void> {
  const appeared = (): SoraError =>
    new SoraError(taken, `${target} has appeared meanwhile and was not replaced.`, {
      hint: 'Move that file away or name another with -o, then run the command again.',
    });
  if (force) {
    const there = await lookAt(target);
    if (there) refuseDevice(target, there);
    await rename(temporary, target);
  } else {
    try {
      // link() refuses to replace a file that appeared meanwhile; rename() would not.
      await link(temporary, target);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw appeared();
      // Some file systems have no hard links: the name is claimed by an empty file, which is then replaced in one step.
      const claim = await open(target, 'wx').catch((cause: unknown) => {
        throw systemCode(cause) === 'EEXIST' ? appeared() : cause;
      });
      await claim.close();
      await rename(temporary, target).catch(async (cause: unknown) => {
        await rm(target, { force: true });
        throw cause;
      });
    }
  }
  // The file is in its place: a folder that may be written but not read, or cannot be synced, changes nothing about that.
  const folder = await open(dirname(target)).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** What the disk refuses, in words, and what helps. */
const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, or name a place on another disk with -o.'],
  EDQUOT: ['the disk quota is used up', 'Free some space, or name another place with -o.'],
  EFBIG: ['the file would be larger than is allowed here', 'Raise the limit on file sizes (ulimit -f).'],
  EACCES: ['permission is denied (EACCES)', 'Name a folder that you may write to with -o.'],
  EPERM: ['permission is denied (EPERM)', 'Name a folder that you may write to with -o.'],
  EROFS: ['the file system is read-only', 'Name a folder that can be written to with -o.'],
  EISDIR: ['a folder stands there', 'Name a file with -o.'],
  ENOTEMPTY: ['a folder stands there', 'Name a file with -o.'],
  ENOENT: ['its folder does not exist (ENOENT)', 'Make the folder, or name another with -o.'],
  ENOTDIR: ['a file stands where its folder should be', 'Name another folder with -o.'],
  ENAMETOOLONG: ['its name is too long', 'Name a shorter one with -o.'],
  EIO: ['the disk failed (EIO)', 'Name a place on another disk with -o.'],
  EMFILE: ['too many files are open', 'Raise the limit on open files (ulimit -n).'],
  ENFILE: ['too many files are open', 'Close other programs and try again.'],
};

/** What the disk refused, as an error for people; any other error as it is. */
export function machineError(error: unknown, path: string): unknown {
  const code = systemCode(error) ?? '';
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (isSoraError(error) || !known) return error;
  const [reason, hint] = known;
  return new SoraError('machine', `${oneLine(path)} could not be written: ${reason}.`, { hint, cause: error });
}
