import { describe, expect, it } from 'vitest';
import { TAKEN_BACK } from '../../src/journal/lines.ts';
import { asked, close, done, failed, KEY, KEY_2, OTHER_FP, sent, slotFor } from './samples.ts';

const other = (key = KEY) => asked(key, { fp: OTHER_FP });
const passes = { retryable: true, made: 'maybe' } as const;

describe('the state of a line', () => {
  it.each([
    ['nothing', [], { state: 'missing', exit: 8, need: 1 }],
    ['asked, without an answer', [asked()], { state: 'unknown', exit: 7, need: 0 }],
    ['asked and sent', [asked(), sent()], { state: 'open', exit: 8, need: 0 }],
    ['done', [asked(), sent(), done()], { state: 'chosen', exit: 0, need: 0 }],
    ['refused', [asked(), failed(KEY, { made: 'no' })], { state: 'failed', exit: 5, need: 1 }],
    ['failed, as the host says for a while', [asked(), failed(KEY, passes)], { state: 'failed', exit: 5, need: 1 }],
    ['failed, and perhaps billed', [asked(), failed()], { state: 'failed', exit: 5, need: 0 }],
    ['refused by policy', [asked(), failed(KEY, { exit: 11, made: 'no' })], { state: 'failed', exit: 11, need: 0 }],
    [
      'a claim that was taken back',
      [asked(), failed(KEY, { why: TAKEN_BACK })],
      { state: 'missing', exit: 8, need: 1 },
    ],
    ['closed', [asked(), close()], { state: 'missing', exit: 8, need: 1 }],
    ['made by another text', [other(), sent(), done()], { state: 'changed', exit: 8, need: 1, isOtherText: true }],
    ['unknown by another text', [other()], { state: 'unknown', exit: 7, isOtherText: true }],
    [
      'open by another text, done by this',
      [other(KEY_2), sent(KEY_2, 'v2'), asked(), done()],
      { state: 'open', exit: 8 },
    ],
    ['failed, then done', [asked(), failed(), asked(KEY_2), done(KEY_2)], { state: 'chosen', exit: 0, need: 0 }],
  ] as const)('%s', (_what, lines, slot) => {
    expect(slotFor({ lines })).toMatchObject(slot);
  });

  it('is open while the process that sends it lives [alive]', () => {
    expect(slotFor({ lines: [asked()] }, { isAlive: () => true })).toMatchObject({ state: 'open', exit: 8, need: 0 });
  });

  it.each([
    ['absent', { state: 'absent', exit: 9, need: 0 }],
    ['other', { state: 'unreadable', exit: 12, need: 0 }],
  ] as const)('with a file that is %s is not sent again', (presence, slot) => {
    expect(slotFor({ lines: [asked(), sent(), done()] }, { presenceOf: () => presence })).toMatchObject(slot);
  });

  it('goes by the newest take that is here, else by the newest', () => {
    const lines = [asked(), done(), asked(KEY_2, { n: 2 }), done(KEY_2, 'out/a-2.mp4')];
    expect(slotFor({ lines }).chosen?.key).toBe(KEY_2);
    const first = slotFor({ lines }, { presenceOf: ({ key }) => (key === KEY ? 'here' : 'absent') });
    expect(first).toMatchObject({ state: 'chosen', chosen: { key: KEY } });
  });

  it('that this account cannot see is 4', () => {
    expect(slotFor({ lines: [asked(), sent()] }, { isInvisible: () => true })).toMatchObject({
      state: 'open',
      exit: 4,
    });
  });

  it('of an id that the file no longer has is what was begun of it, and wants nothing', () => {
    expect(slotFor({ lines: [asked()] }, { fp: undefined, wanted: 0 })).toMatchObject({ state: 'unknown', need: 0 });
    expect(slotFor({ lines: [asked(), done()] }, { fp: undefined, wanted: 0 })).toMatchObject({
      state: 'chosen',
      need: 0,
    });
  });
});
