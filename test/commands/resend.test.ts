import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resendCommand } from '../../src/commands/resend.ts';
import type { Job } from '../../src/domain.ts';
import { fillAll } from '../../src/options.ts';
import { createProgram } from '../../src/program.ts';
import { addCharacter, addJob, VIDEO_SIZE, withHost } from '../helpers/far-end.ts';
import type { TestContext } from '../helpers/host.ts';

const REQUEST: Job['request'] = { prompt: 'Joe waves.', model: 'sora-2', seconds: 8, size: VIDEO_SIZE, characters: [] };

const SHA = 'ab'.repeat(32);

/** The words that a shell makes of the command. */
function wordsOf(command: string): string[] {
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
}

async function commandOf(test: TestContext & { baseUrl: string }, fields: Partial<Job>): Promise<string[]> {
  const job = await addJob(test, { baseUrl: test.baseUrl, status: 'unknown', request: REQUEST, ...fields });
  return wordsOf(await resendCommand(test.context, job));
}

describe('the command that sends a request once more', () => {
  it('is the request, to the same host', async () => {
    const test = await withHost();
    expect(await commandOf(test, { key: 'my key', backend: 'litellm' })).toEqual([
      ...['sora', 'video', 'generate', 'Joe waves.', '--model', 'sora-2', '--seconds', '8', '--size', '64x36'],
      ...['--key', 'my key', '--provider', 'openai', '--backend', 'litellm', '--base-url', test.baseUrl, '--resend'],
    ]);
  });

  it.each([
    'It’s "Joe" & $HOME `id` \\ !',
    "a 'quoted' word\nand a second line",
    '-o is no option',
    '--resend',
    '$(touch /tmp/x); *',
  ])('says the prompt %j so that a shell and the program read it back', async (prompt) => {
    const test = await withHost();
    const words = await commandOf(test, { request: { ...REQUEST, prompt } });
    let read: string | undefined;
    const program = createProgram({ write: () => {}, columns: 80, run: async () => {} });
    await fillAll(program);
    const command = program.commands
      .find((one) => one.name() === 'video')
      ?.commands.find((one) => one.name() === 'generate');
    command?.action((said: string) => {
      read = said;
    });
    await program.parseAsync(words.slice(1), { from: 'user' });
    expect(read).toBe(prompt);
    expect(words).toContain('--resend');
  });

  it('names characters as this machine knows them', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl, hostName: 'Giuseppe' });
    const characters = [
      { name: 'Giuseppe', value: 'char_Joe' },
      { name: 'Mia Wong', value: 'char_gone' },
    ];
    const words = await commandOf(test, { request: { ...REQUEST, characters } });
    expect(words.join(' ')).toContain('-c Joe -c Mia Wong --model');
  });

  it('says what looks like an option so that it is none', async () => {
    const test = await withHost();
    const characters = [{ name: '-q', value: 'char_gone' }];
    const words = await commandOf(test, { request: { ...REQUEST, model: '-x', characters }, key: '--json' });
    expect(words).toEqual(expect.arrayContaining(['--character=-q', '--model=-x', '--key=--json']));
  });

  it.each([
    [{ kind: 'image', sha256: SHA, label: 'a b.png', source: '/films/a b.png' }, '/films/a b.png'],
    [{ kind: 'url', sha256: SHA, label: 'x.example', source: 'https://x.example/a.png' }, 'https://x.example/a.png'],
    [{ kind: 'url', sha256: SHA, label: 'x.example' }, '<x.example>'],
  ] as const)('names the picture %j', async (reference, word) => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, request: { ...REQUEST, reference } });
    const command = await resendCommand(test.context, job);
    expect(command).toContain(word.startsWith('<') ? `--reference ${word}` : '--reference ');
    if (!word.startsWith('<')) expect(wordsOf(command)).toContain(word);
  });

  it('of a video that is made from another one names that, and what an extension adds', async () => {
    const test = await withHost();
    const source = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', result: { seconds: 4 } });
    const from = { jobId: source.id, kind: 'extend' } as const;
    expect(await commandOf(test, { request: { ...REQUEST, seconds: 12, from } })).toEqual([
      ...['sora', 'video', 'extend', source.id, 'Joe waves.', '--seconds', '8', '--resend'],
    ]);
    expect(await commandOf(test, { request: { ...REQUEST, from: { ...from, kind: 'remix' } } })).toEqual([
      ...['sora', 'video', 'remix', source.id, 'Joe waves.', '--resend'],
    ]);
  });

  it('names the profile where it is not the chosen one, and lets a retired model through', async () => {
    const test = await withHost();
    await mkdir(test.home, { recursive: true });
    await writeFile(join(test.home, 'config.json'), '{"version":1,"profiles":{"work":{}}}');
    expect((await commandOf(test, { profile: 'work' })).join(' ')).toContain('--profile work --resend');
    const job = await addJob(test, { baseUrl: test.baseUrl, request: REQUEST });
    const provider = await test.context.provider();
    const retired = { ...provider, limits: () => ({ ...provider.limits('sora-2'), retired: '2026-01-01' }) };
    expect(await resendCommand(test.context, job, retired)).toContain('--allow-retired');
  });
});
