/**
 * The takes that the lines of all journals of a file tell of, together with the jobs of this home. Lines of a key are a
 * set: `done` outweighs `failed`, that a `close` which names the host's id, that an id, that a `close` without one. Pure.
 */
import type { Job, JobFailure } from '../shared/job.ts';
import type { Sender } from '../shared/sender.ts';
import { trimEnd } from '../shared/text.ts';
import { currentFingerprint, type FamilyOf } from './fingerprint.ts';
import { type Asked, type Done, type Failed, type Line, type Sent, TAKEN_BACK } from './lines.ts';
import { type Told, tell } from './told.ts';

/** What of a job's record the fold reads. */
export type HomeJob = Pick<
  Job,
  'id' | 'key' | 'status' | 'remoteId' | 'provider' | 'baseUrl' | 'profile' | 'backend' | 'createdAt' | 'take'
> &
  Partial<Pick<Job, 'account' | 'model' | 'request' | 'cost'>> & { readonly failure?: JobFailure };

export interface Take
  extends Pick<
    Asked,
    | 'key'
    | 'scene'
    | 'n'
    | 'ask'
    | 'file'
    | 'provider'
    | 'baseUrl'
    | 'account'
    | 'profile'
    | 'backend'
    | 'model'
    | 'seconds'
    | 'size'
    | 'estimateUsd'
    | 'tag'
  > {
  /** By today's tables of models. */
  readonly fp: string;
  readonly at: string;
  readonly state: 'asked' | 'failed' | 'done';
  /** The host's id; undefined while nobody knows one. */
  readonly remoteId?: string;
  /** The record that this home has of it: the newest of its key. */
  readonly job?: HomeJob;
  readonly jobId?: string;
  readonly done?: Done;
  /** Of one that has failed; undefined for one that a person has closed. */
  readonly failed?: Failed;
  readonly closed: boolean;
  readonly sender?: Sender;
}

/** What else than lines decides. */
export interface FoldOptions {
  /** The jobs of this home that have keys of takes, in any order. */
  readonly jobs?: readonly HomeJob[];
  readonly familyOf?: FamilyOf;
  /** Whether a file lies under a take's own name: such a file is whole, whatever its lines say. */
  isHere?(take: Pick<Asked, 'key' | 'scene' | 'n' | 'file'>): boolean;
}

/** What a growing journal tells: each line is read once, and a take is folded again only when a line is about it. */
export interface TakeFold {
  add(lines: readonly Line[]): void;
  /** In the order in which they were asked; of one scene where it is named. A line of a key that nobody has asked counts for nothing. */
  takes(scene?: string): readonly Take[];
}

export function createFold({ jobs = [], familyOf = (model) => model, isHere }: FoldOptions): TakeFold {
  const told = new Map<string, Told>();
  const byKey = newestByKey(jobs);
  /** The keys whose requests have made a video, and those that a person says have, by the host's id of it. */
  const owners = new Map<string, Set<string>>();
  const adopters = new Map<string, Set<string>>();
  const scenes = new Map<string, Set<string>>();
  const folded = new Map<string, Take>();
  let inOrder: readonly Take[] | undefined;
  for (const { key = '', remoteId } of jobs) if (remoteId !== undefined) addTo(owners, remoteId, key);

  const forget = (key: string | undefined): void => {
    if (key !== undefined) folded.delete(key);
  };

  const baseOf = (key: string): Take | undefined => {
    const known = folded.get(key);
    const one = told.get(key);
    if (known || !one?.asked) return known;
    const { v: _v, line: _line, closes: _closes, ...asked } = one.asked;
    const job = byKey.get(key);
    const end = endOf(one, job, {
      owners,
      isClosed: one.closes.length > 0 || one.closedBy.some((by) => !hasMadeNothing(told.get(by))),
    });
    const take: Take = { ...asked, fp: currentFingerprint(one.asked, familyOf), ...end, ...(job && { job }) };
    folded.set(key, take);
    return take;
  };

  /** A whole file under its own name outweighs what lines say; it may come and go without a line. */
  const withFile = (take: Take): Take => {
    if (take.state === 'done' || isHere?.(take) !== true) return take;
    const { failed: _failed, ...rest } = take;
    return { ...rest, state: 'asked', closed: false };
  };

  return {
    add(lines) {
      if (lines.length > 0) inOrder = undefined;
      for (const line of lines) {
        tell(told, line);
        forget(line.key);
        if (line.line === 'asked') addTo(scenes, line.scene, line.key);
        if (line.line === 'adopt') addTo(adopters, line.remoteId, line.key);
        if (line.line === 'sent') {
          addTo(owners, line.remoteId, line.key);
          for (const key of adopters.get(line.remoteId) ?? NOBODY) forget(key);
        }
        // Whether it closes another depends on what came of it.
        forget(told.get(line.key)?.asked?.closes);
      }
    },
    takes(scene) {
      if (scene !== undefined)
        return byTime([...(scenes.get(scene) ?? NOBODY)].flatMap((key) => baseOf(key) ?? [])).map(withFile);
      inOrder ??= byTime([...told.keys()].flatMap((key) => baseOf(key) ?? []));
      return inOrder.map(withFile);
    },
  };
}

function byTime(takes: readonly Take[]): readonly Take[] {
  return takes.toSorted((a, b) => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at < b.at ? -1 : 1));
}

type Groups = ReadonlyMap<string, ReadonlySet<string>>;

function addTo(groups: Map<string, Set<string>>, name: string, key: string): void {
  const group = groups.get(name);
  if (group) group.add(key);
  else groups.set(name, new Set([key]));
}

const NOBODY: ReadonlySet<string> = new Set();

/** The job that speaks for a key: the newest, since `video resend` hands the key on. Ids sort by time. */
export function newestByKey<T extends Pick<HomeJob, 'id' | 'key'>>(jobs: readonly T[]): ReadonlyMap<string, T> {
  const newest = new Map<string, T>();
  for (const job of jobs) {
    if (job.key === undefined) continue;
    const before = newest.get(job.key);
    if (!before || before.id < job.id) newest.set(job.key, job);
  }
  return newest;
}

type End = Pick<Take, 'state' | 'closed' | 'remoteId' | 'jobId' | 'done' | 'failed'>;

interface EndContext {
  readonly owners: Groups;
  readonly isClosed: boolean;
}

/** A request that was refused, or taken back, has taken no other's place. */
function hasMadeNothing(one: Told | undefined): boolean {
  return (
    one !== undefined &&
    one.done.length + one.sent.length + one.adopted.length === 0 &&
    latest(one.failed)?.made === 'no'
  );
}

function endOf(one: Told, job: HomeJob | undefined, { owners, isClosed }: EndContext): End {
  const key = one.asked?.key ?? '';
  const sent = latest(one.sent);
  // A person may have been wrong about a video that turned out to be another request's.
  const adopted = sent ? undefined : latest(one.adopted.filter(({ remoteId }) => isFree(owners, remoteId, key)));
  const id = job?.remoteId ?? sent?.remoteId ?? adopted?.remoteId;
  const found = { ...(id !== undefined && { remoteId: id }), ...idOfJob(job, sent) };
  const done = latest(one.done);
  if (done) return { state: 'done', closed: false, ...found, done };
  const failed = latest(one.failed);
  if (failed) return { state: 'failed', closed: false, ...found, failed };
  const given = new Set(one.closes.flatMap(({ remoteId }) => remoteId ?? []));
  if (given.size > 0 && (id === undefined || given.has(id))) return { state: 'failed', closed: true, ...found };
  if (id !== undefined) return { state: 'asked', closed: false, ...found };
  return { state: isClosed ? 'failed' : 'asked', closed: isClosed, ...found };
}

function idOfJob(job: HomeJob | undefined, sent: Sent | undefined): Pick<Take, 'jobId'> {
  const id = job?.id ?? sent?.job;
  return id === undefined ? {} : { jobId: id };
}

function isFree(owners: Groups, remoteId: string, key: string): boolean {
  return [...(owners.get(remoteId) ?? NOBODY)].every((owner) => owner === key);
}

/** By its time; of one time by its text, so that the order of lines means nothing. */
function latest<T extends Line>(lines: readonly T[]): T | undefined {
  return lines
    .toSorted((a, b) => (a.at === b.at ? (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1) : a.at < b.at ? -1 : 1))
    .at(-1);
}

/** In their order. */
export function takesByScene(takes: readonly Take[]): ReadonlyMap<string, readonly Take[]> {
  const scenes = new Map<string, Take[]>();
  for (const take of takes) {
    const own = scenes.get(take.scene);
    if (own) own.push(take);
    else scenes.set(take.scene, [take]);
  }
  return scenes;
}

/** The number of the next take of a scene. */
export function nextNumber(takes: readonly Take[], scene: string): number {
  return Math.max(0, ...takes.filter((take) => take.scene === scene).map(({ n }) => n)) + 1;
}

export function isTakenBack({ failed }: Pick<Take, 'failed'>): boolean {
  return failed?.why === TAKEN_BACK;
}

/** Of takes whose fate is unknown, without a full stop: what their host said in the place of an answer, where this home knows it. */
export function whyUnknown(takes: readonly Take[], what: string): string {
  const said = takes.map(({ job }) => job?.failure?.message).find((message) => message !== undefined);
  if (said === undefined)
    return `a request was sent for ${what} and no answer came: nobody knows whether its host has it`;
  return `a request was sent for ${what}, and nobody knows whether its host has it: ${trimEnd(said, '.')}`;
}
