import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Http } from '../../src/http/client.ts';
import { urlExists } from '../../src/http/url-exists.ts';
import { createTestHttp } from '../helpers/http.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';
import { untilAborted } from '../helpers/until-aborted.ts';

const signal = new AbortController().signal;

async function look(...answers: Scripted[]): Promise<boolean | undefined> {
  const server = await createTestServer();
  server.answer(...answers);
  return urlExists(`${server.url}/joe.mp4`, { http: createTestHttp().http, root: server.url, signal });
}

const DENIED: Scripted = { status: 403, headers: { 'content-type': 'application/xml' }, body: '<Error/>' };

describe('a clip at its URL', () => {
  const film = { 'content-type': 'video/mp4' };

  it.each<[string, Scripted | readonly Scripted[], boolean | undefined]>([
    ['gives a byte', { status: 206, headers: film, body: 'x' }, true],
    ['knows no ranges and begins with the whole', { headers: film, body: 'x'.repeat(100_000) }, true],
    ['is not there', { status: 404 }, false],
    ['is gone', { status: 410 }, false],
    ['is no longer given', [DENIED, DENIED], false],
    ['is given without a range', [DENIED, { headers: film, body: 'x'.repeat(100_000) }], true],
    ['wants a sign-in', { status: 401 }, undefined],
    ['is too busy', { status: 429 }, undefined],
    ['has trouble', { status: 500 }, undefined],
    ['is a page instead', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }, undefined],
  ])('that %s', async (_title, answer, there) => {
    expect(await look(...[answer].flat())).toBe(there);
  });

  it('says nothing when its host cannot be reached', async () => {
    const { http } = createTestHttp();
    expect(await urlExists('http://127.0.0.1:1/joe.mp4', { http, root: 'http://127.0.0.1:1', signal })).toBeUndefined();
  });

  it.each(['http://files.example/joe.mp4', 'file:///etc/passwd', 'nonsense'])(
    'is not looked for at %s, which is neither https nor near the host',
    async (url) => {
      const { http, lines } = createTestHttp();
      expect(await urlExists(url, { http, root: 'https://api.example', signal })).toBeUndefined();
      expect(lines).toEqual([]);
    },
  );

  it('says nothing when its host has not answered after 10 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const http: Http = { ...createTestHttp().http, open: (request) => untilAborted(request.signal) };
    const ended = vi.fn();
    const asked = urlExists('http://127.0.0.1:1/joe.mp4', { http, root: 'http://127.0.0.1:1', signal }).then(ended);
    await vi.advanceTimersByTimeAsync(9999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(ended).toHaveBeenCalledWith(undefined);
  });

  it('is no longer asked for after Ctrl-C', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const { http } = createTestHttp();
    const asked = urlExists('http://127.0.0.1:1/joe.mp4', { http, root: 'http://127.0.0.1:1', signal: stop.signal });
    await expect(asked).rejects.toThrow('stopped');
  });
});
