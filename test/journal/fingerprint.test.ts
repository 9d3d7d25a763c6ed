import { describe, expect, it } from 'vitest';
import { type Ask, canonicalJson, fingerprintAsk, partsOfKey, takeKey } from '../../src/journal/fingerprint.ts';
import { modelFamilies } from '../../src/providers/index.ts';

const ASK: Ask = { v: 1, id: 'a', prompt: 'Zoë waves.', cast: [{ name: 'Zoë', value: 'char_1' }], seconds: 4 };

describe('the fingerprint of a request', () => {
  it('is what it always was: what was paid for is found by it', () => {
    expect(fingerprintAsk(ASK)).toBe('58470e16c2827804885369fe486172f4fe30302e1d7df15b776b6d6347e3a602');
  });

  it('does not depend on the order of fields, nor on how an accent is written', () => {
    const { cast, prompt, ...rest } = ASK;
    expect(fingerprintAsk({ cast, ...rest, prompt: prompt.normalize('NFD') })).toBe(fingerprintAsk(ASK));
  });

  it.each<[string, Partial<Ask>]>([
    ['the id', { id: 'b' }],
    ['the prompt', { prompt: 'Zoë waves!' }],
    ['the model', { model: 'sora-2' }],
    ['the length', { seconds: 8 }],
    ['the size', { size: '1280x720' }],
    ['the cast', { cast: [] }],
    ['the picture', { reference: { sha256: 'a' } }],
    ['the framing', { framing: { fit: 'pad' } }],
    ['the focus', { framing: { fit: 'crop', focus: { x: 0.5, y: 0 } } }],
    ['the picture of a scene before', { reference: { lastFrameOf: 'a' } }],
  ])('is another with %s', (_what, change) => {
    expect(fingerprintAsk({ ...ASK, ...change })).not.toBe(fingerprintAsk(ASK));
  });

  it('is made of JSON without what is undefined', () => {
    expect(canonicalJson({ b: [1, 'x'], a: { c: undefined, d: null } })).toBe('{"a":{"d":null},"b":[1,"x"]}');
  });
});

describe('a model', () => {
  it.each([
    ['sora-2', 'sora-2'],
    ['sora-2-2025-12-08', 'sora-2'],
    ['openai/sora-2/text-to-video', 'sora-2'],
    ['sora-2-text-to-video-pro', 'sora-2-pro'],
    ['bytedance/seedance-2.5/reference-to-video', 'seedance-2.5'],
    ['my-own', 'my-own'],
    ['constructor', 'constructor'],
  ])('%s is of the family %s at every host', async (id, family) => {
    expect((await modelFamilies())(id)).toBe(family);
  });
});

describe('the key of a take', () => {
  it('says what was asked for, and is told from other keys', () => {
    const fp = fingerprintAsk(ASK);
    const uuid = '00000000-0000-4000-8000-000000000001';
    expect(partsOfKey(takeKey(fp, uuid))).toEqual({ fp, uuid });
    expect(partsOfKey('nightly')).toBeUndefined();
  });
});
