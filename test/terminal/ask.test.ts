import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ask } from '../../src/terminal/ask.ts';

/** What a question on a terminal comes to when that is typed, and what the terminal shows. */
async function typed(
  keys: string,
  question = 'Sure?',
  columns = 80,
): Promise<{ readonly answer: unknown; readonly shown: string }> {
  const stdin = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const { signal } = new AbortController();
  const asked = ask({ stdin: { stream: stdin }, stderr: { stream: stderr, columns }, signal }, question, {
    byDefault: true,
  });
  const answered = asked.catch((error: unknown) => error);
  await once(stderr, 'readable');
  stdin.write(keys);
  const answer = await answered;
  // One read gives one chunk in some versions of Node.
  const chunks = Array.from({ length: stderr.readableLength }, () => stderr.read() ?? '');
  return { answer, shown: chunks.join('') };
}

describe('a question on a terminal', () => {
  it.each([
    ['\r', true],
    ['no\r', false],
  ])('takes %j for %s', async (keys, answer) => {
    expect((await typed(keys)).answer).toBe(answer);
  });

  it('is broken at words, with room for the answer', async () => {
    const { shown } = await typed('y\r', 'Its prepared clip is deleted; joe.mp4 is not touched.', 40);
    const [first, second] = shown.replaceAll('\r', '').split('\n');
    expect(first).toMatch(/Its prepared clip is deleted; joe\.mp4$/);
    expect(second).toMatch(/^is not touched\. \[Y\/n\] /);
  });

  it.each([
    ['Ctrl-C', '\x03', expect.objectContaining({ code: 'interrupted' })],
    ['Ctrl-D', '\x04', undefined],
  ])('ends its line on %s, so that the next message begins one', async (_key, keys, answer) => {
    const end = await typed(keys);
    expect(end.answer).toEqual(answer);
    expect(end.shown.endsWith('\n')).toBe(true);
  });
});
