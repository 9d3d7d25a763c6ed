/** What use cases say is read by people who type flags, and by others who never do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../src/cli/options.ts';
import { createProgram } from '../src/cli/program.ts';
import { OWNERS, ownersSentence } from '../src/shared/option-owners.ts';
import { longOption, OPTION_NAMES, type OptionName, option } from '../src/shared/options.ts';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Where flags are typed, declared and documented; the table of their names; and the stand-in for hosts. */
const COMMAND_LINE = /^(?:(?:cli|commands|completion|help|terminal|sandbox)\/|main\.ts$|shared\/options\.ts$)/;

/** Flags of other programs. */
const ELSEWHERE: readonly string[] = [
  'http/tls-errors.ts --tls-min-v',
  'http/tls-errors.ts --tls-cipher-list',
  'media/probe/mediainfo.ts --wasm-tiering-budget',
];

/** Texts of a source: what stands in quotes, without what is computed in them. */
function textsIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\*\*|\*|\/\/).*$|\s\/\/ .*$/gm, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g)].map(([text]) => text);
}

/** Flags in a text that are no part of a whole command; short ones are those that the table has. */
function flagsIn(text: string): string[] {
  // Names of custom properties in a style sheet look alike.
  const sentences = text.replaceAll(/\bsora [a-z]+ .*?(?=\. |[)`']|$)|(?<=var\()--[\w-]+|(?<=[{;])--[\w-]+(?=:)/gm, '');
  return [...sentences.matchAll(/(?<![\w-])(?:--[a-z][a-z-]*|-[co](?=[ .,;`]))/g)].map(([flag]) => flag);
}

describe('what use cases say', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /(?<!\.d)\.ts$/.test(file) && !COMMAND_LINE.test(file),
  );

  it('names options by option(), which knows them all, and writes flags only into whole commands', () => {
    expect(files.length).toBeGreaterThan(150);
    const flags = files.flatMap((file) =>
      textsIn(readFileSync(join(src, file), 'utf8')).flatMap((text) => flagsIn(text).map((flag) => `${file} ${flag}`)),
    );
    expect([...new Set(flags)]).toEqual(ELSEWHERE);
  });

  it.each([
    ["throw new SoraError('usage', '--size cannot be used.')", ['--size']],
    ["hint: 'Name another with -o.'", ['-o']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
    ["hint: `Raise ${option('maxCost')}, or ${a ? '' : 'add --force'}.`", ['--force']],
    ["hint: 'Make it again: sora character create <clip> --name <name> --force'", []],
    ["hint: 'See sora provider list. Or add --local.'", ['--local']],
    ['/** As `--max-cost` does. */', []],
  ])('%s has the flags %j', (source, expected) => {
    expect(textsIn(source).flatMap(flagsIn)).toEqual(expected);
  });
});

describe('the commands that sentences name', () => {
  /** A template of a file, in which its name is not known. */
  const TEMPLATES = ['storyboards/new/example.ts'];

  it('can be pasted as they stand: files and scenes that are known have their names', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /(?<!\.d)\.ts$/.test(file) && !/^(?:cli|help)\//.test(file) && !TEMPLATES.includes(file),
    );
    const texts = files.flatMap((file) => textsIn(readFileSync(join(src, file), 'utf8')));
    expect(texts.length).toBeGreaterThan(3000);
    expect(texts.filter((text) => /\bsora [a-z].*<(?:file|scene)>/.test(text))).toEqual([]);
  });
});

describe('a sentence with an option that the command which says it lacks', () => {
  const resend = { words: 'video resend', flags: new Set(['--wait', '--max-cost', '-q', '--quiet', '--json']) };
  const status = { words: 'batch status', flags: new Set<string>() };

  it.each([
    [resend, 'To fill the frame, add --fit crop.', '--fit is an option of sora video generate.'],
    [resend, 'Leave out -c, or use another --model.', '-c and --model are options of sora video generate.'],
    [status, 'To make it by its new text, add --changed.', '--changed is an option of sora batch run.'],
    [resend, 'Raise --max-cost, or leave out --json.', ''],
    [resend, 'Make it again: sora character create <clip> --name Joe --force', ''],
    [resend, 'The server takes --tls-min-v1.0 only.', ''],
  ])('ends with the one that has it: %#', (taker, text, expected) => {
    expect(ownersSentence(text, taker)).toBe(expected);
  });
});

describe('the options that sentences name', () => {
  it('are options of the program', async () => {
    const program = createProgram({ write() {}, columns: 80, runLine: async () => 0, async run() {} });
    await loadAllCommands(program);
    const all = (command: Command): string[] => [
      ...command.options.flatMap(({ long, short }) => [long ?? '', short ?? '']),
      ...command.commands.flatMap(all),
    ];
    const known = new Set(all(program));
    const named = OPTION_NAMES.flatMap((name) => [option(name), longOption(name)]);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('are options of the command that says them, or the command that has them is named', async () => {
    const program = createProgram({ write() {}, columns: 80, runLine: async () => 0, async run() {} });
    await loadAllCommands(program);
    const flagsOf = ({ options }: Pick<Command, 'options'>): string[] =>
      options.flatMap(({ long, short }) => [long ?? '', short ?? '']);
    const find = (words: string): Command | undefined =>
      words
        .split(' ')
        .reduce<Command | undefined>((at, word) => at?.commands.find((one) => one.name() === word), program);
    const everywhere = new Set(flagsOf(program));
    const own = OPTION_NAMES.filter((name) => !everywhere.has(longOption(name)));
    const lacks = (name: OptionName) => (words: string) =>
      !flagsOf(find(words) ?? { options: [] }).includes(longOption(name));
    const wrong = own.flatMap((name) => (OWNERS[name] ?? []).filter(lacks(name)).map((words) => `${words} ${name}`));
    expect({ wrong, unowned: own.filter((name) => !OWNERS[name]) }).toEqual({ wrong: [], unowned: [] });
  });
});
