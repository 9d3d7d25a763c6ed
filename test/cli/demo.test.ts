import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDemo } from '../../src/cli/demo.ts';
import type { Runtime } from '../../src/context.ts';
import { createTestContext } from '../helpers/runtime.ts';

const source = join(import.meta.dirname, '../../fixtures/joe.mp4');
const env = { SORA_PROVIDER: 'openai', SORA_PROFILE: 'work', OPENAI_API_KEY: 'sk-test' };

interface Line {
  readonly argv: readonly string[];
  readonly runtime: Runtime;
}

/** Notes each line, and answers with its code. */
function lines(codes: Readonly<Record<string, number>> = {}) {
  const seen: Line[] = [];
  const runLine = async (argv: readonly string[], runtime: Runtime): Promise<number> => {
    seen.push({ argv, runtime });
    runtime.stdout.stream.write(`(${argv[1]})\n`);
    return codes[argv.slice(0, 2).join(' ')] ?? 0;
  };
  return { seen, runLine };
}

describe('sora demo', () => {
  it('makes a character of the shipped clip, two videos and a film, in the sandbox and a home of its own', async () => {
    const test = await createTestContext({}, { env });
    const { seen, runLine } = lines();
    expect(await runDemo(test.context, 'trial', { runLine, source })).toBeUndefined();
    expect(seen.map(({ argv }) => argv.slice(0, 2).join(' '))).toEqual([
      ...['character create', 'character list', 'video generate', 'video generate', 'video list'],
      ...['storyboard new', 'storyboard render', 'storyboard pick', 'storyboard assemble', 'storyboard report'],
    ]);
    const home = join(test.dir, 'trial/home');
    for (const { runtime } of seen) {
      expect(runtime.env).toMatchObject({ SORA_HOME: home, SORA_PROVIDER: 'sandbox', SORA_PROFILE: undefined });
    }
    expect(await readdir(join(test.dir, 'trial'))).toEqual(['joe.mp4']);
    // P7: stdout is the demo's own.
    expect(test.stdout.text()).toContain('trial/joe-at-the-sea.mp4');
    expect(test.stdout.text()).toContain(`export SORA_HOME=${home} SORA_PROVIDER=sandbox`);
    expect(test.stdout.text()).not.toContain('(create)');
    expect(test.stderr.text()).toContain('$ sora character create trial/joe.mp4 --name Joe\n(create)');
  });

  it.each([
    ['json', true],
    ['quiet', false],
  ] as const)('P7: with --%s prints one result, whatever its commands print', async (form, isJson) => {
    const test = await createTestContext({ [form]: true });
    const { seen, runLine } = lines();
    await runDemo(test.context, 'trial', { runLine, source });
    expect(seen.every(({ argv }) => argv.at(-1) === `--${form}`)).toBe(true);
    const paths = ['trial/joe-at-the-sea.mp4', 'trial/joe-in-the-rain.mp4'];
    if (isJson) expect(JSON.parse(test.stdout.text()).videos).toEqual(paths.map((path) => join(test.dir, path)));
    else expect(test.stdout.text()).toBe(`${[...paths, 'trial/film.mp4', 'trial/film.html'].join('\n')}\n`);
  });

  it('ends with the first command that fails, and with its exit code', async () => {
    const test = await createTestContext();
    const { seen, runLine } = lines({ 'character create': 6 });
    expect(await runDemo(test.context, 'trial', { runLine, source })).toBe(6);
    expect(seen).toHaveLength(1);
    expect(test.stdout.text()).toBe('');
  });

  it('P4: touches nothing that is there already, but for an empty folder', async () => {
    const test = await createTestContext();
    await mkdir(join(test.dir, 'mine'));
    await writeFile(join(test.dir, 'mine/film.mp4'), 'film');
    const { seen, runLine } = lines();
    await expect(runDemo(test.context, 'mine', { runLine, source })).rejects.toMatchObject({
      ...{ code: 'usage', hint: 'Name another folder: sora demo <folder>' },
    });
    expect([seen, await readdir(join(test.dir, 'mine'))]).toEqual([[], ['film.mp4']]);
    await mkdir(join(test.dir, 'empty'));
    await runDemo(test.context, 'empty', { runLine, source });
    await expect(runDemo(test.context, 'no/such', { runLine, source })).rejects.toMatchObject({ code: 'machine' });
  });
});
