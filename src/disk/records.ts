/** One JSON file per record, written whole or not at all, safe for any number of processes at once. */
import { statSync, unlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type SoraError, systemCode } from '../shared/errors.ts';
import {
  exists,
  folderPreparation,
  machineError,
  publish,
  publishNew,
  removeQuietly,
  sweepFolder,
  syncFolder,
  writeTemp,
} from './atomic-write.ts';
import { readCachedDigests } from './list-cache.ts';
import { type BrokenRecord, type Listing, listFolder, reasonOf, recordIds, SUFFIX } from './listing.ts';
import { type HeldLock, LOCK_TIMING, type LockTiming, withLock } from './lock.ts';
import { readTextSync } from './read-file.ts';
import { parseJson, unusableFile } from './schema.ts';

/** Ids are lower-case letters, digits, `_` and `-`; others are a bug of the caller and throw TypeError. */
export interface Records<T, U = unknown> {
  path(id: string): string;
  /** Undefined when there is none; SoraError `machine` when there is one that cannot be used. */
  read(id: string): Promise<T | undefined>;
  /** In order of their ids. */
  list(): Promise<Listing<T, U>>;
  /** The same, of what lists show: in a fraction of the time where little has changed since the last one. */
  digests<D>(kind: DigestKind<T, D>): Promise<Listing<D, U>>;
  /** Creates the record unless there is one, even a broken one: of several callers, exactly one gets true. */
  claim(id: string, value: T): Promise<boolean>;
  /** Read, change and write under the record's lock. Undefined when there is no such record. */
  update<S extends T>(id: string, change: (current: T) => S): Promise<S | undefined>;
  /** Puts the value in place of what was there. */
  write(id: string, value: T): Promise<void>;
  /** Renames a record: the new id is claimed before the old one goes, so that a crash leaves both rather than none. */
  move(id: string, newId: string, change: (current: T) => T): Promise<T | 'missing' | 'taken'>;
  /** False when there was none, or when `when` is given and says no of what is there. */
  remove(id: string, when?: (current: T) => boolean): Promise<boolean>;
  /** Removes what killed processes left more than a day ago. Also done before the first write. Never fails. */
  sweep(): Promise<number>;
}

/** What is kept of each record for lists. */
export interface DigestKind<T, D> {
  /** The file that keeps it: a cache. */
  readonly file: string;
  /** Of the form of `D`. */
  readonly version: number;
  of(record: T): D;
}

export interface RecordsOptions<T, U = unknown> {
  readonly dir: string;
  /** Throws an Error that says what is wrong, without a full stop. */
  readonly decode: (json: unknown) => T;
  /** What there is of a record, by what `decode` threw. */
  readonly unusable?: (error: unknown) => U | undefined;
  /** The JSON that `decode` makes the value of; the value itself unless given. */
  readonly encode?: (value: T) => object;
  /** The id under which a record belongs: a file copied to another name is broken, not a second record. */
  readonly idOf?: (value: T) => string;
  readonly lock?: LockTiming;
}

export function createRecords<T extends object, U = unknown>(options: RecordsOptions<T, U>): Records<T, U> {
  const { dir, decode, encode = (value) => value, idOf, lock = LOCK_TIMING } = options;

  const path = (id: string) => {
    if (!/^[a-z0-9][a-z0-9_-]{0,127}$/.test(id)) throw new TypeError(`Not a record id: ${JSON.stringify(id)}`);
    return join(dir, id + SUFFIX);
  };

  const parse = (id: string, text: string): T => {
    const value = decode(parseJson(text));
    if (idOf && idOf(value) !== id) throw new Error('its content belongs under another file name');
    return value;
  };

  const broken = (file: string, error: unknown): BrokenRecord<U> => {
    const unusable = options.unusable?.(error);
    return { path: file, reason: reasonOf(error), ...(unusable !== undefined && { unusable }) };
  };

  const serialize = (id: string, value: T): string => {
    const text = `${JSON.stringify(encode(value), null, 2)}\n`;
    // What could not be read again must not take the place of what can.
    parse(id, text);
    return text;
  };

  const read = async (id: string): Promise<T | undefined> => {
    const file = path(id);
    try {
      return parse(id, readTextSync(file));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      if (systemCode(error) !== undefined) throw machineError(error, 'read', file);
      throw unusable(file, error);
    }
  };

  // A batch lists its jobs before each of hundreds of requests. Each write makes a new file, so that what has the same inode,
  // size and time is the same record.
  const known = new Map<string, { readonly stamp: string; readonly value: T }>();
  const readOnce = (id: string, file: string): T => {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    const before = known.get(id);
    if (before?.stamp === stamp) return before.value;
    const value = parse(id, readTextSync(file));
    known.set(id, { stamp, value });
    return value;
  };

  const prepare = folderPreparation(dir);

  const withRecord = <R>(id: string, work: (held: HeldLock) => Promise<R>) =>
    withLock(join(dir, `${id}.lock`), work, lock);

  /** The old record stays until the new one is complete; nothing is left over when it fails. */
  const store = async (id: string, text: string, held: HeldLock) => {
    const file = path(id);
    let temp: string | undefined;
    try {
      temp = await writeTemp(dir, text);
      held.assertHeld();
      await publish(temp, file);
    } catch (error) {
      if (temp !== undefined) await removeQuietly(temp);
      throw machineError(error, 'write', file);
    }
  };

  const claim = async (id: string, value: T): Promise<boolean> => {
    const file = path(id);
    const text = serialize(id, value);
    await prepare();
    let temp: string | undefined;
    let outcome: Awaited<ReturnType<typeof publishNew>>;
    try {
      if (await exists(file)) return false;
      temp = await writeTemp(dir, text);
      outcome = await publishNew(temp, file);
      await removeQuietly(temp);
      if (outcome === 'published') await syncFolder(dir);
    } catch (error) {
      if (temp !== undefined) await removeQuietly(temp);
      throw machineError(error, 'write', file);
    }
    if (outcome !== 'unsupported') return outcome === 'published';
    return withRecord(id, async (held) => {
      if (await exists(file)) return false;
      await store(id, text, held);
      return true;
    });
  };

  const erase = async (id: string, held: HeldLock): Promise<boolean> => {
    held.assertHeld();
    try {
      unlinkSync(path(id));
      await syncFolder(dir);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw machineError(error, 'remove', path(id));
    }
  };

  return {
    path,
    read,
    claim,

    list: () => listFolder(dir, { read: readOnce, broken }),

    async digests(kind) {
      const found: BrokenRecord<U>[] = [];
      const records = await readCachedDigests({
        file: kind.file,
        version: kind.version,
        ids: await recordIds(dir),
        // Ten thousand times: join() would look at every character of it.
        pathOf: (id) => `${dir}${sep}${id}${SUFFIX}`,
        read: (id) => kind.of(parse(id, readTextSync(join(dir, id + SUFFIX)))),
        onBroken(id, error) {
          if (systemCode(error) !== 'ENOENT') found.push(broken(join(dir, id + SUFFIX), error));
        },
      });
      return { records, broken: found };
    },

    async update(id, change) {
      if (!(await exists(path(id)))) return undefined;
      await prepare();
      return withRecord(id, async (held) => {
        const current = await read(id);
        if (current === undefined) return undefined;
        const next = change(current);
        if (next !== current) await store(id, serialize(id, next), held);
        return next;
      });
    },

    async write(id, value) {
      const text = serialize(id, value);
      await prepare();
      await withRecord(id, (held) => store(id, text, held));
    },

    async move(id, newId, change) {
      if (!(await exists(path(id)))) return 'missing';
      await prepare();
      return withRecord(id, async (held) => {
        const current = await read(id);
        if (current === undefined) return 'missing';
        const next = change(current);
        if (!(await claim(newId, next))) return 'taken';
        await erase(id, held);
        return next;
      });
    },

    async remove(id, when) {
      if (!(await exists(path(id)))) return false;
      return withRecord(id, async (held) => {
        if (when) {
          const current = await read(id);
          if (current === undefined || !when(current)) return false;
        }
        return erase(id, held);
      });
    },

    sweep: () => sweepFolder(dir),
  };
}

export function unusable(path: string, error: unknown): SoraError {
  const repair = 'Repair it or move it away; sora leaves it unchanged.';
  return unusableFile('machine', { subject: `The record ${path}`, error, repair, reason: reasonOf(error) });
}
