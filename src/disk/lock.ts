/**
 * A lock between processes: a folder whose mtime is refreshed. After a crash it goes stale and is taken over.
 */
import { lstatSync, mkdirSync, renameSync, rmdirSync, type Stats, statSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SoraError, systemCode } from '../shared/errors.ts';
import { type FileOwner, machineError } from './atomic-write.ts';
import { crypto } from './hash.ts';

export interface LockTiming {
  /** A lock not refreshed for so long belongs to a dead process. At least 2000. */
  readonly staleMs: number;
  /** How long to wait for another holder before giving up. Longer than `staleMs`, or a crash needs a second try. */
  readonly waitMs: number;
  /** Of what it protects; ours unless given. */
  readonly owner?: FileOwner;
}

/** How a wait for another holder is lived through. */
export interface LockWait {
  /** Ends the wait with the signal's reason; what holds the lock is not touched by it. */
  readonly signal?: AbortSignal;
  /** Called once, when the lock is not free. */
  readonly onBusy?: () => void;
}

export const LOCK_TIMING: LockTiming = { staleMs: 5_000, waitMs: 30_000 };

export interface HeldLock {
  /** Throws SoraError `machine` when the lock may be another's by now: to be called right before what it protects. */
  assertHeld(): void;
}

/**
 * Runs `work` while holding the lock at `path`, a folder that the lock makes and removes. Its parent must exist. Not
 * re-entrant. Throws SoraError `machine` when the lock cannot be had in time.
 */
export async function withLock<R>(
  path: string,
  work: (held: HeldLock) => Promise<R>,
  timing: LockTiming & LockWait = LOCK_TIMING,
): Promise<R> {
  return inTurn(path, async () => {
    const lock = await acquire(path, timing);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  });
}

const queues = new Map<string, Promise<void>>();

/** Callers within one process take turns in order, without polling the disk against each other. */
async function inTurn<R>(path: string, work: () => Promise<R>): Promise<R> {
  const before = queues.get(path);
  const mine = before ? before.then(work) : work();
  const settled = mine.then(
    () => undefined,
    () => undefined,
  );
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

/** How long a living holder may take to refresh its lock; it does so every second. */
const SIGN_OF_LIFE_MS = 2_500;

/** What can be seen of a lock from outside, in up to 2.5 s. */
export interface LockObservation {
  /** True when its holder was seen to refresh it. No clock is asked, so it does not matter whether one was set. */
  readonly isAlive: boolean;
  /** The last refresh, milliseconds since the epoch; undefined when there is no lock. */
  readonly refreshedAt: number | undefined;
}

/** Watches a lock that others hold until it moves or is shown to be left behind. */
export async function watchLock(path: string): Promise<LockObservation> {
  const first = mtimeOf(path);
  for (let waitedMs = 0; first !== undefined && waitedMs < SIGN_OF_LIFE_MS; waitedMs += 50) {
    await sleep(50);
    const now = mtimeOf(path);
    // Gone while we looked: it was released.
    if (now === undefined) return { isAlive: false, refreshedAt: undefined };
    if (now !== first) return { isAlive: true, refreshedAt: now };
  }
  return { isAlive: false, refreshedAt: first };
}

function mtimeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

interface AcquiredLock extends HeldLock {
  release(): Promise<void>;
}

async function acquire(path: string, timing: LockTiming & LockWait): Promise<AcquiredLock> {
  const { signal } = timing;
  const deadline = Date.now() + timing.waitMs;
  let isBusy = false;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.6, 100)) {
    try {
      return await tryAcquire(path, timing);
    } catch (error) {
      if (systemCode(error) !== 'ELOCKED') throw machineError(error, 'lock', path, timing.owner);
      if (Date.now() >= deadline) {
        throw new SoraError('machine', `Another process has held the lock ${path} for too long.`, {
          hint: 'See whether another sora is running; if none is, remove that folder.',
          cause: error,
        });
      }
      if (!isBusy) timing.onBusy?.();
      isBusy = true;
    }
    await sleep(pauseMs * (0.5 + Math.random()), undefined, signal && { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

async function tryAcquire(path: string, { staleMs }: LockTiming): Promise<AcquiredLock> {
  const { lock } = await import('proper-lockfile');
  let isMade = false;
  let isOwned = false;
  let isLost = false;
  let refreshedAt = Date.now();
  // The folder's modification time as we set it last.
  let mark: number | undefined;
  // By our own clock, so that a process which slept through the stale time knows it before it writes or unlocks.
  const isFresh = () => Date.now() - refreshedAt < staleMs;
  // Nobody else sets that time to the millisecond: a folder with another one was made, or taken over, by another process.
  const isMarked = () => mark !== undefined && mtimeOf(path) === mark;
  const isHeld = () => isOwned && !isLost && isFresh() && isMarked();
  /** Before it is ours: the folder that we made is gone, which was taken for one that was left behind. */
  const orLocked = (error: Error | null) =>
    isMade && !isOwned && systemCode(error) === 'ENOENT' ? lockedError() : error;

  const release = await lock(path, {
    lockfilePath: path,
    realpath: false,
    stale: staleMs,
    update: Math.floor(staleMs / 5),
    onCompromised: () => {
      isLost = true;
    },
    fs: {
      mkdir: (folder: string, done: Done) => {
        const error = failureOf(() => mkdirSync(folder, { mode: 0o700 }));
        isMade = error === null;
        done(error);
      },
      stat: (folder: string, done: (error: Error | null, stats?: Stats) => void) => {
        let stats: Stats | undefined;
        const error = failureOf(() => {
          stats = lstatSync(folder);
        });
        // What is no folder is no lock of anybody's, and waiting for it would be in vain.
        if (stats && !stats.isDirectory()) done(Object.assign(new Error('It is no folder.'), { code: 'ENOTDIR' }));
        else done(orLocked(error), stats);
      },
      utimes: (folder: string, atime: Date, mtime: Date, done: Done) => {
        // Stood still after it made the folder, which may be another's by now.
        if (!isOwned && !isFresh()) return done(lockedError());
        const startedAt = Date.now();
        const error = failureOf(() => utimesSync(folder, atime, mtime));
        if (!error) {
          refreshedAt = startedAt;
          mark = mtimeOf(folder);
        }
        done(orLocked(error));
      },
      rmdir: (folder: string, done: Done) => {
        if (isOwned) done(isHeld() ? failureOf(() => rmdirSync(folder)) : null);
        else done(failureOf(() => removeStale(folder, staleMs)));
      },
      rmdirSync: (folder: string) => {
        if (isHeld()) rmdirSync(folder);
      },
    },
  });
  isOwned = true;

  return {
    assertHeld() {
      if (isHeld()) return;
      throw new SoraError('machine', `The lock ${path} was lost: this process was suspended for too long.`, {
        hint: 'Nothing was changed. Run the command again.',
      });
    },
    // A release that fails leaves a lock that grows stale: it must not turn work that is done into an error.
    release: () => release().catch(() => undefined),
  };
}

type Done = (error: Error | null) => void;

/** What it throws, as callbacks are told. Calls that do not wait for the disk: to hand each to a thread takes longer than the call. */
function failureOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}

/**
 * proper-lockfile looks whether a lock is stale and then removes it, and between the two another process may have put
 * a living lock in its place (https://github.com/moxystudio/node-proper-lockfile/issues/121). So one process at a time
 * looks again and removes.
 */
function removeStale(path: string, staleMs: number): void {
  const guard = `${path}.steal`;
  try {
    mkdirSync(guard, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    removeIfOld(guard, staleMs);
    throw lockedError();
  }
  try {
    if (!removeIfOld(path, staleMs)) throw lockedError();
  } finally {
    removeFolder(guard);
  }
}

/**
 * Renamed first, which only one process can do, and looked at once more when nobody else can reach it: what is removed is
 * what was old, also after this process stood still between the look and the removal. True when it was removed, or gone.
 */
function removeIfOld(path: string, ageMs: number): boolean {
  if (!isOlder(path, ageMs)) return mtimeOf(path) === undefined;
  const taken = `${path}.${crypto().randomUUID()}`;
  try {
    renameSync(path, taken);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
  const isOld = isOlder(taken, ageMs);
  if (isOld) removeFolder(taken);
  else renameSync(taken, path);
  return isOld;
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

function isOlder(path: string, ageMs: number): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs < Date.now() - ageMs;
}

function lockedError(): Error {
  return Object.assign(new Error('The lock is being taken over.'), { code: 'ELOCKED' });
}
