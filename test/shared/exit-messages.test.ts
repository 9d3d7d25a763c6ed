import { describe, expect, it } from 'vitest';
import { createExitMessages } from '../../src/shared/exit-messages.ts';

function withWords() {
  const heard: string[] = [];
  const words = createExitMessages();
  const exit = (): void => void heard.push('exit');
  const set = (subject: string, text: string): void => words.set(subject, () => heard.push(text));
  return { words, heard, exit, set };
}

/** A write that ends when it is told to. */
function slowWrite() {
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { done, finish };
}

describe('a forced exit', () => {
  it('says what was set last of each thing that is not over, and then leaves', async () => {
    const { words, heard, exit, set } = withWords();
    set('job_1', 'one');
    set('job_2', 'two');
    set('job_1', 'one, and its id');
    set('job_3', 'three');
    words.clear('job_3');
    await words.leave(exit);
    expect(heard).toEqual(['one, and its id', 'two', 'exit']);
  });

  it('says the words for nothing where there is nothing else, and none when all was said', async () => {
    const idle = withWords();
    idle.words.otherwise(() => idle.heard.push('nothing was created'));
    await idle.words.leave(idle.exit);
    expect(idle.heard).toEqual(['nothing was created', 'exit']);
    const over = withWords();
    over.set('job_1', 'one');
    over.words.otherwise(() => over.heard.push('nothing was created'));
    over.words.clear();
    await over.words.leave(over.exit);
    expect(over.heard).toEqual(['exit']);
  });

  it('leaves at once while nothing is written', () => {
    const { words, heard, exit, set } = withWords();
    set('job_1', 'one');
    void words.leave(exit);
    expect(heard).toEqual(['one', 'exit']);
  });

  it('waits for a write, tells what came of it, and lets nothing follow it', async () => {
    const { words, heard, exit, set } = withWords();
    const { done, finish } = slowWrite();
    set('job_1', 'being written');
    const written = words.hold(async () => {
      await done;
      set('job_1', 'written');
    });
    written.then(() => heard.push('went on'));
    const left = words.leave(exit);
    expect(heard).toEqual(['being written']);
    finish();
    await left;
    expect(heard).toEqual(['being written', 'written', 'exit']);
  });

  it('waits for a write that fails as well', async () => {
    const { words, heard, exit, set } = withWords();
    const { done, finish } = slowWrite();
    words
      .hold(async () => {
        await done;
        set('job_1', 'not written');
        throw new Error('the disk is full');
      })
      .catch(() => heard.push('went on'));
    const left = words.leave(exit);
    finish();
    await left;
    expect(heard).toEqual(['not written', 'exit']);
  });

  it('does not wait a second time: a disk may never answer', async () => {
    const { words, heard, exit, set } = withWords();
    set('job_1', 'being written');
    void words.hold(() => new Promise(() => {}));
    void words.leave(exit);
    await words.leave(exit);
    expect(heard).toEqual(['being written', 'exit']);
  });
});

it('a write that nobody waits for is as if it were not held', async () => {
  const { words } = withWords();
  expect(await words.hold(async () => 7)).toBe(7);
  await expect(words.hold(() => Promise.reject(new Error('full')))).rejects.toThrow('full');
});
