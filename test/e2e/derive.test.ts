import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeQuickMachine } from '../helpers/here.ts';

it('a video is extended, edited, remixed, listed, deleted and forgotten in the sandbox', async () => {
  const { sora, dir } = makeQuickMachine({ SORA_PROVIDER: 'sandbox' });
  const json = async (...args: string[]) => {
    const done = await sora([...args, '--json']);
    expect(done.exitCode, done.stderr).toBe(0);
    return JSON.parse(done.stdout);
  };
  const first = await json('video', 'generate', 'A lighthouse.', '--wait');
  // The sandbox makes what was asked for, so that length and size are compared with the real file.
  const longer = await json('video', 'extend', first.id, 'A ship passes.', '--seconds', '8', '-o', 'longer.mp4');
  expect(longer).toMatchObject({
    ...{ status: 'succeeded', result: { seconds: 12 }, outputPath: join(dir, 'longer.mp4') },
    request: { seconds: 12, from: { jobId: first.id, kind: 'extend' } },
  });
  const edited = await json('video', 'edit', longer.id, 'At night.', '--wait');
  expect(edited).toMatchObject({ status: 'succeeded', result: { seconds: 12 } });

  const remixed = await json('video', 'remix', first.id, 'In the rain.');
  const cancelled = await sora(['video', 'cancel', remixed.id]);
  expect(cancelled).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('The sandbox has no call that stops'),
  });
  const early = await sora(['video', 'edit', remixed.id, 'Too early.']);
  expect(early).toMatchObject({ exitCode: 8, stderr: expect.stringContaining(`sora video wait ${remixed.id}`) });

  const all = [remixed, edited, longer, first];
  const listed: { jobId: string }[] = await json('video', 'list', '--remote');
  expect(listed.map(({ jobId }) => jobId)).toEqual(all.map(({ id }) => id));

  expect(await json('video', 'delete', longer.id, '--yes')).toMatchObject({ status: 'succeeded', remoteDeleted: true });
  expect(existsSync(join(dir, 'longer.mp4'))).toBe(true);
  expect(await json('video', 'list', '--remote')).toHaveLength(3);
  expect(await sora(['video', 'download', longer.id, '-o', 'again.mp4'])).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('was deleted at the sandbox'),
  });
  const pruned: { id: string }[] = await json('video', 'prune', '--older-than', '0s');
  expect(pruned.map(({ id }) => id)).toEqual([edited, longer, first].map(({ id }) => id));
  expect((await json('video', 'list')).map(({ id }: { id: string }) => id)).toEqual([remixed.id]);
});
