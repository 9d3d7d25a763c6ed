import { describe, expect, it } from 'vitest';
import { idsOf } from '../../src/journal/asked-cast.ts';
import { type AskedText, findEqual } from '../../src/journal/equal-ask.ts';
import { type Ask, type AskedCharacter, fingerprintAsk } from '../../src/journal/fingerprint.ts';
import type { Registration } from '../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { asked, foldTakes } from './samples.ts';

const askOf = (cast: readonly AskedCharacter[]): Ask => ({ v: 1, prompt: 'Mia waves.', cast });
const PICTURES: AskedCharacter = { name: 'Mia', pictures: ['front'] };
const CLIP: AskedCharacter = { name: 'Mia', source: 'clip', options: DEFAULT_CLIP_OPTIONS };

const registration = (value: string): Registration => ({
  ...{ provider: 'openai', baseUrl: 'https://host.example/v1', orientation: 'landscape', kind: 'id', value },
  ...{ name: 'Mia', createdAt: '2026-11-21T10:00:00.000Z' },
});

/** Whether a take that was asked for `before` is what `now` asks for, of Mia, whom hosts know by `ids`. */
function isKept(before: AskedCharacter, now: AskedCharacter, ids: readonly string[] = ['char_1']): boolean {
  const ask = askOf([before]);
  const takes = foldTakes({ lines: [{ ...asked(), ask, fp: fingerprintAsk(ask) }] });
  const mia = { version: 1, name: 'Mia', createdAt: '', registrations: ids.map(registration) } as const;
  const text: AskedText = {
    ...{ ask: askOf([now]), fp: fingerprintAsk(askOf([now])), ids: idsOf([mia]) },
    sent: { seconds: 4, size: '1280x720' },
  };
  return findEqual(takes, text, (model) => model) !== undefined;
}

describe('a take of somebody who was known by an id', () => {
  it.each([
    ['pictures', PICTURES],
    ['a clip', CLIP],
  ])('is what is asked for, too, when she has got %s since', (_what, now) => {
    expect(isKept({ name: 'Mia', value: 'char_1' }, now)).toBe(true);
  });

  it.each<[string, AskedCharacter, readonly string[]]>([
    ['under another id', PICTURES, ['char_2']],
    ['under no id any more', PICTURES, []],
    ['under two names', { ...PICTURES, name: 'Mio' }, ['char_1']],
  ])('is another than of one who is known %s', (_what, now, ids) => {
    expect(isKept({ name: 'Mia', value: 'char_1' }, now, ids)).toBe(false);
  });

  it('is no excuse for other pictures, or another clip', () => {
    expect(isKept({ name: 'Mia', pictures: ['side'] }, PICTURES)).toBe(false);
    expect(isKept(CLIP, { ...CLIP, source: 'other' } as AskedCharacter)).toBe(false);
  });
});
