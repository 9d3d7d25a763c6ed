import { describe, expect, it } from 'vitest';
import { proxyFor, proxyOf } from '../../src/http/proxy.ts';

const ENV = { HTTPS_PROXY: 'http://proxy:3128' };
const via = (url: string, env: Readonly<Record<string, string>> = ENV) => proxyFor(new URL(url), proxyOf(env));

describe('the proxy for a URL', () => {
  it.each([
    ['https://host/', ENV, 'http://proxy:3128/', 'HTTPS_PROXY'],
    ['https://host/', { https_proxy: 'small:1', ...ENV }, 'http://small:1/', 'https_proxy'],
    ['http://host/', { HTTP_PROXY: 'https://joe:pw@proxy' }, 'https://joe:pw@proxy/', 'HTTP_PROXY'],
    ['https://host/', { HTTPS_PROXY: 'http://joe:pw@proxy:1/some/path?q#f' }, 'http://joe:pw@proxy:1/', 'HTTPS_PROXY'],
  ])('of %s in %j is %s, named by %s', (url, env, expected, variable) => {
    const found = via(url, env as Record<string, string>);
    expect({ url: found?.url.href, variable: found?.variable }).toEqual({ url: expected, variable });
  });

  it.each([
    ['http://host/', ENV],
    ['https://host/', { https_proxy: '', ...ENV }],
    ['https://localhost/', ENV],
    ['https://127.0.0.1:8443/', ENV],
  ])('of %s in %j is none', (url, env) => {
    expect(via(url, env as Record<string, string>)).toBeUndefined();
  });

  it.each([
    ['*', true],
    ['other, host.example', true],
    ['.example', true],
    ['*.EXAMPLE', true],
    ['example:443', true],
    ['example:80', false],
    ['ample', false],
    ['', false],
  ])('is none for what NO_PROXY names: %s exempts host.example: %s', (NO_PROXY, isExempt) => {
    expect(via('https://host.example/', { ...ENV, NO_PROXY }) === undefined).toBe(isExempt);
  });

  it('that is no URL is refused by the name of its variable, without what stands there', () => {
    expect(() => via('https://host/', { https_proxy: 'ftp://joe:hunter22@proxy' })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'The proxy in https_proxy is not an http:// or https:// URL.',
        hint: 'Correct https_proxy, or unset it.',
      }),
    );
  });

  it.each(['12#ss', '12?ss', '12/ss'])(
    'is not taken for one that begins with a password, of which %s is one',
    (password) => {
      expect(() => via('https://host/', { HTTPS_PROXY: `http://joe:${password}@proxy:8080` })).toThrow(
        'The proxy in HTTPS_PROXY is not an http:// or https:// URL.',
      );
    },
  );
});
