/**
 * Writing that either happens whole or not at all, and says in a sentence why it did not. Only what waits for the disk is
 * asynchronous, flushes and names that are given to files: Ctrl-C is heard meanwhile, when the record of a paid answer is what is
 * written. To hand one of the other calls to a thread takes several times as long as the call, and a record needs a dozen.
 */
import {
  accessSync,
  closeSync,
  constants,
  type Dirent,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSoraError, SoraError, systemCode } from '../shared/errors.ts';
import { crypto } from './hash.ts';
import { reasonFor } from './system-reason.ts';

const DAY_MS = 86_400_000;
const TEMP_NAME = /^\..+\.tmp(?:\.[a-z0-9]+)?$/;
/** A lock, the guard of its takeover, and what a takeover has renamed. */
const LOCK_NAME = /\.lock(?:\.[\w-]+)*$/;

/** Whose file it is: one of ours lies where `SORA_HOME` says, one of the user's where the user has put it. */
export type FileOwner = 'sora' | 'user';

/** What helps with a file of the user's, or one beside it, in the place of another home. */
const BESIDE: Readonly<Record<string, string>> = {
  EROFS: 'Copy the files to a folder that can be written.',
  EACCES: 'Check who owns it and its folder.',
  EPERM: 'Check who owns it and its folder.',
  ENOTDIR: 'Move that file away.',
  EEXIST: 'Move that file away.',
  EISDIR: 'Move that folder away.',
  ENOENT: 'Another program may have removed it. Run the command again.',
  ENAMETOOLONG: 'Move the files to a folder with a shorter path.',
  EIO: 'Check the disk.',
};

/** `Cannot <doing> <path>: <reason>.` as SoraError `machine`; what is not a system error is returned as it is. */
export function machineError(error: unknown, doing: string, path: string, owner: FileOwner = 'sora'): unknown {
  const code = systemCode(error);
  if (isSoraError(error) || code === undefined) return error;
  const [reason, usual] = reasonFor(code);
  const hint = owner === 'user' ? (BESIDE[code] ?? usual) : usual;
  const message = `Cannot ${doing} ${path}: ${reason}.`;
  return new SoraError('machine', message, hint === undefined ? { cause: error } : { hint, cause: error });
}

/** A name beside the target that lists skip and the sweep finds. The extension is for programs that look at it. */
export function tempName(extension = ''): string {
  return `.${crypto().randomUUID()}.tmp${extension}`;
}

/** Makes a folder and its parents, private to the user, and survives a power cut. Folders that exist are left as they are. */
export async function ensureFolder(path: string, owner?: FileOwner): Promise<void> {
  const first = await makeFolders(path, { mode: 0o700, ...(owner && { owner }) });
  if (first === undefined) return requireWritable(path, owner);
  try {
    for (let folder = dirname(path); folder.length >= dirname(first).length; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === dirname(folder)) break;
    }
  } catch (error) {
    throw machineError(error, 'make the folder', path, owner);
  }
}

/** Throws `machine` for a folder that nothing can be put into: whoever writes there, a program of its own perhaps, knows less of why. */
export async function requireWritable(path: string, owner?: FileOwner): Promise<void> {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw machineError(error, 'write to', path, owner);
  }
}

/** Makes a folder and its parents; resolves with the first one that was not there. Throws `machine`. */
export async function makeFolders(
  path: string,
  { mode, owner }: { readonly mode?: number; readonly owner?: FileOwner } = {},
): Promise<string | undefined> {
  const options = { recursive: true, ...(mode !== undefined && { mode }) } as const;
  try {
    return mkdirSync(path, options);
  } catch (error) {
    throw machineError(withoutRecursion(error, path), 'make the folder', path, owner);
  }
}

/** On a file system that is read-only Node answers ENOENT where it makes parents as well: the first that is missing tells why. */
function withoutRecursion(error: unknown, path: string): unknown {
  if (systemCode(error) !== 'ENOENT') return error;
  let missing = path;
  const isThere = (folder: string): boolean => {
    try {
      return lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false;
    }
  };
  while (dirname(missing) !== missing && !isThere(dirname(missing))) missing = dirname(missing);
  try {
    mkdirSync(missing);
    return error;
  } catch (reason) {
    return reason;
  }
}

/** Writes a new file beside the place it is meant for, and returns its path once every byte is on the disk. */
export async function writeTemp(folder: string, text: string): Promise<string> {
  const path = join(folder, tempName());
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      await flush(file);
    } finally {
      closeSync(file);
    }
    return path;
  } catch (error) {
    await removeQuietly(path);
    throw error;
  }
}

/** Resolves when the disk has what was written to an open file. */
export function flush(file: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(file, (error) => (error ? reject(error) : resolve())));
}

/** Flushes a file that another program wrote. */
export async function syncFile(path: string): Promise<void> {
  const file = openSync(path, 'r+');
  try {
    await flush(file);
  } finally {
    closeSync(file);
  }
}

/** Without it a rename may be undone by a power cut. Systems that cannot flush a folder are forgiven. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = openSync(path, 'r');
    try {
      await flush(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    if (!['EINVAL', 'EISDIR', 'EPERM', 'EACCES', 'ENOTSUP', 'EBADF'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** Gives a complete temporary file its name if no file has it: exactly one of several callers gets `published`. */
export async function publishNew(temp: string, path: string): Promise<'published' | 'exists' | 'unsupported'> {
  try {
    await link(temp, path);
    return 'published';
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') return 'exists';
    // FAT, some network and some FUSE file systems know no hard links.
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(code)) return 'unsupported';
    throw error;
  }
}

/** Gives a complete temporary file its name, in place of what had it. */
export async function publish(temp: string, path: string): Promise<void> {
  await rename(temp, path);
  await syncFolder(dirname(path));
}

export async function exists(path: string): Promise<boolean> {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false;
    throw machineError(error, 'read', path);
  }
}

/** For cleaning up after an error that matters more than a failure to clean up. */
export async function removeQuietly(path: string): Promise<void> {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or the error that this follows is told.
  }
}

/** Makes sure of a folder, each time; the first time it also removes what killed processes left there. */
export function folderPreparation(path: string): () => Promise<void> {
  let swept = false;
  return async () => {
    await ensureFolder(path);
    if (swept) return;
    swept = true;
    await sweepFolder(path);
  };
}

/** Removes temporary files and locks that a killed process left more than a day ago. Never fails; returns how many went. */
export async function sweepFolder(folder: string, nowMs: number = Date.now()): Promise<number> {
  let swept = 0;
  for (const entry of entriesOf(folder)) {
    const isTemp = entry.isFile() && TEMP_NAME.test(entry.name);
    const isLock = entry.isDirectory() && LOCK_NAME.test(entry.name);
    if (!isTemp && !isLock) continue;
    const path = join(folder, entry.name);
    try {
      if (nowMs - lstatSync(path).mtimeMs < DAY_MS) continue;
      if (isTemp) unlinkSync(path);
      else rmdirSync(path);
      swept += 1;
    } catch {
      // Another process swept it first, or it is not ours to remove: the next sweep sees.
    }
  }
  return swept;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
