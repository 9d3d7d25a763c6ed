import { describe, expect, it } from 'vitest';
import { createRedact, redactHeader, redactUrls } from '../../src/providers/redact.ts';

describe('createRedact', () => {
  it.each([
    { secrets: ['sk-abc/123'], text: 'key sk-abc/123!', shown: 'key ***!' },
    { secrets: ['sk-abc/123'], text: 'in a url: sk-abc%2F123', shown: 'in a url: ***' },
    { secrets: ['sk-1', 'sk-1234'], text: 'sk-1234', shown: '***' },
    { secrets: ['x'], text: 'example', shown: 'example' },
  ])('shows "$text" as "$shown"', ({ secrets, text, shown }) => {
    expect(createRedact(secrets)(text)).toBe(shown);
  });
});

describe('redactUrls', () => {
  it.each([
    { text: 'https://h/v?variant=thumbnail', shown: 'https://h/v?variant=thumbnail' },
    { text: 'https://h/v?X-Sig=abc&limit=2&se=1', shown: 'https://h/v?X-Sig=***&limit=2&se=***' },
    { text: 'http://joe:secret@proxy:3128/', shown: 'http://***@proxy:3128/' },
  ])('shows $text as $shown', ({ text, shown }) => {
    expect(redactUrls(text)).toBe(shown);
  });
});

describe('redactHeader', () => {
  it.each([
    'Authorization',
    'api-key',
    'X-API-Key',
    'cookie',
    'Set-Cookie',
    'proxy-authorization',
    'x-amz-security-token',
  ])('hides the value of %s', (name) => {
    expect(redactHeader(name, 'value-of-it')).not.toContain('value-of-it');
  });

  it('hides the signature in a location', () => {
    expect(redactHeader('location', 'https://cdn.example/a.mp4?sig=s3cr3t')).toBe(
      'location: https://cdn.example/a.mp4?sig=***',
    );
  });

  it('leaves an ordinary header alone', () => {
    expect(redactHeader('content-type', 'video/mp4')).toBe('content-type: video/mp4');
  });
});
