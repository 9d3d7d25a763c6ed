/** Words and values that hosts have in common, read leniently. Pure. */

import type { RemoteVideo } from './provider.ts';

/** How a job is, by the words of `/v1/videos`, of hosts of tasks, and of relays in between; several for one where pages disagree. */
const STATUSES: Readonly<Record<string, RemoteVideo['status']>> = {
  ...words('queued', 'queued', 'queuing', 'pending', 'created', 'submitted', 'starting', 'waiting', 'in_queue'),
  ...words('queued', 'not_start', 'not_started', 'notstarted', 'preparing', 'throttled'),
  ...words('running', 'in_progress', 'processing', 'running', 'generating', 'started'),
  ...words('succeeded', 'completed', 'complete', 'succeeded', 'success', 'done', 'finished'),
  ...words('failed', 'failed', 'fail', 'failure', 'error', 'rejected', 'timeout', 'interrupted'),
  ...words('expired', 'expired'),
  ...words('cancelled', 'cancelled', 'canceled', 'deleted'),
};

function words(
  status: RemoteVideo['status'],
  ...said: readonly string[]
): Readonly<Record<string, RemoteVideo['status']>> {
  return Object.fromEntries(said.map((word) => [word, status]));
}

/** `unknown` for a word that is none of them. */
export function taskStatus(word: string): RemoteVideo['status'] {
  return STATUSES[word.toLowerCase().replace(/[\s-]+/g, '_')] ?? 'unknown';
}

/** Over without a result. */
export function hasFailed(status: RemoteVideo['status']): boolean {
  return status === 'failed' || status === 'cancelled' || status === 'expired';
}

/** Numbers that stood for ids are text from here on; what says nothing is undefined. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** 0 to 100, of `50`, `"50%"`, `0.5`; what is beyond is clamped. A whole 1 is one per cent. */
export function progressOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value.trim().replace(/%$/, '')) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  const isFraction = number > 0 && number < 1 && !(typeof value === 'string' && value.includes('%'));
  return Math.min(100, Math.max(0, Math.round(isFraction ? number * 100 : number)));
}
