import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { withHost } from '../../helpers/far-end.ts';

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
      'p.jsonl is not text in UTF-8',
    ],
  ])('P6: is refused before anything is paid for, with %s', async (_title, more, make, message) => {
    const test = await withHost({ provider: 'openai' });
    await writeFile(join(test.dir, 'p.jsonl'), '{"id":"a","prompt":"A."}\n');
    await make(test.dir);
    const line = `batch run p.jsonl --provider openai${more}`;
    expect(await runCli(line.split(' '), test.runtime), test.stderr.text()).toBe(2);
    expect(test.stderr.text()).toContain(message);
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
});
