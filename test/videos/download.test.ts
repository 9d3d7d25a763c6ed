import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runVideoWait } from '../../src/commands/video/wait.ts';
import { addJob, content, makeVideo, withHost } from '../helpers/far-end.ts';

const FLAGS = { timeout: 1800, allowDrift: false, ids: ['@last'], output: 'x.mp4' };

/** A finished video that breaks off each time; `onSleep` is told of each pause, with the number of requests before it. */
async function breakingWorld(onSleep: (requests: number) => void = () => {}) {
  const test = await withHost();
  const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
  const { clock } = test.runtime;
  const { sleep } = clock;
  clock.sleep = async (ms, signal) => {
    onSleep(test.server.seen.length);
    await sleep(ms, signal);
  };
  test.server.answer({ ...content(await makeVideo()), fault: 'cut', forever: true });
  return { ...test, job, path: join(test.dir, 'x.mp4') };
}

it('a file that --force would have replaced is nothing that another command has saved: a failure is told at once', async () => {
  const { context, path, pauses, server } = await breakingWorld();
  await writeFile(path, 'An older one.');
  await expect(runVideoWait(context, { ...FLAGS, force: true })).rejects.toMatchObject({ code: 'unverified' });
  expect(pauses).toHaveLength(server.seen.length - 1);
  expect(await readFile(path, 'utf8')).toBe('An older one.');
});

it('Ctrl-C while another command has yet to tell of the file that it saved leaves the way to go on', async () => {
  let before = 0;
  const { context, abort, job, path } = await breakingWorld((requests) => {
    writeFileSync(path, 'Of another command.');
    // Nothing was asked since the last pause.
    if (requests === before) abort('interrupted');
    before = requests;
  });
  await expect(runVideoWait(context, { ...FLAGS, force: false })).rejects.toMatchObject({
    ...{ code: 'pending', jobId: job.id, hint: expect.stringMatching(/^Continue with: sora video wait/) },
    message: expect.stringMatching(/^Stopped downloading; job \S+ is done and safe at its host\./),
  });
});
