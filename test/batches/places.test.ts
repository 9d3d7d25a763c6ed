import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BatchLine } from '../../src/batches/line.ts';
import { placesOf } from '../../src/batches/places.ts';
import { tempFolder } from '../helpers/temp.ts';

async function folder(): Promise<{ dir: string; file: string }> {
  const dir = join(await tempFolder(), 'work');
  await mkdir(join(dir, 'pictures'), { recursive: true });
  await symlink('/etc', join(dir, 'link'));
  await symlink('pictures', join(dir, 'inside'));
  return { dir, file: join(dir, 'p.jsonl') };
}

const line = (id: string, more: Partial<BatchLine> = {}): BatchLine => ({
  ...{ number: 1, id, prompt: 'x', characters: [], characterIds: [] },
  ...more,
});

describe('where videos go', () => {
  it('is out beside the file, the folder of -o, or its template', async () => {
    const { dir, file } = await folder();
    const at = async (output?: string): Promise<string | undefined> =>
      (await placesOf([line('Sea 1')], { file, output, allowOutside: false })).outputs.get('Sea 1');
    expect(await at()).toMatch(new RegExp(`^${dir}/out/sea-1-[0-9a-f]{6}\\.mp4$`));
    expect(await at('/videos')).toMatch(/^\/videos\/sea-1-[0-9a-f]{6}\.mp4$/);
    expect(await at('/videos/{id}/take.mp4')).toMatch(/^\/videos\/sea-1-[0-9a-f]{6}\/take\.mp4$/);
  });

  it('is another for ids that a file name cannot tell apart, and refused for two lines with one', async () => {
    const { file } = await folder();
    const { outputs } = await placesOf([line('A'), line('a')], { file, allowOutside: false });
    expect(new Set(outputs.values()).size).toBe(2);
    const same = [line('a', { output: 'x.mp4' }), line('b', { number: 2, output: 'X.mp4' })];
    expect((await placesOf(same, { file, allowOutside: false })).problems).toEqual([
      { number: 2, text: expect.stringMatching(/its output is that of line 1 too: X\.mp4/) },
    ]);
  });

  it.each([
    ['P.jsonl', 'its output is the batch itself, or a journal: P.jsonl'],
    ['p.jsonl.journal.ci.jsonl', 'its output is the batch itself, or a journal: p.jsonl.journal.ci.jsonl'],
    ['out/other.csv.journal.jsonl', 'its output is the batch itself, or a journal: out/other.csv.journal.jsonl'],
    ['-', 'its output "-" is no file: name one, or leave it out.'],
  ])('is refused for %s', async (output, text) => {
    const { file } = await folder();
    expect((await placesOf([line('a', { output })], { file, allowOutside: false })).problems).toEqual([
      { number: 1, text },
    ]);
  });
});

describe('what a line names', () => {
  it.each([
    ['output', '../x.mp4'],
    ['output', '/tmp/x.mp4'],
    ['output', 'link/x.mp4'],
    ['output', 'new/../../x.mp4'],
    ['reference', '../a.png'],
    ['reference', '/etc/passwd'],
    ['reference', 'link/passwd'],
  ] as const)('as %s %s is outside the folder, unless that is allowed', async (setting, path) => {
    const { file } = await folder();
    const lines = [line('a', { [setting]: path })];
    const { problems } = await placesOf(lines, { file, allowOutside: false });
    expect(problems).toEqual([{ number: 1, text: expect.stringContaining('--allow-outside') }]);
    expect((await placesOf(lines, { file, allowOutside: true })).problems).toEqual([]);
  });

  it.each([
    ['output', 'videos/new/x.mp4'],
    ['output', 'inside/x.mp4'],
    ['output', 'pictures/../x.mp4'],
    ['reference', 'pictures/a.png'],
    ['reference', 'https://example.com/a.png'],
  ] as const)('as %s %s is inside it', async (setting, path) => {
    const { file } = await folder();
    const { problems } = await placesOf([line('a', { [setting]: path })], { file, allowOutside: false });
    expect(problems).toEqual([]);
  });
});
