/**
 * Files that a user asked for: made beside the place where they are to be, and put there in one step. Never half, never over
 * another without being told, and never in place of a link, a device or a pipe.
 */

import type { Stats } from 'node:fs';
import { access, constants, link, lstat, open, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { isSoraError, SoraError, systemCode } from '../shared/errors.ts';
import { isJournalName } from '../shared/journal-name.ts';
import { option } from '../shared/options.ts';
import { oneLine, shellCommand, shellQuote } from '../shared/text.ts';
import type { Clock } from '../shared/time.ts';
import { followLinks } from './links.ts';
import { createPartFile, sweepOrphans } from './part-file.ts';

export interface TargetRules {
  readonly force: boolean;
  /** For a hint: the name of a file. */
  readonly example: string;
  /** Whether the command takes `-o -`. */
  readonly takesStdout?: boolean;
}

/**
 * Whether a file can be written at an absolute path: its folder is there and may be written to, and what is there may be
 * replaced. A link is followed, and stays. Returns where it will lie. Throws `usage`.
 */
export async function checkFree(path: string, rules: TargetRules): Promise<string> {
  const place = await followLinks(path).catch((cause: unknown) => {
    throw targetError(path, cause, rules);
  });
  const own = await lstat(path).catch(() => undefined);
  await (own?.isSymbolicLink() ? checkFolder(dirname(place), path) : checkFolder(dirname(path)));
  const there = await lookAt(place);
  if (there?.isDirectory())
    throw new SoraError('usage', `${path} is a folder.`, { hint: `Name a file: ${option('output')} ${rules.example}` });
  if (there) refuseDevice(path, there, rules);
  refuseJournal(place);
  // A link to nothing is there all the same.
  if (!rules.force && (there || own))
    throw new SoraError('usage', `${path} already exists.`, {
      hint: `Add ${option('force')} to replace it, or name another file with ${option('output')}.`,
    });
  return place;
}

/** Whether files can be made in a folder, which `link` led to where it is given. Throws `usage`. */
export async function checkFolder(folder: string, link?: string): Promise<void> {
  const whose = link === undefined ? '' : `, to which ${link} leads,`;
  const there = await lookAt(folder);
  if (!there)
    throw new SoraError('usage', `The folder ${folder}${whose} does not exist.`, {
      hint: shellCommand('mkdir -p', [shellQuote(folder)]),
    });
  if (!there.isDirectory())
    throw new SoraError('usage', `${folder}${whose} is not a folder.`, {
      hint: `Name another with ${option('output')}.`,
    });
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new SoraError('usage', `The folder ${folder}${whose} cannot be written to.`, {
      hint: `Name another with ${option('output')}.`,
      cause,
    });
  });
}

/** Whether files can be put into folders that are made when they are needed: the nearest that is there decides. Throws `usage`. */
export async function checkFutureFolder(folder: string): Promise<void> {
  let there = folder;
  while (!(await lookAt(there)) && dirname(there) !== there) there = dirname(there);
  await checkFolder(there);
}

async function lookAt(path: string): Promise<Stats | undefined> {
  return stat(path).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENAMETOOLONG') throw targetError(path, cause);
    return undefined;
  });
}

/** Why a path leads to no place where a file can be. */
function targetError(path: string, cause: unknown, rules?: TargetRules): unknown {
  const name = oneLine(path, 120);
  const refusals: Readonly<Record<string, readonly [message: string, hint: string]>> = {
    ENAMETOOLONG: [`The name of the file is too long: ${name}`, `Name a shorter one with ${option('output')}.`],
    ELOOP: [`${name} is a link that leads to itself.`, `Remove it, or name a file with ${option('output')}.`],
    EFTYPE: [`${name} names something that is open already, not a file, and is not replaced.`, fileHint(rules)],
    EACCES: [`${name} cannot be written to: permission is denied.`, `Name another file with ${option('output')}.`],
  };
  const refusal = refusals[systemCode(cause) ?? ''];
  if (!refusal) return cause;
  const [message, hint] = refusal;
  return new SoraError('usage', message, { hint, cause });
}

/** Also with `force`, and where none is yet: what was paid for stands in it, and another file of such a name would be read as one. */
function refuseJournal(path: string): void {
  if (!isJournalName(path)) return;
  throw new SoraError('usage', `${path} has the name of a journal, which says what was paid for.`, {
    hint: `Name another file with ${option('output')}.`,
  });
}

/** A rename would replace a device or a pipe, which others use, by a plain file. */
function refuseDevice(path: string, there: Stats, rules?: TargetRules): void {
  if (there.isFile() || there.isDirectory()) return;
  throw new SoraError('usage', `${path} is a device or a pipe, not a file, and is not replaced.`, {
    hint: fileHint(rules),
  });
}

function fileHint(rules: TargetRules | undefined): string {
  return rules?.takesStdout
    ? `Name a file with ${option('output')}, or write to stdout: ${option('output')} -`
    : `Name a file with ${option('output')}.`;
}

/** How a finished file gets its name. */
export interface Publishing {
  readonly force: boolean;
  /** The error where something has taken the name meanwhile. */
  readonly taken: 'usage' | 'unverified';
}

/** A file in the making. What a killed process leaves of it is swept by the next one that makes a file in that folder. */
export interface Output {
  /** Empty; on the disk on which the target will be. */
  readonly path: string;
  /** Flushes it and gives it its name. Throws as `publishFile`. */
  publish(how: Publishing): Promise<void>;
  /** Removes it, unless it has its name. */
  dispose(): Promise<void>;
}

/** Begins the file that is to be at `target`, or where a link there leads. Throws `machine` when the disk is in the way. */
export async function createOutput(target: string, clock: Clock): Promise<Output> {
  const asMachine = (error: unknown): never => {
    throw outputWriteError(error, target);
  };
  const place = await followLinks(target).catch(asMachine);
  const part = await createPartFile(dirname(place), clock).catch(asMachine);
  await sweepOrphans(dirname(place), part);
  return {
    path: part.path,
    dispose: () => part.dispose(),
    async publish(how) {
      try {
        const file = await open(part.path, 'r+');
        await file.sync().finally(() => file.close());
        await publishFile(part.path, place, how);
      } catch (error) {
        asMachine(error);
      }
    },
  };
}

/** Data as the file at `target`, an absolute path: whole, or not at all. Throws as `publishFile`, and `machine` for a full disk. */
export async function writeOutput(
  target: string,
  data: string | Uint8Array,
  { clock, ...how }: Publishing & { readonly clock: Clock },
): Promise<void> {
  const output = await createOutput(target, clock);
  try {
    await writeFile(output.path, data);
    await output.publish(how);
  } catch (error) {
    throw outputWriteError(error, target);
  } finally {
    await output.dispose();
  }
}

/**
 * Moves a finished file to its place, in one step. Without `force` a file that is there is never replaced: it throws
 * `taken`. Throws `machine` when the disk is in the way. The caller removes the temporary name.
 */
export async function publishFile(temporary: string, target: string, { force, taken }: Publishing): Promise<void> {
  const appeared = (): SoraError =>
    new SoraError(taken, `${target} has appeared in the meantime and was not replaced.`, {
      hint: `Move that file away or name another with ${option('output')}, then run the command again.`,
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
  ENOSPC: ['the disk is full', `Free some space, or name a place on another disk with ${option('output')}.`],
  EDQUOT: ['the disk quota is used up', `Free some space, or name another place with ${option('output')}.`],
  EFBIG: ['the file would be larger than is allowed here', 'Raise the limit on file sizes (ulimit -f).'],
  EACCES: ['permission is denied (EACCES)', `Name a folder that you may write to with ${option('output')}.`],
  EPERM: ['permission is denied (EPERM)', `Name a folder that you may write to with ${option('output')}.`],
  EROFS: ['the file system is read-only', `Name a folder that can be written to with ${option('output')}.`],
  EISDIR: ['a folder is there', `Name a file with ${option('output')}.`],
  ENOTEMPTY: ['a folder is there', `Name a file with ${option('output')}.`],
  ENOENT: ['its folder does not exist (ENOENT)', `Make the folder, or name another with ${option('output')}.`],
  ENOTDIR: ['a file is where its folder should be', `Name another folder with ${option('output')}.`],
  ENAMETOOLONG: ['its name is too long', `Name a shorter one with ${option('output')}.`],
  EIO: ['the disk failed (EIO)', `Name a place on another disk with ${option('output')}.`],
  EMFILE: ['too many files are open', 'Raise the limit on open files (ulimit -n).'],
  ENFILE: ['too many files are open', 'Close other programs and try again.'],
};

/** What the disk refused, as an error for people; any other error as it is. */
export function outputWriteError(error: unknown, path: string): unknown {
  const code = systemCode(error) ?? '';
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (isSoraError(error) || !known) return error;
  const [reason, hint] = known;
  return new SoraError('machine', `${oneLine(path)} could not be written: ${reason}.`, { hint, cause: error });
}

const NO_ROOM_BYTES = 65_536;

/**
 * Throws `machine` where the disk of a file has no room left. For a file that is not whole: some programs end well although the
 * end of what they wrote had no room.
 */
export async function refuseFullDisk(path: string): Promise<void> {
  const disk = await statfs(dirname(path)).catch(() => undefined);
  if (!disk || disk.bavail * disk.bsize >= NO_ROOM_BYTES) return;
  throw outputWriteError(Object.assign(new Error('no room is left'), { code: 'ENOSPC' }), path);
}

/** A whole file to stdout. Throws `unverified` where its reader goes away, and `machine` for what the disk behind it refuses. */
export async function writeStdout(stdout: Writable, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((done, fail) => stdout.write(data, (error) => (error ? fail(stdoutError(error)) : done())));
}

/** What a write to stdout failed with, as an error for people: `unverified` where its reader went away. */
export function stdoutError(error: unknown): unknown {
  const code = systemCode(error) ?? '';
  if (code !== 'EPIPE' && !code.startsWith('ERR_STREAM_')) return outputWriteError(error, 'stdout');
  return new SoraError('unverified', 'The reader of stdout went away before it had the whole file.', { cause: error });
}
