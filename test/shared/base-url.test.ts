import { describe, expect, it } from 'vitest';
import { normalizeBaseUrl } from '../../src/shared/base-url.ts';

describe('normalizeBaseUrl', () => {
  it.each([
    ['https://gateway.example.com/v1', 'https://gateway.example.com/v1'],
    ['https://gateway.example.com/v1///', 'https://gateway.example.com/v1'],
    ['HTTPS://Gateway.Example.COM:443/V1', 'https://gateway.example.com/V1'],
    ['http://127.0.0.1:80', 'http://127.0.0.1'],
    ['http://127.0.0.1:4010/v1/?a=b#c', 'http://127.0.0.1:4010/v1'],
    ['https://user:pass@gateway.example.com/v1', 'https://gateway.example.com/v1'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example'],
    ['sandbox:', 'sandbox:'],
  ])('writes %s as %s', (text, url) => {
    expect(normalizeBaseUrl(text)).toBe(url);
    expect(normalizeBaseUrl(url)).toBe(url);
  });

  it.each(['', 'gateway.example.com/v1', '/v1', 'https://'])('throws on %j, which is no URL', (text) => {
    expect(() => normalizeBaseUrl(text)).toThrow(TypeError);
  });
});
