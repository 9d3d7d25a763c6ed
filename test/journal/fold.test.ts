/** In brackets the world of the state model that shows what a rule carries. */
import { describe, expect, it } from 'vitest';
import { createFold, nextNumber, whyUnknown } from '../../src/journal/fold.ts';
import { linesFromHome } from '../../src/journal/home-lines.ts';
import type { Line } from '../../src/journal/lines.ts';
import { adopt, asked, close, done, failed, foldTakes, homeJob, KEY, KEY_2, only, sent } from './samples.ts';

/** Every order of a list. */
function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    ordersOf([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('the lines of a key are a set [shared]', () => {
  const table: readonly (readonly [string, readonly Line[], object])[] = [
    ['asked alone', [asked()], { state: 'asked' }],
    ['done over failed', [asked(), sent(), failed(), done()], { state: 'done', remoteId: 'video_1' }],
    [
      'failed over a close that names the id',
      [asked(), sent(), close(KEY, 'video_1'), failed()],
      { state: 'failed', closed: false },
    ],
    [
      'a close that names the id over sent',
      [asked(), sent(), close(KEY, 'video_1')],
      { state: 'failed', closed: true },
    ],
    [
      'sent over a close without an id',
      [asked(), sent(), close()],
      { state: 'asked', remoteId: 'video_1', closed: false },
    ],
    ['a close without an id over nothing', [asked(), close()], { state: 'failed', closed: true }],
    ['adopt over a close without an id', [asked(), close(), adopt()], { state: 'asked', remoteId: 'video_1' }],
    ['sent over adopt', [asked(), adopt(KEY, 'video_9'), sent()], { state: 'asked', remoteId: 'video_1' }],
  ];
  it.each(table)('%s, in whatever order they stand', (_what, lines, take) => {
    for (const order of ordersOf(lines)) expect(only({ lines: order })).toMatchObject(take);
  });

  it('and those of a key that nobody asked for count for nothing', () => {
    expect(foldTakes({ lines: [sent(), done(), failed()] })).toEqual([]);
  });
});

describe('a take', () => {
  it('is closed by the request that takes its place [bResend]', () => {
    const lines = [asked(), asked(KEY_2, { closes: KEY, n: 2 })];
    expect(foldTakes({ lines }).map(({ state, closed }) => [state, closed])).toEqual([
      ['failed', true],
      ['asked', false],
    ]);
  });

  it('is as it was when that request was refused, and goes on to be closed when that failed later', () => {
    const closer = asked(KEY_2, { closes: KEY, n: 2 });
    const first = (end: Line): unknown =>
      foldTakes({ lines: [asked(), closer, end] }).find(({ key }) => key === KEY)?.closed;
    expect(first(failed(KEY_2, { made: 'no' }))).toBe(false);
    expect(first(failed(KEY_2, { made: 'maybe' }))).toBe(true);
    expect(first(sent(KEY_2))).toBe(true);
  });

  it('whose whole file lies under its own name is not failed and not closed [clones]', () => {
    for (const end of [failed(), close()]) {
      const take = only({ lines: [asked(), end], isHere: ({ file }) => file.startsWith('out/.') });
      expect(take).toMatchObject({ state: 'asked', closed: false });
      expect(take.failed).toBeUndefined();
    }
  });

  it('learns its id from the newest job of its key [resend]', () => {
    const jobs = [homeJob({ id: 'job_1' }), homeJob({ id: 'job_2', remoteId: 'video_2', status: 'running' })];
    expect(only({ lines: [asked()], jobs })).toMatchObject({ remoteId: 'video_2', jobId: 'job_2' });
  });

  it('that was closed goes on when its job has an id after all [shared]', () => {
    const jobs = [homeJob({ remoteId: 'video_1', status: 'running' })];
    expect(only({ lines: [asked(), close()], jobs })).toMatchObject({ state: 'asked', remoteId: 'video_1' });
    expect(only({ lines: [asked(), close(KEY, 'video_1')], jobs })).toMatchObject({ state: 'failed', closed: true });
  });

  it('loses a video that was adopted for it when another request turns out to have made that [adopted]', () => {
    const lines = [asked(), adopt(), asked(KEY_2, { n: 2 }), sent(KEY_2)];
    expect(foldTakes({ lines }).map(({ remoteId }) => remoteId)).toEqual([undefined, 'video_1']);
    const [first] = foldTakes({ lines: lines.slice(0, 2), jobs: [homeJob({ key: KEY_2, remoteId: 'video_1' })] });
    expect(first?.remoteId).toBeUndefined();
  });

  it('keeps its fingerprint when a table learns the family of its model', () => {
    const ask = { v: 1, prompt: 'Sea.', model: 'host/sora-2', cast: [] } as const;
    const known = only({ lines: [asked(KEY, { ask })], familyOf: () => 'sora-2' });
    const other = only({ lines: [asked(KEY, { ask: { ...ask, model: 'sora-2' } })], familyOf: () => 'sora-2' });
    expect(known.fp).not.toBe(asked().fp);
    expect(other.fp).toBe(asked().fp);
    expect(only({ lines: [asked(KEY, { ask })] }).fp).toBe(asked().fp);
  });

  it('has a number that no earlier one of its scene has', () => {
    const takes = foldTakes({ lines: [asked(KEY, { n: 3 }), asked(KEY_2, { n: 1 })] });
    expect(nextNumber(takes, 'a')).toBe(4);
    expect(nextNumber(takes, 'b')).toBe(1);
  });
});

describe('what a home knows and no line says', () => {
  const learn = (lines: readonly Line[], jobs: Parameters<typeof linesFromHome>[0]['jobs']): readonly Line[] =>
    linesFromHome({ lines, jobs, file: '/w/p.jsonl', accountOf: () => '01234567', at: '2026-01-02T00:00:00Z' });

  it('is the id of a request whose answer was not written down [crash]', () => {
    const job = homeJob({ remoteId: 'video_1', status: 'running' });
    expect(learn([asked()], [job])).toMatchObject([{ line: 'sent', key: KEY, remoteId: 'video_1', job: job.id }]);
    expect(learn([asked(), sent()], [job])).toEqual([]);
    expect(learn([asked(), sent(), done()], [job])).toEqual([]);
    // Of what is done as well: a file that is lost is fetched again by its id.
    expect(learn([asked(), done()], [job])).toMatchObject([{ line: 'sent', remoteId: 'video_1' }]);
  });

  it.each([
    ['refused', { message: 'Bad.', policy: false }, { line: 'failed', exit: 5, retryable: false, made: 'no' }],
    [
      'refused by policy',
      { message: 'Bad.', policy: true },
      { line: 'failed', exit: 11, retryable: false, made: 'no' },
    ],
    [
      'never sent',
      { code: 'unsent', message: 'Down.', policy: false },
      { line: 'failed', exit: 6, retryable: true, made: 'no' },
    ],
    [
      'refused for its key',
      { code: 'auth', message: 'No.', policy: false },
      { line: 'failed', exit: 4, retryable: true, made: 'no' },
    ],
    [
      'refused for want of credit',
      { code: 'budget', message: 'No.', policy: false },
      { line: 'failed', exit: 10, retryable: true, made: 'no' },
    ],
    [
      'put off',
      { code: 'rate-limited', message: 'No.', policy: false },
      { line: 'failed', exit: 5, retryable: true, made: 'no' },
    ],
    ['closed', { code: 'closed', message: 'By hand.', policy: false }, { line: 'close' }],
  ])('is that a request was %s', (_what, failure, line) => {
    expect(learn([asked()], [homeJob({ status: 'failed', failure })])).toMatchObject([line]);
  });

  it('is nothing of a job that nobody knows the fate of: the take stays unknown [crash]', () => {
    expect(learn([asked()], [homeJob()])).toEqual([]);
  });

  it('is what the host said in the place of an answer', () => {
    const failure = { message: 'It answered 502: Bad gateway.', policy: false };
    const whyOf = (job: ReturnType<typeof homeJob>) => whyUnknown(foldTakes({ lines: [asked()], jobs: [job] }), 'it');
    expect(whyOf(homeJob({ status: 'unknown', failure }))).toBe(
      'a request was sent for it, and nobody knows whether its host has it: It answered 502: Bad gateway',
    );
    expect(whyOf(homeJob({ status: 'submitting' }))).toContain('no answer came');
  });

  it('is a whole take whose lines a checkout undid [gitReset]', () => {
    const take = { file: '/w/p.jsonl', scene: 'a', n: 2, path: 'out/.x.mp4' };
    const request = { prompt: 'Sea.', seconds: 8, size: { width: 720, height: 1280 }, characters: [] };
    const paid = { model: 'sora-2', request, cost: { estimateUsd: 0.8 } };
    const job = homeJob({ remoteId: 'video_1', status: 'running', take, ...paid });
    const lines = learn([], [job]);
    const asSent = { model: 'sora-2', seconds: 8, size: '720x1280', estimateUsd: 0.8 };
    expect(lines).toMatchObject([
      { line: 'asked', key: KEY, scene: 'a', n: 2, file: 'out/.x.mp4', account: '01234567', ...asSent },
      { line: 'sent', remoteId: 'video_1' },
    ]);
    expect(only({ lines })).toMatchObject({ state: 'asked', remoteId: 'video_1' });
    // An equal job of another file is no take of this one [twoFilms].
    expect(learn([], [{ ...job, take: { ...take, file: '/w/other.jsonl' } }])).toEqual([]);
    expect(learn([], [homeJob({ remoteId: 'video_1' })])).toEqual([]);
  });
});

describe('lines that come one after the other', () => {
  it.each<[string, readonly Line[]]>([
    ['a resend that is refused', [asked(), asked(KEY_2, { closes: KEY, scene: 'a' }), failed(KEY_2, { made: 'no' })]],
    ['an adoption that turns out to be another’s', [asked(), adopt(), asked(KEY_2, { scene: 'b' }), sent(KEY_2)]],
    ['a take that is given up, and done after all', [asked(), close(), sent(), done()]],
  ])('tell after each of them what they tell together: %s', (_what, lines) => {
    for (const order of ordersOf(lines)) {
      const fold = createFold({});
      for (const [index, line] of order.entries()) {
        fold.add([line]);
        const together = foldTakes({ lines: order.slice(0, index + 1) });
        expect(fold.takes()).toEqual(together);
        expect(fold.takes('a')).toEqual(together.filter(({ scene }) => scene === 'a'));
      }
    }
  });
});
