/** The common faults by short names, each no more than rules and fates that could stand in a scenario file themselves. */
import type { Fate } from '../jobs.ts';
import type { Rule } from './rule.ts';

/** What a name stands for; its rules come after the file's own, and its fate is every job's unless a job has its own. */
export interface NamedFault {
  readonly rules?: readonly Rule[];
  readonly job?: Fate;
  readonly skewSeconds?: number;
}

const ERROR_IN_200 = { code: 500, status: 'error', error: { code: 'server_error', message: 'Something broke.' } };
const PAGE = '<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to go on</h1></body></html>';

export const FAULTS = {
  slow: { rules: [{ match: {}, delayMs: 2000 }] },
  'rate-limit': {
    rules: [{ match: {}, times: 2, respond: { status: 429, headers: { 'retry-after': '1' } } }],
  },
  'rate-limit-bare': { rules: [{ match: {}, times: 2, respond: { status: 429 } }] },
  'no-credit': { rules: [{ match: { call: 'create' }, respond: { status: 402 } }] },
  burst: { rules: [{ match: {}, times: 3, respond: { status: 503 } }] },
  down: { rules: [{ match: {}, respond: { status: 503 } }] },
  'reset-before': { rules: [{ match: { call: 'create' }, times: 1, reset: 'before' }] },
  'reset-after': { rules: [{ match: { call: 'create' }, times: 1, reset: 'after' }] },
  'half-answer': { rules: [{ match: {}, times: 1, truncateBytes: 20 }] },
  html: {
    rules: [{ match: {}, times: 1, respond: { status: 200, headers: { 'content-type': 'text/html' }, body: PAGE } }],
  },
  'error-in-200': { rules: [{ match: {}, times: 1, respond: { status: 200, body: ERROR_IN_200 } }] },
  'wrong-type': { rules: [{ match: { call: 'content' }, headers: { 'content-type': 'text/html' } }] },
  trickle: { rules: [{ match: { call: 'content' }, trickle: { bytes: 4096, everyMs: 50 } }] },
  'cut-video': { rules: [{ match: { call: 'content' }, corrupt: { at: 1000, with: 'nothing' } }] },
  'broken-video': { rules: [{ match: { call: 'content' }, corrupt: { at: 0, bytes: 64, with: 'flipped' } }] },
  'noise-video': { job: { shows: 'noise' } },
  'frozen-video': { job: { shows: 'frozen' } },
  'reused-video': { job: { shows: 'reused' } },
  'dead-link': { rules: [{ match: { path: '/files/*' }, respond: { status: 403 } }] },
  'short-link': { job: { linkSeconds: 60 } },
  expired: { job: { keepSeconds: 0 } },
  backwards: { job: { status: ['processing', 'queued', 'processing'], progress: [60, 20, 80] } },
  'unknown-status': { job: { status: 'dreaming' } },
  'odd-progress': { job: { progress: [0.25, 33.3, 250] } },
  'clock-ahead': { skewSeconds: 3600 },
  'clock-behind': { skewSeconds: -3600 },
} as const satisfies Record<string, NamedFault>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]];
