/** Kills the built program at every point where something could be lost, and counts what the host was given for. */
import { existsSync, lstatSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJobStore } from '../../src/videos/jobs/store.ts';
import { type Machine, makeMachine } from '../helpers/cli.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { runHere } from '../helpers/here.ts';
import { tempFolder } from '../helpers/temp.ts';
import { createVideoHost, type Moment, type VideoHost } from '../helpers/video-host.ts';

/** How often the program is killed at a random moment. */
const RANDOM_KILLS = Number(process.env.SORA_CHAOS ?? (TEST_ALL ? 25 : 10));

/** Lives at once: most of their time goes by waiting for a sign of life from the dead. */
const AT_ONCE = 6;

let film: Buffer;
beforeAll(async () => {
  film = await makeVideo();
});

/** A call of node:fs/promises on a file, before, during or after which the process ends. */
interface Point {
  readonly call: 'link' | 'rename';
  readonly file: string;
  readonly nth: number;
  readonly when: 'before' | 'at' | 'after';
}

/** Loaded before the program: its imports of node:fs/promises are bound to what stands here. */
const HOOK = `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const { call, file, nth, when } = JSON.parse(process.env.CHAOS_POINT);
  const real = fs[call];
  let seen = 0;
  fs[call] = async (from, to) => {
    const isIt = to.endsWith(file) && ++seen === nth;
    const end = () => process.kill(process.pid, 'SIGKILL');
    if (isIt && when === 'before') end();
    const done = real(from, to);
    if (isIt && when === 'at') end();
    await done;
    if (isIt && when === 'after') end();
  };
  syncBuiltinESMExports();
`;

const POINTS: readonly (readonly [title: string, Point, 'untold' | 'unknown' | 'found', old?: string])[] = [
  ['before its record has a name', { call: 'link', file: '.json', nth: 1, when: 'before' }, 'untold'],
  ['when its record has a name', { call: 'link', file: '.json', nth: 1, when: 'after' }, 'unknown'],
  ['with the answer read, before it is kept', { call: 'rename', file: '.json', nth: 1, when: 'before' }, 'found'],
  ['while the answer is kept', { call: 'rename', file: '.json', nth: 1, when: 'at' }, 'found'],
  ['when the answer is kept', { call: 'rename', file: '.json', nth: 1, when: 'after' }, 'found'],
  ['before the video has its name', { call: 'link', file: 'out.mp4', nth: 1, when: 'before' }, 'found'],
  ['while the video gets its name', { call: 'link', file: 'out.mp4', nth: 1, when: 'at' }, 'found'],
  ['when the video has its name', { call: 'link', file: 'out.mp4', nth: 1, when: 'after' }, 'found'],
  ['before the video replaces a file', { call: 'rename', file: 'out.mp4', nth: 1, when: 'before' }, 'found', 'old'],
  ['while the video replaces a file', { call: 'rename', file: 'out.mp4', nth: 1, when: 'at' }, 'found', 'old'],
  ['when the video has replaced a file', { call: 'rename', file: 'out.mp4', nth: 1, when: 'after' }, 'found', 'old'],
];

/** Several lives at once. */
async function inTurns<T>(items: readonly T[], live: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await live(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

interface Life {
  readonly machine: Machine;
  readonly prompt: string;
  /** What stood at the target before. */
  readonly old: string | undefined;
}

function begin(host: VideoHost, prompt: string, old?: string): Life {
  const machine = makeMachine({ OPENAI_BASE_URL: host.baseUrl, OPENAI_API_KEY: 'sk-test-1234567890' });
  if (old !== undefined) writeFileSync(join(machine.dir, 'out.mp4'), old);
  return { machine, prompt, old };
}

function generate({ machine, prompt, old }: Life, env: Record<string, string> = {}): ReturnType<Machine['sora']> {
  const wish = ['--seconds', '1', '--size', '64x36', '--poll-interval', '100ms', '-o', 'out.mp4'];
  return machine.sora(['video', 'generate', prompt, ...wish, ...(old === undefined ? [] : ['--force'])], { env });
}

/** What the dead left, and what the next commands make of it. Throws where anything was lost, broken or sent again. */
async function bury(host: VideoHost, { machine, prompt, old }: Life): Promise<'untold' | 'unknown' | 'found'> {
  const { dir, home } = machine;
  const heir = { ...machine, env: { ...machine.env, SORA_FFMPEG: '/none' } };
  const target = join(dir, 'out.mp4');
  const created = (): number => host.videos.filter((video) => video.prompt === prompt).length;
  // What had left the process when it died still reaches the host.
  await new Promise((done) => setTimeout(done, 100));
  const before = created();
  const held = existsSync(target) ? readFileSync(target) : undefined;
  if (!held?.equals(film)) expect(held?.toString('latin1')).toBe(old);

  const folder = join(home, 'jobs');
  const records = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  expect(before).toBeLessThanOrEqual(records.length);
  let fate: 'untold' | 'unknown' | 'found' = 'untold';
  if (records.length > 0) {
    expect(records).toHaveLength(1);
    const early = new Date(Date.now() - 3_600_000);
    for (const name of readdirSync(dir)) if (name.endsWith('.part')) utimesSync(join(dir, name), early, early);
    const status = await runHere(machine, ['video', 'status', '@last', '--json']);
    const job = JSON.parse(status.stdout);
    const wait = ['video', 'wait', job.id, '-o', 'out.mp4', '--poll-interval', '100ms', '--json'];
    const waited = await runHere(heir, held === undefined ? wait : [...wait, '--force']);
    if (before === 0) {
      expect({ code: status.exitCode, status: job.status }, status.stderr).toEqual({ code: 0, status: 'unknown' });
      expect(waited.exitCode).toBe(7);
      expect(waited.stderr).toMatch(/sora video resend job_\w+/);
      fate = 'unknown';
    } else {
      expect(status.exitCode, status.stderr).toBe(0);
      expect(['queued', 'running', 'succeeded']).toContain(job.status);
      expect(waited.exitCode, waited.stderr).toBe(0);
      expect(readFileSync(target).equals(film)).toBe(true);
      fate = 'found';
    }
  }
  expect(created()).toBe(before);
  expect(JSON.parse((await runHere(machine, ['store', 'check', '--json'])).stdout).problems).toEqual([]);
  await checkRemains(folder, dir);
  return fate;
}

/** What else lies among the records is known to the sweeps, which take it a day later; beside the video lies nothing. */
async function checkRemains(folder: string, dir: string): Promise<void> {
  const past = new Date(Date.now() - 2 * 86_400_000);
  if (existsSync(folder)) {
    for (const name of readdirSync(folder)) {
      if (/^\.|\.lock/.test(name) && lstatSync(join(folder, name))) utimesSync(join(folder, name), past, past);
    }
    await createJobStore({ dir: folder }).sweep();
    expect(readdirSync(folder).filter((name) => !/^job_\w+\.json$/.test(name))).toEqual([]);
  }
  expect(readdirSync(dir).filter((name) => name !== 'home' && name !== 'out.mp4')).toEqual([]);
}

describe('P2: a process that is killed', { timeout: 120_000 }, () => {
  it.each<[string, Moment, 'unknown' | 'found']>([
    ['while its request is sent', 'head', 'unknown'],
    ['after the host made the job, before it answered', 'created', 'found'],
    ['while it waits', 'poll', 'found'],
    ['in the middle of the download', 'half', 'found'],
  ])('%s loses nothing and pays once', async (_title, moment, fate) => {
    const host = await createVideoHost({ film });
    const life = begin(host, 'A lighthouse.', 'old');
    const run = generate(life);
    host.at(moment, undefined, async () => {
      run.kill('SIGKILL');
      // What is left of the exchange must not happen.
      await run;
      if (moment === 'head') throw new Error('cut');
    });
    expect((await run).signal).toBe('SIGKILL');
    expect(await bury(host, life)).toBe(fate);
  });

  it('at each step of a record or a file loses nothing and pays once', async () => {
    const host = await createVideoHost({ film });
    const hook = join(await tempFolder(), 'hook.mjs');
    writeFileSync(hook, HOOK);
    await inTurns(POINTS, async ([title, point, fate, old]) => {
      const life = begin(host, title, old);
      const run = await generate(life, {
        NODE_OPTIONS: `--import=${pathToFileURL(hook)}`,
        CHAOS_POINT: JSON.stringify(point),
      });
      expect(run.signal, title).toBe('SIGKILL');
      expect(await bury(host, life), title).toBe(fate);
    });
    process.stdout.write(`chaos: ${POINTS.length} steps of a record or a file, 0 paid twice, 0 lost, 0 broken\n`);
  });

  it(`at ${RANDOM_KILLS} random moments loses nothing and pays once`, { timeout: 3_600_000 }, async () => {
    const host = await createVideoHost({ film });
    const startedAt = performance.now();
    expect((await generate(begin(host, 'Unharmed.'), { SORA_FFMPEG: '/none' })).exitCode).toBe(0);
    const lifeMs = performance.now() - startedAt;
    const fates: Record<string, number> = { untold: 0, unknown: 0, found: 0, 'had ended': 0 };
    const lives = Array.from({ length: RANDOM_KILLS }, (_, index) => index);
    await inTurns(lives, async (index) => {
      const life = begin(host, `Lighthouse ${index}.`, index % 2 ? 'old' : undefined);
      // Decoding takes longer than all the rest of a life: a few are enough to be killed there.
      const run = generate(life, index % 5 === 0 ? {} : { SORA_FFMPEG: '/none' });
      // Spread over the life of a process, which is longer while others live.
      const killMs = lifeMs * (0.3 + 1.4 * ((index + Math.random()) / RANDOM_KILLS));
      const timer = setTimeout(() => run.kill('SIGKILL'), killMs);
      const { signal } = await run;
      clearTimeout(timer);
      const fate = await bury(host, life);
      const counted = signal === 'SIGKILL' ? fate : 'had ended';
      fates[counted] = (fates[counted] ?? 0) + 1;
    });
    const prompts = host.videos.map(({ prompt }) => prompt);
    expect(new Set(prompts).size).toBe(prompts.length);
    const kills = RANDOM_KILLS - (fates['had ended'] ?? 0);
    const words = Object.entries(fates).map(([fate, count]) => `${fate} ${count}`);
    process.stdout.write(
      `chaos: ${kills} kills (${words.join(', ')}), ${prompts.length - 1} creates, 0 paid twice, 0 lost, 0 broken\n`,
    );
  });
});
