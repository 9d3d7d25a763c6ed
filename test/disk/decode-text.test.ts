import { describe, expect, it } from 'vitest';
import { decodeText, requireReadable } from '../../src/disk/decode-text.ts';

const source = { called: 'The prompt', file: 'the prompt.txt' };

function bytesOf(text: string, encoding: 'utf8' | 'utf16le' | 'utf16be' | 'latin1'): Buffer {
  return encoding === 'utf16be' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, encoding);
}

describe('the text of bytes', () => {
  it.each(['A sea.', '\ufeffA sea.', 'Zoë 👋\r\n', '海です。', ''])(
    'is what UTF-8 says, without a mark of the byte order: %j',
    (text) => {
      expect(decodeText(Buffer.from(text), source)).toBe(text.replace(/^\ufeff/, ''));
    },
  );

  const TEXTS = ['A sea.', 'Zoë waves.', '海のそばで、ジョーが手を振る。\n', 'Привет, мир\n', '👋 '];

  it.each(TEXTS)('is advised to be converted from UTF-16: %j', (text) => {
    for (const [encoding, mark, named] of [
      ['utf16le', '\ufeff', 'utf-16'],
      ['utf16be', '\ufeff', 'utf-16'],
      ['utf16le', '', 'utf-16le'],
      ['utf16be', '', 'utf-16be'],
    ] as const) {
      expect(() => decodeText(bytesOf(mark + text, encoding), source)).toThrow(
        expect.objectContaining({
          ...{ code: 'usage', message: 'The prompt is not text in UTF-8, but in UTF-16.' },
          hint: `Convert it first: iconv -f ${named} -t utf-8 'the prompt.txt' > 'utf8-the prompt.txt'`,
        }),
      );
    }
  });

  it.each([
    ['Latin-1', bytesOf('Zoë waves.', 'latin1')],
    ['Shift JIS', Buffer.from([0x8a, 0x43, 0x82, 0xc5, 0x82, 0xb7])],
    ['a video', Buffer.concat([Buffer.from('....ftypisom'), Buffer.alloc(20), Buffer.from([0xff, 0xe1])])],
    ['zeros', Buffer.alloc(20)],
    ['a text with a zero', Buffer.from('A sea.\0\0')],
  ])('of %s is refused without naming an encoding that it may not have', (_, bytes) => {
    expect(() => decodeText(bytes, source)).toThrow(
      expect.objectContaining({
        ...{ code: 'usage', message: 'The prompt is not text in UTF-8.' },
        hint: expect.stringContaining('from the encoding that it has, such as latin1: iconv '),
      }),
    );
  });

  it('is refused where it was damaged before', () => {
    for (const refused of [
      () => decodeText(Buffer.from('caf\ufffd'), source),
      () => requireReadable('\ufffd', 'A name'),
    ])
      expect(refused).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringContaining('U+FFFD') }));
  });
});
