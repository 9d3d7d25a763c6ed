import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createTestContext, runtimeIn } from '../helpers/runtime.ts';
import { keepSample } from '../helpers/samples.ts';

const OMNI = 'google/gemini-omni-1.1-flash/reference-to-video';
const FILES = {
  'lines.jsonl': ['a', 'b']
    .map((id) => `${JSON.stringify({ id, prompt: 'Joe waves.', characters: ['Joe'], model: OMNI })}\n`)
    .join(''),
  'film.md': `---\nsora: 1\nmodel: ${OMNI}\n---\n\n## One\n\nJoe waves.\n\n## Two\n\nJoe runs.\n`,
};

async function run(words: readonly string[]) {
  const env = { WAVESPEED_API_KEY: 'k', HTTPS_PROXY: 'http://127.0.0.1:9' };
  const { context, ...places } = await createTestContext({}, { env });
  await keepSample(await context.characters(), 'Joe');
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(places.dir, name), text);
  const test = runtimeIn(places, { env });
  const exit = await runCli([...words, '--provider', 'wavespeed'], test.runtime);
  return { exit, said: test.stderr.text().replaceAll(/\s+/g, ' '), stdout: test.stdout.text() };
}

describe('a copy of a clip that a model needs', () => {
  it.each([
    ['video generate', ['video', 'generate', 'Joe waves.', '-c', 'Joe', '--model', OMNI, '--dry-run']],
    ['batch run', ['batch', 'run', 'lines.jsonl', '--dry-run']],
    ['storyboard plan', ['storyboard', 'plan', 'film.md']],
  ])('is told once before anything is made, by %s', async (_command, words) => {
    const { exit, said } = await run(words);
    expect(exit, said).toBe(0);
    const note = `A copy of Joe's clip (2.9 s) would be made and uploaded: ${OMNI} takes at most 3 s.`;
    expect(said.split(note)).toHaveLength(2);
  });

  it('is in the document of a dry run', async () => {
    const words = ['video', 'generate', 'Joe waves.', '-c', 'Joe', '--model', OMNI, '--dry-run', '--json'];
    expect(JSON.parse((await run(words)).stdout)).toMatchObject({
      copies: [{ name: 'Joe', copy: '2.9 s', because: `${OMNI} takes at most 3 s` }],
    });
  });
});
