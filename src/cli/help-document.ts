/** `--help --json`: a command as data, from commander's own objects. */
import type { Argument, Command, Option } from 'commander';
import { HELP_TOPICS, readTopic } from '../help/read-topic.ts';

/** A command that knows its examples. */
export interface Documented extends Command {
  readonly examples?: readonly string[];
}

export interface CommandHelp {
  /** In full, as it is typed. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly object[];
  readonly options: readonly object[];
  readonly commands: readonly CommandHelp[];
  readonly examples: readonly string[];
}

/** The whole document: of the command, with everything below it. What is made later has to be filled in before. */
export function helpDocument(command: Documented): object {
  const topics = command.parent ? {} : { topics: HELP_TOPICS };
  return { ...commandHelp(command), exitCodes: exitCodes(), ...topics };
}

function commandHelp(command: Documented): CommandHelp {
  const helper = command.createHelp();
  return {
    name: nameOf(command),
    summary: command.description(),
    arguments: command.registeredArguments.map(argumentHelp),
    options: helper.visibleOptions(command).map(optionHelp),
    commands: helper.visibleCommands(command).flatMap((one) => (one.name() === 'help' ? [] : commandHelp(one))),
    examples: command.examples ?? [],
  };
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function argumentHelp(argument: Argument): object {
  const { description, required, variadic, argChoices } = argument;
  const choices = argChoices && { choices: argChoices };
  return { name: argument.name(), summary: description, required, variadic, ...choices };
}

/** Options that have a variable of their own; commander is not told, because it would read the environment itself. */
const VARIABLES: Readonly<Record<string, string>> = {
  '--provider': 'SORA_PROVIDER',
  '--profile': 'SORA_PROFILE',
  '--cast': 'SORA_CAST',
  '--max-cost': 'SORA_MAX_COST',
  '--no-color': 'NO_COLOR',
};

function optionHelp({ flags, short, long, description, mandatory, defaultValue, argChoices }: Option): object {
  const value = /[<[].*$/.exec(flags)?.[0];
  const env = VARIABLES[long ?? ''];
  const repeatable = Array.isArray(defaultValue);
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    ...(value !== undefined && { value }),
    summary: description,
    required: mandatory,
    repeatable,
    ...(argChoices && { choices: argChoices }),
    ...(defaultValue !== undefined && !repeatable && { default: defaultValue }),
    ...(env !== undefined && { env }),
  };
}

/** What each means, from the help topic that explains them. */
function exitCodes(): Readonly<Record<string, string>> {
  const rows = [...readTopic('exit-codes').matchAll(/^\| ([\d, ]+) \| (.+) \|$/gm)];
  return Object.fromEntries(
    rows.flatMap(([, codes = '', meaning = '']) =>
      codes.split(', ').map((code) => [code, meaning.replaceAll('`', '')] as const),
    ),
  );
}
