import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { type Ask, fingerprintAsk, takeKey } from '../../../src/journal/fingerprint.ts';
import { content, makeVideo, refusal, videoObject, withHost } from '../../helpers/far-end.ts';

describe('sora batch run', () => {
  it('writes its reports when it is refused before a line is sent, with the reason', async () => {
    const test = await withHost({ provider: 'openai' });
    const lines = ['a', 'b'].map((id) => `${JSON.stringify({ id, prompt: `A ${id}.`, model: 'sora-2' })}\n`);
    await writeFile(join(test.dir, 'p.jsonl'), lines.join(''));
    const line = 'batch run p.jsonl --max-cost 0.50 --summary summary.md --results results.jsonl --provider openai';
    expect(await runCli(line.split(' '), test.runtime), test.stderr.text()).toBe(10);
    expect(test.server.seen).toEqual([]);
    const summary = await readFile(join(test.dir, 'summary.md'), 'utf8');
    expect(summary).toContain('0 of 2 done');
    expect(summary).toContain('exit 10');
    expect(summary).toContain('This costs $0.80');
    expect(summary).toContain('sora batch run p.jsonl --max-cost 0.5');
    const results = (await readFile(join(test.dir, 'results.jsonl'), 'utf8')).trim().split('\n');
    expect(results.map((one) => JSON.parse(one).id)).toEqual(['a', 'b']);
  });

  it('prints the paths of what it saved, and of nothing that an earlier run did; its totals once, on stderr', async () => {
    const test = await withHost({ provider: 'openai' });
    await writeFile(join(test.dir, 'p.jsonl'), '{"id":"a","prompt":"A sea.","size":"64x36","seconds":1}\n');
    const made = videoObject('completed', { id: 'video_1', progress: 100 });
    test.server.answer(made, content(await makeVideo()));
    const words = 'batch run p.jsonl --provider openai --allow-unknown-cost'.split(' ');
    const again = await test.again();
    again.clock.ms += 60_000;
    for (const { runtime, stdout, stderr, paths } of [
      { ...test, paths: 'out/a.mp4\n' },
      { ...again, paths: '' },
    ]) {
      await runCli(words, runtime);
      expect(stdout.text(), stderr.text()).toBe(paths);
      expect(stderr.text().match(/^1 of 1\b/gm), stderr.text()).toHaveLength(1);
    }
  });

  it.each<[string, string, (dir: string) => Promise<void>, string]>([
    ['a file in the place of its folder', '', (dir) => writeFile(join(dir, 'out'), 'x'), 'out is not a folder'],
    [
      'one file for both reports',
      ' --summary r --results ./r',
      async () => {},
      'The summary and the results cannot be one file',
    ],
    [
      'a file that is not UTF-8',
      '',
      (dir) => writeFile(join(dir, 'p.jsonl'), Buffer.from('{"id":"a","prompt":"caf\xe9"}\n', 'latin1')),
      'p.jsonl is not text in UTF-8.',
    ],
    [
      'a file in UTF-16',
      '',
      (dir) => writeFile(join(dir, 'p.jsonl'), Buffer.from('\uFEFF{"id":"a","prompt":"A."}\n', 'utf16le')),
      'p.jsonl is not text in UTF-8, but in UTF-16.',
    ],
    ['its results on stdout', ' --results -', async () => {}, 'The summary and the results are files'],
    ['its videos on stdout', ' -o -', async () => {}, 'cannot go to stdout'],
    ['a video for a summary', ' --summary out/a.mp4', async () => {}, 'out/a.mp4 is the output of a'],
    ['its results in a journal', ' --results p.jsonl.journal.jsonl', async () => {}, 'a file of the batch itself'],
  ])('P6: is refused before anything is paid for, with %s', async (_title, more, make, message) => {
    const test = await withHost({ provider: 'openai' });
    await writeFile(join(test.dir, 'p.jsonl'), '{"id":"a","prompt":"A."}\n');
    await make(test.dir);
    for (const dryRun of ['', ' --dry-run']) {
      const line = `batch run p.jsonl --provider openai${more}${dryRun}`;
      expect(await runCli(line.split(' '), test.runtime), test.stderr.text()).toBe(2);
    }
    expect(test.stderr.text().split(message)).toHaveLength(3);
    expect(test.server.seen).toEqual([]);
  });

  it('P2: sends nothing while its journal tells of a request that no line asks for', async () => {
    const test = await withHost({ provider: 'openai' });
    await writeFile(join(test.dir, 'p.jsonl'), '{"id":"a","prompt":"A."}\n');
    const key = `take:${'a'.repeat(64)}:${randomUUID()}`;
    const sent = {
      v: 1,
      at: '2026-11-28T00:00:00.000Z',
      key,
      line: 'sent',
      remoteId: 'video_1',
      job: 'job_000000000000001',
    };
    await writeFile(join(test.dir, 'p.jsonl.journal.jsonl'), `${JSON.stringify(sent)}\n`);
    for (const verb of ['run', 'status']) {
      expect(await runCli(['batch', verb, 'p.jsonl', '--provider', 'openai'], test.runtime)).toBe(12);
    }
    expect(test.stderr.text()).toContain('lack the first line of 1 request');
    expect(test.server.seen).toEqual([]);
  });

  it('is held to a budget as a whole, before the first line leaves', async () => {
    const test = await withHost({ provider: 'openai' });
    const lines = ['a', 'b'].map((id) => `${JSON.stringify({ id, prompt: `A ${id}.`, model: 'sora-2' })}\n`);
    await writeFile(join(test.dir, 'p.jsonl'), lines.join(''));
    const line = 'batch run p.jsonl --budget 0.50/day --provider openai';
    expect(await runCli(line.split(' '), test.runtime), test.stderr.text()).toBe(10);
    expect(test.stderr.text()).toContain('This costs ~$0.80, and of the budget of $0.50 a day $0.00 is spent.');
    expect(test.server.seen).toEqual([]);
  });

  it('that never was has nothing to cancel', async () => {
    const test = await withHost({ provider: 'openai' });
    expect(await runCli(['batch', 'cancel', 'nope.jsonl', '--provider', 'openai'], test.runtime)).toBe(2);
    expect(test.stderr.text()).toContain('There is no batch');
  });

  it.each([
    { command: 'batch check p.jsonl', maxCost: '0.50', code: 10 },
    { command: 'batch run p.jsonl --dry-run', maxCost: '0.50', code: 10 },
    { command: 'batch run p.jsonl --dry-run --shard 1/2', maxCost: '0.50', code: 10 },
    { command: 'batch check p.jsonl', maxCost: '0.80', code: 0 },
  ])('$command --max-cost $maxCost is $code for what the run would cost', async ({ command, maxCost, code }) => {
    const test = await withHost({ provider: 'openai' });
    const lines = ['a', 'b'].map((id) => `${JSON.stringify({ id, prompt: `A ${id}.`, model: 'sora-2' })}\n`);
    await writeFile(join(test.dir, 'p.jsonl'), lines.join(''));
    const line = `${command} --max-cost ${maxCost} --provider openai`;
    expect(await runCli(line.split(' '), test.runtime), test.stderr.text()).toBe(code);
  });

  it('prints its report where that cannot be written, and says why not', async () => {
    const test = await withHost({ provider: 'openai' });
    await writeFile(join(test.dir, 'p.jsonl'), '{"id":"a","prompt":"A."}\n');
    await mkdir(join(test.dir, 'reports'));
    const onRequest = (): void => rmSync(join(test.dir, 'reports'), { recursive: true });
    test.server.answer({ ...refusal(400, 'bad_prompt'), onRequest });
    const line = 'batch run p.jsonl --results reports/r.jsonl --json --provider openai';
    expect(await runCli(line.split(' '), test.runtime)).toBe(12);
    expect(JSON.parse(test.stdout.text())).toMatchObject({ lines: [{ id: 'a', state: 'failed' }], exit: 5 });
    expect(test.stderr.text()).toContain('reports/r.jsonl could not be written');
  });
});

/** A batch whose only line is done by its journal, and the host is asked for nothing. */
async function madeBatch(line: object) {
  const test = await withHost({ provider: 'openai' });
  const at = '2026-11-28T00:00:00.000Z';
  const write = (more: object): Promise<void> =>
    writeFile(join(test.dir, 'p.jsonl'), `${JSON.stringify({ id: 'a', prompt: 'A.', ...line, ...more })}\n`);
  await write({});
  const ask: Ask = { v: 1, id: 'a', prompt: 'A.', cast: [] };
  const [fp, uuid] = [fingerprintAsk(ask), randomUUID()];
  const key = takeKey(fp, uuid);
  const asked = {
    ...{ v: 1, at, key, line: 'asked', scene: 'a', n: 1, fp, ask, file: `out/.${uuid}.mp4`, provider: 'openai' },
    ...{ baseUrl: test.baseUrl, account: '00000000', model: 'sora-2', seconds: 4, size: '1280x720', estimateUsd: 0.4 },
  };
  const video = Buffer.from('a video');
  await mkdir(join(test.dir, 'out'));
  await writeFile(join(test.dir, 'out', 'a.mp4'), video);
  const sha256 = createHash('sha256').update(video).digest('hex');
  const done = { v: 1, at, key, line: 'done', file: 'out/a.mp4', sha256, bytes: video.length };
  await writeFile(
    join(test.dir, 'p.jsonl.journal.jsonl'),
    [asked, done].map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
  const sora = (words: string): Promise<number> =>
    runCli(['batch', ...words.split(' '), '--provider', 'openai'], test.runtime);
  return { ...test, write, sora };
}

describe('a batch that is looked at', () => {
  it.each(['check p.jsonl', 'run p.jsonl --dry-run', 'run p.jsonl'])(
    '%s refuses a line whose text has changed',
    async (command) => {
      const { write, sora, stderr } = await madeBatch({});
      expect(await sora(command)).toBe(0);
      await write({ prompt: 'B.' });
      expect(await sora(command)).toBe(2);
      expect(stderr.text()).toContain('Line 1 (a) asks for something else than when it was made');
    },
  );

  it('says of a line in other words that it asks for the same', async () => {
    const { write, sora, stdout, stderr } = await madeBatch({});
    await write({ seconds: 4, model: 'sora-2' });
    expect(await sora('check p.jsonl')).toBe(0);
    expect(stderr.text()).toContain('a asks for what was sent for it before');
    expect(await sora('check p.jsonl --json')).toBe(0);
    const json = JSON.parse(stdout.text().slice(stdout.text().indexOf('{')));
    expect(json).toMatchObject({ send: 0, lines: [{ id: 'a', send: false, equal: true }] });
  });

  it.each([
    ['--anew a', 1],
    ['--resend a', 0],
  ])('sends with --dry-run %s what the run would: %i, by the names of a job', async (words, send) => {
    const { sora, stdout } = await madeBatch({});
    expect(await sora(`run p.jsonl --dry-run --json ${words}`)).toBe(0);
    const estimateUsd = send === 0 ? 0 : 0.4;
    expect(JSON.parse(stdout.text())).toMatchObject({ send, cost: { estimateUsd }, lines: [{ estimateUsd: 0.4 }] });
  });

  it.each([
    ['done', {}, 0],
    ['changed', { prompt: 'B.' }, 2],
  ])('that is %s has a status that exits as the run would', async (_state, more, exit) => {
    const { write, sora, stdout } = await madeBatch({});
    await write(more);
    expect(await sora('status p.jsonl --json')).toBe(exit);
    expect(JSON.parse(stdout.text())).toMatchObject({ exit });
  });
});
