import { describe, expect, it } from 'vitest';
import { longOption, option, renameOptions } from '../../src/shared/options.ts';

it('an option is named by its short flag, where it has one', () => {
  expect([option('output'), longOption('output')]).toEqual(['-o', '--output']);
  expect([option('maxCost'), longOption('maxCost')]).toEqual(['--max-cost', '--max-cost']);
});

describe('renameOptions', () => {
  const words = { size: '"size"', model: '"model"', output: '"output"' };
  it.each([
    [`Name pixels with ${option('size')}.`, 'Name pixels with "size".'],
    [`${option('output')} or ${longOption('output')} names a file.`, '"output" or "output" names a file.'],
    // What has no other word there is an option of the command line too.
    [`${option('size')} and ${option('maxCost')}`, '"size" and --max-cost'],
    ['a--size, --sizes and --size-x', 'a--size, --sizes and --size-x'],
    ['See: sora video list --model a', 'See: sora video list --model a'],
    [
      `Run \`sora video wait a -o b.mp4\`, or add ${option('size')}.`,
      'Run `sora video wait a -o b.mp4`, or add "size".',
    ],
    [`See sora provider models a. Or add ${option('model')}.`, 'See sora provider models a. Or add "model".'],
  ])('%s', (text, expected) => {
    expect(renameOptions(text, words)).toBe(expected);
  });
});
