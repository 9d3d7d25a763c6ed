import { getEventListeners } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../src/shared/deadline.ts';
import { tempFolder } from '../helpers/temp.ts';
import { untilAborted } from '../helpers/until-aborted.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('ends work that takes too long with a network error, not earlier and not later', async () => {
    const ended = vi.fn();
    const work = withDeadline(3000, undefined, untilAborted).catch(ended);
    await vi.advanceTimersByTimeAsync(2999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await work;
    expect(ended).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'network', message: 'No complete answer arrived within 3 s.' }),
    );
  });

  it.each(['before', 'while'])('ends it with the reason of a signal that is aborted %s it runs', async (when) => {
    const stop = new AbortController();
    if (when === 'before') stop.abort(new Error('enough'));
    const work = withDeadline(3000, stop.signal, untilAborted);
    if (when === 'while') stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });

  it('never ends what may take for ever, nor what may take longer than a timer can be set for', async () => {
    const ended = vi.fn();
    for (const ms of [Number.POSITIVE_INFINITY, 2 ** 31]) void withDeadline(ms, undefined, untilAborted).catch(ended);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(ended).not.toHaveBeenCalled();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['succeeds', async () => 'done'],
    ['fails', async () => Promise.reject(new Error('failed'))],
  ])('leaves no timer and no listener behind when the work %s, a thousand times on one signal', async (_how, work) => {
    const { signal } = new AbortController();
    for (let polls = 0; polls < 1000; polls++) {
      await withDeadline(60_000, signal, async (limited) => {
        expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
        expect(limited.aborted).toBe(false);
        return work();
      }).catch(() => {});
    }
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });
});

it('the linter refuses, in src, a limit that may never fire, and JSON of any depth', async () => {
  const dir = await tempFolder();
  for (const name of ['.biome.json', '.biome-deadline.grit', '.biome-json.grit', '.gitignore'])
    await copyFile(join(ROOT, name), join(dir, name));
  await mkdir(join(dir, 'src'));
  const uses = [
    'AbortSignal.timeout(1)',
    'AbortSignal.any([])',
    '[1].map(AbortSignal.timeout)',
    'JSON.parse(text)',
    'new AbortController()',
  ];
  for (const [index, use] of uses.entries()) {
    await writeFile(join(dir, 'src', `use-${index}.ts`), `export const limit = ${use};\n`);
  }
  const { stdout, stderr } = await execa(process.execPath, [BIOME, 'lint', '.'], { cwd: dir, reject: false });
  const refused = [...`${stdout}\n${stderr}`.matchAll(/^src\/use-(\d)\.ts:1:\d+ plugin/gm)].map(([, index]) => index);
  expect(refused.toSorted()).toEqual(['0', '1', '2', '3']);
});
