/** A job that is waited for, a clock that nobody waits by, and a far end with prepared answers. */
import type { Provider, RemoteVideo } from '../../src/providers/provider.ts';
import { SoraError } from '../../src/shared/errors.ts';
import type { Remote } from '../../src/shared/job.ts';
import type { Clock } from '../../src/shared/time.ts';

export const START = Date.parse('2026-11-21T10:00:00Z');

export const JOB: Remote = {
  version: 1,
  id: 'job_1',
  provider: 'openai',
  baseUrl: 'https://gateway.example.com/v1',
  remoteId: 'video_1',
  request: { prompt: 'Joe runs.', model: 'sora-2', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
  fingerprint: 'f',
  characters: [],
  status: 'queued',
  createdAt: new Date(START).toISOString(),
  updatedAt: new Date(START).toISOString(),
};

export const NEVER = new AbortController().signal;

/** A clock that only moves when somebody sleeps. */
export function fakeClock(): Clock & { readonly slept: number[] } {
  let now = START;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export type Answer = Partial<RemoteVideo> | SoraError | undefined;

/** A far end that gives one answer after the other and fails on a question too many. */
export function fakeProvider(answers: readonly Answer[]): { provider: Provider; asked: () => number } {
  let asked = 0;
  const provider = {
    async getVideo(id: string): Promise<RemoteVideo | undefined> {
      if (asked >= answers.length) throw new Error('asked too often');
      const answer = answers[asked++];
      if (answer instanceof SoraError) throw answer;
      return answer && { id, status: 'queued', remoteStatus: 'queued', ...answer };
    },
  };
  return { provider: provider as unknown as Provider, asked: () => asked };
}
