import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/shared/job.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { estimateTimeLeft } from '../../../src/videos/jobs/time-left.ts';
import { type JobFields, sampleJob } from '../../helpers/samples.ts';

const START = Date.parse('2026-11-21T10:00:00Z');
const SIZE = { width: 1280, height: 720 };

type Facts = JobFields & { seconds?: number; size?: Job['request']['size'] };

let made = 0;

/** A job that took so many seconds; one that is not finished without. */
function job(took: number | undefined, { seconds = 4, size = SIZE, ...fields }: Facts = {}): Job {
  made += 1;
  const created = START - 86_400_000 + made * 1000;
  return sampleJob(
    newJobId(created, () => 0.5),
    {
      status: took === undefined ? 'running' : 'succeeded',
      model: 'sora-2',
      request: { prompt: 'Joe waves.', model: 'sora-2', seconds, size, characters: [] },
      createdAt: new Date(created).toISOString(),
      ...(took !== undefined && { finishedAt: new Date(created + took * 1000).toISOString() }),
      ...fields,
    },
  );
}

const now = (facts?: Facts): Job => ({ ...job(undefined, facts), createdAt: new Date(START).toISOString() });
const left = (earlier: readonly Job[], elapsed: number, facts?: Facts) =>
  estimateTimeLeft(earlier, now(facts), START + elapsed * 1000);

describe('the time left', () => {
  const earlier = [job(120), job(240), job(180)];

  it.each([
    [0, { low: 120, high: 240 }],
    [60, { low: 60, high: 180 }],
    [200, { low: 0, high: 40 }],
    [240, { low: 0, high: 0 }],
    [241, 'longer than usual'],
  ])('of a job whose likes took 2 to 4 min is, after %i s, %j', (elapsed, expected) => {
    expect(left(earlier, elapsed)).toEqual(expected);
  });

  it.each<[string, readonly Job[]]>([
    ['nothing', []],
    ['two finished jobs', [job(120), job(240)]],
    ['jobs that failed', [120, 180, 240].map((took) => job(took, { status: 'failed' }))],
    ['jobs whose end nobody saw', [1, 2, 3].map(() => job(undefined, { status: 'succeeded' }))],
    ['jobs of another model', [120, 180, 240].map((took) => job(took, { model: 'sora-2-pro' }))],
    ['jobs of another provider', [120, 180, 240].map((took) => job(took, { provider: 'sandbox' }))],
    ['jobs of another host', [120, 180, 240].map((took) => job(took, { baseUrl: 'https://other.example.com/v1' }))],
    ['jobs that ended before they began', [-1, -1, 0].map((took) => job(took))],
  ])('is not known from %s', (_title, jobs) => {
    expect(left(jobs, 10)).toBeUndefined();
  });

  it('is not known while the clock stands before the job', () => {
    expect(left(earlier, -5)).toBeUndefined();
  });

  it('is that of equal size and length where three such jobs are known, else of a wider group', () => {
    const [long, short] = [
      [600, 610, 620].map((took) => job(took, { seconds: 12 })),
      [60, 61, 62].map((took) => job(took)),
    ] as const;
    const turned = [90, 91, 92].map((took) => job(took, { size: { width: 720, height: 1280 } }));
    const all = [...long, ...short, ...turned];
    expect(left(all, 0)).toEqual({ low: 60, high: 62 });
    expect(left([...long, ...turned], 0)).toEqual({ low: 90, high: 92 });
    expect(left(all, 0, { seconds: 12, size: { width: 720, height: 1280 } })).toEqual({ low: 600, high: 620 });
    expect(left([...long, ...turned], 0, { seconds: 8 })).toEqual({ low: 90, high: 620 });
  });

  it('leaves out the fastest and the slowest tenth', () => {
    expect(
      left(
        [1, 100, 101, 102, 103, 104, 105, 106, 107, 9999].map((took) => job(took)),
        0,
      ),
    ).toEqual({
      low: 100,
      high: 107,
    });
  });

  it('follows a host that has become slower', () => {
    const fast = Array.from({ length: 30 }, () => job(10));
    const slow = Array.from({ length: 30 }, () => job(100));
    for (const jobs of [
      [...slow, ...fast],
      [...fast, ...slow],
    ]) {
      expect(left(jobs, 0)).toEqual({ low: 100, high: 100 });
    }
  });
});
