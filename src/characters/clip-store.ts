/** Master clips and what is kept beside them, named by their content, and the lock that keeps them and the cast in step. */
import { chmod, lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exists,
  folderPreparation,
  machineError,
  publish,
  removeQuietly,
  sweepFolder,
  syncFile,
  syncFolder,
  tempName,
} from '../disk/atomic-write.ts';
import { hashFile } from '../disk/hash.ts';
import { type HeldLock, type LockTiming, withLock } from '../disk/lock.ts';
import type { KeptFile } from '../shared/character.ts';
import { systemCode } from '../shared/errors.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const KEPT_NAME = /^([0-9a-f]{64})\.([a-z0-9]{1,8})$/;
/** Made from a clip, and made again where it is lost: its name is that of the clip and a word after it. */
const DERIVED_NAME = /^([0-9a-f]{64})\.[\w-]+\.[a-z0-9]{1,8}$/;

export interface ClipFolder {
  /** Throws TypeError when it is not a lower-case hex SHA-256. */
  path(file: KeptFile): string;
  /** Where something that is made from a clip lies, such as `still-1.png`; it goes when the clip does. */
  derivedPath(sha256: string, name: string): string;
  /** A free name in the same folder, which exists then; what is left there is swept after a day. */
  tempPath(extension?: string): Promise<string>;
  has(file: KeptFile): Promise<boolean>;
  /** Reads the whole file. */
  check(file: KeptFile): Promise<'whole' | 'missing' | 'damaged'>;
  /** All that is there. */
  list(): Promise<readonly KeptFile[]>;
  /** Moves a temporary file to its place; throws TypeError when its content is not what its name would say. */
  publish(tempPath: string, file: KeptFile): Promise<void>;
  /** With what was made from it. False when there was none. */
  remove(file: KeptFile): Promise<boolean>;
  /** Nothing that uses this lock adds or drops a file, or a record that needs one, meanwhile. */
  locked<R>(work: (held: HeldLock) => Promise<R>): Promise<R>;
  sweep(): Promise<number>;
}

const CLIP = 'mp4';
const DAY_MS = 86_400_000;

async function isOld(path: string): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  return there !== undefined && Date.now() - there.mtimeMs > DAY_MS;
}

export function createClipFolder(dir: string, timing?: LockTiming): ClipFolder {
  const pathOf = (sha256: string, rest: string) => {
    if (!SHA256.test(sha256)) throw new TypeError(`Not a SHA-256: ${JSON.stringify(sha256)}`);
    return join(dir, `${sha256}.${rest}`);
  };
  const path = ({ sha256, extension }: KeptFile): string => pathOf(sha256, extension);

  const prepare = folderPreparation(dir);

  /** What was made from clips, by the clip's hash and its own path. */
  const listDerived = async (): Promise<readonly { readonly of: string; readonly path: string }[]> =>
    (await readdir(dir)).flatMap((name) => {
      const of = DERIVED_NAME.exec(name)?.[1];
      return of === undefined ? [] : [{ of, path: join(dir, name) }];
    });

  return {
    path,
    derivedPath: pathOf,
    has: async (kept) => exists(path(kept)),

    async tempPath(extension = CLIP) {
      await prepare();
      return join(dir, tempName(`.${extension}`));
    },

    async check(kept) {
      const file = path(kept);
      try {
        return (await hashFile(file)) === kept.sha256 ? 'whole' : 'damaged';
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return 'missing';
        if (['EISDIR', 'EFTYPE', 'ENXIO', 'ELOOP'].includes(systemCode(error) ?? '')) return 'damaged';
        throw machineError(error, 'read', file);
      }
    },

    async list() {
      try {
        return (await readdir(dir)).sort().flatMap((name) => {
          const [, sha256, extension] = KEPT_NAME.exec(name) ?? [];
          return sha256 && extension ? [{ sha256, extension }] : [];
        });
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return [];
        throw machineError(error, 'list', dir);
      }
    },

    async publish(tempPath, kept) {
      const file = path(kept);
      try {
        // A wrong name would put the file in place of one that other characters share.
        if ((await hashFile(tempPath)) !== kept.sha256) throw new TypeError(`${tempPath} is not ${kept.sha256}`);
        if (!(await lstat(tempPath)).isFile()) throw new TypeError(`${tempPath} is not a file`);
        await chmod(tempPath, 0o600);
        await syncFile(tempPath);
        // A file that is there already has the same content, or is damaged and healed by this.
        await publish(tempPath, file);
      } catch (error) {
        throw machineError(error, 'write', file);
      }
    },

    async remove(kept) {
      const file = path(kept);
      try {
        // First: they show what the clip does, and nobody would look for them afterwards.
        if (kept.extension === CLIP)
          for (const derived of await listDerived()) if (derived.of === kept.sha256) await unlink(derived.path);
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

    async sweep() {
      let swept = await sweepFolder(dir);
      // Of clips that lay beside a cast file, nobody removes what was made from them.
      for (const { of, path: derived } of await listDerived().catch(() => [])) {
        if ((await exists(path({ sha256: of, extension: CLIP }))) || !(await isOld(derived))) continue;
        await removeQuietly(derived);
        swept += 1;
      }
      return swept;
    },
  };
}
