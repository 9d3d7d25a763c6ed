/** The command tree: names, arguments, options, help. Actions parse and call a command's run function. */
import { type Command, Option } from 'commander';
import pkg from '../../package.json' with { type: 'json' };
import type { Context, Globals } from '../context.ts';
import { HELP_TOPICS, type HelpTopic } from '../help/read-topic.ts';
import { PROVIDER_NAMES } from '../providers/index.ts';
import { BACKENDS } from '../providers/provider.ts';
import type { OptionTaker } from '../shared/option-owners.ts';
import { wrap } from '../terminal/width.ts';
import { CollectingCommand } from './collecting-command.ts';
import type { RunLine } from './demo.ts';
import { addHelp, addHidden, describeArgument, describeOption } from './help-command.ts';
import { type Act, examples, isText, lazyCommand, loadCommand, type Outcome, oneOf, text } from './options.ts';

export interface ProgramOptions {
  write(text: string): void;
  readonly columns: number;
  run(
    globals: Globals,
    shown: { readonly color: boolean; readonly taker: OptionTaker },
    command: (context: Context) => Promise<Outcome>,
  ): Promise<void>;
  /** Another line, for a command that consists of commands. */
  readonly runLine: RunLine;
}

const NOUNS: readonly (readonly [
  name: string,
  description: string,
  load: () => Promise<(noun: Command, act: Act) => void>,
])[] = [
  [
    'character',
    'the cast: characters by name, and their clips',
    async () => (await import('./program-character.ts')).addCharacter,
  ],
  ['video', 'make videos, follow their jobs, download them', async () => (await import('./program-video.ts')).addVideo],
  ['batch', 'make many videos from one file', async () => (await import('./program-batch.ts')).addBatch],
  [
    'storyboard',
    'make a film of scenes from one file',
    async () => (await import('./program-storyboard.ts')).addStoryboard,
  ],
  ['clip', 'inspect and prepare clips, without an upload', async () => (await import('./program-clip.ts')).addClip],
  ['sandbox', 'a local stand-in for the hosts, for trials and for testing scripts', house('sandbox')],
  ['provider', 'the hosts, their models and prices', house('provider')],
  ['costs', 'what was spent, by tag, character, host, model or day', house('costs')],
  ['store', 'where characters, clips and jobs are kept', house('store')],
  ['auth', 'store, remove and show (masked) the keys of the hosts', house('auth')],
  ['config', 'read and change the settings file', house('config')],
  ['completion', 'print a shell completion script for commands, options, names and job ids', house('completion')],
  ['doctor', 'check this machine, its settings and keys, and say how to fix what is wrong', house('doctor')],
  ['skill', 'what coding agents are told of sora: print it, or install it for them', house('skill')],
];

/** What explains a noun, where the topic has another name. */
const TOPICS: Readonly<Record<string, HelpTopic>> = {
  character: 'characters',
  video: 'videos',
  batch: 'batches',
  storyboard: 'storyboards',
  clip: 'clips',
  provider: 'providers',
  auth: 'keys',
  config: 'settings',
  skill: 'agents',
};

function house(
  name: keyof typeof import('./program-setup.ts').SETUP_NOUNS,
): () => Promise<(noun: Command, act: Act) => void> {
  return async () => (await import('./program-setup.ts')).SETUP_NOUNS[name];
}

/** Throws from `parseAsync`: CommanderError for help and version, SoraError `usage` for a line that cannot be read. */
export function createProgram({ write, columns, run, runLine }: ProgramOptions): Command {
  const program = new CollectingCommand('sora');
  program
    .description('Characters and videos from the command line: prepare a clip, keep a cast, generate, wait, download.')
    .version(pkg.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {}, getOutHelpWidth: () => columns })
    .configureHelp({
      showGlobalOptions: true,
      // Narrower columns than commander wraps by itself: a terminal would break words.
      minWidthToWrap: 12,
      sortSubcommands: false,
      optionDescription: describeOption,
      argumentDescription: describeArgument,
    })
    .option('--provider <name>', oneOf(PROVIDER_NAMES))
    .option('--base-url <url>', 'a server that speaks the provider’s protocol')
    .addOption(new Option('--backend <kind>', 'what runs at the base URL').choices(BACKENDS))
    .option('--profile <name>', 'a profile from the settings file')
    .option('--cast <file>', 'a cast file, read as if its characters were here', text)
    .option('--json', 'print one JSON document on stdout', false)
    .option('-q, --quiet', 'print only ids or paths on stdout', false)
    .option('--no-color', 'print without colours')
    .option('--debug', 'print the wire log on stderr, without keys', false)
    .hook('preSubcommand', (_program, command) => loadCommand(command as Command))
    .hook('preAction', () => program.settle());

  /** What an action does: separate what is for every command from what is for this one. */
  const act =
    <Options>(body: (context: Context, args: string[], options: Options) => Promise<Outcome>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const all = command.optsWithGlobals<Globals & { color: boolean }>();
      await run(all, { color: all.color, taker: takerOf(command) }, (context) =>
        body(context, command.processedArgs.flat().filter(isText), command.opts() as Options),
      );
    };

  addHelp(program, act);
  for (const [name, description, load] of NOUNS) {
    lazyCommand(program.command(name).description(description), async (command) => {
      (await load())(command, act);
      command.addHelpText('after', `\nMore: sora help ${TOPICS[name] ?? name}`);
      if (command.commands.length > 0) command.helpCommand('help [command]', 'show help for a command');
    });
  }
  program
    .command('demo')
    .description('make a character and two videos of it in the sandbox, to see what it is like')
    .argument('[folder]', 'where all of it goes', text, 'sora-demo')
    .addHelpText('after', examples('sora demo'))
    .action(act(async (context, [folder = '']) => (await import('./demo.ts')).runDemo(context, folder, { runLine })));
  addHidden(program, { act, version: pkg.version });
  // Broken into lines when it is shown, which it is in few starts.
  program.addHelpText(
    'after',
    () => `\n${wrap(`Help topics (sora help <topic>): ${HELP_TOPICS.join(', ')}`, columns, { indent: '  ' })}`,
  );
  program.addHelpText(
    'after',
    examples('sora character create joe.mp4 --name Joe', 'sora video generate "Joe waves at the sea." -c Joe --wait'),
  );
  return program;
}

function takerOf(command: Command): OptionTaker {
  const flags = new Set<string>();
  const names: string[] = [];
  for (let one: Command | null = command; one; one = one.parent) {
    for (const { long, short } of one.options) for (const flag of [long, short]) if (flag) flags.add(flag);
    if (one.parent) names.unshift(one.name());
  }
  return { words: names.join(' '), flags };
}
