import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../../src/cli/options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runComplete } from '../../src/completion/complete.ts';
import { HELP_TOPICS } from '../../src/help/read-topic.ts';
import { addCharacter, addJob } from '../helpers/far-end.ts';
import { createTestContext, type TestContext } from '../helpers/runtime.ts';
import { RAIN } from '../storyboards/rain.ts';

const root = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
await loadAllCommands(root);
const program = { root, topics: HELP_TOPICS };
const BASE = 'https://gateway.example.com/v1';

/** A home with two characters and three jobs. */
async function setUp() {
  const test = await createTestContext();
  for (const name of ['Joe', 'Mia Wong', '李雷']) await addCharacter(test, name);
  const done = await addJob(test, { baseUrl: BASE, status: 'succeeded' });
  const running = await addJob(test, { baseUrl: BASE, status: 'running', progress: 45 });
  const failed = await addJob(test, { baseUrl: BASE, status: 'failed' });
  return { test, done, running, failed };
}

/** What is offered for the last of the words. */
async function ask(
  test: TestContext,
  ...given: string[]
): Promise<{ kind: string; values: string[]; lines: string[] }> {
  test.stdout.chunks.length = 0;
  await runComplete(test.context, program, { shell: 'fish', given });
  const [kind = '', ...lines] = test.stdout.text().trimEnd().split('\n');
  return { kind, lines, values: lines.map((line) => line.split('\t')[0] ?? '') };
}

async function bash(test: TestContext, line: string, word: string): Promise<string[]> {
  test.stdout.chunks.length = 0;
  await runComplete(test.context, program, { shell: 'bash', given: [line, word] });
  return test.stdout.text().replace(/\n$/, '').split('\n').slice(1);
}

describe('what can come next', () => {
  it('is of a storyboard one of its qualities and variants, whatever is wrong with it', async () => {
    const { test } = await setUp();
    await writeFile(join(test.dir, 'rain.md'), RAIN);
    await writeFile(join(test.dir, 'bad.md'), RAIN.replace('- takes: 2', '- takes: two'));
    expect((await ask(test, 'storyboard', 'check', 'rain.md', '--quality', '')).values).toEqual(['draft', 'final']);
    expect((await ask(test, 'storyboard', 'show', 'bad.md', '--variant=')).values).toEqual([
      '--variant=tall',
      '--variant=de',
    ]);
    expect((await ask(test, 'storyboard', 'show', 'none.md', '--variant', '')).values).toEqual([]);
    expect((await ask(test, 'storyboard', 'check', '')).kind).toBe('files md markdown json');
  });

  it.each<[string, string[], string[]]>([
    ['commands', ['ch'], ['character']],
    ['subcommands', ['video', 'wa'], ['wait']],
    ['options of the command', ['character', 'list', '--ca'], ['--cast']],
    ['choices of an option', ['video', 'list', '--status', 's'], ['submitting', 'succeeded']],
    ['choices behind an equals sign', ['video', 'list', '--status=succ'], ['--status=succeeded']],
    ['choices of an argument', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['providers', ['--provider', ''], ['openai', 'wavespeed', 'eachlabs', 'fal', 'runway', 'sandbox']],
    ['providers that have a key', ['auth', 'login', ''], ['openai', 'wavespeed', 'eachlabs', 'fal', 'runway']],
    [
      'models of the provider that was named',
      ['video', 'generate', '--provider', 'eachlabs', '--model', 'byte'],
      ['bytedance-seedance-2-0-reference-to-video'],
    ],
    [
      'models that two hosts have, once',
      ['video', 'generate', '--model', 'sora-2-pro'],
      ['sora-2-pro', 'sora-2-pro-2025-10-06'],
    ],
    ['models of the host that is named first', ['provider', 'models', 'fal', 'kling'], ['kling/v4/reference-to-video']],
    ['sizes', ['video', 'generate', 'x', '--size', '128'], ['1280x720']],
    ['the word that a time may be', ['clip', 'inspect', 'a.mp4', '--start', ''], ['auto']],
    ['names', ['character', 'show', ''], ['Joe', 'Mia Wong', '李雷']],
    ['names in another case', ['character', 'show', 'mia'], ['Mia Wong']],
    ['names for a short option', ['video', 'generate', 'x', '-c', 'J'], ['Joe']],
    ['names that are not there yet', ['character', 'sync', 'Joe', ''], ['Mia Wong', '李雷']],
    ['names that are not given yet', ['video', 'generate', 'x', '-c', 'Joe', '-c', ''], ['Mia Wong', '李雷']],
    ['the character to adopt', ['character', 'adopt', 'char_1', '--name', 'J'], ['Joe']],
    ['nothing for a new name', ['character', 'create', 'joe.mp4', '--name', 'J'], []],
    ['nothing for the user’s own words', ['video', 'generate', 'Joe'], []],
    ['nothing behind an unknown option', ['video', 'list', '--statsu='], []],
    ['keys of settings', ['config', 'get', 'pro'], ['provider']],
    ['values of settings', ['config', 'set', 'backend', 'lite'], ['litellm']],
    ['a truth as the value of a setting', ['config', 'set', 'autoCast', ''], ['true', 'false']],
    ['both flags of one choice', ['video', 'generate', 'x', '--no-auto'], ['--no-auto-cast']],
    ['the other of them', ['video', 'generate', 'x', '--auto'], ['--auto-cast']],
    [
      'commands and topics to get help for',
      ['help', 'c'],
      ['character', 'clip', 'costs', 'config', 'completion', 'characters', 'ci', 'clips', 'cast'],
    ],
    ['subcommands to get help for', ['help', 'store', ''], ['path', 'check']],
    ['no options behind two dashes', ['character', 'show', '--', '-'], []],
  ])('are %s', async (_title, given, expected) => {
    const { test } = await setUp();
    expect(await ask(test, ...given)).toMatchObject({ kind: 'values', values: expected });
  });

  it('are job ids, the newest first, with what they are', async () => {
    const { test, done, running, failed } = await setUp();
    expect((await ask(test, 'video', 'wait', '')).lines).toEqual([
      '@last\tthe newest job',
      `${failed.id}\tfailed: Joe waves.`,
      `${running.id}\trunning, 45%: Joe waves.`,
      `${done.id}\tsucceeded: Joe waves.`,
    ]);
    expect((await ask(test, 'video', 'wait', done.id.slice(0, -2))).values).toContain(done.id);
    expect((await ask(test, 'video', 'wait', '@last', running.id, '')).values).toEqual([failed.id, done.id]);
    expect((await ask(test, 'video', 'show', '@')).values).toEqual(['@last']);
  });

  it('are neither jobs that were named by a beginning, nor hosts’ ids but for the beginning of one', async () => {
    const { test, done, running, failed } = await setUp();
    expect((await ask(test, 'video', 'wait', running.id.slice(0, -6), '')).values).toEqual([
      ...['@last', failed.id, done.id],
    ]);
    expect((await ask(test, 'video', 'show', done.remoteId?.slice(0, -1) ?? '')).values).toContain(done.remoteId);
  });

  it.each([
    ['cancel', 'running'],
    ['download', 'done'],
    ['extend', 'done'],
    ['delete', 'done'],
  ] as const)('are for video %s only the jobs that it can be done to', async (command, which) => {
    const made = await setUp();
    expect((await ask(made.test, 'video', command, 'job_')).values).toEqual([made[which].id]);
  });

  it.each(['resend', 'close'])('are for video %s those of which nobody knows whether they exist', async (command) => {
    const { test } = await setUp();
    const lost = await addJob(test, { baseUrl: 'https://a.example/v1', status: 'unknown' });
    expect((await ask(test, 'video', command, 'job_')).values).toEqual([lost.id]);
  });

  const VIDEO_FILES = /^files mp4 .*\bmov\b/;
  const STORYBOARD_FILES = /^files md markdown json$/;
  const JSON_FILES = /^files json$/;

  it.each<[string, RegExp]>([
    ['clip inspect ', VIDEO_FILES],
    ['character create j', VIDEO_FILES],
    ['video join a.mp4 ', VIDEO_FILES],
    ['video check --sheet ', /^files png$/],
    ['video join --music ', /^files wav mp3 .*\bmp4\b/],
    ['character import ', JSON_FILES],
    ['--cast ', JSON_FILES],
    ['--cast=', JSON_FILES],
    ['batch run ', /^files jsonl csv ndjson json$/],
    ...['plan', 'render', 'check', 'takes', 'show', 'assemble', 'pick', 'retake', 'prune'].map(
      (verb): [string, RegExp] => [`storyboard ${verb} `, STORYBOARD_FILES],
    ),
    ['storyboard render a.md --plan ', JSON_FILES],
    ['storyboard plan a.md -o ', JSON_FILES],
    ['video generate x -o ', /^files$/],
    ['video generate x --reference ', /^files png jpg jpeg webp$/],
    ['sandbox serve --scenario ', JSON_FILES],
  ])('are files of the kind that is read or written for %j', async (line, kind) => {
    const { test } = await setUp();
    expect(await ask(test, ...line.split(' '))).toMatchObject({ kind: expect.stringMatching(kind), values: [] });
  });

  it('are options where the user’s own words or nothing is left', async () => {
    const { test } = await setUp();
    expect((await ask(test, 'video', 'generate', '')).values).toEqual(
      expect.arrayContaining(['--character', '--wait']),
    );
    const more = await ask(test, 'video', 'wait', '@last', '--timeout', '5m', '--');
    expect(more.values).toContain('--output');
    expect(more.values).not.toContain('--timeout');
    expect((await ask(test, 'video', 'generate', 'x', '-c', 'Joe', '--ch')).values).toEqual(['--character']);
  });

  it('never are commands that nobody types', async () => {
    const { test } = await setUp();
    expect((await ask(test, '')).values).toContain('video');
    expect((await ask(test, '_')).values).toEqual([]);
  });

  it('are nothing, and no error, where something cannot be read; nothing is made on the disk', async () => {
    const test = await createTestContext();
    expect((await ask(test, 'character', 'show', '')).values).toEqual([]);
    expect((await ask(test, 'video', 'wait', '')).values).toEqual([]);
    expect(await readdir(join(test.home, '..'))).toEqual(['work']);
    await mkdir(test.home);
    await writeFile(join(test.home, 'config.json'), '{');
    expect((await ask(test, '--profile', '')).values).toEqual([]);
    expect(test.stderr.text()).toBe('');
  });
});

describe('for bash', () => {
  it.each([
    ['sora character show M', 'M', 'Mia\\ Wong'],
    ['sora character show "M', 'M', 'Mia Wong'],
    ['sora character show "M', '"M', '"Mia Wong'],
    ["sora character show 'M", 'M', 'Mia Wong'],
    ['sora character show Mia\\ W', 'Mia\\ W', 'Mia\\ Wong'],
    ['sora --provider=sa', 'sa', 'sandbox'],
    ['sora --provider=', '', 'openai'],
    ['sora --provider=sa', '--provider=sa', '--provider=sandbox'],
    ['sora video show @l', 'l', 'last'],
    ['sora video show @l', '@l', '@last'],
  ])('%s with the word %j becomes %j', async (line, word, expected) => {
    const { test } = await setUp();
    expect((await bash(test, line, word))[0]).toBe(expected);
  });

  it.each([
    ['sora video generate ', '', true],
    ['sora video generate -', '-', false],
    ['sora video ', '', false],
  ])('%s lists options that nobody has begun without inserting their dashes: %#', async (line, word, isListed) => {
    const { test } = await setUp();
    const replies = await bash(test, line, word);
    expect(replies.includes(' ')).toBe(isListed);
    expect(replies.length).toBeGreaterThan(2);
  });
});
