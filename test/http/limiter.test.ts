import { expect, it } from 'vitest';
import { createConcurrencyLimiter } from '../../src/http/limiter.ts';

function gate(): { open(): void; readonly opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

it('lets so many run at once for each key, in the order of their calls', async () => {
  const turns = createConcurrencyLimiter(2);
  const gates = Array.from({ length: 4 }, gate);
  const begun: string[] = [];
  const run = (key: string, index: number): Promise<number> =>
    turns(key, async () => {
      begun.push(`${key}${index}`);
      await gates[index]?.opened;
      return index;
    });
  const all = [run('a', 0), run('a', 1), run('a', 2), run('b', 3)];
  await Promise.resolve();
  expect(begun).toEqual(['a0', 'a1', 'b3']);
  gates[1]?.open();
  await all[1];
  await Promise.resolve();
  expect(begun).toEqual(['a0', 'a1', 'b3', 'a2']);
  for (const { open } of gates) open();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

it('gives the place of a failed one to the next', async () => {
  const turns = createConcurrencyLimiter(1);
  const failed = turns('a', () => Promise.reject(new Error('no')));
  const next = turns('a', () => Promise.resolve('yes'));
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
