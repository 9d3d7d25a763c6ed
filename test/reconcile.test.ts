import { describe, expect, it } from 'vitest';
import type { Job } from '../src/domain.ts';
import type { RemoteVideo } from '../src/providers/provider.ts';
import { findOwn, lifeOf, type Sighting } from '../src/reconcile.ts';
import { sampleJob } from './store/samples.ts';

const START = Date.parse('2026-11-21T10:00:00Z');
const MINUTE = 60_000;

/** Sent at START, lost two seconds later, looked at a minute after that. */
const LOST: Job = sampleJob('job_0mi8ovgg0000000', {
  status: 'unknown',
  request: { prompt: 'Zoë waves.', model: 'sora-2', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
  uptimeSeconds: 5000,
  createdAt: new Date(START).toISOString(),
  updatedAt: new Date(START + 2000).toISOString(),
});

const CLOCKS = { hostNow: START + MINUTE, localNow: START + MINUTE, uptimeSeconds: 5060 };

function video(id: string, more: Partial<RemoteVideo> = {}): RemoteVideo {
  const facts = { prompt: 'Zoë waves.', model: 'sora-2', size: '1280x720', seconds: 4 };
  const createdAt = new Date(START + 1000).toISOString();
  return { id, status: 'queued', remoteStatus: 'queued', ...facts, createdAt, ...more };
}

const made = (afterMs: number): Partial<RemoteVideo> => ({ createdAt: new Date(START + afterMs).toISOString() });

function find(
  videos: readonly RemoteVideo[],
  more: Partial<Sighting> = {},
  records: readonly Job[] = [LOST],
  job = LOST,
) {
  return findOwn(job, { records, broken: [] }, { ...CLOCKS, videos, ...more });
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

  it.each<[string, Partial<Job>]>([
    ['equal', {}],
    ['of another length that the host does not tell', { request: { ...LOST.request, seconds: 8 } }],
    ['at another address of the host', { baseUrl: 'https://other.example.com/v1' }],
    ['that is being sent', { status: 'submitting' }],
  ])('when another unresolved job may have made it: %s', (_title, more) => {
    const twin = { ...LOST, id: 'job_0mi8ovgg0000001', ...more };
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
    const found = findOwn(LOST, { records: [LOST], broken: [{}] }, { ...CLOCKS, videos: [video('a')] });
    expect(found).toMatchObject({ own: undefined, candidates: [{ id: 'a' }] });
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
