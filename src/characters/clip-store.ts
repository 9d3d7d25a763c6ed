/** Master clips, named by their content, and the lock that keeps them and the cast in step. */
import { chmod, lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exists,
  folderPreparation,
  machineError,
  publish,
  sweepFolder,
  syncFile,
  syncFolder,
  tempName,
} from '../disk/atomic-write.ts';
import { hashFile } from '../disk/hash.ts';
import { type HeldLock, type LockTiming, withLock } from '../disk/lock.ts';
import { systemCode } from '../shared/errors.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const CLIP_NAME = /^([0-9a-f]{64})\.mp4$/;

export interface ClipFolder {
  /** Throws TypeError when it is not a lower-case hex SHA-256. */
  path(sha256: string): string;
  /** A free name in the same folder, which exists then; what is left there is swept after a day. */
  tempPath(): Promise<string>;
  has(sha256: string): Promise<boolean>;
  /** Reads the whole clip. */
  check(sha256: string): Promise<'whole' | 'missing' | 'damaged'>;
  /** The hashes of all clips that are there. */
  list(): Promise<readonly string[]>;
  /** Moves a temporary clip to its place; throws TypeError when its content is not what its name would say. */
  publish(tempPath: string, sha256: string): Promise<void>;
  /** False when there was none. */
  remove(sha256: string): Promise<boolean>;
  /** Nothing that uses this lock adds or drops a clip, or a record that needs one, meanwhile. */
  locked<R>(work: (held: HeldLock) => Promise<R>): Promise<R>;
  sweep(): Promise<number>;
}

export function createClipFolder(dir: string, timing?: LockTiming): ClipFolder {
  const path = (sha256: string) => {
    if (!SHA256.test(sha256)) throw new TypeError(`Not a SHA-256: ${JSON.stringify(sha256)}`);
    return join(dir, `${sha256}.mp4`);
  };

  const prepare = folderPreparation(dir);

  return {
    path,
    has: async (sha256) => exists(path(sha256)),

    async tempPath() {
      await prepare();
      return join(dir, tempName('.mp4'));
    },

    async check(sha256) {
      const file = path(sha256);
      try {
        return (await hashFile(file)) === sha256 ? 'whole' : 'damaged';
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return 'missing';
        if (['EISDIR', 'EFTYPE', 'ENXIO', 'ELOOP'].includes(systemCode(error) ?? '')) return 'damaged';
        throw machineError(error, 'read', file);
      }
    },

    async list() {
      try {
        return (await readdir(dir)).flatMap((name) => CLIP_NAME.exec(name)?.[1] ?? []).sort();
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return [];
        throw machineError(error, 'list', dir);
      }
    },

    async publish(tempPath, sha256) {
      const file = path(sha256);
      try {
        // A wrong name would put the clip in place of one that other characters share.
        if ((await hashFile(tempPath)) !== sha256) throw new TypeError(`${tempPath} is not the clip ${sha256}`);
        if (!(await lstat(tempPath)).isFile()) throw new TypeError(`${tempPath} is not a file`);
        await chmod(tempPath, 0o600);
        await syncFile(tempPath);
        // A clip that is there already has the same content, or is damaged and healed by this.
        await publish(tempPath, file);
      } catch (error) {
        throw machineError(error, 'write', file);
      }
    },

    async remove(sha256) {
      const file = path(sha256);
      try {
        await unlink(file);
        await syncFolder(dir);
        return true;
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return false;
        throw machineError(error, 'remove', file);
      }
    },

    async locked(work) {
      await prepare();
      return withLock(join(dir, 'clips.lock'), work, timing);
    },

    sweep: () => sweepFolder(dir),
  };
}
