/**
 * The takes that the lines of all journals of a file tell of, together with the jobs of this home. Lines of a key are a
 * set: `done` outweighs `failed`, that a `close` which names the host's id, that an id, that a `close` without one. Pure.
 */
import { formatSize } from '../shared/geometry.ts';
import { CLOSED, type Job, type JobFailure, UNSENT } from '../shared/job.ts';
import type { Sender } from '../shared/sender.ts';
import { currentFingerprint, type FamilyOf, isAsk, partsOfKey } from './fingerprint.ts';
import {
  type Adopt,
  type Asked,
  type Close,
  type Done,
  type Failed,
  type Line,
  type Sent,
  TAKEN_BACK,
} from './lines.ts';

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

export interface FoldInput {
  readonly lines: readonly Line[];
  /** The jobs of this home that have keys of takes, in any order. */
  readonly jobs?: readonly HomeJob[];
  readonly familyOf?: FamilyOf;
  /** Whether a file lies under a take's own name: such a file is whole, whatever its lines say. */
  isHere?(take: Pick<Asked, 'key' | 'scene' | 'n' | 'file'>): boolean;
}

interface Told {
  asked?: Asked;
  closes: Close[];
  closedBy: string[];
  sent: Sent[];
  adopted: Adopt[];
  failed: Failed[];
  done: Done[];
}

/** What a growing journal tells: each line is read once, and a take is folded again only when a line is about it. */
export interface TakeFold {
  add(lines: readonly Line[]): void;
  /** In the order in which they were asked; of one scene where it is named. A line of a key that nobody has asked counts for nothing. */
  takes(scene?: string): readonly Take[];
}

export function foldTakes({ lines, ...rest }: FoldInput): readonly Take[] {
  const fold = createFold(rest);
  fold.add(lines);
  return fold.takes();
}

export function createFold({ jobs = [], familyOf = (model) => model, isHere }: Omit<FoldInput, 'lines'>): TakeFold {
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

/** Keys of lines that say what became of a request which no line asks for: what was paid for is not known as what. */
export function keysWithoutAsked(lines: readonly Line[]): readonly string[] {
  return [...tellByKey(lines)].flatMap(([key, { asked, sent, adopted, done }]) =>
    asked || sent.length + adopted.length + done.length === 0 ? [] : [key],
  );
}

function tellByKey(lines: readonly Line[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const line of lines) tell(told, line);
  return told;
}

function tell(told: Map<string, Told>, line: Line): void {
  const of = (key: string): Told => {
    const one = told.get(key) ?? { closes: [], closedBy: [], sent: [], adopted: [], failed: [], done: [] };
    told.set(key, one);
    return one;
  };
  switch (line.line) {
    case 'asked':
      of(line.key).asked ??= line;
      if (line.closes !== undefined) of(line.closes).closedBy.push(line.key);
      break;
    case 'sent':
      of(line.key).sent.push(line);
      break;
    case 'adopt':
      of(line.key).adopted.push(line);
      break;
    case 'failed':
      of(line.key).failed.push(line);
      break;
    case 'done':
      of(line.key).done.push(line);
      break;
    case 'close':
      of(line.key).closes.push(line);
      break;
    case 'pick':
    case 'reject':
      break;
    default:
      line satisfies never;
  }
}

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

export interface LearnContext {
  readonly lines: readonly Line[];
  readonly jobs: readonly HomeJob[];
  /** The file whose journals these are, absolute: what `take.file` of its jobs says. */
  readonly file: string;
  readonly accountOf: (job: HomeJob) => string;
  readonly at: string;
}

/**
 * The lines that the journals lack and the jobs of this home tell: of jobs whose answer came and was not written down, of
 * those that ended without one, and of jobs of this file that no line knows (a checkout undid them).
 */
export function linesFromHome({ lines, jobs, file, accountOf, at }: LearnContext): readonly Line[] {
  const told = tellByKey(lines);
  const learnt: Line[] = [];
  for (const [key, job] of newestByKey(jobs)) {
    const one = told.get(key);
    if (!one?.asked) {
      const anew = askedAnew(job, { file, account: accountOf(job) });
      if (anew) learnt.push(anew);
      if (!anew) continue;
    }
    // Also of what is done: by its id a file that is lost can be fetched again.
    if (job.remoteId !== undefined) {
      if (!one?.sent.some(({ remoteId }) => remoteId === job.remoteId)) {
        learnt.push({ v: 1, at, key, line: 'sent', remoteId: job.remoteId, job: job.id });
      }
      continue;
    }
    const isOver = one !== undefined && one.done.length + one.failed.length + one.closes.length > 0;
    if (job.status !== 'failed' || isOver) continue;
    const end = endWithoutId(job);
    learnt.push(end === 'closed' ? { v: 1, at, key, line: 'close' } : { v: 1, at, key, line: 'failed', ...end });
  }
  return learnt;
}

function endWithoutId({ failure }: HomeJob): 'closed' | Pick<Failed, 'why' | 'exit' | 'retryable' | 'made'> {
  if (failure?.code === CLOSED) return 'closed';
  const why = failure?.message ?? 'refused';
  if (failure?.code === UNSENT) return { why, exit: 6, retryable: true, made: 'no' };
  return failure?.policy
    ? { why, exit: 11, retryable: false, made: 'no' }
    : { why, exit: 5, retryable: false, made: 'no' };
}

function askedAnew(job: HomeJob, { file, account }: { file: string; account: string }): Asked | undefined {
  const parts = job.key === undefined ? undefined : partsOfKey(job.key);
  if (!parts || job.key === undefined || job.take?.file !== file) return undefined;
  const { provider, baseUrl, profile, backend, take, model, request, cost } = job;
  return {
    ...{ v: 1, at: job.createdAt, key: job.key, line: 'asked', scene: take.scene, n: take.n, fp: parts.fp },
    ...{ file: take.path, provider, baseUrl, account },
    ...(profile !== undefined && { profile }),
    ...(backend !== undefined && { backend }),
    ...(model !== undefined && { model }),
    ...(request && { seconds: request.seconds, size: formatSize(request.size) }),
    ...(cost?.estimateUsd !== undefined && { estimateUsd: cost.estimateUsd }),
    ...(isAsk(take.ask) && { ask: take.ask }),
  };
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
