import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/http/errors.ts';
import { parseRetryAfter, retryAfterOf } from '../../src/http/retry-hint.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer } from '../helpers/server.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const EPOCH_S = NOW / 1000;

interface Said {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

function answerOf({ status = 429, headers = {}, body = {} }: Said) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, text, receivedAt: NOW, requestId: undefined, host: 'v.example', kind: 'read' } as const;
}

describe('when a host wants to be asked again', () => {
  it.each<Said & { readonly ms: number | undefined }>([
    { headers: { 'retry-after': '12' }, ms: 12_000 },
    { headers: { 'retry-after-ms': '1500', 'retry-after': '2' }, ms: 1500 },
    { headers: { 'x-ms-retry-after-ms': '800' }, ms: 800 },
    { headers: { 'x-ratelimit-retry-after': '9' }, ms: 9000 },
    { headers: { 'retry-after': '3', 'ratelimit-reset': '50' }, body: { retry_after: 40 }, ms: 3000 },

    // Headers of limits: seconds, times since the epoch, durations, dates.
    { headers: { 'ratelimit-reset': '37' }, ms: 37_000 },
    { headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '37' }, ms: 37_000 },
    { headers: { 'x-ratelimit-reset': '20' }, ms: 20_000 },
    { headers: { 'x-ratelimit-reset': `${EPOCH_S + 25}` }, ms: 25_000 },
    { headers: { 'x-ratelimit-reset': `${NOW + 2500}` }, ms: 2500 },
    { headers: { 'x-ratelimit-reset': `${EPOCH_S - 25}` }, ms: 0 },
    { headers: { 'x-rate-limit-reset': '2026-11-21T10:00:08Z' }, ms: 8000 },
    { headers: { 'x-ratelimit-reset': 'Sat, 21 Nov 2026 10:00:30 GMT' }, ms: 30_000 },
    { headers: { 'x-ratelimit-reset-requests': '1s' }, ms: 1000 },
    { headers: { 'x-ratelimit-reset-requests': '6m0s' }, ms: 360_000 },
    { headers: { 'x-ratelimit-reset-requests': '12ms', 'x-ratelimit-reset-tokens': '1h2m3.5s' }, ms: 3_723_500 },
    {
      headers: {
        ...{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '8s' },
        ...{ 'x-ratelimit-remaining-tokens': '900', 'x-ratelimit-reset-tokens': '55s' },
      },
      ms: 8000,
    },
    { headers: { 'anthropic-ratelimit-requests-reset': '2026-11-21T10:01:00Z' }, ms: 60_000 },
    { headers: { ratelimit: '"minute";r=0;t=12, "day";r=800;t=4000' }, ms: 12_000 },
    { headers: { ratelimit: '"default"; t=7; r=0' }, ms: 7000 },
    { headers: { ratelimit: 'limit=10, remaining=0, reset=15' }, ms: 15_000 },
    // By the host's clock, where it says what that is.
    {
      headers: { date: 'Sat, 21 Nov 2026 11:00:00 GMT', 'x-ratelimit-reset': `${EPOCH_S + 3610}` },
      ms: 10_000,
    },
    {
      headers: { date: 'Sat, 21 Nov 2026 11:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 11:00:05 GMT' },
      ms: 5000,
    },

    // Fields of the answer, and its sentences.
    { body: { retryAfter: 4 }, ms: 4000 },
    { body: { error: { message: 'no', retry_after: '4.5' } }, ms: 4500 },
    { body: { error: { retry_after_ms: 250 } }, ms: 250 },
    { body: { error: 'Too many requests', details: { retryAfterSeconds: 30 } }, ms: 30_000 },
    { body: { error: { code: 429, details: [{ '@type': 'RetryInfo', retryDelay: '34s' }] } }, ms: 34_000 },
    { body: { error: { metadata: { headers: { 'X-RateLimit-Reset': `${NOW + 9000}` } } } }, ms: 9000 },
    { body: { status: 503, reset_at: '2026-11-21T10:00:08Z' }, status: 503, ms: 8000 },
    { body: { error: { message: 'Rate limit reached. Please try again in 6m0s.' } }, ms: 360_000 },
    { body: 'Slow down: retry after 20 seconds', ms: 20_000 },
    { body: { error: { message: 'Please retry in 34.07s.' } }, ms: 34_070 },

    // What says nothing, or not this.
    { ms: undefined },
    { headers: { 'retry-after': 'soon' }, body: { retry_after: 'soon' }, ms: undefined },
    { headers: { 'ratelimit-remaining': '4', 'ratelimit-reset': '37' }, ms: undefined },
    { headers: { ratelimit: '"minute";r=9;t=12' }, ms: undefined },
    { headers: { 'ratelimit-reset': '37' }, status: 500, ms: undefined },
    { headers: { 'x-ratelimit-reset': '-5', 'x-ratelimit-reset-requests': '1 fortnight' }, ms: undefined },
    { headers: { 'retry-after': '172800' }, ms: undefined },
    { body: { error: { message: 'You can try again in a while.' } }, ms: undefined },
    { body: { retry_after: null, error: { retry_after: { seconds: 3 } } }, ms: undefined },

    // Of a success only what is certain.
    { status: 200, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '6' }, body: { id: 'v' }, ms: 6000 },
    { status: 200, headers: { 'ratelimit-remaining': '3', 'ratelimit-reset': '6' }, ms: undefined },
    { status: 200, headers: { 'ratelimit-reset': '6' }, body: { retry_after: 9 }, ms: undefined },
  ])('is read: $status $headers $body means $ms ms', ({ ms, ...said }) => {
    expect(retryAfterOf(answerOf(said))).toBe(ms);
  });

  it.each([
    { status: 429, seconds: '90', says: 'The host limits how often it can be called. Try again in 1 min 30 s.' },
    { status: 429, seconds: '0.2', says: 'The host limits how often it can be called. Try again in 1 s.' },
    { status: 503, seconds: '5', says: 'The host is having problems. Try again in 5 s.' },
  ])('is told: $says', ({ status, seconds, says }) => {
    const answer = answerOf({ status, headers: { 'ratelimit-reset': seconds }, body: { error: 'no' } });
    const error = refusal({ ...answer, redact: (text) => text });
    expect(error).toMatchObject({ hint: says, retryAfterMs: Number(seconds) * 1000 });
  });

  it('is waited for by a create that was put off, and by a read', async () => {
    const put = { status: 429, body: { error: { message: 'Slow down', retry_after: 9 } } };
    for (const kind of ['create', 'read'] as const) {
      const server = await createTestServer();
      server.answer(
        put,
        { ...put, headers: { 'x-ratelimit-reset-requests': '4s' }, body: 'no' },
        { body: { id: 'v' } },
      );
      const { http, pauses } = createTestHttp();
      const answer = await http.send({ method: 'GET', kind, url: server.url, signal: new AbortController().signal });
      expect(answer.status).toBe(200);
      expect(pauses).toEqual([9000, 4000]);
    }
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');

  it.each([
    { value: '12', ms: 12_000 },
    { value: ' 0 ', ms: 0 },
    { value: '0.25', ms: 250 },
    { value: 'Sat, 21 Nov 2026 10:00:30 GMT', ms: 30_000 },
    { value: 'Sat, 21 Nov 2026 09:59:00 GMT', ms: 0 },
    { value: undefined, ms: undefined },
    { value: '', ms: undefined },
    { value: '-5', ms: undefined },
    { value: 'soon', ms: undefined },
  ])('reads $value as $ms', ({ value, ms }) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});
