/** The store of job records: one file per job, on the disk before its request leaves. Finds, lists, creates and updates them. */
import { basename, join } from 'node:path';
import { ensureFolder } from '../../disk/atomic-write.ts';
import { type BrokenRecord, type Listing, recordIds } from '../../disk/listing.ts';
import { type LockObservation, type LockTiming, watchLock, withLock } from '../../disk/lock.ts';
import { createRecords } from '../../disk/records.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Job, JobDigest } from '../../shared/job.ts';
import {
  decodeJob,
  isJobId,
  JOB_DIGEST_VERSION,
  jobDigest,
  jobJson,
  type UnusableJob,
  UnusableJobError,
} from './record.ts';

/** All the jobs of this machine. A broken record may hold any job, but for an unusable one, which says what it holds. */
export type JobListing = Listing<Job, UnusableJob>;

/** Looks at the jobs there are: returns the one that makes a new one needless, or throws to refuse it. */
export type Admission = (jobs: JobListing) => Job | undefined;

/** What else than an exact id finds a job. */
export interface JobScope {
  /** Of `@last`: the newest job of this profile. */
  readonly profile?: string | undefined;
  /** That many characters of an id are enough. Only exact ids are, unless given. */
  readonly leastChars?: number;
}

/** Methods throw SoraError `machine` when the disk or another process is in the way; what was there is then unchanged. */
export interface JobStore {
  /**
   * Writes the record; on disk when it returns. With `admit`, no other such call comes between the look and the record,
   * so that two processes with one key make one job. Returns the new job, or the one that `admit` returned.
   */
  create(job: Job, admit?: Admission): Promise<Job>;
  /**
   * By local id, by the host's id, or `@last`: the newest, of `scope.profile` where that is given; with `leastChars`, also
   * by the beginning of an id that no other job has. An exact id wins, and a beginning of a local id over one of a host's.
   * Throws `usage` when several jobs have that id, or begin with that text, or when it is shorter than `leastChars`, and
   * `machine` when the answer may lie in a record that cannot be read.
   */
  find(id: string, scope?: JobScope): Promise<Job | undefined>;
  /**
   * At most so many jobs, the newest first, of that profile where one is given. Throws `machine` when a record that cannot be read
   * may be one of them.
   */
  newest(count: number, profile?: string): Promise<readonly Job[]>;
  /** Local ids by the names of the records, readable or not, oldest first: no record is read. */
  ids(): Promise<readonly string[]>;
  /** Newest first. */
  list(): Promise<JobListing>;
  /** The same, as much of each as a list shows: many times faster where there are thousands. */
  digests(): Promise<Listing<JobDigest, UnusableJob>>;
  /** Under the record's lock. Throws `usage` when there is no such job. */
  update<J extends Job>(id: string, change: (current: Job) => J): Promise<J>;
  /**
   * As `update`, with a look at all jobs: neither a `create` with `admit` nor another `settle` comes between the look and
   * the record.
   */
  settle<J extends Job>(id: string, change: (current: Job, jobs: JobListing) => J): Promise<J>;
  /**
   * Removes the record if `when` says so of what it is by then; a record that cannot be read stays. False when it was not
   * removed.
   */
  remove(id: string, when?: (current: Job) => boolean): Promise<boolean>;
  /** Lets other processes see that the request of this job is under way, for as long as `work` takes. */
  whileSending<R>(id: string, work: () => Promise<R>): Promise<R>;
  /** Whether the process that sends this job still lives; takes up to 2.5 s. */
  watchSender(id: string): Promise<LockObservation>;
  /** Removes what killed processes left more than a day ago; never fails. */
  sweep(): Promise<number>;
}

export interface JobStoreOptions {
  readonly dir: string;
  /** For what may be lost; without it, nothing is kept there. */
  readonly cacheDir?: string;
  readonly lock?: LockTiming;
}

export function createJobStore({ dir, cacheDir, lock }: JobStoreOptions): JobStore {
  const records = createRecords<Job, UnusableJob>({
    ...{ dir, decode: decodeJob, encode: jobJson, idOf: ({ id }) => id },
    unusable: (error) => (error instanceof UnusableJobError ? error.job : undefined),
    ...(lock && { lock }),
  });

  const listNewestFirst = async (): Promise<JobListing> => {
    const { records: found, broken } = await records.list();
    return { records: found.toReversed(), broken };
  };

  const senderPath = (id: string): string => join(dir, `${id}.sending.lock`);

  const claim = async (job: Job): Promise<Job> => {
    if (await records.claim(job.id, job)) return job;
    throw new SoraError('bug', `There is a job ${job.id} already.`);
  };

  const updateRecord = async <J extends Job>(id: string, change: (current: Job) => J): Promise<J> => {
    const updated = await records.update(id, change);
    if (updated === undefined) throw unknownJob(id);
    return updated;
  };

  return {
    async create(job, admit) {
      requireJobId(job.id);
      if (admit === undefined) return claim(job);
      await ensureFolder(dir);
      return withLock(
        join(dir, 'jobs.lock'),
        async (held) => {
          const earlier = admit(await listNewestFirst());
          if (earlier) return earlier;
          held.assertHeld();
          return claim(job);
        },
        lock,
      );
    },

    async find(id, scope) {
      if (id === '@last') return newestOf(await listNewestFirst(), 1, scope?.profile)[0];
      if (isJobId(id)) {
        const local = await records.read(id);
        if (local) return local;
      }
      const { records: all, broken } = await listNewestFirst();
      const found = all.filter(({ remoteId }) => remoteId === id);
      if (found.length > 1) {
        throw new SoraError('usage', `Several jobs are called ${id} by their hosts.`, {
          hint: `Name one by its own id: ${found.map((job) => job.id).join(', ')}`,
        });
      }
      const own = broken.find(({ path }) => basename(path) === `${id}.json`);
      if (own) throw unreadable(own, `Job ${id} cannot be read`);
      const begun = found[0] || !scope?.leastChars ? undefined : findByBeginning(id, { all, broken }, scope.leastChars);
      if (begun) return begun;
      const hiding = broken.filter(({ unusable }) => !unusable);
      if (found.length === 0 && hiding[0]) {
        const count = hiding.length === 1 ? 'one record' : `${hiding.length} records`;
        throw unreadable(hiding[0], `No readable job is called ${id}, and ${count} cannot be read`);
      }
      return found[0];
    },

    newest: async (count, profile) => newestOf(await listNewestFirst(), count, profile),

    ids: () => recordIds(dir),

    list: listNewestFirst,

    async digests() {
      const file = cacheDir === undefined ? undefined : join(cacheDir, 'jobs.json');
      if (file === undefined) return listNewestFirst();
      const { records: found, broken } = await records.digests({ file, version: JOB_DIGEST_VERSION, of: jobDigest });
      return { records: found.toReversed(), broken };
    },

    async update(id, change) {
      requireJobId(id);
      return updateRecord(id, change);
    },

    async settle(id, change) {
      requireJobId(id);
      await ensureFolder(dir);
      return withLock(
        join(dir, 'jobs.lock'),
        async (held) => {
          const jobs = await listNewestFirst();
          held.assertHeld();
          return updateRecord(id, (current) => change(current, jobs));
        },
        lock,
      );
    },

    async remove(id, when) {
      requireJobId(id);
      return records.remove(id, when);
    },

    async whileSending(id, work) {
      requireJobId(id);
      await ensureFolder(dir);
      return withLock(senderPath(id), work);
    },

    async watchSender(id) {
      requireJobId(id);
      return watchLock(senderPath(id));
    },

    sweep: () => records.sweep(),
  };
}

/** More ids in a refusal are no choice. */
const MOST_CANDIDATES = 10;

function findByBeginning(
  text: string,
  { all, broken }: { all: readonly Job[]; broken: JobListing['broken'] },
  leastChars: number,
): Job | undefined {
  if (text.trim() === '') return undefined;
  const local = all.filter(({ id }) => id.startsWith(text));
  const damaged = broken.filter(({ path }) => basename(path).startsWith(text));
  const isLocal = local.length + damaged.length > 0;
  const found = isLocal ? local : all.filter(({ remoteId }) => remoteId?.startsWith(text));
  const count = found.length + damaged.length;
  if (count === 0) return undefined;
  if (text.length < leastChars) {
    throw new SoraError('usage', `${text} is too short: at least ${leastChars} characters of the id are needed.`, {
      hint: 'See the jobs of this machine: sora video list',
    });
  }
  if (count > 1) {
    const ids = [...found.map(({ id }) => id), ...damaged.map(({ path }) => basename(path, '.json'))];
    const more = count > MOST_CANDIDATES ? ` and ${count - MOST_CANDIDATES} more` : '';
    throw new SoraError('usage', `Several jobs begin with ${text}.`, {
      hint: `Name one by more of its id: ${ids.slice(0, MOST_CANDIDATES).join(', ')}${more}`,
    });
  }
  if (damaged[0]) throw unreadable(damaged[0], `Job ${basename(damaged[0].path, '.json')} cannot be read`);
  return found[0];
}

function newestOf({ records, broken }: JobListing, count: number, profile: string | undefined): readonly Job[] {
  const found = records.filter((job) => profile === undefined || job.profile === profile).slice(0, count);
  const oldest = found[count - 1];
  const hiding = broken.find(({ path }) => oldest === undefined || basename(path, '.json') > oldest.id);
  // An older job in its place would be shown, downloaded or paid on as if it were the last one.
  if (hiding) throw unreadable(hiding, 'The newest job is not known, because a record cannot be read');
  return found;
}

function unreadable({ path, reason }: Pick<BrokenRecord, 'path' | 'reason'>, what: string): SoraError {
  return new SoraError('machine', `${what}: ${path}: ${reason}.`, {
    hint: 'Repair that record or move it away, or name a job by its id: sora video list',
  });
}

function requireJobId(id: string): void {
  if (!isJobId(id)) throw unknownJob(id);
}

function unknownJob(id: string): SoraError {
  return new SoraError('usage', `There is no job ${id} on this machine.`, {
    hint: 'See the jobs of this machine: sora video list',
  });
}
