import { describe, expect, it } from 'vitest';
import {
  createRedact,
  hideUser,
  isMasked,
  isUnmistakable,
  redactHeader,
  redactUrls,
} from '../../src/providers/redact.ts';

describe('createRedact', () => {
  it.each([
    { secrets: ['sk-abc/123'], text: 'key sk-abc/123!', shown: 'key ***!' },
    { secrets: ['sk-abc/123'], text: 'in a url: sk-abc%2F123', shown: 'in a url: ***' },
    { secrets: ['sk-1', 'sk-1234'], text: 'sk-1234', shown: '***' },
    { secrets: ['x'], text: 'example', shown: 'example' },
    { secrets: ['sk-Abc/123'], text: 'a host that is SK-ABC/123', shown: 'a host that is ***' },
    { secrets: ['sk-abc/123'], text: 'twice: sk%252dabc%252f123', shown: 'twice: ***' },
    { secrets: ['sk-abc/"3'], text: String.raw`in JSON: "sk-abc\/\"3"`, shown: 'in JSON: "***"' },
    { secrets: ['sk-abc/1'], text: String.raw`JSON in JSON: {"a":"sk-abc\\/1"}`, shown: 'JSON in JSON: {"a":"***"}' },
    { secrets: ['sk-abc<1'], text: String.raw`in JSON: sk-abc\u003c1`, shown: 'in JSON: ***' },
    { secrets: ['sk-abc&1'], text: 'in HTML: sk-abc&#38;1, sk-abc&#x26;1', shown: 'in HTML: ***, ***' },
    { secrets: ['sk.abc'], text: 'sk-abc and sk.abc', shown: 'sk-abc and ***' },
    { secrets: ['sk-abc'], text: String.raw`{"a":"\\sk-abc"}`, shown: String.raw`{"a":"\\***"}` },
  ])('shows "$text" as "$shown"', ({ secrets, text, shown }) => {
    expect(createRedact(secrets)(text)).toBe(shown);
  });

  const KEY = 'sk-??>>0123456789~~ab';

  it.each(
    ['', ':', 'a:', 'joe:', 'Bearer '].flatMap((before) =>
      ['', ':', ':x', ' and more'].map((after) => [before, after]),
    ),
  )('leaves no more than its ends of the base64 of "%sKEY%s"', (before, after) => {
    for (const form of ['base64', 'base64url'] as const) {
      const text = createRedact([KEY])(Buffer.from(before + KEY + after).toString(form));
      expect(isMasked(text)).toBe(true);
      const left = text
        .split('***')
        .flatMap((part) => [0, 1, 2, 3].map((at) => Buffer.from(part.slice(at), form).toString('latin1')));
      for (let at = 0; at + 3 <= KEY.length; at++) {
        expect(left.some((one) => one.includes(KEY.slice(at, at + 3)))).toBe(false);
      }
    }
  });

  it('leaves a text alone that holds no secret', () => {
    const text = Buffer.alloc(3000, 'any picture').toString('base64');
    expect(createRedact([KEY, 'test'])(text)).toBe(text);
  });
});

describe('isUnmistakable', () => {
  it.each([
    ['sk-proj-0123456789abcdef', true],
    ['abcdefghijklmnopqrstuvwx', true],
    ['el-test-0123', true],
    ['sk-1234', false],
    ['123456789012', false],
    ['not-needed', false],
  ])('of %s is %s', (secret, expected) => {
    expect(isUnmistakable(secret)).toBe(expected);
  });
});

describe('redactUrls', () => {
  it.each([
    { text: 'https://h/v?variant=thumbnail', shown: 'https://h/v?variant=thumbnail' },
    { text: 'https://h/v?X-Sig=abc&limit=2&se=1', shown: 'https://h/v?X-Sig=***&limit=2&se=***' },
    { text: 'http://joe:secret@proxy:3128/', shown: 'http://***@proxy:3128/' },
    { text: 'http://joe:s@cr@et@proxy:3128/ and a@b', shown: 'http://***@proxy:3128/ and a@b' },
    { text: `http://joe:s'c"r<e>t@proxy:3128/`, shown: 'http://***@proxy:3128/' },
  ])('shows $text as $shown', ({ text, shown }) => {
    expect(redactUrls(text)).toBe(shown);
  });
});

describe('hideUser', () => {
  it.each([
    { text: 'joe:s@cret@proxy:3128', shown: '***@proxy:3128' },
    { text: 'proxy:3128', shown: 'proxy:3128' },
    { text: 'https://joe:s@cret@host/v1?key=abc', shown: 'https://***@host/v1?key=***' },
    { text: 'https://host/v1?mail=ab&limit=2', shown: 'https://host/v1?mail=***&limit=2' },
    { text: `https://host/v1?key=hun'ter 22`, shown: 'https://host/v1?key=***' },
    { text: 'host/v1?mail=a@b', shown: '***' },
    { text: 'https://joe:pw@host/v1?key=a@b', shown: 'https://***' },
  ])('shows $text as $shown', ({ text, shown }) => {
    expect(hideUser(text)).toBe(shown);
  });

  it.each([...`'"<> #?/@\\:&=%`])('P5: shows nothing of a password with %j in it', (char) => {
    for (const scheme of ['', 'http://', 'https://', 'socks5://']) {
      for (const password of [`hunter${char}rabbit`, `1${char}rabbit`, `${char}rabbit`]) {
        const shown = hideUser(`${scheme}joe:${password}@host:8080/v1`);
        expect(shown).toMatch(char === '?' ? /^(?:\w+:\/\/)?\*{3}$/ : /^(?:\w+:\/\/)?\*{3}@host:8080\/v1$/);
        expect(shown.startsWith(scheme)).toBe(true);
      }
    }
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
