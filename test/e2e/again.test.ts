import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, FIXTURES, makeMachine, said } from '../helpers/cli.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { makeQuickMachine, type QuickMachine, quickened } from '../helpers/here.ts';
import { smallJoe } from '../helpers/joe.ts';
import { quickFfmpeg } from '../helpers/quick-ffmpeg.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';

const JOE = join(FIXTURES, 'joe.mp4');
const QUEUED = { id: 'video_1', object: 'video', status: 'queued', model: 'sora-2', seconds: '4', size: '1280x720' };
const DONE = { ...QUEUED, status: 'completed', progress: 100 };
const FAST = ['--poll-interval', '100ms'];

async function withHost(...answers: Scripted[]): Promise<QuickMachine & { server: TestServer }> {
  const server = await createTestServer();
  server.answer(...answers);
  return { ...makeQuickMachine({ OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: 'sk-test-1234' }), server };
}

describe('what a command leaves, and the next one finds', () => {
  it('P3: a video that is not what was asked for is no success the second time either', async () => {
    const film = { headers: { 'content-type': 'video/mp4' }, body: await makeVideo() };
    const { sora, dir } = await withHost({ body: QUEUED }, { body: DONE }, film);
    const first = await sora(['video', 'generate', 'x', '-o', 'x.mp4', ...FAST]);
    expect(first).toMatchObject({ exitCode: 9, stderr: expect.stringMatching(/64x36 instead of 1280x720/) });
    expect(existsSync(join(dir, 'x.mp4'))).toBe(true);
    expect((await sora(['video', 'wait', '@last', '-o', 'x.mp4'])).exitCode).toBe(9);
    expect((await sora(['video', 'wait', '@last', '-o', 'x.mp4', '--allow-drift'])).exitCode).toBe(0);
  });

  it('P2: several jobs of which one fails show the others, and never say that nothing was created', async () => {
    const { sora } = await withHost({ body: QUEUED }, { fault: 'reset' });
    const { exitCode, stdout, stderr } = await sora(['video', 'generate', 'x', '--count', '2', '-q']);
    expect(exitCode).toBe(7);
    expect(stdout).toMatch(/^job_\w+$/);
    expect(stderr).toContain(`sora video wait ${stdout}`);
  });

  it('P7: a wait for a dozen jobs says nothing but its lines', async () => {
    const { sora } = makeQuickMachine({ SORA_PROVIDER: 'sandbox' });
    const { stdout } = await sora(['video', 'generate', 'x', '--count', '12', '-q']);
    const ids = stdout.split('\n');
    expect(ids).toHaveLength(12);
    const { exitCode, stderr } = await sora(['video', 'wait', ...ids, '--timeout', '1s', '--json']);
    expect(exitCode).toBe(8);
    for (const line of stderr.split('\n'))
      expect(JSON.parse(line)).toHaveProperty(line.includes('"event"') ? 'event' : 'error');
  });

  it('takes a create that is answered with a final state at its word', async () => {
    const blocked = { ...QUEUED, status: 'failed', error: { code: 'moderation_blocked', message: 'Blocked.' } };
    const { sora } = await withHost({ body: blocked });
    expect(await sora(['video', 'generate', 'x'])).toMatchObject({
      exitCode: 11,
      stderr: expect.stringContaining('Blocked.'),
    });
  });

  it('P2: the printed command continues, to the same host and the same file', async () => {
    const server = await createTestServer();
    const film = { headers: { 'content-type': 'video/mp4' }, body: await makeVideo() };
    server.answer({ body: QUEUED }, { body: QUEUED }, { body: DONE }, film);
    const { sora, dir } = makeQuickMachine({ OPENAI_API_KEY: 'sk-test-1234' });
    writeFileSync(join(dir, 'my file.mp4'), 'old');
    const wish = ['-o', 'my file.mp4', '--force', '--allow-drift', '--base-url', `${server.url}/v1`];
    const { exitCode, stderr } = await sora([
      'video',
      'generate',
      'x',
      '--poll-interval',
      '1h',
      '--timeout',
      '300ms',
      ...wish,
    ]);
    expect(exitCode).toBe(8);
    const printed = /Continue with: sora (.*)$/m.exec(stderr)?.[1] ?? '';
    const words = spawnSync('sh', ['-c', `printf '%s\\n' ${printed}`], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n');
    expect(await sora(words)).toMatchObject({ exitCode: 0, stdout: join(dir, 'my file.mp4') });
  });

  it('two commands may wait for one job', async () => {
    const machine = makeMachine({ SORA_PROVIDER: 'sandbox' });
    const { sora, dir } = machine;
    expect((await quickened(machine).sora(['video', 'generate', 'x'])).exitCode).toBe(0);
    const both = await Promise.all([sora(['video', 'wait', '@last', '-q']), sora(['video', 'wait', '@last', '-q'])]);
    expect(
      both.map(({ exitCode }) => exitCode),
      both.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    expect(both[0]?.stdout).toBe(both[1]?.stdout);
    expect(readdirSync(dir).filter((name) => name.startsWith('.sora'))).toEqual([]);
  });

  it('a second Ctrl-C leaves at once, and leaves no file', async () => {
    // Nothing is kept that would make it too quick to be stopped.
    const { sora, dir } = makeMachine({ SORA_FFMPEG: quickFfmpeg() });
    const run = sora(['clip', 'prepare', JOE, '-o', 'out.mp4']);
    await said(run, 'stderr', 'Preparing');
    run.kill('SIGINT');
    run.kill('SIGTERM');
    expect([130, 143]).toContain((await run).exitCode);
    expect(
      readdirSync(dir)
        .toSorted()
        .filter((name) => name !== 'home'),
    ).toEqual([]);
  });
});

it('is not stopped by a terminal without a width', async ({ skip }) => {
  const machine = makeMachine();
  const line = `stty cols 0 rows 0; '${process.execPath}' '${BIN}' clip prepare '${await smallJoe()}' -o out.mp4`;
  const done = spawnSync('script', ['-qec', line, '/dev/null'], {
    env: { ...machine.env, CI: '' },
    cwd: machine.dir,
    timeout: 50_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  skip(done.error !== undefined && 'code' in done.error && done.error.code === 'ENOENT', 'there is no `script`');
  expect(done.status).toBe(0);
  expect(existsSync(join(machine.dir, 'out.mp4'))).toBe(true);
});
