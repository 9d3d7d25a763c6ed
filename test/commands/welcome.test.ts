import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { runWelcome } from '../../src/commands/welcome.ts';
import { addCharacter, addJob } from '../helpers/far-end.ts';
import { createTestContext, createTestRuntime, type RuntimeOptions, type TestContext } from '../helpers/runtime.ts';

const BASE = 'https://gateway.example.com/v1';
const SANDBOX = { env: { SORA_PROVIDER: 'sandbox' } };

/** The commands that are shown, on a home that was used before as `before` says. */
async function next(options: RuntimeOptions, before?: (test: TestContext) => unknown): Promise<string[]> {
  const test = await createTestContext({ quiet: true }, options);
  await before?.(test);
  await runWelcome(test.context, '1.2.3');
  return test.stdout.text().trimEnd().split('\n');
}

const joe = (test: TestContext) => addCharacter(test, 'Joe');
const CREATE = 'sora character create joe.mp4 --name Joe';
const INSPECT = 'sora clip inspect <clip>';
const GENERATE = 'sora video generate "Joe waves at the sea." -c Joe --wait';

describe('the first screen', () => {
  it.each<[string, RuntimeOptions, ((test: TestContext) => unknown) | undefined, (string | RegExp)[]]>([
    [
      'a host to choose, then a character to make',
      {},
      undefined,
      ['sora config set provider sandbox', 'sora auth login wavespeed', CREATE],
    ],
    ['a character to make, once there is a host', SANDBOX, undefined, [CREATE, INSPECT, 'sora provider models']],
    ['a video to make, once there is a character', SANDBOX, joe, [GENERATE, INSPECT, 'sora provider models']],
    [
      'a key to store, for a host that needs one',
      { env: { SORA_PROVIDER: 'wavespeed' } },
      joe,
      ['sora auth status', GENERATE, INSPECT],
    ],
    [
      'ffmpeg to install, where there is none',
      { env: { ...SANDBOX.env, SORA_FFMPEG: '/nowhere', PATH: '' } },
      joe,
      ['sora doctor', GENERATE, INSPECT],
    ],
    [
      'a name as the shell needs it',
      SANDBOX,
      (test) => addCharacter(test, 'Mia Wong'),
      [`sora video generate "Mia Wong waves at the sea." -c 'Mia Wong' --wait`, INSPECT, 'sora provider models'],
    ],
    [
      'a name that a shell would carry out, as plain text',
      SANDBOX,
      (test) => addCharacter(test, '$(rm) Joe'),
      ["sora video generate '$(rm) Joe waves at the sea.' -c '$(rm) Joe' --wait", INSPECT, 'sora provider models'],
    ],
    [
      'a name that looks like an option, where it is none',
      SANDBOX,
      (test) => addCharacter(test, '-q'),
      ['sora video generate --character=-q --wait -- "-q waves at the sea."', INSPECT, 'sora provider models'],
    ],
    [
      'a job to wait for',
      SANDBOX,
      (test) => addJob(test, { baseUrl: BASE, status: 'running' }),
      [/^sora video wait job_\w+$/, CREATE, 'sora video list'],
    ],
    [
      'a job that was never answered',
      SANDBOX,
      (test) => addJob(test, { baseUrl: BASE, status: 'unknown', remoteId: undefined as never }),
      [/^sora video status job_\w+$/, CREATE, 'sora video list'],
    ],
    [
      'several jobs to look at',
      SANDBOX,
      async (test) => [await addJob(test, { baseUrl: BASE }), await addJob(test, { baseUrl: BASE })],
      ['sora video status', CREATE, 'sora video list'],
    ],
    [
      'a finished video to fetch',
      SANDBOX,
      (test) => addJob(test, { baseUrl: BASE, status: 'succeeded' }),
      [/^sora video download job_\w+$/, CREATE, 'sora video list'],
    ],
    [
      'one command for what is finished and for what is still made',
      SANDBOX,
      async (test) => [
        await addJob(test, { baseUrl: BASE, status: 'succeeded' }),
        await addJob(test, { baseUrl: BASE, status: 'running' }),
      ],
      ['sora video wait --all', CREATE, 'sora video list'],
    ],
    [
      'nothing of jobs that are done',
      SANDBOX,
      (test) => addJob(test, { baseUrl: BASE, status: 'succeeded', outputPath: '/video.mp4' }),
      [CREATE, 'sora video list', INSPECT],
    ],
    ['a choice to mend', { env: { SORA_PROVIDER: 'nope' } }, joe, ['sora doctor', GENERATE, INSPECT]],
    [
      'a base URL to mend',
      { env: { OPENAI_BASE_URL: 'https://u:p@gateway.example.com/v1' } },
      joe,
      ['sora doctor', GENERATE, INSPECT],
    ],
    [
      'settings to mend',
      {},
      (test) => mkdir(test.home).then(() => writeFile(join(test.home, 'config.json'), '{')),
      ['sora doctor', CREATE, INSPECT],
    ],
  ])('shows %s', async (_title, options, before, expected) => {
    const shown = await next(options, before);
    expect(shown).toHaveLength(3);
    expect(shown).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });

  it('offers a command that means what it says, whatever the name begins with', async () => {
    const [command = ''] = await next(SANDBOX, (test) => addCharacter(test, '-q'));
    const { stdout: words } = spawnSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
    const test = await createTestRuntime(SANDBOX);
    expect(await runCli(['--json', ...words.split('\0').slice(1, -1)], test.runtime)).toBe(2);
    expect(test.stderr.text()).toContain('There is no character \\"-q\\".');
  });

  it('is numbered, says how to see all commands, and makes nothing on the disk', async () => {
    const test = await createTestContext();
    await runWelcome(test.context, '1.2.3');
    expect(test.stdout.text()).toMatch(
      /^sora 1\.2\.3 [\s\S]*\n {2}1\. .*\n {5}sora [\s\S]* {2}3\. [\s\S]*All commands: sora --help/,
    );
    expect(await readdir(join(test.home, '..'))).toEqual(['work']);
    expect(test.stderr.text()).toBe('');
  });
});
