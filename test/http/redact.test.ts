import { describe, expect, it } from 'vitest';
import { createRedactor, hideUser, isMasked, isUnmistakable, redactHeader, redactUrls } from '../../src/http/redact.ts';

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
    expect(createRedactor(secrets)(text)).toBe(shown);
  });

  const KEY = 'sk-??>>0123456789~~ab';

  it.each(
    ['', ':', 'a:', 'joe:', 'Bearer '].flatMap((before) =>
      ['', ':', ':x', ' and more'].map((after) => [before, after]),
    ),
  )('leaves no more than its ends of the base64 of "%sKEY%s"', (before, after) => {
    for (const form of ['base64', 'base64url'] as const) {
      const text = createRedactor([KEY])(Buffer.from(before + KEY + after).toString(form));
      expect(isMasked(text)).toBe(true);
      const left = text
        .split('***')
        .flatMap((part) => [0, 1, 2, 3].map((at) => Buffer.from(part.slice(at), form).toString('latin1')));
      for (let at = 0; at + 3 <= KEY.length; at++) {
        expect(left.some((one) => one.includes(KEY.slice(at, at + 3)))).toBe(false);
      }
    }
  });

  /** What a host may put between the letters of a key, and what is read over. */
  const BETWEEN = {
    NUL: '\u0000',
    'a control': '\u0001',
    'a C1 control': '\u0085',
    'a direction': '\u200e\u200f\u202e\u2066',
    'no width': '\u200b\u200c\u200d\u2060\ufeff',
    'a soft hyphen': '\u00ad',
    'a mark that combines': '\u0301\u034f',
    'a variation selector': '\ufe0f\u{e0100}',
    'a tag': '\u{e0041}',
    'a filler': '\u115f\u3164\uffa0',
    'a colour': '\u001b[1;31m',
    'a colour by C1': '\u009b0m',
    'a title': '\u001b]0;joe\u0007',
    'half a character': '\ud800',
    'no UTF-8': '\ufffd',
    'a line': '\n',
    'a line of Windows': '\r\n    ',
    'a line separator': '\u2028',
    'much of it': '\u200b'.repeat(200),
  } as const;
  const FORMS: Readonly<Record<string, (text: string) => string>> = {
    plain: (text) => text,
    'in JSON': (text) => JSON.stringify(text).slice(1, -1),
    'in JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
    'all escaped for JSON': (text) => text.replace(/[\s\S]/g, (char) => `\\u${hex(char)}`),
    'for URLs': (text) => encodeURIComponent(text.toWellFormed()),
    'for URLs, twice': (text) => encodeURIComponent(encodeURIComponent(text.toWellFormed())),
    'in JSON, for URLs': (text) => encodeURIComponent(JSON.stringify(text).slice(1, -1)),
    'in HTML': (text) => text.replace(/[\s\S]/gu, (char) => `&#${char.codePointAt(0)};`),
    'in HTML, by hex': (text) => text.replace(/[\s\S]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`),
    'in HTML, for URLs': (text) => text.replace(/[\s\S]/g, (char) => `%26%23x${hex(char)};`),
    'in escapes that are split': (text) => text.replace(/[\s\S]/g, (char) => `\\\u200du${hex(char)}`),
  };
  const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, '0');
  const WHOLE = { KEY, 'base64 of KEY': Buffer.from(`joe:${KEY}`).toString('base64') };

  it.each(Object.keys(BETWEEN))('finds a secret with %s between its letters, in every form', (name) => {
    const gap = BETWEEN[name as keyof typeof BETWEEN];
    for (const [what, whole] of Object.entries(WHOLE)) {
      for (const [form, write] of Object.entries(FORMS)) {
        const shown = createRedactor([KEY])(`a ${write([...whole].join(gap))} z`);
        const where = `${what}, ${form}`;
        if (what === 'KEY') expect([where, shown]).toEqual([where, 'a *** z']);
        // Its ends depend on what stands beside the key.
        else expect([where, shown.length < 25 + 24 * gap.length * 12, isMasked(shown)]).toEqual([where, true, true]);
      }
    }
  });

  it.each(['a colour', 'NUL', 'no width'] as const)(
    'finds a short secret with %s in it, and none that is only spaced',
    (name) => {
      const redact = createRedactor(['test']);
      expect(redact([...'a test z'].join(BETWEEN[name]))).toContain('***');
      expect(redact('the test es t')).toBe('the *** es t');
    },
  );

  it.each([
    ['that ends like an escape', 'sk-0123456789abc%', '{"a":"sk-0123456789abc%41"}', '{"a":"***41"}'],
    ['that looks escaped', 'sk-0123456789%41%42', 'a sk-0123456789%41%42 z', 'a *** z'],
    ['after the domain of a user', 'nsk-0123456789abc', String.raw`WORK\nsk-0123456789abc`, String.raw`WORK\***`],
    ['in a title of a terminal', KEY, `\u001b]0;${KEY}\u0007`, '\u001b]0;***\u0007'],
    ['that a sequence seems to begin', KEY, `\u001b[${KEY}`, '\u001b[***'],
    ['beside a letter that has two small ones', KEY, `\u0130\u0130 ${KEY} \u0130`, '\u0130\u0130 *** \u0130'],
  ])('finds a secret %s', (_title, secret, text, shown) => {
    expect(createRedactor([secret])(text)).toBe(shown);
  });

  it.each([
    ['abc', false, 'too short to be one'],
    ['abcd', true, 'long enough'],
  ])('of %s is %s, plainly: %s', (secret, expected) => {
    expect(isMasked(createRedactor([secret])(`x ${secret} x`))).toBe(expected);
  });

  it.each([
    ['abcdefg', false, 'nine letters of it are always the same: any picture may have them'],
    ['abcdefgh', true, 'ten are'],
  ])('of %s is %s, in base64: %s', (secret, expected) => {
    expect(isMasked(createRedactor([secret])(Buffer.from(secret).toString('base64')))).toBe(expected);
  });

  it('leaves JSON valid', () => {
    for (const write of [FORMS.plain, FORMS['in JSON'], FORMS['all escaped for JSON']]) {
      for (const before of ['', '\\', '"', '\n', '/']) {
        const text = `{"a":${JSON.stringify(before).slice(0, -1)}${write?.(`/${KEY}`)}","b":1}`;
        expect(JSON.parse(createRedactor([`/${KEY}`])(text))).toEqual({ a: expect.stringMatching(/\*{3}$/), b: 1 });
      }
    }
  });

  it('leaves a text alone that holds no secret', () => {
    const text = Buffer.alloc(3000, 'any picture').toString('base64');
    expect(createRedactor([KEY, 'test'])(text)).toBe(text);
  });

  it('leaves the word that the sandbox takes for a key', () => {
    const text = '/home/joe/sandbox/sequence is none of the sandbox.';
    expect(createRedactor(['sandbox'])(text)).toBe(text);
    expect(createRedactor(['sandbox', 'boxed-in'])(`${text} boxed-in`)).toBe(`${text} ***`);
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
