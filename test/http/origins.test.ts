import { describe, expect, it } from 'vitest';
import { redirectTarget } from '../../src/http/origins.ts';
import { isLoopback } from '../../src/http/proxy.ts';
import { createRedactor } from '../../src/http/redact.ts';

describe('redirectTarget', () => {
  const signal = new AbortController().signal;

  function target(kind: 'create' | 'read', from: string, location: string, status: number): string {
    const url = new URL(from);
    const request = { method: 'GET', kind, url: from, baseUrl: 'http://a.example/v1/', signal } as const;
    return redirectTarget({ request, first: url, from: url, status, location, hop: 0, redact: (text) => text }).href;
  }

  it.each([
    { kind: 'read', from: 'https://a.example/v1/x', location: '/y', status: 302, to: 'https://a.example/y' },
    {
      kind: 'read',
      from: 'https://a.example/x',
      location: 'https://cdn.example/y?s=1',
      status: 302,
      to: 'https://cdn.example/y?s=1',
    },
    {
      kind: 'read',
      from: 'http://a.example/x',
      location: 'https://a.example/x',
      status: 301,
      to: 'https://a.example/x',
    },
    {
      kind: 'read',
      from: 'https://a.example/x',
      location: 'https://u:p@b.example/',
      status: 302,
      to: 'https://b.example/',
    },
    {
      kind: 'read',
      from: 'http://localhost:1/x',
      location: 'http://127.0.0.1:2/y',
      status: 302,
      to: 'http://127.0.0.1:2/y',
    },
    { kind: 'create', from: 'https://a.example/x', location: '/x/', status: 308, to: 'https://a.example/x/' },
  ] as const)('leads a $kind from $from to $to', ({ kind, from, location, status, to }) => {
    expect(target(kind, from, location, status)).toBe(to);
  });

  it.each([
    ['http://a.example/x', 'https://a.example/x'],
    ['http://127.0.0.1:1/x', 'https://localhost:2/x'],
  ])('never leads from https back to plain http, not even to where it began: %s over %s', (first, from) => {
    const request = { method: 'GET', kind: 'read', url: first, signal } as const;
    const led = { request, first: new URL(first), status: 302, hop: 1, redact: (text: string) => text };
    expect(() => redirectTarget({ ...led, from: new URL(from), location: first })).toThrowError(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('from https to plain http') }),
    );
    // The same way without https in its middle is allowed.
    expect(redirectTarget({ ...led, from: new URL(first), location: '/y' }).pathname).toBe('/y');
  });

  it.each([
    { kind: 'read', from: 'https://a.example/x', location: 'http://a.example/x', status: 302, code: 'refused' },
    { kind: 'read', from: 'https://a.example/x', location: 'http://127.0.0.1/x', status: 302, code: 'refused' },
    { kind: 'read', from: 'http://a.example/x', location: 'http://b.example/x', status: 302, code: 'refused' },
    { kind: 'read', from: 'http://a.example/x', location: 'http://127.0.0.1/x', status: 302, code: 'refused' },
    { kind: 'create', from: 'http://a.example/x', location: 'https://a.example/x', status: 308, code: 'refused' },
    { kind: 'create', from: 'https://a.example/x', location: '/y', status: 302, code: 'refused' },
    { kind: 'create', from: 'https://a.example/x', location: '/y', status: 303, code: 'ambiguous' },
  ] as const)(
    'stops a $kind that is led by $status from $from to $location',
    ({ kind, from, location, status, code }) => {
      expect(() => target(kind, from, location, status)).toThrowError(expect.objectContaining({ code }));
    },
  );

  it.each([
    {
      kind: 'create',
      from: 'https://a.example/v1//videos?key=sk-1',
      location: '/v1/videos?key=sk-1',
      status: 301,
      says: 'a.example redirects a create from /v1//videos?key=*** to /v1/videos?key=*** (301), which is not followed.',
      hint: 'this request goes to /v1/videos?key=*** by itself',
    },
    {
      kind: 'create',
      from: 'http://a.example/v1/videos',
      location: 'https://a.example/v1/videos',
      status: 308,
      says: 'a.example redirects a create from /v1/videos to https://a.example/v1/videos (308), which is not followed.',
      hint: 'Use this base URL: https://a.example/v1',
    },
    {
      kind: 'create',
      from: 'https://a.example/v1/videos',
      location: 'https://b.example/login',
      status: 302,
      says: 'a.example redirects a create from /v1/videos to https://b.example/login (302), which is not followed.',
      hint: 'goes to https://b.example/login by itself',
    },
    {
      kind: 'create',
      from: 'https://a.example/v1/videos',
      location: '/v1/videos/video_1',
      status: 303,
      says: 'a.example answered a create with a redirect to /v1/videos/video_1 (303). It is not known',
      hint: 'Check at the host',
    },
  ] as const)('says from where to where: $says', ({ kind, from, location, status, says, hint }) => {
    expect(() => target(kind, from, location, status)).toThrowError(
      expect.objectContaining({ message: expect.stringContaining(says), hint: expect.stringContaining(hint) }),
    );
  });
});

describe('an address that holds the key (P5)', () => {
  const key = 'sk-0123456789abcdef';
  const first = new URL('https://a.example/x');
  const auth = { header: 'authorization', value: `Bearer ${key}`, origin: first.origin };
  const to = (location: string): string => {
    const request = {
      method: 'GET',
      kind: 'read',
      url: first.href,
      auth,
      signal: new AbortController().signal,
    } as const;
    return redirectTarget({ request, first, from: first, status: 302, location, hop: 0, redact: createRedactor([key]) })
      .href;
  };

  it.each([
    `https://b.example/?key=${key}`,
    `https://b.example/${key}/file`,
    `https://b.example/?a=${Buffer.from(key).toString('base64url')}`,
    `https://${key}.b.example/`,
    `https://a.example:8443/?key=${key}`,
  ])('is not followed to another origin: %s', (location) => {
    let said = '';
    try {
      to(location);
    } catch (error) {
      said = `${error}`;
    }
    expect(said).toContain('contains the key');
    expect(said).not.toContain(key);
  });

  it('is followed within the origin, which knows the key', () => {
    expect(to(`/y?key=${key}`)).toBe(`https://a.example/y?key=${key}`);
  });
});

describe('isLoopback', () => {
  it.each([
    ['http://localhost:1', true],
    ['http://a.localhost', true],
    ['http://127.0.0.1', true],
    ['http://127.1', true],
    ['http://127.200.3.4', true],
    ['http://[::1]:8', true],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['http://10.0.0.1', false],
    ['http://[::2]', false],
  ])('of %s is %s', (url, expected) => {
    expect(isLoopback(new URL(url))).toBe(expected);
  });
});
