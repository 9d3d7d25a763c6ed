import type { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { describeOption } from '../../src/cli/help-command.ts';
import { loadAllCommands } from '../../src/cli/options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCli } from '../../src/cli/run.ts';
import { HELP_TOPICS, readTopic } from '../../src/help/read-topic.ts';
import { EXIT_CODES } from '../../src/shared/errors.ts';
import { createTestRuntime } from '../helpers/runtime.ts';
import { misfits, readShapes } from '../helpers/shapes.ts';

interface Told {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly {
    name: string;
    summary: string;
    required: boolean;
    variadic: boolean;
    choices?: string[];
  }[];
  readonly options: readonly {
    flags: string[];
    value?: string;
    summary: string;
    required: boolean;
    repeatable: boolean;
    choices?: string[];
    default?: unknown;
  }[];
  readonly commands: readonly Told[];
  readonly examples: readonly string[];
  readonly exitCodes?: Record<string, string>;
  readonly topics?: readonly string[];
}

async function told(...words: string[]): Promise<Told> {
  const { runtime, stdout, stderr } = await createTestRuntime();
  expect(await runCli(words, runtime)).toBe(0);
  expect(stderr.text()).toBe('');
  return JSON.parse(stdout.text());
}

const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
await loadAllCommands(program);

/** The command and those below it, each by its full name. */
function all(command: Command, name = 'sora'): [string, Command][] {
  const children = command.commands.filter((one) => one.name() !== 'help' && !one.name().startsWith('__'));
  return [[name, command], ...children.flatMap((one) => all(one as Command, `${name} ${one.name()}`))];
}

function flat(one: Told): Told[] {
  return [one, ...one.commands.flatMap(flat)];
}

const flagsOf = ({ short, long }: Option): string[] => [short, long].filter((flag) => flag !== undefined);
const argumentOf = (one: Argument) => [one.name(), one.description, one.required, one.variadic, one.argChoices];

describe('--help --json', () => {
  it('prints the whole program, as commander has it', async () => {
    const document = flat(await told('--help', '--json'));
    const expected = all(program);
    expect(document.map(({ name }) => name)).toEqual(expected.map(([name]) => name));
    for (const [index, [, command]] of expected.entries()) {
      const one = document[index] as Told;
      const options = command.createHelp().visibleOptions(command);
      expect(one.summary).toBe(command.description());
      expect(one.arguments.map((a) => [a.name, a.summary, a.required, a.variadic, a.choices])).toEqual(
        command.registeredArguments.map(argumentOf),
      );
      expect(one.options.map(({ flags, summary, required, choices }) => [flags, summary, required, choices])).toEqual(
        options.map((option) => [flagsOf(option), option.description, option.mandatory, option.argChoices]),
      );
      expect(one.options.map(({ flags, value }) => [flags.join(', '), value].filter(Boolean).join(' '))).toEqual(
        options.map(({ flags }) => flags),
      );
    }
  });

  it('tells defaults, and which options may be repeated', async () => {
    const { options } = await told('video', 'generate', '--help', '--json');
    const named = (flag: string) => options.find(({ flags }) => flags.includes(flag));
    expect(named('--character')).toMatchObject({ flags: ['-c', '--character'], value: '<name>', repeatable: true });
    expect(named('--count')).toMatchObject({ default: 1, repeatable: false });
    expect(named('--wait')).toEqual(expect.not.objectContaining({ value: expect.anything() }));
  });

  it.each([
    ['sora video generate', ['video', 'generate', '--help', '--json']],
    ['sora video generate', ['--json', 'video', 'generate', '-h']],
    ['sora video generate', ['help', 'video', 'generate', '--json']],
    ['sora video', ['video', '--help', '--json']],
    ['sora', ['help', '--json']],
  ])('prints %s for: %j', async (name, words) => {
    const document = await told(...words);
    expect(document.name).toBe(name);
    const here = flat(document).map((one) => one.name);
    expect(here).toEqual(
      all(program)
        .map(([each]) => each)
        .filter((each) => each === name || each.startsWith(`${name} `)),
    );
  });

  it('has every example of the help', async () => {
    const document = await told('clip', '--help', '--json');
    expect(flat(document).find(({ name }) => name === 'sora clip inspect')?.examples).toEqual([
      'sora clip inspect joe.mp4',
      'sora clip inspect joe.mp4 --orientation portrait --json',
    ]);
  });

  it('has every exit code once, and the topics of the whole program', async () => {
    const { exitCodes, topics, commands } = await told('--help', '--json');
    const codes = [0, ...Object.values(EXIT_CODES)].map(String);
    expect(Object.keys(exitCodes ?? {}).toSorted()).toEqual(codes.toSorted());
    expect(topics).toEqual([...HELP_TOPICS]);
    for (const one of commands.flatMap(flat)) expect(one).not.toHaveProperty('exitCodes');
  });

  it('is as `sora help json` says', async () => {
    const seen = new Set<string>();
    const document = await told('--help', '--json');
    expect(misfits(readShapes(readTopic('json')), document, { types: ['CommandHelp'], seen })).toEqual([]);
    expect([...seen]).toEqual(expect.arrayContaining(['CommandHelp', 'ArgumentHelp', 'OptionHelp', 'OptionHelp.env']));
  });

  it('does not change help in words', async () => {
    const { runtime, stdout } = await createTestRuntime();
    await runCli(['clip', 'sheet', '--help'], runtime);
    expect(stdout.text()).toMatch(/^Usage: sora clip sheet[\s\S]*\nExamples:\n/);
  });
});

describe('the words of an option', () => {
  it('tell its default once', async () => {
    const program = createProgram({ write() {}, columns: 80, runLine: async () => 0, async run() {} });
    await loadAllCommands(program);
    const all = (command: Command): readonly string[] => [
      ...command.options.map(describeOption),
      ...command.commands.flatMap(all),
    ];
    const told = all(program);
    expect(told.length).toBeGreaterThan(300);
    expect(told.filter((words) => words.split('default').length > 2)).toEqual([]);
  });
});
