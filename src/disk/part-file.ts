/**
 * Temporary `.part` files beside their target. A heartbeat (mtime) tells one that is worked on from one that a
 * killed process left, which is swept.
 */
import { lstat, open, readdir, rm, rmdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../shared/time.ts';
import { temporary } from './temporary.ts';

export interface PartFile {
  readonly path: string;
  /** Removes it, unless it has become the target. */
  dispose(): Promise<void>;
}

/** A part file, and what is made beside it under its name and one extension more, such as the sound of a clip (`.part.nut`). */
const PART_NAME = /^(?<part>\.sora-[0-9a-z]{8,}-[0-9a-f]{8}\.part)(?:\.[a-z0-9]+)?$/;
const HEARTBEAT_MS = 10_000;
/** Nobody works on what has not moved for so long: on the busiest machine a living process misses a few beats at most. */
const STALE_AFTER_MS = 5 * 60_000;

/** Makes an empty file with a fresh name in an existing folder, and keeps it alive until `dispose`. */
export async function createPartFile(folder: string, clock: Clock): Promise<PartFile> {
  // Not a secret: node:crypto would take 6 ms to load.
  const random = Math.random().toString(16).slice(2, 10).padEnd(8, '0');
  const name = `.sora-${Math.floor(clock.now()).toString(36)}-${random}.part`;
  const made = temporary(join(folder, name));
  const file = await open(made.path, 'wx', 0o666);
  // A file system that is far away has a clock of its own, which is what others compare with.
  const aheadMs = await file
    .stat()
    .then(({ mtimeMs }) => mtimeMs - Date.now())
    .finally(() => file.close());
  const beat = setInterval(() => {
    const now = new Date(Date.now() + aheadMs);
    // It may have become a target already.
    utimes(made.path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    path: made.path,
    async dispose() {
      clearInterval(beat);
      await made.dispose();
    },
  };
}

/** Removes what killed processes left beside this one. Never fails; what may still be worked on stays. */
export async function sweepOrphans(folder: string, part: PartFile): Promise<void> {
  const now = await movedAtOf(part.path);
  if (now !== undefined) await sweep(folder, now);
}

/** The same in a folder in which nothing is about to be made. Never fails; makes no folder. */
export async function sweepFolder(folder: string, clock: Clock): Promise<void> {
  const part = await createPartFile(folder, clock).catch(() => undefined);
  if (!part) return;
  await sweepOrphans(folder, part);
  await part.dispose();
}

/** What `mkdtemp` makes of it is a folder for a download that goes to a stream. */
export const FOLDER_PREFIX = 'sora-part-';

/** The same for the folders of downloads to a stream, which lie among everybody's temporary files. */
export async function sweepOrphanFolders(part: PartFile): Promise<void> {
  const now = await movedAtOf(part.path);
  if (now === undefined) return;
  const names = await readdir(tmpdir()).catch(() => []);
  for (const folder of names.filter((name) => name.startsWith(FOLDER_PREFIX)).map((name) => join(tmpdir(), name))) {
    const isOld = await isSilent(folder, now);
    await sweep(folder, now);
    // Fails where something is left in it. One that is new and empty is about to be used.
    if (isOld) await rmdir(folder).catch(() => {});
  }
}

async function sweep(folder: string, now: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const silent: string[] = [];
  for (const name of names) {
    const part = PART_NAME.exec(name)?.groups?.part;
    // What lies beside a part file is worked on for as long as that is.
    if (part === undefined || !(await isSilent(join(folder, name), now))) continue;
    if (part === name || (await isSilent(join(folder, part), now, true))) silent.push(join(folder, name));
  }
  for (const path of silent) await rm(path, { force: true }).catch(() => {});
}

/** `gone`: what is said of a file that is not there. */
async function isSilent(path: string, now: number, gone = false): Promise<boolean> {
  const movedAt = await movedAtOf(path);
  return movedAt === undefined ? gone : now - movedAt > STALE_AFTER_MS;
}

async function movedAtOf(path: string): Promise<number | undefined> {
  return lstat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
