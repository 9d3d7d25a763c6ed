import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { runCli } from '../../src/cli/run.ts';
import { HELP_TOPICS } from '../../src/help/read-topic.ts';
import { displayWidth } from '../../src/terminal/width.ts';
import { addJob, withHost as hostContext, KEY, refusal, videoObject } from '../helpers/far-end.ts';
import { createTestRuntime, type RuntimeOptions, type TestRuntime } from '../helpers/runtime.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';

const ESC = '\u001b';

interface Run extends TestRuntime {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command on a machine where nothing was done before. */
async function run(
  args: readonly string[],
  options: RuntimeOptions = {},
  before?: (test: TestRuntime) => unknown,
): Promise<Run> {
  const test = await createTestRuntime(options);
  await before?.(test);
  const exit = await runCli(args, test.runtime);
  return { ...test, exit, out: test.stdout.text(), err: test.stderr.text() };
}

async function withHost(...answers: Scripted[]): Promise<{ server: TestServer; env: Record<string, string> }> {
  const server = await createTestServer();
  server.answer(...answers);
  return { server, env: { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: KEY } };
}

describe('what needs no work', () => {
  it.each([
    ['--version', new RegExp(`^${pkg.version.replaceAll('.', '\\.')}\n$`)],
    ['--help', /^Usage: sora [\s\S]*Examples:/],
    ['help', /^Usage: sora [\s\S]*Help topics \(sora help <topic>\): characters, videos,[\s\S]* faults\n/],
    ['help character', /^Usage: sora character /],
    ['help clips', /^# Clips\n/],
    ['help CLIPS', /^# Clips\n/],
    ['help store', /^# The store\n/],
    ['help store check', /^Usage: sora store check /],
    ['completion bash', /complete .*-F _sora sora/],
    ['video generate --help', /--character <name>/],
  ])('sora %s is said on stdout and is a success', async (line, expected) => {
    const { exit, out, err } = await run(line.split(' '));
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(expected);
  });

  it.each(['character', 'video', 'clip', 'sandbox', 'provider', 'store', 'auth', 'config', 'completion', 'doctor'])(
    'sora %s --help names the topic that explains it',
    async (noun) => {
      const [, topic = ''] = /^More: sora help (\S+)$/m.exec((await run([noun, '--help'])).out) ?? [];
      expect(HELP_TOPICS).toContain(topic);
    },
  );

  it.each([40, 60, 80, 140])('help fits %i columns, but for commands that can be copied', async (columns) => {
    for (const line of [
      '--help',
      'help character adopt',
      'help video generate',
      'help clip prepare',
      'help config set',
    ]) {
      const { out } = await run(line.split(' '), { columns });
      const wide = out.split('\n').filter((text) => !/^ {2}\$ |^Usage: /.test(text) && displayWidth(text) > columns);
      // A word alone cannot be broken.
      expect(wide.filter((text) => text.trim().includes(' '))).toEqual([]);
    }
  });

  it('help fills the terminal', async () => {
    const [narrow, wide] = [await run(['--help'], { columns: 60 }), await run(['--help'], { columns: 200 })];
    expect(wide.out.split('\n').length).toBeLessThan(narrow.out.split('\n').length);
  });
});

describe('sora alone', () => {
  it('shows what to do next, and is a success', async () => {
    const { exit, out, err } = await run([]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain('sora config set provider sandbox');
  });
});

describe('usage errors', () => {
  it.each([
    ['', 'A subcommand is missing.', 'sora --help lists the commands.'],
    ['character', 'A subcommand is missing.', 'See them with: sora character --help'],
    ['vidoe list', "Unknown command 'vidoe'.", 'Did you mean video?'],
    ['video genrate x', "Unknown command 'genrate'.", 'Did you mean generate?'],
    ['video list --statsu failed', "Unknown option '--statsu'.", 'Did you mean --status?'],
    ['video list --status done', 'Allowed choices are submitting', 'Add --help to see what the command takes.'],
    ['video generate', "Missing required argument 'prompt'", 'For example: sora video generate "Joe'],
    ['character create x.mp4', "Required option '--name <name>' not specified", 'For example: sora character create'],
    ['store path extra', 'Too many arguments', 'Add --help'],
    ['video wait @last --timeout soon', 'It is a time like', 'Add --help'],
    ['video generate x --size 00x00', 'It is a size like 1280x720', 'Add --help'],
    ['video generate x --count 0', 'It is a whole number from 1 to 20', 'Add --help'],
    ['zzzzzz', "Unknown command 'zzzzzz'.", 'sora --help lists the commands.'],
    ['help zzzzzz', "Unknown command 'zzzzzz'.", 'sora help lists'],
    ['help keys extra', "keys is one topic: 'extra' is too much.", 'Read it with: sora help keys'],
    ['help clps', "Unknown command 'clps'.", 'Did you mean clips?'],
    ['completion csh', 'Allowed choices are bash, zsh, fish', 'Add --help'],
  ])('sora %s: %s', async (line, message, hint) => {
    const { exit, out, err } = await run([...line.split(' ').filter(Boolean), '--json']);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    const [{ error }] = err
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text)) as [{ error: Record<string, string> }];
    expect(error).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('are a sentence without --json, and print no help in between', async () => {
    const { exit, out, err } = await run(['vidoe']);
    expect({ exit, out, err }).toEqual({
      exit: 2,
      out: '',
      err: "error: Unknown command 'vidoe'.\nhint: Did you mean video?\n",
    });
  });

  it('never let an argument steer the terminal', async () => {
    const { err } = await run([`video${ESC}[2J`]);
    expect(err).not.toContain(ESC);
  });

  it('refuse --quiet with --json before anything is done', async () => {
    const { exit, err } = await run(['video', 'list', '--json', '--quiet']);
    expect(exit).toBe(2);
    expect(JSON.parse(err).error.message).toBe('--quiet and --json cannot be used together.');
  });
});

describe('P7: the result', () => {
  it.each([
    ['video list', 'No jobs.\n'],
    ['video list --json', '[]\n'],
    ['--json video list', '[]\n'],
    ['video list -q', ''],
  ])('of sora %s stands alone on stdout', async (line, expected) => {
    expect(await run(line.split(' '))).toMatchObject({ exit: 0, out: expected, err: '' });
  });

  const BOLD = `${ESC}[1mJOB${ESC}[22m`;
  const jobs = async (options: RuntimeOptions, args: readonly string[] = []): Promise<string> => {
    const { env } = await withHost(videoObject('queued'));
    const test = await createTestRuntime({ ...options, env: { ...env, ...options.env } });
    await runCli(['video', 'generate', 'A lighthouse.', '-q'], {
      ...test.runtime,
      stdout: { ...test.runtime.stdout, isTTY: false },
    });
    test.stdout.chunks.length = 0;
    expect(await runCli(['video', 'list', ...args], test.runtime)).toBe(0);
    return test.stdout.text();
  };

  it.each<[string, boolean, RuntimeOptions, string[]]>([
    ['on a terminal', true, { tty: ['stdout'] }, []],
    ['in a pipe', false, {}, []],
    ['on a dumb terminal', false, { tty: ['stdout'], env: { TERM: 'dumb' } }, []],
    ['with NO_COLOR', false, { tty: ['stdout'], env: { NO_COLOR: '1' } }, []],
    ['with an empty NO_COLOR', true, { tty: ['stdout'], env: { NO_COLOR: '' } }, []],
    ['with --no-color', false, { tty: ['stdout'] }, ['--no-color']],
    ['in a pipe with FORCE_COLOR', true, { env: { FORCE_COLOR: '1' } }, []],
    ['with FORCE_COLOR=0', false, { tty: ['stdout'], env: { FORCE_COLOR: '0' } }, []],
    ['with FORCE_COLOR and NO_COLOR', false, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, []],
    ['when stderr alone is a terminal', false, { tty: ['stderr'] }, []],
    ['in CI on a terminal', true, { tty: ['stdout'], env: { CI: 'true' } }, []],
  ])('%s has colours: %s', async (_title, colored, options, args) => {
    const out = await jobs(options, args);
    expect(out.includes(BOLD)).toBe(colored);
    expect(out.includes(ESC)).toBe(colored);
    expect(out).toContain('A lighthouse.');
  });
});

describe('errors on a terminal', () => {
  it.each<[boolean, RuntimeOptions, string[]]>([
    [true, { tty: ['stderr'] }, []],
    [false, { tty: ['stdout'] }, []],
    [false, { tty: ['stderr'] }, ['--no-color']],
  ])('are coloured: %s with %j %j', async (colored, options, args) => {
    const { err } = await run(['video', 'show', 'job_none', ...args], options);
    expect(err.startsWith(colored ? `${ESC}[31merror:${ESC}[39m` : 'error:')).toBe(true);
  });
});

describe('P7: progress', () => {
  it.each<[string, boolean, RuntimeOptions]>([
    ['moves on a terminal', true, { tty: ['stderr'] }],
    ['stands still in CI', false, { tty: ['stderr'], env: { CI: '1' } }],
    ['stands still on a dumb terminal', false, { tty: ['stderr'], env: { TERM: 'dumb' } }],
    ['stands still in a pipe', false, {}],
  ])('%s', async (_title, moves, options) => {
    // ora looks at the process itself.
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const { env } = await withHost(videoObject('queued'), videoObject('failed', { error: { message: 'No oven.' } }));
    const test = await createTestRuntime({ ...options, env: { ...env, ...options.env } });
    Object.assign(test.stderr, { isTTY: true, clearLine: () => true, cursorTo: () => true, moveCursor: () => true });
    expect(await runCli(['video', 'generate', 'A lighthouse.', '--wait'], test.runtime)).toBe(5);
    expect(test.stderr.text()).toContain('No oven.');
    expect(test.stderr.text().includes(`${ESC}[?25l`)).toBe(moves);
  });
});

describe('P7: the progress of several jobs', () => {
  const setUp = async (tty: RuntimeOptions['tty']) => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm');
    const failed = { error: { message: 'No oven.' } };
    const { server, env } = await withHost(videoObject('queued'), videoObject('queued'));
    const test = await createTestRuntime({ env, ...(tty && { tty }) });
    Object.assign(test.stderr, { isTTY: true, clearLine: () => true, cursorTo: () => true, moveCursor: () => true });
    await runCli(['video', 'generate', 'A lighthouse.', '-q', '--count', '2'], test.runtime);
    server.answer(videoObject('failed', failed), videoObject('failed', failed));
    const ids = test.stdout.text().trim().split('\n');
    test.stderr.chunks.length = 0;
    return { ...test, ids };
  };

  it.each([
    ['has a moving line for each on a terminal', ['stderr' as const], '✖ '],
    ['is a line at the beginning and at the end of each in a pipe', [], ''],
  ])('%s', async (_title, tty, mark) => {
    const { runtime, stderr, ids } = await setUp(tty);
    expect(await runCli(['video', 'wait', ...ids], runtime)).toBe(5);
    expect(ids).toHaveLength(2);
    const said = stripVTControlCharacters(stderr.text());
    // Their prompts are equal: the beginnings of their ids tell them apart.
    for (const id of ids) expect(said).toMatch(new RegExp(`${mark}“A lighthouse\\.” ${id.slice(0, 14)}\\w*: failed\n`));
    expect(stderr.text().includes(`${ESC}[?25l`)).toBe(mark !== '');
  });

  it.each([
    ['moves', ['stderr' as const], true],
    ['is said when it changes', [], false],
  ])('%s with status --watch', async (_title, tty, moves) => {
    const { runtime, stderr, stdout, ids } = await setUp(tty);
    await runCli(['video', 'status', '--watch'], runtime);
    expect(stderr.text().includes(`${ESC}[?25l`)).toBe(moves);
    for (const id of ids) {
      expect(stderr.text().includes(`“A lighthouse.” ${id}: failed\n`)).toBe(!moves);
      expect(stdout.text()).toMatch(new RegExp(`${id} +failed`));
    }
  });
});

describe('a bug', () => {
  const broken = (test: TestRuntime): TestRuntime => ({
    ...test,
    runtime: {
      ...test.runtime,
      clock: {
        ...test.runtime.clock,
        now: () => {
          throw new TypeError(`boom${ESC}[2J`);
        },
      },
    },
  });

  it('exits 1 and says what to do', async () => {
    const { runtime, stdout, stderr } = broken(await createTestRuntime());
    expect(await runCli(['video', 'generate', 'x', '--provider', 'sandbox'], runtime)).toBe(1);
    expect(stdout.text()).toBe('');
    expect(stderr.text()).toBe(
      'error: This is a bug in sora: TypeError: boom[2J\nhint: Run it again with --debug and report what it prints.\n',
    );
  });

  it('shows its stack with --debug', async () => {
    const { runtime, stderr } = broken(await createTestRuntime());
    expect(await runCli(['video', 'generate', 'x', '--provider', 'sandbox', '--debug'], runtime)).toBe(1);
    expect(stderr.text()).toMatch(/TypeError: boom[\s\S]*\n\s+at .*run\.test\.ts/);
    expect(stderr.text()).not.toContain(ESC);
  });

  it('has the code "bug" with --json', async () => {
    const { runtime, stderr } = broken(await createTestRuntime());
    expect(await runCli(['video', 'generate', 'x', '--provider', 'sandbox', '--json'], runtime)).toBe(1);
    expect(stderr.json()).toEqual([{ error: expect.objectContaining({ code: 'bug' }) }]);
  });
});

describe('--debug', () => {
  it('P5: prints the wire log on stderr, without the key', async () => {
    const { env } = await withHost(refusal(400, 'invalid_value', `Bad key ${KEY}`));
    const { exit, out, err } = await run(['video', 'generate', 'A lighthouse.', '--debug'], { env });
    expect({ exit, out }).toEqual({ exit: 5, out: '' });
    expect(err).toMatch(/^> POST http:\/\/127\.0\.0\.1:\d+\/v1\/videos$/m);
    expect(err).toMatch(/^< 400 /m);
    expect(err).not.toContain(KEY);
  });

  it('is silent otherwise', async () => {
    const { env } = await withHost(refusal(400, 'invalid_value'));
    const { err } = await run(['video', 'generate', 'A lighthouse.'], { env });
    expect(err).not.toMatch(/^[<>]/m);
  });
});

describe('a signal', () => {
  it.each([
    [130, 'interrupted'],
    [143, 'terminated'],
  ] as const)('ends with %i as %s, while stdin is read', async (exit, code) => {
    const stdin = new PassThrough();
    stdin.write('A prompt that never');
    const test = await createTestRuntime({ stdin });
    const running = runCli(['video', 'generate', '-', '--json'], test.runtime);
    await vi.waitFor(() => expect(stdin.readableLength).toBe(0));
    test.abort(code);
    expect(await running).toBe(exit);
    expect(test.stderr.json()).toEqual([
      { error: { code, exit, retryable: false, message: 'Stopped. Nothing was created.' } },
    ]);
  });

  it.each([
    [130, 'interrupted'],
    [143, 'terminated'],
  ] as const)('ends with %i as %s, whatever error it caused', async (exit, code) => {
    const clip = (test: TestRuntime): Promise<void> => writeFile(join(test.dir, 'clip.mp4'), 'x');
    const { exit: got } = await run(
      ['character', 'create', 'clip.mp4', '--name', 'Joe', '--local'],
      {},
      async (test) => {
        await clip(test);
        test.abort(code);
      },
    );
    expect(got).toBe(exit);
  });

  it.each([
    [130, 'interrupted'],
    [143, 'terminated'],
  ] as const)('ends with %i as %s, while a host is asked', async (exit, code) => {
    const test = await hostContext();
    const job = await addJob(test, { baseUrl: test.baseUrl });
    test.server.answer({ fault: 'hang', onRequest: () => test.abort(code) });
    expect(await runCli(['video', 'status', job.id], test.runtime)).toBe(exit);
  });

  it('does not hide another error that has a name', async () => {
    const { exit } = await run(['video', 'show', 'job_none'], {}, (test) => test.abort('interrupted'));
    expect(exit).toBe(2);
  });
});

it('closes what it opened: the built-in sandbox does not outlive the command', async () => {
  const test = await createTestRuntime();
  expect(await runCli(['--provider', 'sandbox', 'video', 'generate', 'A lighthouse.', '--debug'], test.runtime)).toBe(
    0,
  );
  const url = /^> POST (http:\/\/127\.0\.0\.1:\d+)/m.exec(test.stderr.text())?.[1];
  await expect(fetch(`${url}/v1/videos`)).rejects.toThrow();
});

it('prints an error of several problems once', async () => {
  const { exit, err } = await run(['video', 'generate', ' ', '-c', 'Joe', '--provider', 'sandbox']);
  expect(exit).toBe(2);
  expect(err.match(/The prompt is empty/g)).toHaveLength(1);
});
