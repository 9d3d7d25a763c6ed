import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../../src/cli/options.ts';
import * as otherNames from '../../src/cli/other-names.ts';
import { createProgram } from '../../src/cli/program.ts';
import { NEVER_SUGGESTED, suggestCommand, suggestOption } from '../../src/cli/suggestions.ts';
import { isSoraError } from '../../src/shared/errors.ts';

const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
await loadAllCommands(program);

const pathsOf = (command: Command, above: readonly string[] = []): string[] =>
  command.commands.flatMap((one) => [[...above, one.name()].join(' '), ...pathsOf(one, [...above, one.name()])]);
const optionsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(optionsOf),
];
const PATHS = pathsOf(program);
const OPTIONS = optionsOf(program);

async function hintOf(line: string): Promise<string | undefined> {
  const one = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
  const error = await one.parseAsync(line.split(' '), { from: 'user' }).catch((thrown: unknown) => thrown);
  return isSoraError(error, 'usage') ? error.hint : undefined;
}

describe('the table of other names', () => {
  it.each(Object.entries(otherNames.otherCommands()))(
    'under "%s" names commands that exist, and none twice',
    (noun, words) => {
      for (const [word, meant] of Object.entries(words)) {
        if (!meant.startsWith('--')) expect(PATHS).toContain(meant);
        expect(PATHS, `${noun} ${word} is a command itself`).not.toContain(`${noun} ${word}`.trim());
      }
    },
  );

  it('names options that exist, or says what to do instead', () => {
    for (const [word, meant] of Object.entries(otherNames.otherOptions())) {
      if (meant.startsWith('--')) expect(OPTIONS, word).toContain(meant);
      else expect(meant, word).toContain(': ');
    }
  });

  it('knows by name everything that deletes, overwrites, closes or pays again', () => {
    for (const name of NEVER_SUGGESTED) {
      expect([...PATHS.flatMap((path) => path.split(' ').at(-1) ?? []), ...OPTIONS]).toContain(name);
    }
    for (const meant of [
      ...Object.values(otherNames.otherCommands()).flatMap((words) => Object.values(words)),
      ...Object.values(otherNames.otherOptions()),
    ]) {
      expect(NEVER_SUGGESTED).not.toContain(meant.split(' ').at(-1));
    }
  });
});

describe('a command that does not exist', () => {
  it.each([
    ['generate x', 'Did you mean sora video generate?'],
    ['genrate x', 'Did you mean sora video generate?'],
    ['GENERATE x', 'Did you mean sora video generate?'],
    ['create joe.mp4', 'Did you mean sora character create?'],
    ['login', 'Did you mean sora auth login?'],
    ['ls', 'Did you mean sora video list?'],
    ['render x', 'Did you mean sora video generate?'],
    ['version', 'Did you mean sora --version?'],
    ['video create x', 'Did you mean sora video generate?'],
    ['character ls', 'Did you mean sora character list?'],
    ['character lst', 'Did you mean list?'],
    ['skill instal', 'Did you mean install?'],
    ['skill --json instal', 'Did you mean install?'],
    ['skill setup', 'Did you mean sora skill install?'],
    ['skill frobnicate', 'See them with: sora skill --help'],
    ['skill show more', 'Add --help to see what the command takes.'],
    ['batch resume', 'Did you mean sora batch run?'],
    ['vidoe list', 'Did you mean video?'],
    ['help login', 'Did you mean sora auth login?'],
    ['help video create', 'Did you mean sora video generate?'],
  ])('sora %s: %s', async (line, hint) => {
    expect(await hintOf(line)).toBe(hint);
  });

  it.each([
    'video concat',
    'video cancle x',
    'video delte x',
    'character remov Joe',
    'auth logot',
    'config unst x',
    'rm Joe',
  ])('sora %s suggests nothing that destroys', async (line) => {
    expect(await hintOf(line)).toMatch(/^See them with: sora \w+ --help$|^sora --help lists the commands\.$/);
  });

  it('never has the name of a property of every object suggested', () => {
    for (const word of ['constructor', '__proto__', 'toString']) {
      expect(suggestCommand('', word, ['video'])).toBeUndefined();
      expect(suggestCommand(word, 'zzzzzz', ['video'])).toBeUndefined();
      expect(suggestOption(word, ['--seconds'])).toBeUndefined();
    }
  });
});

describe('an option that does not exist', () => {
  it.each([
    ['video generate x --duration 4', 'Did you mean --seconds?'],
    ['video generate x --duration=4', 'Did you mean --seconds?'],
    ['video generate x --lenght 4', 'Did you mean --seconds?'],
    ['video generate x --imgae a.png', 'Did you mean --reference?'],
    ['video generate --prompt x', 'The prompt has no option: it is the argument'],
    ['video generate x --api-key sk-1', 'sora auth login <provider>'],
    ['video generate x --image a.png', 'Did you mean --reference?'],
    // Not an option of that command.
    ['video list --duration 4', 'Add --help'],
    ['video generate x --forec', 'Add --help'],
    ['video delete x --yse', 'Add --help'],
  ])('sora %s: %s', async (line, hint) => {
    expect(await hintOf(line)).toContain(hint);
  });
});
