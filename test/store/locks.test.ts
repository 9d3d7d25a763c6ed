import { mkdir, readdir, rmdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { watchLock, withLock } from '../../src/store/locks.ts';
import { createRecords } from '../../src/store/records.ts';
import { tempFolder } from '../helpers/temp.ts';
import { bundleWorkers, type Workers } from './processes.ts';
import { type Counter, counters } from './worker.ts';

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
