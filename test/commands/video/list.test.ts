import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { type ListFlags, runVideoList } from '../../../src/commands/video/status.ts';
import { addJob, withHost } from '../../helpers/far-end.ts';
import { START } from '../../helpers/runtime.ts';
import { type JobFields, writeUnusable } from '../../helpers/samples.ts';

const ALL: ListFlags = { tag: [], notDownloaded: false };

describe('video list', () => {
  it('shows what is recorded, newest first, and asks nobody', async () => {
    const test = await withHost();
    const first = await addJob(test, { baseUrl: test.baseUrl, characters: ['Joe', 'Mia'] });
    const second = await addJob(test, { baseUrl: test.baseUrl, status: 'running', progress: 45 });
    expect(await runVideoList(test.context, ALL)).toBeUndefined();
    const [head, ...rows] = test.stdout.text().trimEnd().split('\n');
    expect(head).toMatch(/^JOB +STATUS +VIDEO +CAST +COST +CREATED +PROMPT$/);
    expect(rows[0]).toMatch(new RegExp(`^${second.id} +running, 45% +64x36 1 s +- `));
    expect(rows[1]).toMatch(new RegExp(`^${first.id} +queued +64x36 1 s +Joe, Mia `));
  });

  it('has short ids and room for the prompt on a terminal of 80 columns', async () => {
    const test = await withHost({}, { tty: ['stdout'], columns: 80 });
    const request = { prompt: 'Joe waves at the sea, where gulls fly.', model: 'sora-2', seconds: 12 };
    const job = await addJob(test, {
      ...{ baseUrl: test.baseUrl, status: 'running', progress: 45, characters: ['Joe'] },
      request: { ...request, size: { width: 1280, height: 720 }, characters: [] },
    });
    expect(await runCli(['video', 'list'], test.runtime)).toBe(0);
    const row = test.stdout.text().split('\n')[1] ?? '';
    const [short = ''] = row.split(' ');
    expect(job.id.startsWith(short) && short.length).toBe(11);
    expect(row).toMatch(/ Joe waves(?: at)?…$/);
    expect(row.length).toBeLessThanOrEqual(80);
    expect(await runCli(['video', 'show', short, '-q'], test.runtime)).toBe(0);
    expect(test.stdout.text()).toContain(`\n${job.id}\n`);
  });

  it('shows what each job costs, and sums what it shows', async () => {
    const test = await withHost();
    const stand = { asOf: '2026-09-24', source: 'a page' };
    const saved = { status: 'succeeded', outputPath: '/v.mp4' } as const;
    const { baseUrl } = test;
    await addJob(test, { baseUrl });
    await addJob(test, { baseUrl, ...saved, cost: { estimateUsd: 0.4, ...stand } });
    await addJob(test, { baseUrl, ...saved, cost: { estimateUsd: 0.8, ...stand, actualUsd: 0.7 } });
    await runVideoList(test.context, ALL);
    const rows = test.stdout.text().trimEnd().split('\n').slice(1);
    expect(rows.map((row) => / (\S+) +2026-/.exec(row)?.[1])).toEqual(['$0.70', '~$0.40', 'unknown']);
    expect(test.stderr.text()).toBe('Estimated: $0.40; reported by hosts: $0.70; unknown: 1 job\n');
    const done = await test.again();
    await runVideoList(done.context, { ...ALL, status: 'succeeded' });
    expect(done.stderr.text()).toBe('Estimated: $0.40; reported by hosts: $0.70\n');
  });

  it('keeps to one status, and warns of records that cannot be read', async () => {
    const test = await withHost({ quiet: true });
    const failed = await addJob(test, { baseUrl: test.baseUrl, status: 'failed' });
    await addJob(test, { baseUrl: test.baseUrl });
    const torn = join(test.context.paths().jobs, 'job_000000000torn00.json');
    await writeFile(torn, '{"version":');
    const unusable = await writeUnusable(test.context.paths().jobs, 'job_000000000lost00', { status: 'running' });
    await runVideoList(test.context, { ...ALL, status: 'failed' });
    expect(test.stdout.text()).toBe(`${failed.id}\n`);
    expect(test.stderr.text()).toContain(`Skipped ${torn}`);
    expect(test.stderr.text()).toContain(`Skipped ${unusable}: its status is running, but it has no remoteId`);
  });
});

describe('video list with --provider', () => {
  it('keeps to the jobs of that host, and refuses what is none', async () => {
    const test = await withHost({ quiet: true });
    const { id } = await addJob(test, { baseUrl: test.baseUrl, provider: 'fal' });
    await addJob(test, { baseUrl: test.baseUrl });
    const fal = await test.again({ provider: 'fal' });
    await runVideoList(fal.context, ALL);
    expect(fal.stdout.text()).toBe(`${id}\n`);
    const { context } = await test.again({ provider: 'fa' });
    await expect(runVideoList(context, ALL)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('fal'),
    });
  });
});

describe('what of video list is shown', () => {
  const DAY = 86_400_000;
  const at = (ms: number): string => new Date(START - ms).toISOString();
  const JOBS: Readonly<Record<string, JobFields>> = {
    old: { status: 'succeeded', tags: ['nightly'], createdAt: at(9 * DAY) },
    saved: { status: 'succeeded', tags: ['nightly', 'joe'], createdAt: at(DAY), outputPath: '/v.mp4' },
    deleted: { status: 'succeeded', createdAt: at(DAY), remoteDeleted: true },
    made: { status: 'succeeded', tags: ['joe'], createdAt: at(DAY) },
    going: { status: 'running', tags: ['nightly'], createdAt: at(1000) },
  };

  it.each<[string, string[]]>([
    ['', ['going', 'made', 'deleted', 'saved', 'old']],
    ['--limit 2', ['going', 'made']],
    ['--since 7d', ['going', 'made', 'deleted', 'saved']],
    ['--tag nightly', ['going', 'saved', 'old']],
    ['--tag nightly --tag joe', ['going', 'made', 'saved', 'old']],
    ['--not-downloaded', ['made', 'old']],
    ['--status succeeded --tag nightly --limit 1', ['saved']],
    ['--since 7d --tag joe --not-downloaded', ['made']],
    ['--tag nobody', []],
  ])('with %j are these, with --json too', async (flags, expected) => {
    const test = await withHost();
    const names = new Map<string, string>();
    for (const [name, fields] of Object.entries(JOBS)) {
      names.set((await addJob(test, { baseUrl: test.baseUrl, ...fields })).id, name);
    }
    const words = flags.split(' ').filter(Boolean);
    expect(await runCli(['video', 'list', '-q', ...words], test.runtime)).toBe(0);
    const ids = test.stdout.text().split('\n').filter(Boolean);
    expect(ids.map((id) => names.get(id))).toEqual(expected);
    const json = await test.again();
    expect(await runCli(['video', 'list', '--json', ...words], json.runtime)).toBe(0);
    const documents = JSON.parse(json.stdout.text()) as readonly { id: string; request: object }[];
    expect(documents.map(({ id }) => names.get(id))).toEqual(expected);
  });

  it.each([['--limit', '2'], ['--since', '7d'], ['--tag', 'nightly'], ['--not-downloaded']])(
    'is not known of a host’s own list: %s',
    async (...words) => {
      const test = await withHost();
      expect(await runCli(['video', 'list', '--remote', ...words], test.runtime)).toBe(2);
      expect(test.stderr.text()).toContain(`${words[0]} and --remote cannot be used together.`);
      expect(test.server.seen).toEqual([]);
    },
  );
});

describe('finished videos that are not here', () => {
  const HOUR = 3_600_000;
  const ends = (ms: number): JobFields => ({ status: 'succeeded', expiresAt: new Date(START + ms).toISOString() });

  it('are told by video list and by video status, with the time that is left and the command that fetches them', async () => {
    const test = await withHost({}, { env: { NO_COLOR: '1' } });
    const { baseUrl } = test;
    await addJob(test, { baseUrl, ...ends(-HOUR) });
    await addJob(test, { baseUrl, ...ends(3 * HOUR) });
    await addJob(test, { baseUrl, status: 'succeeded' });
    await addJob(test, { baseUrl, status: 'succeeded', outputPath: '/v.mp4' });
    await runVideoList(test.context, ALL);
    const shown = test.stdout.text().split('\n').slice(1, 5);
    expect(shown.map((row) => / {2}(succeeded|made, .*?) {2}/.exec(row)?.[1])).toEqual([
      'succeeded',
      'made, not here',
      'made, 3 h left',
      'made, expired',
    ]);
    const NOTE =
      '2 finished videos are not downloaded; the first expires in 3 h. Download them, and wait for the rest: sora video wait --all\n';
    expect(test.stderr.text()).toContain(NOTE);
    const status = await test.again();
    expect(await runCli(['video', 'status'], status.runtime)).toBe(0);
    expect(status.stdout.text()).toBe('No job is unfinished.\n');
    expect(status.stderr.text()).toBe(NOTE);
  });

  it('name the one command for the one that is left, and nothing where every video is here', async () => {
    const test = await withHost();
    await addJob(test, { baseUrl: test.baseUrl, status: 'succeeded', outputPath: '/v.mp4' });
    await runVideoList(test.context, ALL);
    expect(test.stderr.text()).not.toContain('not downloaded');
    const { id } = await addJob(test, { baseUrl: test.baseUrl, ...ends(90_000) });
    await runVideoList(test.context, ALL);
    expect(test.stderr.text()).toContain(
      `1 finished video is not downloaded; it expires in 2 min. Download it: sora video download ${id}\n`,
    );
  });
});

describe('the table of jobs', () => {
  it('fits 80 columns when every column is as wide as it gets, and shows how far a job is', async () => {
    const test = await withHost({}, { tty: ['stdout'], columns: 80, env: { NO_COLOR: '1' } });
    await addJob(test, {
      ...{ baseUrl: test.baseUrl, status: 'running', progress: 36, characters: ['Joe', 'Mia'] },
      cost: { estimateUsd: 1.2096, source: 'a page' },
      request: {
        ...{ prompt: 'Joe waves.', model: 'sora-2', seconds: 12, size: { width: 1920, height: 1080 } },
        characters: [],
      },
    });
    // Times are short on a terminal.
    expect(await runCli(['video', 'list'], test.runtime)).toBe(0);
    const lines = test.stdout.text().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/ min ago /);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/ running, 36% .* ~\$1\.2096 /);
  });
});
