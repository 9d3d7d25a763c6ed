import { describe, expect, it } from 'vitest';
import type { Scripted } from '../helpers/server.ts';
import { type Bench, DIALECTS, setUp } from './dialects.ts';
import { call, failureOf } from './harness.ts';

const task = (status: string): Scripted => ({ body: { id: 'v', status, createdAt: '2026-11-28T10:00:00.000Z' } });
const video = (status: string): Scripted => ({ body: { id: 'v', object: 'video', status } });

/** Hosts that delete by the call that stops, with what they say of a job. */
const HOSTS = [
  {
    name: 'Runway',
    open: () => setUp(DIALECTS.runway),
    ...{ running: task('RUNNING'), stopped: task('CANCELLED'), made: task('SUCCEEDED') },
    gone: { status: 404, body: { error: 'A task with that id does not exist.' } },
  },
  {
    name: 'vLLM-Omni',
    open: () => setUp(DIALECTS.openai, { backend: 'vllm-omni' }),
    ...{ running: video('in_progress'), stopped: video('cancelled'), made: video('completed') },
    gone: { status: 404, body: { error: { message: 'No such video.' } } },
  },
] satisfies { name: string; open(): Promise<Bench>; [status: string]: unknown }[];

const LOST: Scripted = { fault: 'reset' };
const DONE: Scripted = { status: 204 };

describe.each(HOSTS)(
  'a job that is stopped at $name, whose answer is lost',
  ({ open, running, stopped, made, gone }) => {
    it.each<{ title: string; answers: Scripted[]; taken: boolean; asked: string[] }>([
      { title: 'and that was stopped', answers: [LOST, stopped], taken: true, asked: ['DELETE', 'GET'] },
      { title: 'and that is gone', answers: [LOST, gone], taken: true, asked: ['DELETE', 'GET'] },
      { title: 'and that goes on', answers: [LOST, running, DONE], taken: true, asked: ['DELETE', 'GET', 'DELETE'] },
      { title: 'and that has ended', answers: [LOST, made], taken: false, asked: ['DELETE', 'GET'] },
      {
        title: 'in a 502, and that has ended',
        answers: [{ status: 502 }, made],
        taken: false,
        asked: ['DELETE', 'GET'],
      },
    ])('$title is asked to stop no more than it has to be', async ({ answers, taken, asked }) => {
      const { server, provider } = await open();
      server.answer(...answers);
      expect(await provider.cancel?.('v', call)).toBe(taken);
      expect(server.seen.map(({ method }) => method)).toEqual(asked);
    });

    it('again and again is given up, and nobody says that it was stopped', async () => {
      const { server, provider, sleeps } = await open();
      server.answer(LOST, running, LOST, running, LOST, running, LOST);
      expect((await failureOf(provider.cancel?.('v', call))).code).toBe('network');
      expect(sleeps).toEqual([1000, 1000, 1000]);
    });
  },
);
