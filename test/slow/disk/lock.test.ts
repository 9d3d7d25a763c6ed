import { mkdir, readdir, readFile, rmdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sweepFolder } from '../../../src/disk/atomic-write.ts';
import { type HeldLock, watchLock, withLock } from '../../../src/disk/lock.ts';
import { createRecords } from '../../../src/disk/records.ts';
import { bundleWorkers, type Hook, type Workers } from '../../disk/processes.ts';
import { type Counter, counters, QUICK } from '../../disk/worker.ts';
import { covering } from '../../helpers/covering.ts';
import { tempFolder } from '../../helpers/temp.ts';

const IMPATIENT = { staleMs: 5_000, waitMs: 50 };

let workers: Workers;
beforeAll(async () => {
  workers = await bundleWorkers();
});
afterAll(() => workers.close());
afterEach(() => {
  vi.useRealTimers();
});

async function makeOld(path: string): Promise<void> {
  const past = new Date(Date.now() - 60_000);
  await utimes(path, past, past);
}

describe('withLock', () => {
  it('lets one in at a time, and leaves nothing behind', async () => {
    const dir = await tempFolder();
    let inside = 0;
    let most = 0;
    const visit = () =>
      withLock(join(dir, 'a.lock'), async () => {
        inside += 1;
        most = Math.max(most, inside);
        await readdir(dir);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 10 }, visit));
    expect(most).toBe(1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('lets those of one process in by the order in which they came', async () => {
    const path = join(await tempFolder(), 'a.lock');
    const order: number[] = [];
    const visit = (index: number) => withLock(path, async () => void order.push(index));
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    await Promise.all(numbers.map(visit));
    expect(order).toEqual(numbers);
  });

  it('is free again after an error, which it passes on', async () => {
    const path = join(await tempFolder(), 'a.lock');
    await expect(withLock(path, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await withLock(path, async () => 'in', IMPATIENT)).toBe('in');
  });

  it('can be waited for no longer, without a touch on who holds it; that it is not free is told once', async () => {
    const path = join(await tempFolder(), 'a.lock');
    await mkdir(path);
    const stop = new AbortController();
    const told: string[] = [];
    const onBusy = (): void => {
      told.push('busy');
      setTimeout(() => stop.abort(new Error('enough')), 300);
    };
    const wait = { staleMs: 5_000, waitMs: 30_000, signal: stop.signal, onBusy };
    await expect(withLock(path, async () => 'in', wait)).rejects.toThrow('enough');
    expect(told).toEqual(['busy']);
    expect(await readdir(join(path, '..'))).toEqual(['a.lock']);
  });

  it('tells nobody of a wait when it is free', async () => {
    const path = join(await tempFolder(), 'a.lock');
    const onBusy = (): never => expect.unreachable();
    expect(await withLock(path, async () => 'in', { ...IMPATIENT, onBusy })).toBe('in');
  });

  it('says so when another holds it for too long', async () => {
    const path = join(await tempFolder(), 'a.lock');
    await mkdir(path);
    await expect(withLock(path, async () => 'in', IMPATIENT)).rejects.toMatchObject({
      code: 'machine',
      message: `Another process has held the lock ${path} for too long.`,
    });
  });

  it('says at once why it cannot be had', async () => {
    const path = join(await tempFolder(), 'none', 'a.lock');
    await expect(withLock(path, async () => 'in')).rejects.toMatchObject({
      code: 'machine',
      message: `Cannot lock ${path}: it does not exist.`,
    });
  });

  it('takes over what a dead process left, one taker at a time', async () => {
    const path = join(await tempFolder(), 'a.lock');
    await mkdir(path);
    await makeOld(path);
    await mkdir(`${path}.steal`);
    await expect(withLock(path, async () => 'in', IMPATIENT)).rejects.toMatchObject({ code: 'machine' });
    await makeOld(`${path}.steal`);
    expect(await withLock(path, async () => 'in', IMPATIENT)).toBe('in');
  });

  it('is not trusted, nor taken from its next holder, by a process that stood still', async () => {
    const dir = await tempFolder();
    const path = join(dir, 'a.lock');
    await withLock(path, async (held) => {
      held.assertHeld();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
      expect(() => held.assertHeld()).toThrow(expect.objectContaining({ code: 'machine' }));
    });
    expect(await readdir(dir)).toEqual(['a.lock']);
  });
});

describe('watchLock', () => {
  it('sees whether its holder lives, whatever the clock says', async () => {
    const path = join(await tempFolder(), 'a.lock');
    expect(await watchLock(path)).toEqual({ isAlive: false, refreshedAt: undefined });
    await withLock(path, async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
      expect((await watchLock(path)).isAlive).toBe(true);
    });
  });

  it('sees a lock that was left behind, and when its holder was last heard of', async () => {
    const path = join(await tempFolder(), 'a.lock');
    await mkdir(path);
    // Of the future, by a clock that was set back since: no sign of life either.
    const at = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000);
    await utimes(path, at, at);
    expect(await watchLock(path)).toEqual({ isAlive: false, refreshedAt: at.getTime() });
  });

  it('sees that it is released', async () => {
    const path = join(await tempFolder(), 'a.lock');
    const watched = withLock(path, async () => watchLock(path));
    const release = withLock(`${path}2`, async () => {});
    await release;
    expect((await watched).isAlive).toBe(true);
    await mkdir(path);
    const seen = watchLock(path);
    await rmdir(path);
    expect(await seen).toEqual({ isAlive: false, refreshedAt: undefined });
  });
});

describe('P4: a process killed while it holds a lock', { timeout: 60_000 }, () => {
  it('stops others until the lock is stale, then no longer, and loses nothing', async () => {
    const dir = await tempFolder();
    await counters(dir).claim('joe', { count: 0, text: '' });
    const holder = await workers.start('hold', dir, 'joe');
    await holder.kill();
    const hasty = createRecords<Counter>({ dir, decode: (json) => json as Counter, lock: IMPATIENT });
    await expect(hasty.update('joe', (current) => current)).rejects.toMatchObject({ code: 'machine' });
    await makeOld(join(dir, 'joe.lock'));
    await Promise.all([1, 2, 3].map(() => workers.run('count', dir, 'joe', 20)));
    expect(await counters(dir).read('joe')).toEqual({ count: 60, text: '' });
    expect(await readdir(dir)).toEqual(['joe.json']);
  });
});

/** What a process meets when it comes: nothing, a lock that was left behind, or that and the guard of its takeover. */
type Left = 'nothing' | 'a lock' | 'a lock and its guard';

type Step = readonly [title: string, left: Left, call: Hook['call'], file: string, nth: number];

const LOCK = '^a\\.lock$';
const GUARD = '^a\\.lock\\.steal$';
const TAKEN = '^a\\.lock\\.[0-9a-f-]{36}$';
const TAKEN_GUARD = '^a\\.lock\\.steal\\.[0-9a-f-]{36}$';

/** Every call that a lock consists of. */
const STEPS: readonly Step[] = [
  ['its lock is made', 'nothing', 'mkdirSync', LOCK, 1],
  ['its lock is marked', 'nothing', 'utimesSync', LOCK, 1],
  ['its lock is removed', 'nothing', 'rmdirSync', LOCK, 1],
  ['the guard is made', 'a lock', 'mkdirSync', GUARD, 1],
  ['the old lock is taken', 'a lock', 'renameSync', LOCK, 1],
  ['the old lock is removed', 'a lock', 'rmdirSync', TAKEN, 1],
  ['the guard is removed', 'a lock', 'rmdirSync', GUARD, 1],
  ['its lock is made in place of the old one', 'a lock', 'mkdirSync', LOCK, 2],
  ['the old guard is taken', 'a lock and its guard', 'renameSync', GUARD, 1],
  ['the old guard is removed', 'a lock and its guard', 'rmdirSync', TAKEN_GUARD, 1],
];
/** By what a process meets: all that it does on the disk, in order, as far as it is tested of that. */
const ON_THE_WAY: Readonly<Record<Left, readonly string[]>> = {
  nothing: ['its lock is made', 'its lock is marked', 'the diary is written', 'its lock is removed'],
  'a lock': [
    ...['the guard is made', 'the old lock is taken', 'the old lock is removed', 'the guard is removed'],
    'its lock is made in place of the old one',
  ],
  'a lock and its guard': ['the old guard is taken', 'the old guard is removed'],
};
const MOMENTS = STEPS.flatMap((step) => (['before', 'after'] as const).map((when) => [when, ...step] as const));
/** Of the dead there is only what is on the disk, which is the same after a step and before the next one. */
const DEATHS = covering(MOMENTS, ([when, step, left]) => [
  `${left}, ${ON_THE_WAY[left].indexOf(step) + (when === 'after' ? 1 : 0)} steps done`,
]);

async function leave(dir: string, left: Left): Promise<void> {
  if (left === 'nothing') return;
  for (const name of left === 'a lock' ? ['a.lock'] : ['a.lock', 'a.lock.steal']) {
    await mkdir(join(dir, name));
    await makeOld(join(dir, name));
  }
}

/** The sweep of a day later takes what is left, and the lock itself is free. */
async function expectClean(dir: string): Promise<void> {
  expect(await readdir(dir)).not.toContain('a.lock');
  await sweepFolder(dir, Date.now() + 2 * 86_400_000);
  expect((await readdir(dir)).filter((name) => name !== 'diary')).toEqual([]);
}

/** Nobody comes in before the last one is out. */
async function expectOneAtATime(dir: string, visits: number): Promise<void> {
  const lines = (await readFile(join(dir, 'diary'), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(2 * visits);
  for (let at = 0; at < lines.length; at += 2) {
    const [name] = lines[at]?.split(' ') ?? [];
    expect(lines.slice(at, at + 2)).toEqual([`${name} in`, `${name} out`]);
  }
}

describe.skipIf(process.platform === 'win32')('P4: a process that is killed at a step of its lock', () => {
  it.each(DEATHS)(
    '%s %s, with %s left there, keeps nobody out once that is old',
    async (when, step, left, call, file, nth) => {
      const dir = await tempFolder();
      await leave(dir, left);
      const dead = workers.begin({ call, file, nth, when, signal: 'SIGKILL' }, 'enter', dir, 'dead');
      expect((await dead.ended).signal).toBe('SIGKILL');
      for (const name of await readdir(dir)) if (name.startsWith('a.lock')) await makeOld(join(dir, name));
      const heirs = ['one', 'two'].map((name) => workers.begin(undefined, 'enter', dir, name));
      for (const heir of heirs) expect(await heir.ended).toEqual({ code: 0, signal: null });
      await expectOneAtATime(dir, step === 'its lock is removed' ? 3 : 2);
      await expectClean(dir);
    },
  );
});

/** One stands still at that step until another has the lock, and goes on while the other has it, or when it is free again. */
async function oversleep(
  [when, step, left, call, file, nth]: (typeof MOMENTS)[number],
  resumed: 'meanwhile' | 'afterwards',
): Promise<void> {
  const title = `${when} ${step}, resumed ${resumed}`;
  const dir = await tempFolder();
  await leave(dir, left);
  const late = workers.begin({ call, file, nth, when, signal: 'SIGSTOP' }, 'enter', dir, 'late');
  const said: string[] = [];
  for (let line = await late.line(); line !== 'stopped'; line = await late.line()) {
    if (line === undefined) throw new Error(`It does not stand still ${title}.`);
    said.push(line);
  }
  let next: string | undefined;
  const goOn = async (): Promise<void> => {
    late.resume();
    next = await late.line();
  };
  await withLock(
    join(dir, 'a.lock'),
    async (held) => {
      if (resumed === 'afterwards') return;
      await goOn();
      const isStillHeld = holds(held);
      expect(next === 'in' && isStillHeld, title).toBe(false);
      // Only a call that was about to be made meets the folder of the other, who then knows that it was touched or removed.
      const meetsTheOther = when === 'before' && (step === 'its lock is marked' || step === 'its lock is removed');
      expect(isStillHeld, title).toBe(!meetsTheOther);
    },
    QUICK,
  );
  if (resumed === 'afterwards') await goOn();
  for (let line = next; line !== undefined; line = await late.line()) said.push(line);
  expect(await late.ended, title).toEqual({ code: 0, signal: null });
  // It had been in before, or came in afterwards, or says that it lost its lock.
  expect(
    said.filter((word) => word === 'in' || word === 'lost'),
    title,
  ).toHaveLength(1);
  await withLock(join(dir, 'a.lock'), async (held) => held.assertHeld(), QUICK);
  await expectClean(dir);
}

describe.skipIf(process.platform === 'win32')('P4: a process that stands still at a step of its lock', () => {
  it.each(['meanwhile', 'afterwards'] as const)(
    'at whichever, does not share it with who took it over, and goes on %s',
    { timeout: 60_000 },
    async (resumed) => {
      await Promise.all(MOMENTS.map((moment) => oversleep(moment, resumed)));
    },
  );

  it('writes nothing once another has had its lock, even when it was about to', { timeout: 60_000 }, async () => {
    const dir = await tempFolder();
    await counters(dir).claim('joe', { count: 0, text: '' });
    const late = workers.begin(undefined, 'pause', dir, 'joe');
    expect(await late.line()).toBe('held');
    const quick = createRecords<Counter>({ dir, decode: (json) => json as Counter, lock: QUICK });
    await quick.update('joe', (current) => ({ ...current, count: 7 }));
    late.resume();
    expect(await late.line()).toBe('lost');
    expect(await counters(dir).read('joe')).toEqual({ count: 7, text: '' });
    expect(await readdir(dir)).toEqual(['joe.json']);
  });
});

describe.skipIf(process.platform === 'win32')('P4: two who take over one lock', () => {
  it('do not come in together, whoever of them stands still before a removal', { timeout: 60_000 }, async () => {
    const dir = await tempFolder();
    await leave(dir, 'a lock and its guard');
    // Both have seen the old guard. The second goes on, has a guard of its own, and has seen the old lock.
    const stop = { when: 'before', signal: 'SIGSTOP', call: 'renameSync' } as const;
    const first = workers.begin({ ...stop, file: GUARD }, 'enter', dir, 'first');
    expect(await first.line()).toBe('stopped');
    const second = workers.begin({ ...stop, file: LOCK }, 'enter', dir, 'second');
    expect([await second.line(), await second.line()]).toEqual(['busy', 'stopped']);
    first.resume();
    expect(await first.line()).toBe('busy');
    // The guard of the second is there, and the first has not come in.
    expect((await readdir(dir)).sort()).toEqual(['a.lock', 'a.lock.steal']);
    second.resume();
    expect(await second.line()).toBe('in');
    expect(await first.line()).toBe('in');
    for (const one of [first, second]) expect(await one.ended).toEqual({ code: 0, signal: null });
    await expectOneAtATime(dir, 2);
    await expectClean(dir);
  });

  it('nor do many at once', { timeout: 60_000 }, async () => {
    const dir = await tempFolder();
    await leave(dir, 'a lock and its guard');
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
    const all = names.map((name) => workers.begin(undefined, 'enter', dir, name));
    for (const one of all) expect(await one.ended).toEqual({ code: 0, signal: null });
    await expectOneAtATime(dir, names.length);
    await expectClean(dir);
  });
});

function holds(held: HeldLock): boolean {
  try {
    held.assertHeld();
    return true;
  } catch {
    return false;
  }
}
