/** What other processes do in the tests of the store. Bundled and run by `processes.ts`. */
import { appendFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createCharacterStore } from '../../src/characters/store.ts';
import { type LockTiming, withLock } from '../../src/disk/lock.ts';
import { createRecords } from '../../src/disk/records.ts';
import { isSoraError } from '../../src/shared/errors.ts';
import { createJobStore } from '../../src/videos/jobs/store.ts';
import { keepSample, sampleJob } from '../helpers/samples.ts';

/** A record of the tests: how often it was changed, and a text that is the same letter all over. */
export interface Counter {
  readonly count: number;
  readonly text: string;
}

export const counters = (dir: string) => createRecords<Counter>({ dir, decode: (json) => json as Counter });

/** As quick as a lock can be to grow stale. */
export const QUICK: LockTiming = { staleMs: 2_000, waitMs: 30_000 };

/** A worker whose test was stopped ends by itself. */
const LIFETIME_MS = 60_000;

const tasks: Readonly<Record<string, (home: string, ...args: string[]) => Promise<unknown>>> = {
  async create(home, prefix = '', times = '') {
    const store = characters(home);
    for (let index = 0; index < Number(times); index += 1) await keepSample(store, `${prefix} ${index}`);
  },

  /** Prints the names that this process got. */
  async compete(home, owner = '', times = '') {
    const store = characters(home);
    const won: string[] = [];
    for (let index = 0; index < Number(times); index += 1) {
      const name = `Same ${index}`;
      try {
        await keepSample(store, name, { content: `${owner} ${index}` });
        won.push(name);
      } catch (error) {
        if (!isSoraError(error, 'usage')) throw error;
      }
    }
    return won;
  },

  async count(home, id = '', times = '') {
    const records = counters(home);
    for (let index = 0; index < Number(times); index += 1) {
      await records.update(id, (current) => ({ ...current, count: current.count + 1 }));
    }
  },

  /** Prints the ids that this process got. */
  async claim(home, owner = '', times = '') {
    const records = counters(home);
    const won: string[] = [];
    for (let index = 0; index < Number(times); index += 1) {
      if (await records.claim(`id-${index}`, { count: index, text: owner })) won.push(`id-${index}`);
    }
    return won;
  },

  /** Makes and removes characters that share one clip. */
  async share(home, name = '', times = '') {
    const store = characters(home);
    for (let index = 0; index < Number(times); index += 1) {
      const { master } = (await keepSample(store, name, { content: 'shared' })).clip;
      if (!(await store.hasClip(master.sha256))) throw new Error('The clip is gone.');
      await store.remove(name);
    }
    await keepSample(store, name, { content: 'shared' });
  },

  /** Holds the record's lock until it is killed. */
  async hold(home, id = '') {
    await counters(home).update(id, (current) => {
      writeSync(1, 'held\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIFETIME_MS);
      return current;
    });
  },

  /** Stands still with the record's lock and its new content in hand, until it is resumed. */
  async pause(home, id = '') {
    const records = createRecords<Counter>({ dir: home, decode: (json) => json as Counter, lock: QUICK });
    const change = (current: Counter): Counter => {
      writeSync(1, 'held\n');
      process.kill(process.pid, 'SIGSTOP');
      return { ...current, count: current.count + 1 };
    };
    await records.update(id, change).catch((error: unknown) => {
      if (!isSoraError(error, 'machine')) throw error;
      writeSync(1, 'lost\n');
    });
  },

  /** Enters a lock once, and tells what it came to: `busy`, `in`, `lost`. All who do keep one diary. */
  async enter(home, name = '') {
    const say = (word: string): void => void writeSync(1, `${word}\n`);
    const note = (word: string): void => appendFileSync(join(home, 'diary'), `${name} ${word}\n`);
    const timing = { ...QUICK, onBusy: () => say('busy') };
    try {
      await withLock(
        join(home, 'a.lock'),
        async (held) => {
          held.assertHeld();
          note('in');
          say('in');
          await new Promise((resolve) => setImmediate(resolve));
          note('out');
        },
        timing,
      );
    } catch (error) {
      if (!isSoraError(error, 'machine') || !error.message.endsWith('was suspended for too long.')) throw error;
      say('lost');
    }
  },

  /** Registers the character there until it is killed. */
  async register(home, name = '', place = '') {
    await characters(home).registering(name, place, async () => {
      writeSync(1, 'held\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LIFETIME_MS);
    });
  },

  /** Writes long records until it is killed. */
  async churn(home, id = '') {
    const records = counters(home);
    const end = Date.now() + LIFETIME_MS;
    for (let index = 0; Date.now() < end; index += 1) {
      const text = String.fromCharCode(97 + (index % 26)).repeat(20_000 + (index % 7) * 30_000);
      await records.update(id, () => ({ count: text.length, text }));
      if (index === 3) writeSync(1, 'busy\n');
    }
  },

  /** Prints the id of the job that the key belongs to. */
  async key(home, id = '', key = '') {
    const jobs = createJobStore({ dir: join(home, 'jobs') });
    const job = await jobs.create(sampleJob(id, { key }), ({ records }) => records.find((one) => one.key === key));
    return job.id;
  },
};

function characters(home: string) {
  return createCharacterStore({ charactersDir: join(home, 'characters'), clipsDir: join(home, 'clips') });
}

/** Runs the task that the arguments name, and prints what it returns as JSON. */
export async function runTask([name = '', home = '', ...args]: readonly string[]): Promise<void> {
  const task = tasks[name];
  if (!task) throw new Error(`No task ${name}`);
  writeSync(1, `${JSON.stringify((await task(home, ...args)) ?? null)}\n`);
}
