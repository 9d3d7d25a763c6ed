import { describe, expect, it } from 'vitest';
import { PAID_AND_GONE, readJournal, whyFailed } from '../../src/journal/lines.ts';
import { asked, done, failed, KEY, KEY_2, sent } from './samples.ts';

const text = (...lines: readonly unknown[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

describe('a journal', () => {
  it('is read line by line, and keeps fields that it does not know', () => {
    const lines = [{ ...asked(), later: true }, sent(), done(), failed()];
    expect(readJournal(text(...lines)).lines).toEqual(lines);
  });

  it('torn: ignores a line that a killed process did not finish, and names it', () => {
    const half = JSON.stringify(sent()).slice(0, 40);
    const read = readJournal(text(asked(), half, done()));
    expect(read).toMatchObject({ torn: [2] });
    expect(read.problem).toBeUndefined();
    expect(read.lines.map(({ line }) => line)).toEqual(['asked', 'done']);
  });

  it('torn: is so at any byte, and only at the end of what there is of it', () => {
    const ask = { v: 1, prompt: 'A "sea" [.', cast: [{ name: 'Joe', source: 'x', options: {} }] } as const;
    const whole = JSON.stringify(asked(KEY, { ask: ask as never, sender: { machine: 'm', pid: 1 } }));
    for (let end = 1; end < whole.length; end++) {
      expect(readJournal(text(whole.slice(0, end), sent()))).toMatchObject({ torn: [1], lines: [{ line: 'sent' }] });
    }
    for (const damaged of [
      whole.slice(3),
      `${whole}${whole}`,
      whole.replace('"key":', 'key:'),
      whole.replace('{', '('),
      `x${whole}`,
    ]) {
      expect(readJournal(text(damaged, sent())).problem).toBe('a line is damaged (line 1)');
    }
  });

  it('is read behind a byte order mark', () => {
    expect(readJournal(`\uFEFF${text(asked(), sent())}`)).toMatchObject({ lines: [{}, {}], torn: [] });
  });

  it.each([
    ['a file elsewhere', { file: '../victim.txt' }, /"file" is not of its "key"/],
    ['the file of another take', { file: `out/.${KEY_2.slice(-36)}.mp4` }, /"file" is not of its "key"/],
    ['a path of Windows', { file: `out\\.${KEY.slice(-36)}.mp4` }, /"file" is not of its "key"/],
    ['a key of another kind', { key: 'mine' }, /"file" is not of its "key"/],
    ['a host that is none', { baseUrl: 'nonsense' }, /baseUrl is not a base URL/],
  ])('is not used with %s in a request: it may come from anybody', (_what, more, problem) => {
    expect(readJournal(text(asked(KEY, more))).problem).toMatch(problem);
  });

  it.each([
    ['the conflict markers of a merge', '<<<<<<< HEAD', /conflict markers of a merge \(line 2\)/],
    ['the middle of one', '=======', /conflict markers/],
    ['the end of one', '>>>>>>> theirs', /conflict markers/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1', /Git LFS/],
    ['a later format', '{"v":2,"line":"asked"}', /newer version/],
    ['a line of no kind', '{"v":1,"line":"paid"}', /no kind/],
    ['a line without a field', '{"v":1,"at":"2026-01-01T00:00:00Z","key":"k","line":"sent"}', /remoteId/],
    ['a list', '[]', /not an object/],
  ])('is not used with %s in it: what was paid for may stand there', (_what, line, problem) => {
    expect(readJournal(text(asked(), line)).problem).toMatch(problem);
  });

  it('reads lines that end as on Windows, and skips empty ones', () => {
    expect(readJournal(`${JSON.stringify(asked())}\r\n\r\n\n`).lines).toHaveLength(1);
  });
});

it.each([
  ['never left', { why: 'Down.', exit: 6, made: 'no' }, 'never sent, and nothing was paid: Down.'],
  ['was refused', { why: 'Bad.', exit: 5, made: 'no' }, 'Bad.'],
  ['lost its host on the way', { why: 'Down.', exit: 6, made: 'maybe' }, 'Down.'],
  ['is gone', { why: PAID_AND_GONE, exit: 5, made: 'yes' }, /made and paid for/],
] as const)('a request that %s says why it came to nothing', (_what, failed, words) => {
  expect(whyFailed(failed)).toMatch(words);
});
