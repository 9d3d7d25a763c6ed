import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProcessorUse, watchForHang } from '../../../src/media/ffmpeg/hang-watch.ts';

const LIMIT_MS = 60_000;

/** After how many milliseconds a program is told to hang that has used the processor so at each of them; undefined if never. */
function hangsAfter(useAt: (ms: number) => ProcessorUse | undefined, act?: (watch: { restart(): void }) => void) {
  const begun = Date.now();
  let at: number | undefined;
  const watch = watchForHang(
    1,
    LIMIT_MS,
    () => (at = Date.now() - begun),
    () => useAt(Date.now() - begun),
  );
  act?.(watch);
  vi.advanceTimersByTime(LIMIT_MS * 20);
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
  return at;
}

const using =
  (share: number, until = Number.POSITIVE_INFINITY) =>
  (ms: number) => ({
    ...{ usedMs: Math.floor((Math.min(ms, until) * share) / 10) * 10, isRunnable: false },
  });

describe('a program', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['does nothing', using(0), 60_000],
    ['begins, and then does nothing', using(1, 29_000), 60_000],
    ['turns in a circle', using(1), 60_000],
    ['turns in circles on four processors', using(4), 60_000],
    ['is given a tenth of a processor, and turns in a circle', using(0.1), 600_000],
    ['is given a third of a processor', using(0.34), 180_000],
    ['works, and stops after its time', using(0.1, 130_000), 160_000],
    ['wants a processor, and has none', () => ({ usedMs: 0, isRunnable: true }), 600_000],
    ['is not told of by the system', () => undefined, 180_000],
  ])('that %s hangs after its time, and not before', (_, useAt, afterMs) => {
    expect(hangsAfter(useAt)).toBe(afterMs);
  });

  it('that shows that it gets on has its time anew', () => {
    const hung = hangsAfter(using(0), (watch) => {
      vi.advanceTimersByTime(50_000);
      watch.restart();
    });
    expect(hung).toBe(110_000);
  });

  it('that was suspended together with this process, for longer than it may take, goes on', () => {
    let hung = false;
    const watch = watchForHang(1, LIMIT_MS, () => (hung = true), using(0.5));
    vi.setSystemTime(Date.now() + 10 * LIMIT_MS);
    vi.advanceTimersByTime(10_000);
    expect(hung).toBe(false);
    watch.stop();
  });
});

it.runIf(existsSync('/proc/self/stat'))(
  'a program that works is told from one that waits, by what Linux says',
  async () => {
    const hung: string[] = [];
    const children = Object.entries({ waits: 'read -r line', works: 'while :; do :; done' }).map(([name, script]) => {
      const child = execFile('/bin/sh', ['-c', script]);
      // More time than such a one is given here.
      const watch = watchForHang(child.pid, name === 'works' ? 3_000 : 300, () => hung.push(name));
      return { child, watch };
    });
    await vi.waitFor(() => expect(hung).toEqual(['waits']), { timeout: 30_000 });
    for (const { child, watch } of children) {
      watch.stop();
      child.kill('SIGKILL');
    }
  },
);
