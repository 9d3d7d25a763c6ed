/** Help in all its forms, and the commands that nobody types: the first screen, and what completion asks. */
import type { Argument, Command, Option } from 'commander';
import { HELP_TOPICS, type HelpTopic } from '../help/read-topic.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { unknown } from './collecting-command.ts';
import { type Act, loadAllCommands, loadCommand } from './options.ts';
import { suggestCommand } from './suggestions.ts';

export function addHelp(program: Command, act: Act): void {
  const helpFor = act(async (context, [topic = '']) => {
    const { runHelpTopic } = await import('../commands/help-topics.ts');
    return runHelpTopic(context, topic.toLowerCase() as HelpTopic);
  });
  program
    .command('help')
    .description('show help for a command or a topic')
    .argument('[command...]', 'the words of a command, or a topic')
    .action(async (words: string[], ...given: unknown[]) => {
      const [first = '', ...extra] = words;
      const topic = HELP_TOPICS.find((one) => one === first.toLowerCase());
      if (topic !== undefined && extra.length === 0) return helpFor(words, ...given);
      // Some topics have the name of a command, which may have commands of its own.
      if (topic !== undefined && !program.commands.some((one) => one.name() === topic)) throw oneTopic(topic, extra);
      const find = async (parent: Command, word: string): Promise<Command> => {
        const child = parent.commands.find((one) => one.name() === word);
        if (!child) {
          const topics = parent === program ? HELP_TOPICS : [];
          const names = [...parent.commands.map((one) => one.name()), ...topics];
          const meant = suggestCommand(parent === program ? '' : parent.name(), word, names);
          throw unknown('command', word, meant, 'sora help lists the commands and the topics.');
        }
        await loadCommand(child as Command);
        return child as Command;
      };
      let found = program;
      for (const word of words) found = await find(found, word);
      if (program.opts().json === true) await loadAllCommands(found);
      found.outputHelp();
      return;
    });
}

function oneTopic(topic: HelpTopic, extra: readonly string[]): SoraError {
  return new SoraError('usage', `${topic} is one topic: '${oneLine(extra.join(' '), 500)}' is too much.`, {
    hint: `Read it with: sora help ${topic}`,
  });
}

/** What nobody types: the first screen, and what the completion scripts ask. */
export function addHidden(program: Command, { act, version }: { act: Act; version: string }): void {
  program
    .command('__welcome', { hidden: true })
    .action(act(async (context) => (await import('../commands/welcome.ts')).runWelcome(context, version)));
  program
    .command('__complete', { hidden: true })
    .argument('<shell>')
    .argument('[words...]')
    .action(
      act(async (context, [shell = '', ...given]) => {
        await loadAllCommands(program);
        const { runComplete } = await import('../completion/complete.ts');
        return runComplete(context, { root: program, topics: HELP_TOPICS }, { shell, given });
      }),
    );
}

/** Commander's words for an option, without defaults that say nothing. */
export function describeOption(option: Option): string {
  const {
    choices,
    default: preset,
    words,
  } = { choices: option.argChoices, default: option.defaultValue, words: option.defaultValueDescription };
  const notes = [
    choices && `choices: ${choices.join(', ')}`,
    preset !== undefined &&
      preset !== false &&
      !Array.isArray(preset) &&
      !option.negate &&
      `default: ${words ?? preset}`,
  ].filter(Boolean);
  return withNotes(option.description, notes);
}

export function describeArgument({ description, argChoices }: Argument): string {
  return withNotes(description, argChoices ? [`choices: ${argChoices.join(', ')}`] : []);
}

/** In the parentheses that the words may end with already. */
function withNotes(words: string, notes: readonly unknown[]): string {
  if (notes.length === 0) return words;
  return words.endsWith(')') ? `${words.slice(0, -1)}; ${notes.join('; ')})` : `${words} (${notes.join('; ')})`;
}
