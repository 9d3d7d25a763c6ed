/** A lost answer at a host that has no list and keeps counters: what the account had used before, and what it has now. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Job } from '../../../src/shared/job.ts';
import { judgeUsage, usageBefore } from '../../../src/videos/lost/usage.ts';
import { createWorld, GENERATE, type World } from '../../helpers/faults.ts';
import { JOB, START } from '../../helpers/polling.ts';
import { createTestContext } from '../../helpers/runtime.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (ms: number): string => new Date(START + ms).toISOString();
const { version, id, provider, baseUrl, request, fingerprint, characters } = JOB;
const account = '0123abcd';
const base = { version, id, provider, baseUrl, account, request, fingerprint, characters };
const lost: Parameters<typeof judgeUsage>[0] = {
  ...{ ...base, status: 'unknown' as const, model: 'm', createdAt: at(0), updatedAt: at(1000) },
  usageBefore: { at: at(-500), made: 3, balanceUsd: 10 },
};
const other = (fields: object): Job =>
  ({ ...JOB, account, id: 'job_2', model: 'm', createdAt: at(100), ...fields }) as Job;

describe('the counters of an account', () => {
  it.each([
    ['unchanged after two minutes prove that nothing was made', { made: 3, balanceUsd: 10 }, [], 3, true, /^$/],
    ['unchanged at once prove nothing yet', { made: 3, balanceUsd: 10 }, [], 0.5, false, /2 minutes after/],
    [
      'that count one more tell what was made',
      { made: 4, balanceUsd: 8.56 },
      [],
      3,
      false,
      /1 video .* \$1\.44 .* most likely/,
    ],
    ['that only lack money tell that', { made: 3, balanceUsd: 9 }, [], 3, false, /0 videos .* \$1\.00/],
    ['of a new day prove nothing', { made: 0, balanceUsd: 10 }, [], 3, false, /begun anew/],
    [
      'leave out what other jobs from here have made since',
      ...[{ made: 4, balanceUsd: 9 }, [other({ status: 'succeeded', cost: { actualUsd: 1 } })], 3, true, /^$/],
    ],
    [
      'prove nothing while another job waits for its turn, whose estimate may hide what this one has cost',
      ...[{ made: 4, balanceUsd: 9 }, [other({ cost: { estimateUsd: 1 } })], 3, false, /proves nothing while other/],
    ],
    [
      'prove nothing while an older job goes on, behind which this one may wait',
      ...[{ made: 3, balanceUsd: 10 }, [other({ createdAt: at(-HOUR) })], 3, false, /proves nothing while other/],
    ],
    [
      'prove nothing where it is not known what another job has cost',
      ...[{ made: 4, balanceUsd: 9 }, [other({ status: 'succeeded', cost: { estimateUsd: 1 } })], 3, false, /proves/],
    ],
    [
      'are not told apart from another request without an answer',
      ...[
        { made: 4, balanceUsd: 9 },
        [other({ status: 'unknown', remoteId: undefined })],
        3,
        false,
        /or another request/,
      ],
    ],
  ] as const)('%s', (_title, usage, records, minutes, isUnmade, because) => {
    const finding = judgeUsage(lost, {
      ...{ usage, records, accounts: [account], nowMs: START + minutes * MINUTE },
    });
    expect(finding).toEqual({ isUnmade, because: expect.stringMatching(because) });
  });
});

it('counters that cannot be read are told once, and the request goes all the same', async () => {
  const test = await createTestContext({ provider: 'runway' }, { env: { RUNWAYML_API_SECRET: 'k' } });
  const usage = vi.fn(async () => Promise.reject(new SoraError('network', 'No complete answer arrived within 10 s.')));
  const provider = { ...(await test.context.provider()), usage };
  expect(await usageBefore(test.context, provider, 'm')).toBeUndefined();
  expect(test.stderr.text()).toBe(
    'The counters of the account at runway could not be read: No complete answer arrived within 10 s. They will not tell what became of this request if its answer is lost.\n',
  );
});

describe('a request at Runway whose answer was lost', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld('runway');
  });
  afterAll(() => world.close());

  async function loseAnswer(fault: string) {
    await world.prepare('registered');
    const sent = await world.run(GENERATE, { scenario: { use: [fault] }, afterSeconds: 0 });
    expect(sent).toMatchObject({ exit: 7, creates: 1 });
    const asked = sent.requests.map(({ path }) => path).filter((path) => path.endsWith('/organization'));
    expect(asked).toHaveLength(1);
    const look = (afterSeconds: number) => world.run(['video', 'wait', '@last'], { scenario: {}, afterSeconds });
    return { soon: await look(20), later: await look(300) };
  }

  it('is closed once the counters show that nothing was made of it', async () => {
    const { soon, later } = await loseAnswer('reset-before');
    expect(soon).toMatchObject({ exit: 7, jobs: [{ status: 'unknown' }] });
    expect(soon.stderr).toContain('Until now the counters');
    expect(later).toMatchObject({ exit: 5, creates: 0, jobs: [{ status: 'failed', failure: { code: 'closed' } }] });
  });

  it('stays unknown where something was made, and is not sent again', async () => {
    const { later } = await loseAnswer('reset-after');
    expect(later).toMatchObject({ exit: 7, creates: 0, jobs: [{ status: 'unknown' }] });
    expect(later.stderr).toMatch(/made 1 video of its model and spent \$1\.44 .*most likely made/);
  });

  it('is stopped by cancel only while it goes on: a finished video is not deleted', async () => {
    await world.prepare('job');
    const late = await world.run(['video', 'cancel', '@last'], { scenario: {}, afterSeconds: 10 });
    expect(late).toMatchObject({ exit: 5, jobs: [{ status: 'succeeded' }] });
    expect(late.requests.map(({ method }) => method)).toEqual(['GET']);
    const unasked = await world.run(['video', 'delete', '@last'], { scenario: {}, afterSeconds: 11 });
    expect(unasked.requests.map(({ method }) => method)).not.toContain('DELETE');
    const deleted = await world.run(['video', 'delete', '@last', '--yes'], { scenario: {}, afterSeconds: 12 });
    expect(deleted).toMatchObject({ exit: 0, jobs: [{ remoteDeleted: true }] });
    expect(deleted.requests.at(-1)?.method).toBe('DELETE');
  });
});
