/** Each exit code is that of a process; what else ends with it runs without one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, type Machine, makeMachine, said } from '../helpers/cli.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makeQuickMachine, type QuickMachine, quickened } from '../helpers/here.ts';
import { quickFfmpeg } from '../helpers/quick-ffmpeg.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';

const JOE = join(FIXTURES, 'joe.mp4');
const KEY = 'sk-test-1234567890';

const QUEUED = { id: 'video_1', object: 'video', status: 'queued', model: 'sora-2', seconds: '4', size: '1280x720' };
const refused = (status: number, code: string, message = 'No.'): Scripted => ({
  status,
  body: { error: { message, type: 'x', param: null, code } },
});

/** A machine that talks to a scripted host. */
async function withHost(...answers: Scripted[]): Promise<Machine & { server: TestServer; here: QuickMachine['sora'] }> {
  const server = await createTestServer();
  server.answer(...answers);
  const machine = makeMachine({ OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: KEY });
  // Nobody waits there.
  const { sora: here } = quickened(machine, { atMs: Date.now() });
  return { ...machine, server, here };
}

const shown = new Set<number>();

/** Runs a command as a process for the first test that ends with this code, and without one for the others. */
function starter(exit: number, machine: Machine): QuickMachine['sora'] | Machine['sora'] {
  if (shown.has(exit) && !TEST_ALL) return quickened(machine, { atMs: Date.now() }).sora;
  shown.add(exit);
  return machine.sora;
}

const GENERATE = ['video', 'generate', 'A lighthouse.'];

function onlyJob({ home }: Pick<Machine, 'home'>): { id: string; status: string; remoteId?: string } {
  const folder = join(home, 'jobs');
  const [name = '', ...more] = readdirSync(folder).filter((file) => file.endsWith('.json'));
  expect(more).toEqual([]);
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

describe('exit codes and the error envelope', () => {
  it.each([
    [2, 'usage', 'an unknown command', ['vidio'], /unknown command/i, /video/],
    [2, 'usage', 'an unknown flag', ['video', 'list', '--statsu', 'failed'], /unknown option/i, /--status/],
    [2, 'usage', 'a bad value', [...GENERATE, '--seconds', 'four'], /whole number/, /--help/],
    [2, 'usage', 'a missing argument', ['video', 'generate'], /missing required argument/i, /For example: sora/],
    [2, 'usage', 'no provider', GENERATE, /No provider/, /--provider sandbox/],
    [2, 'usage', 'quiet with json', ['character', 'list', '-q'], /cannot be used together/, /--json/],
    [2, 'usage', 'an unknown job', ['video', 'show', 'job_none'], /no job job_none/, /video list/],
    [2, 'usage', 'a traversing job id', ['video', 'show', '../../etc/passwd'], /no job/, /video list/],
    [
      2,
      'usage',
      'an unknown character',
      [...GENERATE, '-c', 'Joe', '--provider', 'sandbox'],
      /no character "Joe"/,
      /character create/,
    ],
    [2, 'usage', 'a missing clip', ['character', 'create', 'none.mp4', '--name', 'Joe', '--local'], /no file/i, /./],
    [2, 'usage', 'a folder as a clip', ['clip', 'inspect', '.'], /folder|directory|not a file/i, /./],
    [2, 'usage', 'stdin twice', ['video', 'generate', '-', '--reference', '-', '--provider', 'sandbox'], /stdin/, /./],
    [2, 'usage', 'a wrong name', ['character', 'create', JOE, '--name', 'x'.repeat(81), '--local'], /80/, /./],
    [4, 'auth', 'no key', [...GENERATE, '--provider', 'openai'], /OPENAI_API_KEY/, /sandbox/],
  ])('%i %s: %s', async (exit, code, _title, args, message, hint) => {
    const sora = starter(exit, makeMachine());
    const { exitCode, stdout, stderr } = await sora([...args, '--json']);
    const { error } = JSON.parse(stderr.split('\n').at(-1) ?? '') as {
      error: { code: string; message: string; hint?: string };
    };
    expect({ exitCode, stdout, code: error.code }).toEqual({ exitCode: exit, stdout: '', code });
    expect(error.message).toMatch(message);
    if (hint.source !== '.') expect(error.hint).toMatch(hint);
  });

  it('lists every problem of a command at once', async () => {
    const { sora } = makeQuickMachine();
    const { exitCode, stderr } = await sora([
      'video',
      'generate',
      ' ',
      '-c',
      'Joe',
      '--aspect',
      '1:2',
      '-o',
      'nowhere/x.mp4',
      '--json',
    ]);
    expect(exitCode).toBe(2);
    const { problems } = JSON.parse(stderr).error;
    expect(problems).toEqual([
      expect.stringMatching(/prompt is empty/),
      expect.stringMatching(/no character "Joe"/),
      expect.stringMatching(/--aspect 1:2/),
      expect.stringMatching(/nowhere does not exist/),
      expect.stringMatching(/No provider/),
    ]);
  });

  it('3: a file that is no clip', async () => {
    const { sora, dir, home } = makeMachine();
    writeFileSync(join(dir, 'fake.mp4'), 'This is only text.');
    const { exitCode, stderr } = await sora(['character', 'create', 'fake.mp4', '--name', 'Joe', '--local', '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stderr.split('\n').at(-1) ?? '').error.code).toBe('clip');
    expect(existsSync(join(home, 'characters')) ? readdirSync(join(home, 'characters')) : []).toEqual([]);
  });

  it.each([
    [4, 'auth', refused(401, 'invalid_api_key')],
    [5, 'refused', refused(400, 'invalid_value', 'Unsupported size.')],
    [5, 'refused', { status: 404, body: 'not here' }],
    [10, 'budget', refused(429, 'insufficient_quota')],
    [10, 'budget', refused(402, 'payment_required')],
    [11, 'policy', refused(400, 'moderation_blocked')],
    [7, 'ambiguous', { fault: 'reset' }],
    [7, 'ambiguous', refused(500, 'server_error')],
    [7, 'ambiguous', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' }],
    [7, 'ambiguous', { status: 200, body: { object: 'video', status: 'queued' } }],
    [7, 'ambiguous', { status: 200, body: 'not json' }],
  ] as const)('%i %s: a create that is answered %#', async (exit, code, answer) => {
    const { server, ...machine } = await withHost(answer);
    const { exitCode, stderr } = await starter(exit, machine)([...GENERATE, '--json']);
    const { error } = JSON.parse(stderr.split('\n').at(-1) ?? '');
    expect({ exitCode, code: error.code }).toEqual({ exitCode: exit, code });
    // P2: one request, and a record that tells the truth.
    expect(server.seen).toHaveLength(1);
    const job = onlyJob(machine);
    expect(job.status).toBe(exit === 7 ? 'unknown' : 'failed');
    expect(error.jobId).toBe(job.id);
    if (exit === 7) expect(error.hint).toContain(`sora video resend ${job.id}`);
  });

  it('explains the rule on likeness when the content policy refuses', async () => {
    const { here } = await withHost(refused(400, 'people-in-user-uploads'));
    const { exitCode, stderr } = await here(GENERATE);
    expect(exitCode).toBe(11);
    expect(stderr).toMatch(/real people/);
  });

  it('6: a host that cannot be reached', async () => {
    const port = await closedPort();
    const machine = makeMachine({ OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
    const { exitCode, stderr } = await machine.sora([...GENERATE, '--json']);
    expect(exitCode).toBe(6);
    expect(JSON.parse(stderr.split('\n').at(-1) ?? '').error).toMatchObject({
      code: 'network',
      message: expect.stringContaining('127.0.0.1'),
      hint: expect.stringMatching(/\nNothing was sent, and nothing was paid: run the same command again\.$/),
    });
    expect(onlyJob(machine).status).toBe('failed');
  }, 90_000);

  it('P2: an unresolved request stands in the way of an equal one until --resend', async () => {
    const { here, server } = await withHost({ fault: 'reset' });
    expect((await here(GENERATE)).exitCode).toBe(7);
    // Looked for once, at a host without a list.
    server.answer({ status: 404, body: 'not here' });
    const again = await here(GENERATE);
    expect(again.exitCode).toBe(7);
    const posts = (): number => server.seen.filter(({ method }) => method === 'POST').length;
    expect(posts()).toBe(1);
    // Looked for once more before it is sent.
    server.answer({ status: 404, body: 'not here' }, { body: QUEUED });
    const printed = /To send it once more: sora (.*)$/m.exec(again.stderr)?.[1] ?? '';
    const words = spawnSync('sh', ['-c', `printf '%s\\n' ${printed}`], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n');
    expect((await here(words)).exitCode).toBe(0);
    expect(posts()).toBe(2);
    // The lost one is closed: it stands in nobody's way any more.
    server.answer({ body: { ...QUEUED, id: 'video_3' } });
    expect((await here(GENERATE)).exitCode).toBe(0);
    expect(posts()).toBe(3);
  });

  it('P2: the same --key gives the same job', async () => {
    const { here, server } = await withHost({ body: QUEUED });
    const first = await here([...GENERATE, '--key', 'nightly', '-q']);
    const second = await here([...GENERATE, '--key', 'nightly', '-q']);
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^job_/) });
    expect(second).toMatchObject({ exitCode: 0, stdout: first.stdout });
    expect((await here(['video', 'generate', 'Another.', '--key', 'nightly'])).exitCode).toBe(2);
    expect(server.seen).toHaveLength(1);
  });

  it('P2: the record is on disk before the request leaves, and the remote id right after', async () => {
    let before: { status: string; remoteId?: string } | undefined;
    const look = (): void => {
      before = onlyJob(machine);
    };
    const machine: Pick<QuickMachine, 'home'> & { here: QuickMachine['sora'] } = await withHost({
      ...{ body: QUEUED, onRequest: look },
    });
    expect((await machine.here(GENERATE)).exitCode).toBe(0);
    expect(before).toMatchObject({ status: 'submitting' });
    expect(before).not.toHaveProperty('remoteId');
    expect(onlyJob(machine)).toMatchObject({ status: 'queued', remoteId: 'video_1' });
  });

  it('5: a job that fails, with the reason', async () => {
    const failed = { ...QUEUED, status: 'failed', error: { code: 'processing_error', message: 'The oven was cold.' } };
    const { here } = await withHost({ body: QUEUED }, { body: failed });
    const { exitCode, stderr } = await here([...GENERATE, '--wait', '--poll-interval', '100ms']);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('The oven was cold.');
  });

  it('8: a wait that times out says how to go on, and the job is kept', async () => {
    const { sora, ...machine } = await withHost({ body: QUEUED }, { body: QUEUED });
    const { exitCode, stderr } = await sora([...GENERATE, '--wait', '--poll-interval', '1h', '--timeout', '500ms']);
    expect(exitCode).toBe(8);
    expect(stderr).toContain(`sora video wait ${onlyJob(machine).id}`);
  });

  it('8: Ctrl-C in a wait says how to go on', async () => {
    const { sora, ...machine } = await withHost({ body: QUEUED });
    const run = sora([...GENERATE, '--wait', '--poll-interval', '60s']);
    await said(run, 'stderr', 'is queued');
    run.kill('SIGINT');
    const { exitCode, stderr } = await run;
    expect(exitCode).toBe(8);
    expect(stderr).toContain(`sora video wait ${onlyJob(machine).id}`);
  });

  it.each([
    ['is cut off', { fault: 'cut', headers: { 'content-type': 'video/mp4' }, body: Buffer.alloc(1000, 1) }],
    [
      'is no video',
      { headers: { 'content-type': 'video/mp4' }, body: 'just words, but long enough to look like a file' },
    ],
    ['is JSON', { headers: { 'content-type': 'application/json' }, body: { error: { message: 'gone' } } }],
    ['is empty', { headers: { 'content-type': 'video/mp4' }, body: '' }],
  ] as const)(
    '9: a download that %s leaves no file, and the job safe',
    async (_title, answer) => {
      const done = { ...QUEUED, status: 'completed', progress: 100 };
      const machine = await withHost({ body: QUEUED }, { body: done }, { ...answer, forever: true });
      const { dir } = machine;
      writeFileSync(join(dir, 'old.mp4'), 'old');
      const { exitCode, stderr } = await starter(
        9,
        machine,
      )([...GENERATE, '-o', 'old.mp4', '--force', '--poll-interval', '100ms']);
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 9,
        stderr: expect.stringContaining('sora video download'),
      });
      expect(readFileSync(join(dir, 'old.mp4'), 'utf8')).toBe('old');
      expect(readdirSync(dir).toSorted()).toEqual(['home', 'old.mp4']);
      expect(onlyJob(machine).status).toBe('succeeded');
    },
    90_000,
  );

  it('12: no ffmpeg, and how to install one', async () => {
    const { sora, dir } = makeMachine();
    const { exitCode, stderr } = await sora(['clip', 'prepare', JOE, '-o', 'x.mp4'], {
      env: { SORA_FFMPEG: undefined, PATH: dir },
    });
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(/install/);
  });

  it('12: an ffmpeg that is named but does not work', async () => {
    const { sora, dir } = makeQuickMachine();
    const { exitCode, stderr } = await sora(['clip', 'prepare', JOE, '-o', 'x.mp4'], {
      env: { SORA_FFMPEG: join(dir, 'none') },
    });
    expect(exitCode).toBe(12);
    expect(stderr).toContain('SORA_FFMPEG');
  });

  it('12: an output that cannot be written', async () => {
    const { sora, dir } = makeQuickMachine();
    const { exitCode } = await sora(['store', 'path'], { cwd: dir });
    expect(exitCode).toBe(0);
    const full = await makeQuickMachine().sora(['character', 'list', '--json'], { env: { SORA_HOME: '/dev/null/x' } });
    expect(full.exitCode).toBe(12);
  });

  it.each([
    [130, 'SIGINT'],
    [143, 'SIGTERM'],
  ] as const)('%i: %s while a clip is prepared leaves no file and no ffmpeg', async (exit, signal) => {
    // Nothing is kept that would make it too quick to be stopped.
    const { sora, home } = makeMachine({ SORA_FFMPEG: quickFfmpeg() });
    const run = sora(['character', 'create', JOE, '--name', 'Joe', '--local']);
    await said(run, 'stderr', 'Preparing');
    run.kill(signal);
    expect((await run).exitCode).toBe(exit);
    const files = existsSync(home) ? readdirSync(home, { recursive: true, encoding: 'utf8' }) : [];
    expect(files.filter((name) => name.endsWith('.mp4'))).toEqual([]);
    expect(existsSync(join(home, 'characters')) ? readdirSync(join(home, 'characters')) : []).toEqual([]);
  });
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 1));
    });
  });
}
