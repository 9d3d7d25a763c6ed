/** The sandbox's memory, a folder that several processes may share. Folders are 0700, files 0600. */

import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../disk/lock.ts';
import { FIRST_HOST, type JobRecord } from './jobs.ts';
import { parseJson, readRegular } from './read.ts';

export interface CharacterRecord {
  readonly version: 1;
  readonly id: string;
  /** As in a job's record. */
  readonly host?: string;
  readonly name: string;
  /** Nobody knows it before. */
  readonly createdMs: number;
}

/** A file that was sent, or is awaited, for models to read by URL. */
export interface UploadRecord {
  readonly version: 1;
  readonly id: string;
  readonly contentType: string;
  /** What the PUT must prove: once, with these headers, and exactly so many bytes where they were announced. */
  readonly ticket?: {
    readonly token: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly size?: number;
    readonly untilMs: number;
    /** Of one that comes by a form: these stand in it, before the file. */
    readonly fields?: Readonly<Record<string, string>>;
  };
  /** Since when the file is here. */
  readonly storedMs?: number;
  /** For how long from then on; a week unless given. */
  readonly keepMs?: number;
}

export interface State {
  /** For unfinished renders; on the same disk as everything else. */
  readonly workDir: string;
  /** The clip is on disk before the record that names it. */
  addCharacter(record: CharacterRecord, clip: Buffer): Promise<void>;
  character(id: string, host: string): Promise<CharacterRecord | undefined>;
  removeCharacter(id: string): Promise<void>;
  /** Of a character, or of an upload. */
  clipPath(id: string): string;
  /** With the file, or a ticket that waits for it. */
  addUpload(record: UploadRecord, content?: Buffer): Promise<void>;
  upload(id: string): Promise<UploadRecord | undefined>;
  /** False when the file has come already: a ticket is good for one. */
  fillUpload(id: string, content: Buffer, storedMs: number): Promise<boolean>;
  removeUpload(id: string): Promise<void>;
  /** Numbers it among all jobs and among equal ones. */
  addJob(record: Omit<JobRecord, 'sequence' | 'take'>, picture?: Buffer): Promise<JobRecord>;
  /** Of that host; of any where none is named. */
  job(id: string, host?: string): Promise<JobRecord | undefined>;
  /** Oldest first. */
  jobs(host: string): Promise<readonly JobRecord[]>;
  /** Another version of a job that is there. */
  changeJob(record: JobRecord): Promise<void>;
  removeJob(id: string): Promise<void>;
  picturePath(id: string): string;
  /** Where a rendered file of a job is kept. */
  outputPath(id: string, suffix: string): string;
  reset(): Promise<void>;
}

// Ids come from URLs and become file names.
const ID = /^[a-z]+_[0-9a-f]{32}$/;
const FOLDERS = ['characters', 'jobs', 'takes', 'uploads', 'videos', 'tmp'] as const;
const DAY_MS = 86_400_000;

/** The kind, a word in small letters, and 32 hexadecimal digits. */
export function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll('-', '')}`;
}

export async function openState(dir: string): Promise<State> {
  const at = (folder: (typeof FOLDERS)[number], name: string): string => join(dir, folder, name);
  const makeFolders = (): void => {
    for (const folder of FOLDERS) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  };
  makeFolders();
  // Renders can be made again, and a killed process leaves its unfinished ones behind.
  for (const folder of ['videos', 'tmp'] as const) sweep(join(dir, folder), DAY_MS);
  // A file can be read for a week, and shown for another in what was made of it on its last day.
  sweep(join(dir, 'uploads'), 15 * DAY_MS);
  const locked = <T>(work: () => Promise<T>): Promise<T> => withLock(join(dir, '.lock'), work);
  const write = (path: string, content: string | Buffer): Promise<void> =>
    writeWhole(path, at('tmp', randomUUID()), content);
  const count = async (counter: string): Promise<number> => {
    const next = Number(ifThere(() => readRegular(counter))) + 1 || 1;
    await write(counter, String(next));
    return next;
  };

  const state: State = {
    workDir: join(dir, 'tmp'),
    async addCharacter(record, clip) {
      await write(state.clipPath(record.id), clip);
      await write(at('characters', `${record.id}.json`), JSON.stringify(record));
    },
    character: async (id, host) => ownedBy(host, readRecord<CharacterRecord>(at('characters', `${id}.json`), id)),
    async removeCharacter(id) {
      rmSync(at('characters', `${id}.json`), { force: true });
      rmSync(state.clipPath(id), { force: true });
    },
    clipPath: (id) => (id.startsWith('upload_') ? at('uploads', `${id}.file`) : at('characters', `${id}.mp4`)),
    async addUpload(record, content) {
      if (content) await write(state.clipPath(record.id), content);
      await write(at('uploads', `${record.id}.json`), JSON.stringify(record));
    },
    upload: async (id) => readRecord<UploadRecord>(at('uploads', `${id}.json`), id),
    fillUpload: (id, content, storedMs) =>
      locked(async () => {
        const record = await state.upload(id);
        if (!record || record.storedMs !== undefined) return false;
        await state.addUpload({ ...record, storedMs }, content);
        return true;
      }),
    async removeUpload(id) {
      rmSync(at('uploads', `${id}.json`), { force: true });
      rmSync(state.clipPath(id), { force: true });
    },
    addJob: (record, picture) =>
      locked(async () => {
        const sequence = await count(join(dir, 'sequence'));
        const take = await count(at('takes', requestHash(record)));
        const job: JobRecord = { ...record, sequence, take };
        if (picture) await write(state.picturePath(job.id), picture);
        await write(at('jobs', `${job.id}.json`), JSON.stringify(job));
        return job;
      }),
    async job(id, host) {
      const record = readRecord<JobRecord>(at('jobs', `${id}.json`), id);
      return host === undefined ? record : ownedBy(host, record);
    },
    changeJob: (record) => write(at('jobs', `${record.id}.json`), JSON.stringify(record)),
    async jobs(host) {
      const names = readdirSync(join(dir, 'jobs')).filter((name) => name.endsWith('.json'));
      const jobs = names.map((name) => {
        const id = name.slice(0, -'.json'.length);
        return ownedBy(host, readRecord<JobRecord>(at('jobs', name), id));
      });
      return jobs.filter((job) => job !== undefined).sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1));
    },
    async removeJob(id) {
      rmSync(at('jobs', `${id}.json`), { force: true });
      rmSync(state.picturePath(id), { force: true });
      for (const suffix of ['mp4', 'webp', 'jpg']) rmSync(state.outputPath(id, suffix), { force: true });
    },
    picturePath: (id) => at('jobs', `${id}.picture`),
    outputPath: (id, suffix) => at('videos', `${id}.${suffix}`),
    reset: () =>
      locked(async () => {
        for (const name of [...FOLDERS, 'sequence']) rmSync(join(dir, name), { recursive: true, force: true });
        makeFolders();
      }),
  };
  return state;
}

/** Equal for jobs that were asked for the same: characters by name, because each upload of a clip has an id of its own. */
function requestHash(job: Omit<JobRecord, 'sequence' | 'take'>): string {
  const { host = FIRST_HOST, prompt, model, width, height, seconds, shown, before = [], remixOf } = job;
  const names = shown.map(({ name }) => name);
  const request = [host, prompt, model, width, height, seconds, names, before, remixOf ?? null];
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

function readRecord<T>(path: string, id: string): T | undefined {
  if (!ID.test(id)) return undefined;
  const text = ifThere(() => readRegular(path))?.toString();
  return text === undefined ? undefined : (parseJson(text) as T);
}

function ownedBy<T extends { readonly host?: string }>(host: string, record: T | undefined): T | undefined {
  return (record?.host ?? FIRST_HOST) === host ? record : undefined;
}

/** Undefined for what is not there. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeWhole(path: string, temporary: string, content: string | Buffer): Promise<void> {
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      await new Promise<void>((resolve, reject) => fsync(file, (error) => (error ? reject(error) : resolve())));
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function sweep(folder: string, ageMs: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts && Date.now() - facts.mtimeMs > ageMs) rmSync(path, { recursive: true, force: true });
  }
}
