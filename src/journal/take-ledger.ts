/**
 * What a storyboard or a batch knows of its takes: its journals, the jobs of this home that were made for it, and the
 * files that lie here. Everything that changes it goes through the journal first.
 */

import { dirname } from 'node:path';
import { hashText } from '../disk/hash.ts';
import { modelFamilies } from '../providers/index.ts';
import { SoraError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import type { Sender } from '../shared/sender.ts';
import { counted } from '../shared/text.ts';
import { accountOf } from '../videos/jobs/account.ts';
import type { Workspace } from '../workspace.ts';
import type { FamilyOf } from './fingerprint.ts';
import { createFold, type HomeJob, newestByKey, type Take, type TakeFold, takesByScene } from './fold.ts';
import { linesFromHome } from './home-lines.ts';
import { type Journal, openJournal, type Reading } from './journal.ts';
import type { Line } from './lines.ts';
import type { JournalOwner } from './names.ts';
import { type Presence, type Slot, slotOf } from './state.ts';
import { createTakeFiles, type TakeFiles, type TakeFilesOptions } from './take-files.ts';
import { keysWithoutAsked } from './told.ts';

/** What is wanted of a scene now. */
export interface WantedTakes {
  /** Undefined for one that is no longer in the file. */
  readonly fp: string | undefined;
  readonly wanted: number;
}

export interface TakeLedger extends TakeFiles {
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
  /** The jobs of this home whose keys are of takes, whatever file they were made for. */
  jobs(): Promise<readonly Job[]>;
  /** Whether the sender of a take lives on this machine. */
  isAlive(take: Take): boolean;
  /** This process, as a line says it. */
  sender(): Sender | undefined;
  now(): string;
}

export interface TakeLedgerOptions extends JournalOwner, TakeFilesOptions {}

export async function openTakeLedger(
  workspace: Workspace,
  file: string,
  options: TakeLedgerOptions,
): Promise<TakeLedger> {
  const { runtime } = workspace;
  const familyOf = await modelFamilies();
  const journal = openJournal(file, { ...options, familyOf, now: () => runtime.clock.now() });
  const { placed, isHere, ...files } = createTakeFiles(dirname(file), journal, options);
  const sending = new Set<string>();
  const invisible = new Set<string>();
  const now = (): string => new Date(runtime.clock.now()).toISOString();

  const jobs = async (): Promise<readonly Job[]> =>
    (await (await workspace.jobs()).list()).records.filter(({ key }) => key?.startsWith('take:'));

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
    for (const take of own) if (take.done) found.set(take.key, await files.presence(take));
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
    ...{ journal, familyOf, file, sending, invisible, jobs, takes, isAlive, now },
    ...files,
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
