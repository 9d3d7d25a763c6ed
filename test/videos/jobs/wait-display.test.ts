import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Remote } from '../../../src/shared/job.ts';
import type { Task } from '../../../src/shared/reporter.ts';
import { createWaitDisplay, type DisplayOptions } from '../../../src/videos/jobs/wait-display.ts';
import { addJob, VIDEO_SIZE, withHost } from '../../helpers/far-end.ts';
import { START } from '../../helpers/runtime.ts';
import { asRemote, type JobFields } from '../../helpers/samples.ts';

type Said = { text: string; fraction: number | undefined };

interface Screen {
  readonly context: Context;
  /** What the moving lines say at the moment, in the order in which they began. */
  lines(): Said[];
  /** What stays. */
  readonly kept: string[];
}

/** A context whose tasks move, and what is on its screen. */
function onTerminal(context: Context): Screen {
  const moving = new Set<{ text: string | (() => string); fraction: number | undefined }>();
  const kept: string[] = [];
  const task: Context['ui']['task'] = async (text) => {
    const line = { text: text as string | (() => string), fraction: undefined as number | undefined };
    moving.add(line);
    const update: Task['update'] = (next, fraction) => {
      Object.assign(line, { text: next, fraction });
    };
    const end = (last?: string): void => {
      moving.delete(line);
      if (last !== undefined) kept.push(last);
    };
    return { update, done: end, fail: end, stop: () => end() };
  };
  const note = (text: string): void => void kept.push(text);
  const reporter = { ...context.reporter, task, note };
  const lines = (): Said[] =>
    [...moving].map(({ text, fraction }) => ({ text: typeof text === 'string' ? text : text(), fraction }));
  return { context: { ...context, reporter }, lines, kept };
}

const LIVE: DisplayOptions = { live: true, saves: true };
const STILL: DisplayOptions = { live: false, saves: true };

/** Jobs that began now, and as many finished ones as are wanted, which took two minutes and more. */
async function setUp({ finished = 0, jobs = [{}] }: { finished?: number; jobs?: readonly JobFields[] } = {}) {
  const test = await withHost();
  for (let index = 0; index < finished; index++) {
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    const finishedAt = new Date(Date.parse(job.createdAt) + (120 + 60 * index) * 1000).toISOString();
    await (await test.context.jobs()).update(job.id, (current) => ({ ...current, finishedAt }));
  }
  const createdAt = new Date(START).toISOString();
  const made: Remote[] = [];
  for (const fields of jobs) {
    made.push(asRemote(await addJob(test, { baseUrl: test.baseUrl, status: 'running', createdAt, ...fields })));
  }
  const screen = onTerminal(test.context);
  const [job] = made;
  if (!job) throw new Error('there is no job');
  const begin = (options: DisplayOptions) => createWaitDisplay(screen.context, made, options);
  return { test, job, jobs: made, screen, begin };
}

const saying = (prompt: string): JobFields => ({
  request: { prompt, model: 'sora-2', seconds: 1, size: VIDEO_SIZE, characters: [] },
});

describe('the line of a wait on a terminal', () => {
  it('says how long it has been and how long it will be, while time goes by', async () => {
    const { test, job, screen, begin } = await setUp({ finished: 3, jobs: [{ characters: ['Joe'] }] });
    const line = await begin(LIVE).begin(job);
    line.update({ ...job, progress: 45 });
    test.clock.ms += 80_000;
    const text = 'Joe: running, 45% after 1 min 20 s, less than 3 min left';
    expect(screen.lines()).toEqual([{ text, fraction: 0.45 }]);
    test.clock.ms += 60_000;
    expect(screen.lines()[0]?.text).toBe('Joe: running, 45% after 2 min 20 s, less than 2 min left');
    test.clock.ms += 600_000;
    expect(screen.lines()[0]?.text).toBe('Joe: running, 45% after 12 min 20 s, longer than usual');
  });

  it('P3: never ends in what the host says: made is not saved, and what is made has no bar', async () => {
    const { job, screen, begin } = await setUp({ jobs: [{ characters: ['Joe'] }] });
    const line = await begin({ ...LIVE, file: 'sea.mp4' }).begin(job);
    line.update({ ...job, status: 'succeeded', progress: 100 });
    expect(screen.lines()).toEqual([{ text: 'sea.mp4 · Joe: made, downloading', fraction: undefined }]);
    line.task.update('downloading 1 MB of 2 MB', 0.5);
    expect(screen.lines()).toEqual([{ text: 'sea.mp4 · Joe: made, downloading 1 MB of 2 MB', fraction: undefined }]);
    line.task.done('saved sea.mp4 (2 MB)');
    expect([screen.lines(), screen.kept]).toEqual([[], ['saved sea.mp4 (2 MB)']]);
  });

  it('says of what is only watched whether it is here', async () => {
    const { job, screen, begin } = await setUp();
    const line = await begin({ live: true, saves: false }).begin(job);
    line.update({ ...job, status: 'succeeded' });
    expect(screen.lines()[0]?.text).toBe('“Joe waves.”: made, not downloaded');
    line.update({ ...job, status: 'succeeded', output: { path: '/v.mp4' } });
    expect(screen.lines()[0]?.text).toBe('“Joe waves.”: made, saved');
  });

  it('says nothing of what is left where too few jobs are known, and shows no bar without a progress', async () => {
    const { test, job, screen, begin } = await setUp({ finished: 2 });
    await begin(LIVE).begin(job);
    test.clock.ms += 5000;
    expect(screen.lines()).toEqual([{ text: '“Joe waves.”: running after 5 s', fraction: undefined }]);
  });

  it('does without what it cannot read', async () => {
    const { job, screen } = await setUp();
    const jobs = await screen.context.jobs();
    const list = async () => {
      throw new SoraError('machine', 'The disk is gone.');
    };
    const context = { ...screen.context, jobs: async () => ({ ...jobs, list }) };
    await createWaitDisplay(context, [job], LIVE).begin(job);
    expect(screen.lines()[0]?.text).toBe('“Joe waves.”: running');
  });
});

describe('the lines of several waits on a terminal', () => {
  const TWO = [
    { characters: ['Joe'], cost: { estimateUsd: 0.4 } },
    { characters: ['Mia'], cost: { estimateUsd: 0.8 } },
  ];

  it('stand below one for all of them, which ends with the last', async () => {
    const { jobs, screen, begin } = await setUp({ finished: 3, jobs: TWO });
    const [joe, mia] = jobs as [Remote, Remote];
    const display = begin(LIVE);
    const lines = await Promise.all(jobs.map((job) => display.begin(job)));
    expect(screen.lines().map(({ text }) => text)).toEqual([
      '0 of 2 · 2 running · $1.20 · 2-4 min',
      'Joe: running, 2 to 4 min left',
      'Mia: running, 2 to 4 min left',
    ]);
    lines[0]?.task.done('saved a.mp4 (1 MB)');
    display.ended?.({ ...joe, status: 'succeeded' });
    expect(screen.lines()[0]?.text).toBe('1 of 2 · 1 running · $1.20 · 2-4 min');
    lines[1]?.task.fail('failed');
    display.ended?.({ ...mia, status: 'failed' }, new SoraError('refused', 'No.'));
    await Promise.resolve();
    expect(screen.lines()).toEqual([]);
    expect(screen.kept).toEqual(['Joe: saved a.mp4 (1 MB)', 'Mia: failed']);
  });

  it('count what is on its way from its host as that', async () => {
    const { jobs, screen, begin } = await setUp({ jobs: TWO });
    const display = begin(LIVE);
    const [line] = await Promise.all(jobs.map((job) => display.begin(job)));
    const [joe] = jobs as [Remote, Remote];
    line?.update({ ...joe, status: 'succeeded' });
    expect(screen.lines()[0]?.text).toBe('0 of 2 · 1 running · 1 downloading · $1.20');
  });

  it('count what nobody knows, and what was given up as still running', async () => {
    const { jobs, screen, begin } = await setUp({ jobs: [...TWO, {}] });
    const [joe, mia, last] = jobs as [Remote, Remote, Remote];
    const display = begin(LIVE);
    await display.begin(last);
    display.ended?.(joe, new SoraError('ambiguous', 'Maybe.'));
    display.ended?.(mia, new SoraError('pending', 'Later.'));
    expect(screen.lines()[0]?.text).toBe('0 of 3 · 2 running · 1 unknown · $1.20');
  });

  it('read the jobs of this machine once', async () => {
    const { jobs: made, screen } = await setUp({ finished: 3, jobs: TWO });
    let lists = 0;
    const jobs = await screen.context.jobs();
    const list = () => {
      lists += 1;
      return jobs.list();
    };
    const display = createWaitDisplay({ ...screen.context, jobs: async () => ({ ...jobs, list }) }, made, LIVE);
    await Promise.all(made.map((job) => display.begin(job)));
    expect(screen.lines()).toHaveLength(3);
    expect(lists).toBe(1);
  });
});

describe('the lines of waits without a terminal', () => {
  it('are of one job: one for a new status, for each tenth, and after half a minute', async () => {
    const { test, job, screen, begin } = await setUp({ jobs: [{ status: 'queued', characters: ['Joe'] }] });
    const line = await begin(STILL).begin(job);
    const at = (seconds: number, next: Partial<Remote>): void => {
      test.clock.ms = START + seconds * 1000;
      line.update({ ...job, ...next });
    };
    at(5, { status: 'queued' });
    at(10, { status: 'running', progress: 1 });
    for (let progress = 2; progress <= 30; progress++) at(10, { status: 'running', progress });
    at(39, { status: 'running', progress: 30 });
    at(40, { status: 'running', progress: 30 });
    at(41, { status: 'succeeded', progress: 100 });
    line.task.update('downloading 1 MB');
    test.clock.ms += 30_000;
    line.task.update('downloading 2 MB');
    line.task.done('saved job.mp4 (2 MB)');
    expect(screen.kept).toEqual([
      'Joe: queued',
      'Joe: running, 1% after 10 s',
      'Joe: running, 11% after 10 s',
      'Joe: running, 21% after 10 s',
      'Joe: running, 30% after 40 s',
      'Joe: made, downloading',
      'Joe: made, downloading 2 MB',
      'Joe: saved job.mp4 (2 MB)',
    ]);
    expect(screen.lines()).toEqual([]);
  });

  it('are of several one for a new status, and one of all for each tenth and after half a minute', async () => {
    const fields = { status: 'queued' } as const;
    const { test, jobs, screen, begin } = await setUp({
      jobs: ['a', 'b'].map((scene) => ({ ...fields, characters: [scene] })),
    });
    const [a, b] = jobs as [Remote, Remote];
    const display = begin(STILL);
    const [first, second] = [await display.begin(a), await display.begin(b)];
    for (let progress = 0; progress < 60; progress++) {
      test.clock.ms += 1000;
      first.update({ ...a, status: 'running', progress });
      second.update(b);
    }
    first.task.done('saved a.mp4 (1 MB)');
    display.ended?.({ ...a, status: 'succeeded' });
    second.task.fail('failed');
    display.ended?.(b, new SoraError('refused', 'No.'));
    expect(screen.kept).toEqual([
      '0 of 2 · 2 running',
      'a: running, 0% after 1 s',
      'a: saved a.mp4 (1 MB)',
      '1 of 2 · 1 running',
      'b: failed',
    ]);
  });
});

describe('what a job is called', () => {
  it.each<[string, readonly JobFields[], readonly string[], string?]>([
    ['its file and its characters', [{ characters: ['Joe', 'Mia'] }], ['sea.mp4 · Joe, Mia'], 'sea.mp4'],
    ['its line of a batch', [{ take: { file: '/b.csv', scene: 'rain', n: 1, path: 'rain.mp4' } }], ['rain']],
    [
      'its prompt, where it has no characters',
      [saying('A rainy night in a town by the sea.')],
      ['“A rainy night in a town by the …”'],
    ],
    [
      'its prompt besides, where the characters are those of another',
      [
        { characters: ['Joe'], ...saying('Joe waves.') },
        { characters: ['Joe'], ...saying('Joe runs.') },
        { characters: ['Mia'], ...saying('Mia runs.') },
      ],
      ['Joe “Joe waves.”', 'Joe “Joe runs.”', 'Mia'],
    ],
  ])('is %s', async (_, fields, expected, file) => {
    const { jobs, begin } = await setUp({ jobs: fields });
    const display = begin({ ...LIVE, file });
    expect(await Promise.all(jobs.map((job) => display.nameOf(job)))).toEqual(expected);
  });

  it('has no id beside the file that is called by it', async () => {
    const { jobs, screen, begin } = await setUp({ jobs: [{ characters: ['Joe'] }, { characters: ['Joe'] }] });
    const display = begin(LIVE);
    for (const job of jobs) (await display.begin(job)).task.done(`saved ${job.id}.mp4 (1 MB)`);
    expect(screen.kept).toEqual(jobs.map(({ id }) => `Joe: saved ${id}.mp4 (1 MB)`));
  });

  it('is its id only where nothing else tells two apart', async () => {
    const { jobs, begin } = await setUp({ jobs: [{ characters: ['Joe'] }, { characters: ['Joe'] }] });
    const names = await Promise.all(jobs.map((job) => begin(LIVE).nameOf(job)));
    // Of two made in one moment as much as tells them apart.
    for (const [index, name] of names.entries()) expect(`Joe ${jobs[index]?.id}`.startsWith(name)).toBe(true);
    expect(names.every((name) => name.length >= 'Joe '.length + 11)).toBe(true);
  });
});
