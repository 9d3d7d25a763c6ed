/** Several commands at once, commands that are stopped, and machines that cannot take a file: with real processes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobJson } from '../../src/videos/jobs/record.ts';
import { BIN, type Machine, makeMachine, said } from '../helpers/cli.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { runHere } from '../helpers/here.ts';
import { createVideoHost, type VideoHost, type VideoHostOptions } from '../helpers/video-host.ts';

const GENERATE = ['video', 'generate', 'A lighthouse.', '--seconds', '1', '--size', '64x36'];
const FAST = ['--poll-interval', '100ms'];

let film: Buffer;
beforeAll(async () => {
  film = await makeVideo();
});

async function withHost(options: Partial<VideoHostOptions> = {}): Promise<Machine & { host: VideoHost }> {
  const host = await createVideoHost({ film, ...options });
  return { ...makeMachine({ OPENAI_BASE_URL: host.baseUrl, OPENAI_API_KEY: 'sk-test-1234567890' }), host };
}

function jobsOf({ home }: Machine): JobJson[] {
  const names = readdirSync(join(home, 'jobs')).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(home, 'jobs', name), 'utf8')));
}

const filesOf = ({ dir }: Machine): string[] => readdirSync(dir).filter((name) => name !== 'home');

describe('several processes', () => {
  it('wait for one job, and each ends with its file', async () => {
    const machine = await withHost({ polls: 3 });
    expect((await runHere(machine, GENERATE)).exitCode).toBe(0);
    const both = await Promise.all([1, 2].map(() => machine.sora(['video', 'wait', '@last', '-q', ...FAST])));
    for (const { exitCode, stdout, stderr } of both) {
      expect({ exitCode, stdout }, stderr).toEqual({
        exitCode: 0,
        stdout: join(machine.dir, filesOf(machine)[0] ?? ''),
      });
    }
    expect(filesOf(machine)).toHaveLength(1);
  });

  it('P2: of one --key make one job, also when the first of them was killed', async () => {
    const machine = await withHost();
    const keyed = [...GENERATE, '--key', 'nightly', '-q'];
    const first = machine.sora(keyed);
    machine.host.at('created', undefined, () => first.kill('SIGKILL'));
    expect((await first).signal).toBe('SIGKILL');
    const id = jobsOf(machine)[0]?.id;
    const again = await Promise.all([machine.sora(keyed), machine.sora(keyed)]);
    for (const { exitCode, stdout, stderr } of again)
      expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 0, stdout: id });
    expect(machine.host.videos).toHaveLength(1);
    expect(jobsOf(machine)).toHaveLength(1);
  });

  it('P2: of one --key, four at once, make one job: three wait for the first', async () => {
    const machine = await withHost();
    const keyed = [...GENERATE, '--key', 'nightly'];
    const first = machine.sora(keyed);
    const others: ReturnType<Machine['sora']>[] = [];
    machine.host.at('created', undefined, async () => {
      for (let count = 0; count < 3; count++) others.push(machine.sora(keyed));
      await Promise.all(others.map((run) => said(run, 'stderr', 'waiting for it')));
    });
    const all = [await first, ...(await Promise.all(others))];
    const [job] = jobsOf(machine);
    for (const { exitCode, stdout, stderr } of all) {
      expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 0, stdout: expect.stringContaining(`${job?.id} is `) });
    }
    expect(all).toHaveLength(4);
    expect(machine.host.videos).toHaveLength(1);
  });

  it('P2: of two keys, at once with equal prompts, are two requests, also while the fate of the first is not known', async () => {
    const machine = await withHost();
    let second: ReturnType<Machine['sora']> | undefined;
    machine.host.at('created', undefined, async () => {
      // The first is answered once the second is done.
      if (second) return;
      second = machine.sora([...GENERATE, '--key', 'two']);
      await second;
    });
    const all = [await machine.sora([...GENERATE, '--key', 'one']), await second];
    expect(
      all.map((one) => one?.exitCode),
      all.map((one) => one?.stderr).join(''),
    ).toEqual([0, 0]);
    expect(machine.host.videos).toHaveLength(2);
    expect(jobsOf(machine).map(({ key }) => key)).toEqual(['one', 'two']);
  });

  it('P2: of one --key, one that waits for the other ends with Ctrl-C, and has sent nothing', async () => {
    const machine = await withHost();
    const keyed = [...GENERATE, '--key', 'nightly'];
    const first = machine.sora(keyed);
    let stopped: Awaited<ReturnType<Machine['sora']>> | undefined;
    machine.host.at('created', undefined, async () => {
      const other = machine.sora(keyed);
      await said(other, 'stderr', 'waiting for it');
      other.kill('SIGINT');
      stopped = await other;
    });
    expect((await first).exitCode).toBe(0);
    expect(stopped?.exitCode, stopped?.stderr).toBe(130);
    expect(stopped?.stderr).toMatch(/Nothing new was sent\.\nhint: Follow it with: sora video wait job_\w+/);
    expect(machine.host.videos).toHaveLength(1);
    expect(jobsOf(machine)).toMatchObject([{ remoteId: 'video_1' }]);
  });

  it('send different requests at once, and lose none', async () => {
    const machine = await withHost();
    const prompts = ['One.', 'Two.', 'Three.'];
    const all = await Promise.all(prompts.map((prompt) => machine.sora(['video', 'generate', prompt, '-q'])));
    expect(all.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(jobsOf(machine).map(({ id }) => id)).toEqual(all.map(({ stdout }) => stdout).toSorted());
    expect(machine.host.videos.map(({ prompt }) => prompt).toSorted()).toEqual(prompts.toSorted());
  });

  it('read a record whole while another one writes it', async () => {
    const machine = await withHost({ polls: 8 });
    const run = machine.sora([...GENERATE, '-o', 'out.mp4', ...FAST]);
    await said(run, 'stderr', 'is running');
    let isOver = false;
    run.finally(() => {
      isOver = true;
    });
    const seen = new Set<string>();
    while (!isOver) {
      // The host is in this process, which has to get to it.
      await new Promise(setImmediate);
      const { exitCode, stdout, stderr } = await runHere(machine, ['video', 'show', '@last', '--json']);
      expect(exitCode, stderr).toBe(0);
      const { status, progress } = JSON.parse(stdout) as JobJson;
      seen.add(`${status} ${progress}`);
    }
    expect((await run).exitCode).toBe(0);
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe('P2: Ctrl-C', () => {
  it('while a job is made waits for its id, and says how to go on', async () => {
    const machine = await withHost();
    const run = machine.sora([...GENERATE, '--json']);
    let answer = (): void => {};
    machine.host.at('created', undefined, () => {
      run.kill('SIGINT');
      return new Promise<void>((resolve) => {
        answer = resolve;
        setTimeout(resolve, 300);
      });
    });
    const { exitCode, stderr } = await run;
    answer();
    const [job] = jobsOf(machine);
    expect(exitCode, stderr).toBe(8);
    expect(job).toMatchObject({ status: 'running', remoteId: 'video_1' });
    expect(JSON.parse(stderr.split('\n').at(-1) ?? '').error).toMatchObject({
      ...{ code: 'pending', jobId: job?.id, hint: expect.stringContaining(`sora video wait ${job?.id}`) },
    });
  });

  it('for the second time while a job is made leaves at once, and says that it may exist', async () => {
    const machine = await withHost();
    const run = machine.sora(GENERATE);
    machine.host.at('created', undefined, async () => {
      run.kill('SIGINT');
      await said(run, 'stderr', 'Ctrl-C again');
      // A second one at once may be an echo of the first: a person presses again.
      const presses = setInterval(() => run.kill('SIGINT'), 50);
      await run;
      clearInterval(presses);
    });
    const { exitCode, stderr } = await run;
    const [job] = jobsOf(machine);
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toContain(`Job ${job?.id} may exist at 127.0.0.1:`);
    expect(stderr).toContain(`sora video status ${job?.id}`);
    const status = await runHere(machine, ['video', 'status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject([{ id: job?.id, remoteId: 'video_1' }]);
  });

  it.each(['poll', 'half'] as const)(
    'twice at %s ends within a second, with the job safe and no file',
    async (moment) => {
      const machine = await withHost();
      const run = machine.sora([...GENERATE, '-o', 'out.mp4', ...FAST]);
      let stoppedAt = 0;
      machine.host.at(moment, undefined, async () => {
        stoppedAt ||= performance.now();
        run.kill('SIGINT');
        run.kill('SIGTERM');
        await run;
      });
      const { exitCode, stderr } = await run;
      expect(performance.now() - stoppedAt).toBeLessThan(5000);
      expect([8, 130, 143], stderr).toContain(exitCode);
      expect(filesOf(machine)).toEqual([]);
      expect((await runHere(machine, ['video', 'wait', '@last', '-o', 'out.mp4', ...FAST])).exitCode).toBe(0);
      expect(machine.host.videos).toHaveLength(1);
    },
  );
});

/** Loaded before the program: it collects garbage all the time. What is reachable by chance alone is gone at once. */
function collectGarbage(dir: string): Record<string, string> {
  const path = join(dir, 'home', 'collect.mjs');
  mkdirSync(join(dir, 'home'), { recursive: true });
  const lines = [
    "import { setFlagsFromString } from 'node:v8';",
    "import { runInNewContext } from 'node:vm';",
    "setFlagsFromString('--expose-gc');",
    "setInterval(runInNewContext('gc'), 100).unref();",
  ];
  writeFileSync(path, lines.join('\n'));
  return { NODE_OPTIONS: `--import=${pathToFileURL(path)}` };
}

describe('one deadline', () => {
  it('ends a question that is never answered: exit 8, nothing lost', async () => {
    const machine = await withHost();
    machine.host.at('poll', undefined, () => new Promise(() => {}));
    const startedAt = performance.now();
    const { exitCode, stderr } = await machine.sora([...GENERATE, '-o', 'out.mp4', ...FAST, '--timeout', '2s'], {
      env: collectGarbage(machine.dir),
    });
    expect(exitCode, stderr).toBe(8);
    expect(stderr).toContain('The wait timed out');
    // Not only that the wait is over: how the host said that the job was.
    expect(stderr).toMatch(/The wait timed out; job \w+ is still running, \d+%\./);
    expect(stderr).toContain('The last poll failed: No complete answer arrived within');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(jobsOf(machine)).toMatchObject([{ status: 'running', remoteId: 'video_1' }]);
  });

  it('is for the download too: exit 8, nothing lost', async () => {
    const machine = await withHost({ polls: 0 });
    let release = (): void => {};
    machine.host.at('half', undefined, () => new Promise<void>((resolve) => (release = resolve)));
    const startedAt = performance.now();
    const { exitCode, stderr } = await machine.sora([...GENERATE, '-o', 'out.mp4', ...FAST, '--timeout', '2s'], {
      env: collectGarbage(machine.dir),
    });
    release();
    expect(exitCode, stderr).toBe(8);
    expect(stderr).toContain('The wait timed out during the download');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(filesOf(machine)).toEqual([]);
  });
});

describe('P4: a machine that cannot take the file', () => {
  it('because it would be too large: exit 12, the old file as it was, the job safe', async () => {
    const machine = await withHost({ film: Buffer.concat([film, freeBox(200_000)]) });
    writeFileSync(join(machine.dir, 'out.mp4'), 'old');
    const words = [process.execPath, BIN, ...GENERATE, '-o', 'out.mp4', '--force', '--json', ...FAST];
    // 64 blocks of 512 or 1024 bytes: room for a record, not for the video.
    const run = await execa('sh', ['-c', `ulimit -f 64 && exec "$@"`, 'sh', ...words], {
      ...{ cwd: machine.dir, env: machine.env, extendEnv: false, reject: false, stdin: 'ignore' },
    });
    expect(run.exitCode, run.stderr).toBe(12);
    expect(JSON.parse(run.stderr.split('\n').at(-1) ?? '').error).toMatchObject({
      message: expect.stringContaining('larger than is allowed here'),
      hint: expect.stringMatching(/ulimit -f.*The job is safe at its host.*sora video download job_/),
    });
    expect(filesOf(machine)).toEqual(['out.mp4']);
    expect(readFileSync(join(machine.dir, 'out.mp4'), 'utf8')).toBe('old');
    expect((await runHere(machine, ['video', 'wait', '@last', '-o', 'out.mp4', '--force'])).exitCode).toBe(0);
    expect(machine.host.videos).toHaveLength(1);
  });

  it('because a record would not fit: nothing is sent', async () => {
    const machine = await withHost();
    const words = [process.execPath, BIN, 'video', 'generate', 'A lighthouse. '.repeat(2000)];
    const run = await execa('sh', ['-c', `ulimit -f 8 && exec "$@"`, 'sh', ...words], {
      ...{ cwd: machine.dir, env: machine.env, extendEnv: false, reject: false, stdin: 'ignore' },
    });
    expect(run.exitCode, run.stderr).toBe(12);
    expect(machine.host.counts.size).toBe(0);
    expect(readdirSync(join(machine.home, 'jobs'))).toEqual([]);
  });

  it('because its folder is read-only: refused before anything is sent', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'nothing is read-only to root');
    const machine = await withHost();
    const folder = join(machine.dir, 'films');
    mkdirSync(folder, { mode: 0o500 });
    const { exitCode, stderr } = await machine.sora([...GENERATE, '-o', 'films/out.mp4']);
    expect(exitCode, stderr).toBe(2);
    expect(machine.host.counts.size).toBe(0);
  });
});

function freeBox(bytes: number): Buffer {
  const box = Buffer.alloc(bytes);
  box.writeUInt32BE(bytes);
  box.write('free', 4);
  return box;
}

describe('P2: the record before the request', () => {
  it('is written, flushed, named and its folder flushed before the first byte leaves', async ({ skip }) => {
    skip(spawnSync('strace', ['-V']).error !== undefined, 'there is no strace');
    const machine = await withHost();
    const log = join(machine.dir, 'trace');
    const calls = 'trace=openat,open,write,pwrite64,writev,fsync,link,linkat,connect,sendto,sendmsg';
    const words = ['-f', '-y', '-s', '64', '-e', calls, '-o', log, process.execPath, BIN, ...GENERATE];
    const run = await execa('strace', words, {
      ...{ cwd: machine.dir, env: machine.env, extendEnv: false, reject: false, stdin: 'ignore' },
    });
    const mayNot = machine.host.videos.length === 0 && /ptrace|Operation not permitted/.test(run.stderr);
    skip(mayNot, 'strace may not trace here');
    expect(run.exitCode, run.stderr).toBe(0);
    const lines = readFileSync(log, 'utf8').split('\n');
    const first = (pattern: RegExp, from = 0): number => {
      const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
      expect(at, `${pattern} after ${lines[from - 1]}`).toBeGreaterThanOrEqual(0);
      return at;
    };
    const folder = '/jobs';
    const written = first(new RegExp(`write.*${folder}/\\.[\\w-]+\\.tmp>.*\\{`));
    const flushed = first(new RegExp(`fsync\\(\\d+<.*${folder}/\\.[\\w-]+\\.tmp>`), written + 1);
    const named = first(new RegExp(`link(at)?\\(.*${folder}/job_\\w+\\.json"`), flushed + 1);
    const kept = first(new RegExp(`fsync\\(\\d+<[^>]*${folder}>`), named + 1);
    const sent = first(/(write|writev|sendto|sendmsg)\(\d+<(TCP|socket).*POST \/v1\/videos/);
    expect(sent).toBeGreaterThan(kept);
    expect(first(/connect\(\d+.*sin_port/)).toBeGreaterThan(kept);
  });
});
