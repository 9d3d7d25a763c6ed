import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runVideoReport } from '../../../src/commands/video/report.ts';
import { addCharacter, addJob, makeVideo, withHost } from '../../helpers/far-end.ts';

const REQUEST = { model: 'sora-2', seconds: 1, size: { width: 64, height: 36 }, characters: [] };

async function world(env: Readonly<Record<string, string>> = {}) {
  const test = await withHost({}, { env });
  const { baseUrl } = test;
  const path = join(test.dir, 'a film.mp4');
  await writeFile(path, await makeVideo());
  const joe = await addCharacter(test, 'Joe');
  await writeFile((await test.context.characters()).clipPath(joe.clip.master.sha256), await makeVideo());
  const of = { baseUrl, characters: ['Joe'], request: { ...REQUEST, prompt: 'Joe <waves>.' } };
  const remarks = [{ what: 'silent', message: 'It has no sound.' }];
  const done = await addJob(test, {
    ...{ ...of, status: 'succeeded', outputPath: path, outputCheck: { hashes: [], remarks } },
    cost: { actualUsd: 0.4 },
  });
  const gone = await addJob(test, { ...of, status: 'succeeded', outputPath: join(test.dir, 'gone.mp4') });
  const failed = await addJob(test, {
    ...{ baseUrl, status: 'failed', remoteId: 'video_x', request: { ...REQUEST, prompt: 'A lake.' } },
    failure: { message: 'The oven was cold.', policy: false },
  });
  return { test, done, gone, failed };
}

it('puts takes of one prompt side by side, with frames, character, cost, prompt and remarks', async () => {
  const { test, done, gone, failed } = await world();
  const ids = [done, gone, failed].map(({ id }) => id);
  await runVideoReport(test.context, { ids, output: 'report.html', force: false });
  const path = join(test.dir, 'report.html');
  expect(test.stdout.text()).toBe(`${path}: 3 jobs, 1 video in it\n`);
  const page = await readFile(path, 'utf8');
  const [, first = '', second = ''] = page.split('<section>');
  for (const words of [done.id, gone.id, '$0.40', 'Joe &lt;waves&gt;.', 'It has no sound.', 'src="a%20film.mp4"'])
    expect(first).toContain(words);
  expect(second).toMatch(/The oven was cold\./);
  // Six frames and a poster of the video, and two of the best of Joe beside each of his takes.
  const frames = first.match(/(?:src|poster)="data:image\/jpeg;base64,\/9j[^"]+"/g) ?? [];
  expect(frames).toHaveLength(6 + 1 + 2);
  expect(first.indexOf('<figcaption>Joe')).toBeLessThan(first.indexOf('<figcaption>in the video'));
});

it('takes every finished job unless some are named, and works without an ffmpeg', async () => {
  const { test, done, gone } = await world({ SORA_FFMPEG: '/nowhere/ffmpeg' });
  await runVideoReport(test.context, { ids: [], output: 'report.html', force: false });
  const page = await readFile(join(test.dir, 'report.html'), 'utf8');
  expect([page.indexOf(done.id), page.indexOf(gone.id)].every((at) => at > 0)).toBe(true);
  expect(page).toContain('src="a%20film.mp4"');
  expect(page).not.toContain('data:image');
  expect(test.stderr.text()).toContain('There are no frames in the report');
});

it('P4: replaces nothing without --force, and refuses another kind of file', async () => {
  const { test, done } = await world();
  const input = { ids: [done.id], force: false };
  await writeFile(join(test.dir, 'report.html'), 'mine');
  for (const output of ['report.html', 'report.pdf', 'nowhere/report.html'])
    await expect(runVideoReport(test.context, { ...input, output })).rejects.toMatchObject({ code: 'usage' });
  expect(await readFile(join(test.dir, 'report.html'), 'utf8')).toBe('mine');
  await runVideoReport(test.context, { ...input, output: 'report.html', force: true });
  expect(await readFile(join(test.dir, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
});
