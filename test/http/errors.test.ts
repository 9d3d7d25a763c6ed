import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/http/errors.ts';

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

  it.each([
    '<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>',
    'Client sent an HTTP request to an HTTPS server.\n',
    'Reason: You&#39;re speaking plain HTTP to an SSL-enabled server port.<br />',
  ])('of plain http names the base URL that is wanted: %s', (text) => {
    const answer = { status: 400, headers: {}, text, requestId: undefined, receivedAt: 0 } as const;
    const asked = { ...answer, host: 'v.example:8080', kind: 'create', redact: (said: string) => said } as const;
    for (const [baseUrl, wanted] of [
      ['http://v.example:8080/v1', 'https://v.example:8080/v1'],
      [undefined, 'https://v.example:8080'],
    ] as const) {
      const told = refusal({ ...asked, ...(baseUrl !== undefined && { baseUrl }) });
      const hint = `The server speaks https on that port. Use this base URL: ${wanted}`;
      expect(told).toMatchObject({ code: 'refused', hint });
    }
  });

  it.each([
    ['https://v.example', 'Check the base URL https://v.example: it usually ends in /v1. Or it is about the id.'],
    ['https://v.example/v1', 'Check the base URL https://v.example/v1. Or it is about the id.'],
  ])('of a route that is not there names the base URL %s', (baseUrl, hint) => {
    const answer = { status: 404, headers: {}, text: '', requestId: undefined, receivedAt: 0, baseUrl } as const;
    const told = refusal({ ...answer, host: 'v.example', kind: 'read', redact: (said: string) => said });
    expect(told.hint).toBe(hint);
  });
});
