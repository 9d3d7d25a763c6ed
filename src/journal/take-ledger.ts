/**
 * What a storyboard or a batch knows of its takes: its journals, the jobs of this home that were made for it, and the
 * files that lie here. Everything that changes it goes through the journal first.
 */

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { hashFile, hashText } from '../disk/hash.ts';
import { modelFamilies } from '../providers/index.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { isJournalName } from '../shared/journal-name.ts';
import type { Sender } from '../shared/sender.ts';
import { counted } from '../shared/text.ts';
import { accountOf } from '../videos/jobs/account.ts';
import type { Workspace } from '../workspace.ts';
import type { FamilyOf } from './fingerprint.ts';
import {
  createFold,
  type FoldOptions,
  type HomeJob,
  newestByKey,
  type Take,
  type TakeFold,
  takesByScene,
} from './fold.ts';
import { linesFromHome } from './home-lines.ts';
import { type Journal, openJournal, type Reading } from './journal.ts';
import type { Asked, Line } from './lines.ts';
import type { JournalOwner } from './names.ts';
import { type Presence, type Slot, slotOf } from './state.ts';
import { keysWithoutAsked } from './told.ts';

/** What is wanted of a scene now. */
export interface WantedTakes {
  /** Undefined for one that is no longer in the file. */
  readonly fp: string | undefined;
  readonly wanted: number;
}

export interface TakeLedger {
  readonly journal: Journal;
  /** What a model is called at every host. */
  readonly familyOf: FamilyOf;
  /** Absolute path of the storyboard or the batch. */
  readonly file: string;
  /** Keys that this process is sending right now. */
  readonly sending: Set<string>;
  /** Takes that the account of this run has been told nothing of. */
  readonly invisible: Set<string>;
  /** Appends what the jobs of this home know and no line says. Nothing is sent before. */
  learn(): Promise<void>;
  /** Takes note of the record of a take that this process has sent. */
  heard(job: Job): void;
  /** Knows what `learn` would append, and writes nothing. */
  peek(): Promise<void>;
  /** Of every scene; of one where it is named. */
  takes(scene?: string, reading?: Reading): Promise<readonly Take[]>;
  /** By what lines and jobs say alone: of takes that are done the files count as here. */
  slotOf(takes: readonly Take[], text: WantedTakes): Slot;
  /** The state of a scene, with its files looked at. */
  slot(scene: string, text: WantedTakes): Promise<Slot>;
  /** The same of many scenes, of one reading. */
  slots(texts: ReadonlyMap<string, WantedTakes>): Promise<Map<string, Slot>>;
  /** Where the file of a take that is done is. */
  presence(take: Take): Promise<Presence>;
  /** The jobs of this home whose keys are of takes, whatever file they were made for. */
  jobs(): Promise<readonly Job[]>;
  /** Whether the sender of a take lives on this machine. */
  isAlive(take: Take): boolean;
  /** This process, as a line says it. */
  sender(): Sender | undefined;
  now(): string;
  /** Relative to the folder of the file, with `/`: as lines say it. */
  pathOf(absolute: string): string;
  /** Absolute. */
  placeOf(path: string): string;
  /** The name that only the file of this take can have, absolute; undefined where files have names of others' choice. */
  ownPlace(take: Pick<Asked, 'key' | 'scene' | 'n'>): string | undefined;
  /** Whether a video may be made at an absolute path because a line says so: others write journals, too. */
  mayHold(path: string): boolean;
}

export interface TakeLedgerOptions extends JournalOwner {
  /** As the ledger's `ownPlace`. A take whose line names a place that may not hold it, or that is gone, counts as one that lies there. */
  ownPlace?(take: Pick<Asked, 'key' | 'scene' | 'n'>): string | undefined;
  /** As the ledger's `mayHold`; the folder of the file, but for hidden places and journals, unless given. */
  mayHold?(path: string): boolean;
}

export async function openTakeLedger(
  workspace: Workspace,
  file: string,
  options: TakeLedgerOptions,
): Promise<TakeLedger> {
  const { runtime } = workspace;
  const familyOf = await modelFamilies();
  const folder = dirname(file);
  const journal = openJournal(file, { ...options, familyOf, now: () => runtime.clock.now() });
  const hashes = new Map<string, { readonly stamp: string; readonly sha256: string }>();
  const sending = new Set<string>();
  const invisible = new Set<string>();
  const now = (): string => new Date(runtime.clock.now()).toISOString();

  const jobs = async (): Promise<readonly Job[]> =>
    (await (await workspace.jobs()).list()).records.filter(({ key }) => key?.startsWith('take:'));

  const placeOf = (path: string): string => resolve(folder, path);
  const ownPlace: TakeLedger['ownPlace'] = (take) => options.ownPlace?.(take);
  const mayHold: TakeLedger['mayHold'] = options.mayHold ?? ((path) => isPlainPlace(folder, path));
  const pathOf: TakeLedger['pathOf'] = (absolute) => {
    const path = relative(folder, absolute);
    return (isAbsolute(path) ? absolute : path).split(sep).join('/');
  };
  const placed = (take: Take): Take => {
    const own = ownPlace(take);
    if (own === undefined) return take;
    const { done } = take;
    const first = placeOf(take.file);
    // A folder that was renamed with the film is not made again.
    const isMoved = dirname(first) !== dirname(own) && !existsSync(dirname(first));
    const file = isMoved ? pathOf(join(dirname(own), basename(first))) : take.file;
    if (!done) return isMoved ? { ...take, file } : take;
    const told = placeOf(done.file);
    const isOwn = own !== told && (!mayHold(told) || hasMoved(told, { own, bytes: done.bytes }));
    return isOwn || isMoved ? { ...take, file, done: isOwn ? { ...done, file: pathOf(own) } : done } : take;
  };

  /** Whoever gives a file its name holds the lock from its line on: a file that still lies under its first name may be moved. */
  const onceMoved = async (file: string): Promise<void> => {
    if (!existsSync(placeOf(file))) return;
    // In a folder that cannot be written to, nothing is moved.
    await journal
      .exclusively(async () => {})
      .catch((error: unknown) => {
        if (!isSoraError(error, 'machine')) throw error;
      });
  };

  const presence = async ({ done, file }: Take): Promise<Presence> => {
    if (!done) return 'absent';
    const place = placeOf(done.file);
    if (!existsSync(place)) await onceMoved(file);
    const stats = statSync(place, { throwIfNoEntry: false });
    if (!stats) return 'absent';
    if (!stats.isFile() || stats.size !== done.bytes) return 'other';
    const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    const known = hashes.get(place);
    // Also after Ctrl-C: what a batch has done by then is told.
    const sha256 = known?.stamp === stamp ? known.sha256 : await hashFile(place);
    hashes.set(place, { stamp, sha256 });
    return sha256 === done.sha256 ? 'here' : 'other';
  };

  const machine = (): string | undefined => {
    const own = runtime.sender?.();
    return own && hashText(own.machine).slice(0, 12);
  };

  const isAlive = ({ key, sender, job }: Take): boolean => {
    if (sending.has(key)) return true;
    // Whoever sent it has written down that no answer came, or what came in its place.
    if (job && job.status !== 'submitting') return false;
    if (!sender || sender.machine !== machine()) return false;
    const own = runtime.sender?.();
    const isOwn = own?.pid === sender.pid && own.startedAt === sender.startedAt;
    return !isOwn && runtime.isAlive?.(sender) === true;
  };

  const isHere: FoldOptions['isHere'] = (asked) => existsSync(placeOf(asked.file)) || isFile(ownPlace(asked));

  // The jobs that were here when `learn` looked; what this process sends is told by its lines.
  let home: readonly Job[] = [];
  // What a look that writes nothing has learnt of them.
  let peeked: readonly Line[] = [];
  // Of each journal, how many of its lines are folded.
  const folded = new Map<readonly Line[], number>();
  let fold: TakeFold | undefined;

  const foldAnew = (): void => {
    fold = undefined;
    folded.clear();
  };

  const foldOf = (reading: Reading): TakeFold => {
    const { parts, rest } = reading;
    const inputs = { jobs: home, familyOf, isHere };
    if (rest.length > 0) {
      const once = createFold(inputs);
      once.add([...reading.lines, ...peeked]);
      return once;
    }
    // A journal that is gone, or was written anew, may have lost lines.
    const now = new Set(parts.map((part) => part.lines));
    if ([...folded.keys()].some((part) => !now.has(part))) foldAnew();
    if (!fold) {
      fold = createFold(inputs);
      fold.add(peeked);
    }
    for (const part of parts) {
      const from = folded.get(part.lines) ?? 0;
      if (part.count <= from) continue;
      fold.add(part.lines.slice(from, part.count));
      folded.set(part.lines, part.count);
    }
    return fold;
  };

  const takes = async (scene?: string, reading?: Reading): Promise<readonly Take[]> =>
    foldOf(reading ?? (await journal.read()))
      .takes(scene)
      .map(placed);

  const slotHere = async (own: readonly Take[], { fp, wanted }: WantedTakes): Promise<Slot> => {
    const found = new Map<string, Presence>();
    for (const take of own) if (take.done) found.set(take.key, await presence(take));
    return slotOf({
      ...{ takes: own, fp, wanted, isAlive },
      presenceOf: ({ key }) => found.get(key) ?? 'absent',
      isInvisible: ({ key }) => invisible.has(key),
    });
  };

  const refuseDamaged = (lines: readonly Line[]): void => {
    const keys = keysWithoutAsked(lines);
    if (keys.length === 0) return;
    throw new SoraError(
      'machine',
      `The journals of ${file} lack the first line of ${counted(keys.length, 'request')}, such as ${keys[0]}: what was paid for is not known.`,
      { hint: 'Restore the journals, all that lay beside the file: lines may be added to them, and never removed.' },
    );
  };

  return {
    ...{
      journal,
      familyOf,
      file,
      sending,
      invisible,
      jobs,
      takes,
      presence,
      isAlive,
      now,
      placeOf,
      ownPlace,
      mayHold,
      pathOf,
    },
    sender: () => {
      const own = runtime.sender?.();
      const name = machine();
      return own && name !== undefined ? { ...own, machine: name } : undefined;
    },
    heard(job) {
      home = [...home.filter(({ id }) => id !== job.id), job];
      foldAnew();
    },
    async peek() {
      home = await jobs();
      foldAnew();
      const { lines } = await journal.read();
      const keys = new Set(lines.map(({ key }) => key));
      const own = home.filter(({ take, key = '' }) => take?.file === file || keys.has(key));
      foldAnew();
      peeked = linesFromHome({ lines, jobs: own, file, accountOf: () => '', at: now() });
      refuseDamaged([...lines, ...peeked]);
    },
    async learn() {
      home = await jobs();
      foldAnew();
      const accounts = new Map<string, string>();
      for (const job of newestByKey(home).values()) {
        if (job.take?.file !== file || accounts.has(job.baseUrl)) continue;
        const connection = await workspace.connectionOf(job, 'preview').catch(() => undefined);
        accounts.set(job.baseUrl, accountOf({ baseUrl: job.baseUrl, key: connection?.key }));
      }
      await journal.exclusively(async ({ lines }) => {
        const keys = new Set(lines.map(({ key }) => key));
        const own = home.filter(({ take, key = '' }) => take?.file === file || keys.has(key));
        const accountAt = (job: HomeJob): string => job.account ?? accounts.get(job.baseUrl) ?? '';
        const learnt = linesFromHome({ lines, jobs: own, file, accountOf: accountAt, at: now() });
        await journal.append(...learnt);
        refuseDamaged([...lines, ...learnt]);
      });
    },
    slotOf: (own, text) =>
      slotOf({ ...text, takes: own, isAlive, presenceOf: ({ done }) => (done ? 'here' : 'absent') }),
    slot: async (scene, text) => slotHere(await takes(scene), text),
    async slots(texts) {
      const own = takesByScene(await takes());
      const slots = new Map<string, Slot>();
      for (const [scene, text] of texts) slots.set(scene, await slotHere(own.get(scene) ?? [], text));
      return slots;
    },
  };
}

function isPlainPlace(folder: string, path: string): boolean {
  const way = relative(folder, path);
  const isHidden = way.split(sep).some((name) => name === '' || name.startsWith('.'));
  return !isAbsolute(way) && !isHidden && !isJournalName(path);
}

/** Whether a take is to be looked for under its own name: the file, or the whole folder, that a line names was renamed with the film. */
function hasMoved(told: string, { own, bytes }: { readonly own: string; readonly bytes: number }): boolean {
  if (existsSync(told)) return false;
  return statSync(own, { throwIfNoEntry: false })?.size === bytes || !existsSync(dirname(told));
}

function isFile(path: string | undefined): boolean {
  return path !== undefined && existsSync(path);
}

/** Where a take's file first lies: hidden, under its key's uuid, so that no file of another kind is taken for it. */
export function firstPlace(folder: string, uuid: string): string {
  return join(folder, `.${uuid}.mp4`);
}

/** Whether nobody knows, or will learn by itself, whether its host has it. */
export function isUnknown(ledger: Pick<TakeLedger, 'isAlive'>, take: Take): boolean {
  return take.state === 'asked' && take.remoteId === undefined && !ledger.isAlive(take);
}

/** Where a take was sent, for the workspace's `connectionOf` and `providerOf`. */
export function hostOfTake(take: Take): Parameters<Workspace['connectionOf']>[0] {
  const { provider, baseUrl, backend, profile, jobId: id, scene, n } = take;
  return { provider, baseUrl, backend, profile, id, called: `Take ${n} of ${scene}` } as Parameters<
    Workspace['connectionOf']
  >[0];
}
