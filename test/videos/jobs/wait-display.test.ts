import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Job } from '../../../src/shared/job.ts';
import type { Task } from '../../../src/shared/reporter.ts';
import { liveLine, plainLine } from '../../../src/videos/jobs/wait-display.ts';
import { addJob, withHost } from '../../helpers/far-end.ts';
import { START } from '../../helpers/runtime.ts';
import { asRemote } from '../../helpers/samples.ts';

type Said = { text: string; fraction: number | undefined };

/** A context whose tasks move, and what its lines say at the moment. */
function onTerminal(context: Context): { context: Context; lines: (() => Said)[] } {
  const lines: (() => Said)[] = [];
  const task: Context['ui']['task'] = async (text) => {
    let now: { text: string | (() => string); fraction: number | undefined } = { text, fraction: undefined };
    lines.push(() => ({ ...now, text: typeof now.text === 'string' ? now.text : now.text() }));
    const update: Task['update'] = (next, fraction) => {
      now = { text: next, fraction };
    };
    return { update, done() {}, fail() {}, stop() {} };
  };
  return { context: { ...context, reporter: { ...context.reporter, task } }, lines };
}

async function setUp(finished: number) {
  const test = await withHost();
  for (let index = 0; index < finished; index++) {
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded' });
    const finishedAt = new Date(Date.parse(job.createdAt) + (120 + 60 * index) * 1000).toISOString();
    await (await test.context.jobs()).update(job.id, (current) => ({ ...current, finishedAt }));
  }
  const createdAt = new Date(START).toISOString();
  const job = asRemote(await addJob(test, { baseUrl: test.baseUrl, status: 'running', createdAt }));
  return { test, job, ...onTerminal(test.context) };
}

describe('the line of a wait', () => {
  it('says how long it has been and how long it will be, while time goes by', async () => {
    const { test, job, context, lines } = await setUp(3);
    const line = await liveLine(context)(job, 'plain');
    line.update({ ...job, progress: 45 }, 'plain');
    test.clock.ms += 80_000;
    const text = `${job.id} running, 45% after 1 min 20 s, less than 3 min left`;
    expect(lines[0]?.()).toEqual({ text, fraction: 0.45 });
    test.clock.ms += 60_000;
    expect(lines[0]?.().text).toBe(`${job.id} running, 45% after 2 min 20 s, less than 2 min left`);
    test.clock.ms += 600_000;
    expect(lines[0]?.().text).toBe(`${job.id} running, 45% after 12 min 20 s, longer than usual`);
  });

  it('says no time once the job is over', async () => {
    const { job, context, lines } = await setUp(3);
    const line = await liveLine(context)(job, 'plain');
    line.update({ ...job, status: 'succeeded', progress: 100 }, 'plain');
    expect(lines[0]?.()).toEqual({ text: `${job.id} succeeded`, fraction: 1 });
  });

  it('says nothing of what is left where too few jobs are known, and shows no bar without a progress', async () => {
    const { test, job, context, lines } = await setUp(2);
    await liveLine(context)(job, 'plain');
    test.clock.ms += 5000;
    expect(lines[0]?.()).toEqual({ text: `${job.id} running after 5 s`, fraction: undefined });
  });

  it('reads the jobs of this machine once for all lines', async () => {
    const { job, context, lines } = await setUp(3);
    let lists = 0;
    const list = () => {
      lists += 1;
      return jobs.list();
    };
    const jobs = await context.jobs();
    const begin = liveLine({ ...context, jobs: async () => ({ ...jobs, list }) });
    const other: Job = { ...job, id: 'job_other' };
    await Promise.all([begin(job, 'plain'), begin(other, 'plain')]);
    expect(lines.map((line) => line().text)).toEqual([
      `${job.id} running after 0 s, 2 to 4 min left`,
      'job_other running after 0 s, 2 to 4 min left',
    ]);
    expect(lists).toBe(1);
  });

  it('does without what it cannot read', async () => {
    const { job, context, lines } = await setUp(0);
    const jobs = await context.jobs();
    const list = async () => {
      throw new SoraError('machine', 'The disk is gone.');
    };
    await liveLine({ ...context, jobs: async () => ({ ...jobs, list }) })(job, 'plain');
    expect(lines[0]?.().text).toBe(`${job.id} running after 0 s`);
  });

  it('is what it is told where lines do not move', async () => {
    const { job, context, lines } = await setUp(3);
    const line = await plainLine(context.reporter)(job, 'plain');
    expect(lines[0]?.().text).toBe('plain');
    line.update({ ...job, progress: 45 }, 'job is running (5 s)');
    expect(lines[0]?.()).toEqual({ text: 'job is running (5 s)', fraction: 0.45 });
  });
});
