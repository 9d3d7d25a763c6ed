import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonBody } from '../../src/http/body.ts';
import type { Attempt } from '../../src/http/connect.ts';
import { DEFAULT_TIMEOUTS, TransportError } from '../../src/http/exchange.ts';
import { describeTransportError } from '../../src/http/transport-errors.ts';
import { SELF_SIGNED } from '../helpers/certificate.ts';
import { createTestHttp } from '../helpers/http.ts';
import { failureOf } from '../providers/harness.ts';

const failure = (code: string): Error => Object.assign(new Error(`raw ${code}`), { code });
const url = new URL('https://v.example/v1');

interface Given {
  readonly sent?: boolean;
  readonly afterMs?: number;
  readonly tried?: readonly Attempt[];
  readonly via?: { readonly url: URL; readonly variable: string };
}

function tell(cause: unknown, { sent = true, afterMs = 1, ...more }: Given = {}): { message: string; hint: string } {
  return describeTransportError(
    new TransportError({ url, sent, afterMs, ...more }, cause),
    'v.example',
    DEFAULT_TIMEOUTS,
  );
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const secure = (options: TlsOptions): Server =>
  createTlsServer(options, (socket) => socket.end()).on('tlsClientError', () => {});
const saying = (first: string | Buffer): Server =>
  createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(first));
  });

describe('a server of something else', () => {
  it.each([
    {
      title: 'plain http, asked by https',
      server: () => createHttpServer(),
      scheme: 'https',
      says: / does not speak https on that port: what it sends is not TLS\.$/,
      hint: (host: string) =>
        `Check the port in the base URL. If the server speaks plain http, the base URL is http://${host}/v1`,
    },
    {
      title: 'https, asked by plain http, which says so in an alert',
      server: () => saying(Buffer.from('15030100020246', 'hex')),
      scheme: 'http',
      says: / speaks https on that port, not http\.$/,
      hint: (host: string) => `Use this base URL: https://${host}/v1`,
    },
    {
      title: 'a self-signed certificate',
      server: () => secure(SELF_SIGNED),
      scheme: 'https',
      says: / has a self-signed certificate, which is not trusted here\.$/,
      hint: () => expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    },
    {
      title: 'an old version of TLS',
      server: () =>
        secure({ ...SELF_SIGNED, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      scheme: 'https',
      says: / and this machine have no version of TLS in common\.$/,
      hint: () => expect.stringContaining('TLS 1.2 or 1.3'),
    },
    {
      title: 'no certificate at all',
      server: () => secure({}),
      scheme: 'https',
      says: / refused the secure connection \(TLS\)/,
      hint: (host: string) => expect.stringContaining(`Check the base URL https://${host}/v1`),
    },
  ])('($title) is told in words, asked once, and leaves nothing unknown', async ({ server, scheme, says, hint }) => {
    const host = await listen(server());
    const { http, pauses } = createTestHttp();
    for (const kind of ['create', 'read'] as const) {
      const error = await failureOf(
        http.send({
          ...{ method: 'POST', kind, url: `${scheme}://${host}/v1/videos`, baseUrl: `${scheme}://${host}/v1/` },
          body: jsonBody({}),
          signal: new AbortController().signal,
        }),
      );
      expect(error).toMatchObject({ code: 'network', message: expect.stringMatching(says), hint: hint(host) });
      expect(error.message).not.toMatch(/routines|openssl/);
    }
    expect(pauses).toEqual([]);
  });

  it('that is a proxy named by its address is told in words, too', async () => {
    const proxy = await listen(secure(SELF_SIGNED));
    const { http, pauses } = createTestHttp({ proxy: { https: `https://${proxy}` } });
    const request = { method: 'GET', kind: 'read', url: 'https://v.example/' } as const;
    const error = await failureOf(http.send({ ...request, signal: new AbortController().signal }));
    expect(error).toMatchObject({
      code: 'network',
      message: `v.example (through the proxy ${proxy} of HTTPS_PROXY) has a self-signed certificate, which is not trusted here.`,
      hint: expect.stringMatching(/Or it is about the proxy\.$/),
    });
    expect(pauses).toEqual([]);
  });

  it('whose answer is not HTTP may have carried a create out (P2)', async () => {
    const host = await listen(saying('SSH-2.0-OpenSSH_9.2\r\n'));
    const { http } = createTestHttp();
    const error = await failureOf(
      http.send({
        ...{ method: 'POST', kind: 'create', url: `http://${host}/v1/videos`, body: jsonBody({}) },
        signal: new AbortController().signal,
      }),
    );
    expect(error).toMatchObject({ code: 'ambiguous', message: expect.stringContaining('is not HTTP') });
  });
});

describe('a broken exchange', () => {
  it.each([
    { code: 'ENOTFOUND', says: 'No address was found for v.example (DNS).' },
    { code: 'EAI_AGAIN', says: 'No address was found for v.example (DNS).' },
    { code: 'ECONNREFUSED', says: 'v.example refused the connection.' },
    { code: 'ENETUNREACH', says: 'There is no route to v.example.' },
    { code: 'EHOSTUNREACH', says: 'There is no route to v.example.' },
    { code: 'CERT_HAS_EXPIRED', says: 'The certificate of v.example has expired.' },
    { code: 'CERT_NOT_YET_VALID', says: 'The certificate of v.example is not valid yet.' },
    {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      says: 'v.example has a self-signed certificate, which is not trusted here.',
    },
    {
      code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      says: 'The certificate of v.example is from an authority that is not trusted here.',
    },
    {
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      says: 'v.example and this machine have no version of TLS in common.',
    },
    { code: 'ERR_SSL_UNSUPPORTED_PROTOCOL', says: 'v.example and this machine have no version of TLS in common.' },
    {
      code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      says: 'v.example refused the secure connection (TLS): it has no cipher in common with this machine, or asks for a client certificate.',
    },
    {
      code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      says: 'v.example asks for a client certificate, which sora does not send.',
    },
    { code: 'ERR_SSL_WHATEVER', says: 'No secure connection (TLS) to v.example: raw ERR_SSL_WHATEVER' },
    { code: 'SORA_HEADERS_TIMEOUT', says: 'v.example took the request and did not answer within 120 s.' },
    { code: 'SORA_IDLE_TIMEOUT', says: 'The transfer with v.example made no progress for 60 s.' },
    { code: 'ECONNRESET', says: 'The connection to v.example was lost before the answer was complete.' },
    { code: 'EWHATEVER', says: 'The request to v.example failed: raw EWHATEVER' },
  ])('by $code is told as: $says', ({ code, says }) => {
    const { message, hint } = tell(failure(code));
    expect(message).toBe(says);
    expect(hint).toMatch(/\.$|SECLEVEL=0"$/);
  });

  it('names whom a certificate is for', () => {
    const cert = { subjectaltname: 'DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1, DNS:c.example' };
    expect(tell(Object.assign(failure('ERR_TLS_CERT_ALTNAME_INVALID'), { cert })).message).toBe(
      'The certificate of v.example is for a.example, *.b.example, 192.0.2.1 and others, not for the name that was asked for.',
    );
  });

  it('of several addresses is told by what says the most', () => {
    const cause = new AggregateError([failure('ENETUNREACH'), failure('ETIMEDOUT'), failure('ECONNREFUSED')]);
    expect(tell(cause).message).toBe('v.example refused the connection.');
  });

  const tried = [{ address: '2001:db8::7', code: 'ENETUNREACH' }, { address: '203.0.113.7' }];

  it.each([
    {
      cause: failure('SORA_CONNECT_TIMEOUT'),
      tried,
      says: 'No connection to v.example within 10 s (2001:db8::7: no route; 203.0.113.7: no answer).',
    },
    {
      title: 'by the system, sooner',
      cause: failure('ETIMEDOUT'),
      tried: [{ address: '203.0.113.7', code: 'ETIMEDOUT' }],
      says: 'No connection to v.example within 3 s (203.0.113.7: no answer).',
    },
    { cause: failure('SORA_CONNECT_TIMEOUT'), says: 'No address was found for v.example within 10 s (DNS).' },
    {
      cause: failure('SORA_CONNECT_TIMEOUT'),
      tried: [{ address: '203.0.113.7', connected: true }],
      says: 'v.example accepted the connection and did not finish the TLS handshake within 10 s.',
    },
    { cause: failure('ECONNREFUSED'), tried: [{ address: 'v.example' }], says: 'v.example refused the connection.' },
    {
      cause: failure('ECONNRESET'),
      tried: [{ address: '203.0.113.7', connected: true }],
      says: 'v.example closed the connection before it was secure (TLS).',
    },
  ])('before anything was sent says what was tried, and for how long: $says', ({ cause, says, ...more }) => {
    expect(tell(cause, { sent: false, afterMs: 3100, ...('tried' in more && { tried: more.tried }) }).message).toBe(
      says,
    );
  });

  const via = { url: new URL('http://joe:hunter22@proxy.example:3128'), variable: 'https_proxy' };

  it.each([
    ['ENOTFOUND', 'No address was found for the proxy proxy.example:3128 (DNS).'],
    ['ECONNREFUSED', 'The proxy proxy.example:3128 refused the connection.'],
    ['EHOSTUNREACH', 'There is no route to the proxy proxy.example:3128.'],
  ])('names the proxy, and the variable that names it, when %s is about it', (code, says) => {
    const { message, hint } = tell(failure(code), { sent: false, via });
    expect(message).toBe(says);
    expect(hint).toMatch(/v\.example\. Correct or unset https_proxy, /);
    expect(message + hint).not.toContain('hunter22');
  });

  it.each([
    [undefined, 'No connection to v.example (through the proxy proxy.example:3128 of https_proxy) within 10 s.'],
    [
      [{ address: '192.0.2.1', connected: true }],
      'v.example (through the proxy proxy.example:3128 of https_proxy) accepted the connection and did not open a tunnel within 10 s.',
    ],
  ])('says that there is a proxy in between when it may be either (%j)', (by, says) => {
    const told = tell(failure('SORA_CONNECT_TIMEOUT'), { sent: false, via, ...(by && { tried: by }) });
    expect(told.message).toBe(says);
  });

  it('says nothing of the proxy once the request has left', () => {
    expect(tell(failure('ECONNRESET'), { via }).message).toBe(
      'The connection to v.example was lost before the answer was complete.',
    );
  });
});
