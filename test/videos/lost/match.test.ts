import { describe, expect, it } from 'vitest';
import type { RemoteVideo } from '../../../src/providers/provider.ts';
import type { Job, Unanswered } from '../../../src/shared/job.ts';
import { closeJob } from '../../../src/videos/jobs/lifecycle.ts';
import type { UnusableJob } from '../../../src/videos/jobs/record.ts';
import { findOwn, lifeOf, type Sighting } from '../../../src/videos/lost/match.ts';
import { asUnanswered, hashOf, type JobFields, sampleJob, sampleRemote } from '../../helpers/samples.ts';

const START = Date.parse('2026-11-21T10:00:00Z');
const MINUTE = 60_000;

/** Sent at START, lost two seconds later, looked at a minute after that. */
const LOST = asUnanswered(
  sampleJob('job_0mi8ovgg0000000', {
    status: 'unknown',
    request: { prompt: 'Zoë waves.', model: 'sora-2', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
    uptimeSeconds: 5000,
    createdAt: new Date(START).toISOString(),
    updatedAt: new Date(START + 2000).toISOString(),
  }),
);

const CLOCKS = { hostNow: START + MINUTE, localNow: START + MINUTE, uptimeSeconds: 5060 };

function video(id: string, more: Partial<RemoteVideo> = {}): RemoteVideo {
  const facts = { prompt: 'Zoë waves.', model: 'sora-2', size: '1280x720', seconds: 4 };
  const createdAt = new Date(START + 1000).toISOString();
  return { id, status: 'queued', remoteStatus: 'queued', ...facts, createdAt, ...more };
}

const AN_HOUR_BEFORE = new Date(START - 60 * MINUTE).toISOString();

const made = (afterMs: number): Partial<RemoteVideo> => ({ createdAt: new Date(START + afterMs).toISOString() });

function find(
  videos: readonly RemoteVideo[],
  more: Partial<Sighting> = {},
  records: readonly Job[] = [LOST],
  job: Job | undefined = LOST,
) {
  // The record that is asked for is read once more than those that are listed.
  return findOwn({ ...asUnanswered(job) }, { records, broken: [] }, { ...CLOCKS, videos, ...more });
}

describe('a video is the lost job’s own', () => {
  it.each<[string, Partial<RemoteVideo>]>([
    ['matches in everything', {}],
    ['is written in another Unicode form', { prompt: 'Zoë waves.'.normalize('NFD') }],
    ['is of no model that the host tells', { model: undefined as never }],
    ['is of a dated snapshot of the model', { model: 'openai/sora-2-2025-12-08' }],
    ['is dated by whole seconds just before the record', made(-1000)],
    ['was made while the answer was on its way', made(4000)],
    ['says its size as other hosts do', { size: '1280*720' }],
  ])('when it %s', (_title, more) => {
    expect(find([video('a', more), video('b', { prompt: 'Another.' })])).toMatchObject({ own: { id: 'a' } });
  });

  it('whatever this machine’s clock says, as long as nobody set it', () => {
    const ahead = 3 * 3_600_000;
    const shifted: Job = {
      ...LOST,
      createdAt: new Date(START + ahead).toISOString(),
      updatedAt: new Date(START + ahead + 2000).toISOString(),
    };
    const clocks = { localNow: START + ahead + MINUTE };
    expect(find([video('a')], clocks, [shifted], shifted).own?.id).toBe('a');
    // By the wrong clock this one would lie within the request's life.
    expect(find([video('b', made(ahead + 1000))], clocks, [shifted], shifted).own).toBeUndefined();
  });

  it('within five minutes when nobody knows when its sender ended', () => {
    const silent = { ...LOST, updatedAt: LOST.createdAt };
    expect(find([video('a', made(4 * MINUTE))], {}, [silent], silent).own?.id).toBe('a');
    expect(find([video('a', made(6 * MINUTE))], {}, [silent], silent).own).toBeUndefined();
  });
});

describe('a video is left alone and named', () => {
  it.each<[string, Partial<RemoteVideo>]>([
    ['made before the record', made(-2001)],
    ['made after the request had ended', made(8000)],
    ['of an unknown time', { createdAt: undefined as never }],
    ['without its prompt', { prompt: undefined as never }],
  ])('when it is one %s', (_title, more) => {
    expect(find([video('a', more)])).toMatchObject({ own: undefined, candidates: [{ id: 'a' }] });
  });

  it('when a colleague on the same account made an equal one at that time', () => {
    const found = find([video('a'), video('b', made(2000)), video('old', made(-MINUTE))]);
    expect(found).toMatchObject({ own: undefined, candidates: [{ id: 'a' }, { id: 'b' }] });
  });

  it.each<[string, JobFields]>([
    [
      'of another length that the host does not tell',
      { request: { ...LOST.request, seconds: 8 }, fingerprint: hashOf('8 s') },
    ],
    ['of another account', { profile: 'work' }],
    ['equal, and lost when nobody knows how long the machine had been up', { uptimeSeconds: undefined as never }],
    ['equal, and closed by a person', closeJob(LOST, { nowMs: START + MINUTE })],
    ['at another address of the host', { baseUrl: 'https://other.example.com/v1' }],
    ['that is being sent', { status: 'submitting' }],
  ])('when another unresolved job may have made it: %s', (_title, more) => {
    const twin = sampleJob('job_0mi8ovgg0000001', { ...LOST, ...more, id: 'job_0mi8ovgg0000001' });
    const { seconds: _untold, ...vague } = video('a');
    expect(find([vague], {}, [LOST, twin])).toMatchObject({ own: undefined, candidates: [{ id: 'a' }] });
  });

  it.each<[string, Partial<Sighting>]>([
    ['the host names no time', { hostNow: undefined }],
    ['the clock was set forward since', { localNow: START + 61 * MINUTE }],
    ['the clock was set back since', { localNow: START - 59 * MINUTE }],
    ['the machine was restarted since', { uptimeSeconds: 20 }],
    ['nobody knows how long the machine has been up', { uptimeSeconds: undefined }],
  ])('when %s', (_title, clocks) => {
    expect(find([video('a')], clocks)).toMatchObject({ own: undefined, candidates: [{ id: 'a' }] });
  });

  it('when the record is of a version that did not write down how long the machine had been up', () => {
    const { uptimeSeconds: _none, ...older } = LOST;
    expect(find([video('a')], {}, [older], older).own).toBeUndefined();
  });

  it('when a record that cannot be read may have made it', () => {
    const broken = [{ path: 'job.json', reason: 'it is not valid JSON' }];
    const found = findOwn(LOST, { records: [LOST], broken }, { ...CLOCKS, videos: [video('a')] });
    expect(found).toMatchObject({ own: undefined, candidates: [{ id: 'a' }] });
  });

  it.each<[string, JobFields, object]>([
    ['of the same time, which may be its own', {}, { own: undefined, candidates: [{ id: 'a' }] }],
    [
      'of another time',
      { createdAt: AN_HOUR_BEFORE, updatedAt: AN_HOUR_BEFORE, uptimeSeconds: 1400 },
      { own: { id: 'a' } },
    ],
    ['of other work', { request: { ...LOST.request, prompt: 'Mia waves.' } }, { own: { id: 'a' } }],
  ])('when an unusable record may have made it, and no other: one %s', (_title, fields, expected) => {
    const id = 'job_0mi8ovgg0000001';
    const { remoteId: _lost, ...rest } = sampleRemote(id, { ...LOST, id, ...fields, status: 'succeeded' });
    const unusable = { ...rest, status: 'succeeded' } as UnusableJob;
    const broken = [{ path: 'job.json', reason: 'it has no remoteId', unusable }];
    expect(findOwn(LOST, { records: [LOST], broken }, { ...CLOCKS, videos: [video('a')] })).toMatchObject(expected);
  });
});

describe('an unresolved job that cannot have made it does not stand in the way', () => {
  const HOUR = 60 * MINUTE;
  const ELDER = 'job_0mi8ovgf0000001';
  const elder = (more: JobFields): Job => sampleJob(ELDER, { ...LOST, ...more, id: ELDER });
  it.each<[string, Job]>([
    [
      'hours older',
      elder({
        ...{ createdAt: new Date(START - HOUR).toISOString(), updatedAt: new Date(START - HOUR + 2000).toISOString() },
        uptimeSeconds: 5000 - 3600,
      }),
    ],
    ['from before the machine was started anew', elder({ uptimeSeconds: 900_000 })],
    [
      'of another request, hours older',
      elder({
        ...{ createdAt: new Date(START - HOUR).toISOString(), updatedAt: new Date(START - HOUR + 2000).toISOString() },
        ...{ uptimeSeconds: 5000 - 3600, fingerprint: hashOf('other work') },
      }),
    ],
  ])('%s', (_title, other) => {
    expect(find([video('a')], {}, [other, LOST])).toMatchObject({ own: { id: 'a' } });
  });
});

describe('lost requests that are equal but for their keys', () => {
  const at = (index: number, more: JobFields = {}): Unanswered =>
    asUnanswered(
      sampleJob(`job_0mi8ovgg000000${index}`, {
        ...LOST,
        key: `take ${index}`,
        createdAt: new Date(START + index * 1000).toISOString(),
        updatedAt: new Date(START + index * 1000 + 3000).toISOString(),
        uptimeSeconds: 5000 + index,
        ...more,
        id: `job_0mi8ovgg000000${index}`,
      }),
    );
  const three = [at(0), at(1), at(2)];
  const taken = (videos: readonly RemoteVideo[], records: readonly Job[] = three): (string | undefined)[] =>
    records.map((job) => find(videos, {}, records.toReversed(), job).own?.id);

  it.each<[number, (string | undefined)[]]>([
    [0, [undefined, undefined, undefined]],
    [1, ['a', undefined, undefined]],
    [2, ['a', 'b', undefined]],
    [3, ['a', 'b', 'c']],
  ])('share %i videos, the oldest first; the rest stay unknown', (count, expected) => {
    const videos = ['a', 'b', 'c'].map((id, index) => video(id, made(2000 + index * 1000)));
    expect(taken(videos.slice(0, count).toReversed())).toEqual(expected);
  });

  it('come to the same, whichever is asked for first', () => {
    const videos = [video('a', made(2000)), video('b', made(2000))];
    const [first, second, third] = three as [Job, Job, Job];
    const own = find(videos, {}, three, second).own?.id;
    const after = [first, { ...second, status: 'queued' as const, remoteId: own as string }, third];
    expect(find(videos, {}, after, first).own?.id).toBe('a');
    expect(find(videos, {}, after, third)).toMatchObject({
      ...{ own: undefined, candidates: [] },
    });
  });

  it('name what is not taken: nothing is said to be theirs', () => {
    const found = find([video('a', made(2000))], {}, three, three[2]);
    expect(found).toEqual({
      ...{ own: undefined, candidates: [] },
      because: 'The videos that the host lists belong to equal requests that were sent before it.',
    });
  });

  it('take no video that was made when only a later one of them was under way', () => {
    const late = at(1, { createdAt: new Date(START + 30_000).toISOString(), uptimeSeconds: 5030 });
    const records = [at(0), { ...late, updatedAt: new Date(START + 33_000).toISOString() }];
    expect(taken([video('b', made(31_000))], records)).toEqual([undefined, 'b']);
  });

  it.each<[string, readonly RemoteVideo[], readonly Job[]]>([
    ['there are more videos than requests', [video('a'), video('b'), video('c')], [at(0), at(1)]],
    ['one of them may still be under way', [video('a'), video('b')], [at(0), at(1, { status: 'submitting' })]],
    ['one of them was closed by a person', [video('a')], [at(0), closeJob(at(1), { nowMs: START + MINUTE })]],
    ['one of the videos does not tell its prompt', [video('a'), video('b', { prompt: undefined as never })], three],
    ['another request is in the way', [video('a')], [at(0), at(1), at(2, { fingerprint: hashOf('other work') })]],
  ])('take none when %s', (_title, videos, records) => {
    expect(find(videos, {}, records, records[0]).own).toBeUndefined();
  });

  it('take what there is once no request can be under way any more', () => {
    const records = [at(0), at(1, { status: 'submitting' })];
    const later = { hostNow: START + 7 * MINUTE, localNow: START + 7 * MINUTE, uptimeSeconds: 5000 + 7 * 60 };
    expect(find([video('a')], later, records, records[0]).own?.id).toBe('a');
  });
});

describe('a video is not even a candidate', () => {
  it.each<[string, Partial<RemoteVideo>]>([
    ['of another prompt', { prompt: 'zoë waves.' }],
    ['of another model', { model: 'sora-2-pro' }],
    ['of another size', { size: '720x1280' }],
    ['of another length', { seconds: 8 }],
  ])('when it is %s', (_title, more) => {
    expect(find([video('a', more)])).toMatchObject({ own: undefined, candidates: [] });
  });

  it('when it is another job’s', () => {
    const other = sampleJob('job_0mi8ovgg0000002', { remoteId: 'a', status: 'succeeded' });
    expect(find([video('a')], {}, [LOST, other])).toMatchObject({ own: undefined, candidates: [] });
  });
});

it('lifeOf spans the request by the host’s clock', () => {
  const host = { ...CLOCKS, hostNow: START + MINUTE - 3_600_000 };
  expect(lifeOf(LOST, host)).toEqual({ from: START - 3_600_000 - 2000, to: START - 3_600_000 + 2000 + 5000 });
});
