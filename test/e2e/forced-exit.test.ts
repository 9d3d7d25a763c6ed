/** Presses Ctrl-C twice at every point where something that was paid for could be lost, and looks whether it is named. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Character } from '../../src/shared/character.ts';
import type { Job } from '../../src/shared/job.ts';
import { type Machine, makeMachine } from '../helpers/cli.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { type Ran, runHere } from '../helpers/here.ts';
import { bringJoe } from '../helpers/joe.ts';
import { tempFolder } from '../helpers/temp.ts';
import { createVideoHost, type Moment, type VideoHost } from '../helpers/video-host.ts';

const GENERATE = ['video', 'generate', 'A lighthouse.', '--seconds', '1', '--size', '64x36'];
const SAVE = ['-o', 'out.mp4', '--poll-interval', '100ms'];

/** What the user reads: an error, with its hint in the last line, in each of them. */
const SOUNDS: readonly (readonly string[])[] = [[], ['-q'], ['--json']];

/** One of them, not the same at each point; on request all of them where a record is written. */
const soundsAt = (point: Point, { length }: string): typeof SOUNDS =>
  TEST_ALL && 'step' in point && point.step.file === '.json' ? SOUNDS : SOUNDS.slice(length % 3, (length % 3) + 1);

let film: Buffer;
beforeAll(async () => {
  film = await makeVideo();
});

/** A call of node:fs/promises at which Ctrl-C is pressed, and what the disk does with the call then. */
interface Step {
  readonly call: 'link' | 'rename';
  readonly file: string;
  readonly nth: number;
  readonly when: 'before' | 'after';
  readonly disk?: 'fails' | 'hangs';
  readonly presses?: number;
}

/**
 * Loaded before the program. Whoever presses once presses again in the next turn of the event loop, by a clock on which a
 * second has passed: signals that come at once count as one.
 */
const HOOK = `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const { call, file, nth, when, disk, presses = 2 } = JSON.parse(process.env.FORCED_EXIT);
  const now = performance.now.bind(performance);
  let pressed = 0;
  performance.now = () => now() + pressed * 1000;
  const press = () => process.kill(process.pid, 'SIGINT');
  const all = new Promise((resolve) => {
    process.on('SIGINT', () => {
      pressed += 1;
      setImmediate(() => (pressed < presses ? press() : resolve()));
    });
  });
  const pressAll = async () => {
    // A disk that is busy keeps the process alive; this one is not.
    const busy = setInterval(() => {}, 1000);
    if (pressed === 0) press();
    await all;
    clearInterval(busy);
  };
  if (call) {
    const real = fs[call];
    let seen = 0;
    fs[call] = async (from, to) => {
      const isIt = to.endsWith(file) && ++seen === nth;
      if (isIt && when === 'before') await pressAll();
      if (isIt && disk === 'hangs') await new Promise(() => setInterval(() => {}, 1000));
      if (isIt && disk === 'fails') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      const done = await real(from, to);
      if (isIt && when === 'after') await pressAll();
      return done;
    };
    syncBuiltinESMExports();
  }
`;

type Point = { readonly step: Step } | { readonly moment: Moment };

const record = (nth: number, when: Step['when'], more: Partial<Step> = {}): Point => ({
  step: { call: nth === 0 ? 'link' : 'rename', file: '.json', nth: Math.max(1, nth), when, ...more },
});

/** Runs the command and presses at that point. */
async function press(host: VideoHost, machine: Machine, words: readonly string[], point: Point): Promise<Ran> {
  const hook = join(await tempFolder(), 'hook.mjs');
  writeFileSync(hook, HOOK);
  const run = machine.sora(words, {
    env: {
      NODE_OPTIONS: `--import=${pathToFileURL(hook)}`,
      FORCED_EXIT: JSON.stringify('step' in point ? point.step : {}),
    },
  });
  if ('moment' in point) {
    host.at(point.moment, undefined, async () => {
      run.kill('SIGINT');
      await run;
      if (point.moment === 'head') throw new Error('cut');
    });
  }
  const { exitCode = -1, stdout, stderr } = await run;
  return { exitCode, stdout, stderr };
}

/** The last thing that was said: an error, with how to go on. */
function lastOf({ stderr }: Ran): string {
  const lines = stderr.trim().split('\n');
  const last = lines.at(-1) ?? '';
  if (last.startsWith('{')) {
    const { message, hint = '' } = JSON.parse(last).error;
    return `${message} ${hint}`;
  }
  return lines.slice(lines.findLastIndex((line) => line.startsWith('error:'))).join(' ');
}

/** The words of the command that goes on, as a user would copy it. */
function wayOn(ran: Ran): string[] | undefined {
  return /sora ((?:video|character) [^\n]*?)$/.exec(lastOf(ran))?.[1]?.split(' ');
}

function jobsOf({ home }: Machine): Job[] {
  const names = readdirSync(join(home, 'jobs')).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(home, 'jobs', name), 'utf8')));
}

describe('P2: a second Ctrl-C in a request for a video', { timeout: 120_000 }, () => {
  const begin = async (): Promise<{ host: VideoHost; machine: Machine }> => {
    const host = await createVideoHost({ film, polls: 0 });
    return { host, machine: makeMachine({ OPENAI_BASE_URL: host.baseUrl, OPENAI_API_KEY: 'sk-test-1234567890' }) };
  };

  it.each<[string, Point]>([
    ['before its record has a name', record(0, 'before')],
    ['when its record has a name', record(0, 'after')],
  ])('%s: nothing is sent, and nothing is left open', async (title, point) => {
    for (const sound of soundsAt(point, title)) {
      const { host, machine } = await begin();
      const ran = await press(host, machine, [...GENERATE, ...sound], point);
      expect(ran.exitCode, ran.stderr).toBe(130);
      expect(lastOf(ran)).toContain('Nothing was created.');
      expect(host.counts.size).toBe(0);
      expect(jobsOf(machine)).toMatchObject([{ status: 'failed' }]);
      expect((await runHere(machine, GENERATE)).exitCode).toBe(0);
    }
  });

  it.each<[string, Point, RegExp]>([
    ['while it is sent', { moment: 'head' }, /may exist at 127\.0\.0\.1:\d+/],
    ['when the host has made it', { moment: 'created' }, /may exist at 127\.0\.0\.1:\d+/],
    ['while the answer arrives', { moment: 'answering' }, /may exist at 127\.0\.0\.1:\d+/],
    ['while the answer is written to a slow disk', record(1, 'before'), /running at 127\.0\.0\.1:\d+ as video_1\. /],
    ['when the answer is written', record(1, 'after'), /running at 127\.0\.0\.1:\d+ as video_1\. /],
    [
      'while the disk fails',
      record(1, 'before', { disk: 'fails' }),
      /exists as video_1 at 127\.0\.0\.1:\d+, but that could not/,
    ],
    [
      'and a third one while the disk hangs',
      record(1, 'before', { disk: 'hangs', presses: 3 }),
      /exists as video_1 at 127\.0\.0\.1:\d+, but its record is still being written/,
    ],
  ])('%s: the job is named, and the last line leads to its video', async (title, point, words) => {
    for (const sound of soundsAt(point, title)) {
      const { host, machine } = await begin();
      const ran = await press(host, machine, [...GENERATE, ...sound], point);
      const made = host.videos.length;
      expect(ran.exitCode, ran.stderr).toBe(130);
      expect(lastOf(ran)).toMatch(words);
      const [job] = jobsOf(machine);
      expect(lastOf(ran)).toContain(job?.id);
      const next = await runHere(machine, wayOn(ran) ?? []);
      expect(next.exitCode, `${lastOf(ran)}\n${next.stderr}`).toBe(0);
      const wait = await runHere(machine, ['video', 'wait', job?.id ?? '', ...SAVE, '--force']);
      expect(wait.exitCode, wait.stderr).toBe(made === 0 ? 7 : 0);
      expect(host.videos).toHaveLength(made);
    }
  });

  it.each<[string, Point]>([
    ['while the host is asked', { moment: 'poll' }],
    ['in the middle of the download', { moment: 'half' }],
    ['before the video has its name', { step: { call: 'link', file: 'out.mp4', nth: 1, when: 'before' } }],
  ])('and its wait, %s: the last line leads to its video', async (title, point) => {
    for (const sound of soundsAt(point, title)) {
      const { host, machine } = await begin();
      const ran = await press(host, machine, [...GENERATE, ...SAVE, ...sound], point);
      expect([8, 130], ran.stderr).toContain(ran.exitCode);
      expect(lastOf(ran)).toContain(jobsOf(machine)[0]?.id);
      expect(wayOn(ran)?.slice(0, 2)).toEqual(['video', 'wait']);
      const next = await runHere(machine, wayOn(ran) ?? []);
      expect(next.exitCode, `${lastOf(ran)}\n${next.stderr}`).toBe(0);
      expect(host.videos).toHaveLength(1);
    }
  });

  it('of several names those that were sent before as well', async () => {
    const { host, machine } = await begin();
    const ran = await press(host, machine, [...GENERATE, '--count', '2', '-q'], record(2, 'before'));
    expect(ran.exitCode, ran.stderr).toBe(130);
    for (const { id, remoteId } of jobsOf(machine)) {
      expect(ran.stderr).toContain(`sora video wait ${id}`);
      expect(ran.stderr).toContain(remoteId);
    }
    expect(host.videos).toHaveLength(2);
  });

  it('that is made from another one names that as well', async () => {
    const { host, machine } = await begin();
    expect((await runHere(machine, [...GENERATE, ...SAVE])).exitCode).toBe(0);
    const ran = await press(host, machine, ['video', 'remix', '@last', 'At night.', '-q'], record(1, 'before'));
    const job = jobsOf(machine).find(({ request }) => request.from);
    expect(job).toMatchObject({ remoteId: 'video_2' });
    expect(lastOf(ran)).toMatch(/at 127\.0\.0\.1:\d+ as video_2\. .* sora video wait job_\w+$/);
  });

  it('that is deleted at the host says what was asked, and where to see how it stands', async () => {
    const { host, machine } = await begin();
    expect((await runHere(machine, [...GENERATE, ...SAVE])).exitCode).toBe(0);
    const ran = await press(host, machine, ['video', 'delete', '@last', '--yes'], { moment: 'created' });
    expect([8, 130], ran.stderr).toContain(ran.exitCode);
    expect(lastOf(ran)).toMatch(/was asked to delete its video.* sora video status job_\w+$/);
  });
});

describe('P2: a second Ctrl-C in a request for a character', { timeout: 120_000 }, () => {
  const SYNC = ['character', 'sync', 'Joe'];
  const joeOf = ({ home }: Machine): Character => {
    const [name = ''] = readdirSync(join(home, 'characters')).filter((file) => /^[^.].*\.json$/.test(file));
    return JSON.parse(readFileSync(join(home, 'characters', name), 'utf8'));
  };
  const begin = async (): Promise<{ host: VideoHost; machine: Machine }> => {
    const host = await createVideoHost({ film });
    const machine = makeMachine({ OPENAI_BASE_URL: host.baseUrl, OPENAI_API_KEY: 'sk-test-1234567890' });
    await bringJoe(machine.home);
    return { host, machine };
  };

  it.each<[string, Point, RegExp]>([
    ['before that is written', record(1, 'before'), /Nothing was created|may be known to 127\.0\.0\.1:\d+/],
    ['when that is written', record(1, 'after'), /Nothing was created|may be known to 127\.0\.0\.1:\d+/],
    ['while it is sent', { moment: 'head' }, /may be known to 127\.0\.0\.1:\d+/],
    ['when the host has made it', { moment: 'created' }, /may be known to 127\.0\.0\.1:\d+/],
    ['while the answer arrives', { moment: 'answering' }, /may be known to 127\.0\.0\.1:\d+/],
    [
      'while the answer is written to a slow disk',
      record(2, 'before'),
      /is registered with 127\.0\.0\.1:\d+ as char_1\. /,
    ],
    ['when the answer is written', record(2, 'after'), /is registered with 127\.0\.0\.1:\d+ as char_1\. /],
    ['while the disk fails', record(2, 'before', { disk: 'fails' }), /as char_1, but that could not be written down/],
    [
      'and a third one while the disk hangs',
      record(2, 'before', { disk: 'hangs', presses: 3 }),
      /as char_1, but its record is still being written/,
    ],
  ])('%s: it is named, and what was made is not made again', async (title, point, words) => {
    for (const sound of soundsAt(point, title)) {
      const { host, machine } = await begin();
      const ran = await press(host, machine, [...SYNC, ...sound], point);
      expect(ran.exitCode, ran.stderr).toBe(130);
      expect(lastOf(ran)).toMatch(words);
      const count = host.characters.length;
      const [registered] = joeOf(machine).registrations;
      // Who is told an id that was not written down takes it over; else nothing is sent again until the user says so.
      const isNamed = lastOf(ran).includes('char_1');
      if (isNamed && !registered) {
        const adopted = await runHere(machine, wayOn(ran) ?? []);
        expect(adopted.exitCode, `${lastOf(ran)}\n${adopted.stderr}`).toBe(0);
      }
      if (isNamed) expect(joeOf(machine).registrations).toMatchObject([{ value: 'char_1' }]);
      if (count === 0) continue;
      const next = await runHere(machine, SYNC);
      expect(next.exitCode, next.stderr).toBe(isNamed ? 0 : 7);
      expect(host.characters).toHaveLength(count);
    }
  });
});
