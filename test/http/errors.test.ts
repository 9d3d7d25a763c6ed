import { describe, expect, it } from 'vitest';
import { describeTransportError, refusal } from '../../src/http/errors.ts';
import { DEFAULT_TIMEOUTS, TransportError } from '../../src/http/exchange.ts';

const failure = (code: string): Error => Object.assign(new Error(`raw ${code}`), { code });

describe('describeLost', () => {
  it.each([
    { code: 'ENOTFOUND', says: 'No address was found for v.example (DNS).' },
    { code: 'EAI_AGAIN', says: 'No address was found for v.example (DNS).' },
    { code: 'ECONNREFUSED', says: 'v.example refused the connection.' },
    { code: 'ETIMEDOUT', says: 'No connection to v.example within 10 s.' },
    { code: 'UND_ERR_CONNECT_TIMEOUT', says: 'No connection to v.example within 10 s.' },
    { code: 'ENETUNREACH', says: 'There is no route to v.example.' },
    { code: 'EHOSTUNREACH', says: 'There is no route to v.example.' },
    { code: 'CERT_HAS_EXPIRED', says: 'No secure connection (TLS) to v.example: raw CERT_HAS_EXPIRED' },
    { code: 'SORA_HEADERS_TIMEOUT', says: 'v.example took the request and did not answer within 120 s.' },
    { code: 'SORA_IDLE_TIMEOUT', says: 'The transfer with v.example made no progress for 60 s.' },
    { code: 'ECONNRESET', says: 'The connection to v.example was lost before the answer was complete.' },
    { code: 'EWHATEVER', says: 'The request to v.example failed: raw EWHATEVER' },
  ])('says of $code: $says', ({ code, says }) => {
    const { message, hint } = describeTransportError(
      new TransportError(true, undefined, failure(code)),
      'v.example',
      DEFAULT_TIMEOUTS,
    );
    expect(message).toBe(says);
    expect(hint).toMatch(/\.$/);
  });

  it('finds the reason when several addresses were tried', () => {
    const cause = new AggregateError([failure('ECONNREFUSED'), failure('ENETUNREACH')]);
    const { message } = describeTransportError(
      new TransportError(false, undefined, cause),
      'v.example',
      DEFAULT_TIMEOUTS,
    );
    expect(message).toBe('v.example refused the connection.');
  });

  const via = { url: new URL('http://joe:hunter22@proxy.example:3128'), variable: 'https_proxy' };
  const lostAt = (code: string, sent: boolean) =>
    describeTransportError(new TransportError(sent, via, failure(code)), 'v.example', DEFAULT_TIMEOUTS);

  it.each([
    ['ENOTFOUND', 'No address was found for the proxy proxy.example:3128 (DNS).'],
    ['ECONNREFUSED', 'The proxy proxy.example:3128 refused the connection.'],
    ['EHOSTUNREACH', 'There is no route to the proxy proxy.example:3128.'],
  ])('names the proxy, and the variable that names it, when %s is about it', (code, says) => {
    const { message, hint } = lostAt(code, false);
    expect(message).toBe(says);
    expect(hint).toMatch(/v\.example\. Correct or unset https_proxy, /);
    expect(message + hint).not.toContain('hunter22');
  });

  it('says that there is a proxy in between when it may be either', () => {
    expect(lostAt('SORA_CONNECT_TIMEOUT', false).message).toBe(
      'No connection to v.example (through the proxy proxy.example:3128 of https_proxy) within 10 s.',
    );
  });

  it('says nothing of the proxy once the request has left', () => {
    expect(lostAt('ECONNRESET', true).message).toBe(
      'The connection to v.example was lost before the answer was complete.',
    );
  });
});

describe('refusal', () => {
  it.each([
    ['30', 30_000],
    ['soon', undefined],
  ])('keeps what the host says of when to come back: %s', (after, retryAfterMs) => {
    const answer = { status: 503, headers: { 'retry-after': after }, text: '', requestId: undefined } as const;
    const more = { receivedAt: 0, host: 'v.example', kind: 'read', redact: (text: string) => text } as const;
    expect(refusal({ ...answer, ...more }).retryAfterMs).toBe(retryAfterMs);
  });

  it('of a key names the command that shows which one is used', () => {
    const answer = { status: 401, headers: {}, text: '', requestId: undefined, receivedAt: 0 } as const;
    const told = refusal({ ...answer, host: 'v.example', kind: 'read', redact: (text: string) => text });
    expect(told).toMatchObject({ code: 'auth', hint: expect.stringContaining('sora auth status') });
  });
});
