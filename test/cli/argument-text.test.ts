import { describe, expect, it } from 'vitest';
import { requireUtf8Arguments } from '../../src/cli/argument-text.ts';

const LATIN = Buffer.from('caf\u00e9', 'latin1');

describe('arguments', () => {
  it('that are UTF-8 are taken without asking for their bytes', () => {
    const asked = (): never => {
      throw new Error('asked');
    };
    expect(() => requireUtf8Arguments(['video', 'generate', 'Zoë 海'], asked)).not.toThrow();
  });

  it.each([
    ['where their bytes say so', () => [Buffer.from('generate'), LATIN]],
    ['where no bytes are told', () => undefined],
    ['where those of this one are not told', () => [Buffer.from('generate')]],
  ])('that were no UTF-8 are refused %s', (_, bytes) => {
    expect(() => requireUtf8Arguments(['generate', LATIN.toString()], bytes)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'The argument "caf\ufffd" is not UTF-8.' }),
    );
  });

  it('may name a file that has U+FFFD in its name', () => {
    const argv = ['clip', 'inspect', 'caf\ufffd.mp4'];
    expect(() => requireUtf8Arguments(argv, () => argv.map((word) => Buffer.from(word)))).not.toThrow();
  });
});
