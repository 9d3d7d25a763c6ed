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
});
