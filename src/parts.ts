/**
 * Downloads in the making: files beside their targets that show four times a second that somebody works on them, so that what
 * a killed process left can be told from what another one is about to finish.
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm, rmdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from './domain.ts';
import { temporary } from './temporary.ts';

export interface Part {
  readonly path: string;
  /** Removes it, unless it has become the target. */
  dispose(): Promise<void>;
}

const PART_NAME = /^\.sora-[0-9a-z]{8,}-[0-9a-f]{8}\.part$/;
const BEAT_MS = 250;
/** How long a living process may stand still on a busy machine. */
const SILENT_MS = 1500;

/** What this process works on: nobody has to watch it. */
const own = new Set<string>();

/** A fresh path in an existing folder; whoever made a file there keeps it alive until `dispose`. */
export function createPart(folder: string, clock: Clock): Part {
  const name = `.sora-${Math.floor(clock.now()).toString(36)}-${randomBytes(4).toString('hex')}.part`;
  const made = temporary(join(folder, name));
  own.add(made.path);
  const beat = setInterval(() => {
    const now = new Date();
    // Not made yet, or made a target already.
    utimes(made.path, now, now).catch(() => {});
  }, BEAT_MS);
  beat.unref();
  return {
    path: made.path,
    async dispose() {
      clearInterval(beat);
      await made.dispose();
      own.delete(made.path);
    },
  };
}

/**
 * Removes what killed downloads left in a folder. What others still work on stays: it moves while it is watched, for up to
 * 1.5 s. Never fails; an aborted signal ends it early. Resolves to whether anything was removed.
 */
export async function sweepParts(
  folder: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => PART_NAME.test(name)).map((name) => join(folder, name));
  const silent = new Map<string, number>();
  for (const path of paths) {
    const movedAt = own.has(path) ? undefined : await movedAtOf(path);
    if (movedAt !== undefined) silent.set(path, movedAt);
  }
  try {
    for (let waitedMs = 0; silent.size > 0 && waitedMs < SILENT_MS; waitedMs += BEAT_MS) {
      await clock.sleep(BEAT_MS, signal);
      for (const [path, movedAt] of silent) if ((await movedAtOf(path)) !== movedAt) silent.delete(path);
    }
  } catch {
    return false;
  }
  for (const path of silent.keys()) await rm(path, { force: true }).catch(() => {});
  return silent.size > 0;
}

async function movedAtOf(path: string): Promise<number | undefined> {
  const there = await lstat(path).catch(() => undefined);
  return there?.isFile() ? there.mtimeMs : undefined;
}

/** What `mkdtemp` makes of it is a folder for a download that goes to a stream. */
export const FOLDER_PREFIX = 'sora-part-';

/** The same for the folders of downloads to a stream, which lie among everybody's temporary files. */
export async function sweepFolders(options: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const left = names.filter((name) => basename(name).startsWith(FOLDER_PREFIX)).map((name) => join(tmpdir(), name));
  await Promise.all(
    left.map(async (folder) => {
      if (await sweepParts(folder, options)) await rmdir(folder).catch(() => {});
    }),
  );
}
