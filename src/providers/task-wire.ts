/** Words and values that hosts of tasks have in common, read leniently. Pure. */

import type { RemoteVideo } from './provider.ts';

/** The hosts' words for how a task is, several for one where their pages disagree, and what relays say instead. */
const STATUSES: Readonly<Record<string, RemoteVideo['status']>> = {
  created: 'queued',
  pending: 'queued',
  queued: 'queued',
  starting: 'queued',
  processing: 'running',
  running: 'running',
  in_progress: 'running',
  completed: 'succeeded',
  succeeded: 'succeeded',
  success: 'succeeded',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  timeout: 'failed',
  expired: 'expired',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  deleted: 'cancelled',
};

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
