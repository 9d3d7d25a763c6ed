/** The command tree: names, arguments, options, help. Actions parse and call a command's run function. */
import { Command, Option } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import type { Context, Globals } from './context.ts';
import type { Orientation } from './domain.ts';
import {
  type Act,
  type ClipFlags,
  clipOptions,
  clipWishes,
  examples,
  fill,
  HELP_TOPICS,
  isText,
  later,
  type Outcome,
  text,
} from './options.ts';
import { addHelp, addHidden, describeArgument, describeOption } from './program-help.ts';
import { HOUSE } from './program-house.ts';
import { addVideo } from './program-video.ts';
import { BACKENDS } from './providers/provider.ts';

export interface ProgramOptions {
  write(text: string): void;
  readonly columns: number;
  run(globals: Globals, color: boolean, command: (context: Context) => Promise<Outcome>): Promise<void>;
}

/** Throws CommanderError from `parseAsync` for help, version and every usage error. */
export function createProgram({ write, columns, run }: ProgramOptions): Command {
  const program = new Command('sora')
    .description('Characters and videos from the command line: prepare a clip, keep a cast, generate, wait, download.')
    .version(pkg.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {}, getOutHelpWidth: () => columns })
    .configureHelp({
      showGlobalOptions: true,
      sortSubcommands: false,
      optionDescription: describeOption,
      argumentDescription: describeArgument,
    })
    .option('--provider <name>', 'openai, wavespeed, eachlabs or sandbox')
    .option('--base-url <url>', 'a server that speaks the provider’s protocol')
    .addOption(new Option('--backend <kind>', 'what runs at the base URL').choices(BACKENDS))
    .option('--profile <name>', 'a profile from the settings file')
    .option('--cast <file>', 'a cast file, read as if its characters were here', text)
    .option('--json', 'print one JSON document on stdout', false)
    .option('-q, --quiet', 'print only ids or paths on stdout', false)
    .option('--no-color', 'print without colours')
    .option('--debug', 'print the wire log on stderr, without keys', false)
    .hook('preSubcommand', (_program, command) => fill(command as Command));

  /** What an action does: separate what is for every command from what is for this one. */
  const act =
    <Options>(body: (context: Context, args: string[], options: Options) => Promise<Outcome>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const all = command.optsWithGlobals<Globals & { color: boolean }>();
      await run(all, all.color, (context) =>
        body(context, command.processedArgs.flat().filter(isText), command.opts() as Options),
      );
    };

  addHelp(program, act);
  const noun = (name: string, description: string, add: (noun: Command, act: Act) => void): void =>
    later(program.command(name).description(description), (command) => {
      add(command, act);
      if (command.commands.length > 0) command.helpCommand('help [command]', 'show help for a command');
    });
  noun('character', 'the cast: clips that a name stands for', addCharacter);
  noun('video', 'jobs: make videos, follow them, fetch them', addVideo);
  noun('clip', 'look at a clip and prepare it, without an upload', addClip);
  for (const [name, description, add] of HOUSE) noun(name, description, add);
  addHidden(program, { act, version: pkg.version });
  program.addHelpText('after', `\nHelp topics: sora help ${HELP_TOPICS.join(' | ')}`);
  program.addHelpText(
    'after',
    examples('sora character create joe.mp4 --name Joe', 'sora video generate "Joe waves at the sea." -c Joe --wait'),
  );
  return program;
}

function addCharacter(character: Command, act: Act): void {
  clipOptions(
    character.command('create').description('prepare a clip, keep it under a name, register it with the provider'),
  )
    .argument('<clip>', 'a video file, 2 s or longer')
    .requiredOption('--name <name>', 'the name that prompts say, 1 to 80 characters')
    .option('--force', 'replace the character of that name', false)
    .option('--local', 'prepare and keep the clip, register it later', false)
    .option('--resend', 'register although an earlier request, whose answer was lost, may have done so', false)
    .option('--dry-run', 'show what would be done to the clip', false)
    .addHelpText(
      'after',
      examples(
        'sora character create joe.mp4 --name Joe',
        'sora character create party.mov --name Mia --start 12.5 --duration 3',
      ),
    )
    .action(
      act<ClipFlags & { name: string; force: boolean; local: boolean; resend: boolean; dryRun: boolean }>(
        async (context, [file = ''], options) => {
          const { runCharacterCreate } = await import('./commands/character-create.ts');
          return runCharacterCreate(context, { ...options, file, options: clipWishes(options) });
        },
      ),
    );
  character
    .command('list')
    .description('list the cast')
    .addHelpText('after', examples('sora character list', 'sora character list --json'))
    .action(act(async (context) => (await import('./commands/character.ts')).runCharacterList(context)));
  character
    .command('show')
    .description('show one character: its clip, where it came from, where it is registered')
    .argument('<name>', 'the character’s name')
    .option('--sheet <png>', 'draw a contact sheet of its clip into this file', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora character show Joe', 'sora character show Joe --sheet joe.png'))
    .action(
      act<{ sheet?: string; force: boolean }>(async (context, [name = ''], options) =>
        (await import('./commands/character.ts')).runCharacterShow(context, name, options),
      ),
    );
  character
    .command('rename')
    .description('give a character another name')
    .argument('<name>', 'the character’s name')
    .argument('<new>', 'its new name')
    .addHelpText('after', examples('sora character rename Joe "Joe Smith"'))
    .action(
      act(async (context, [name = '', next = '']) =>
        (await import('./commands/character.ts')).runCharacterRename(context, name, next),
      ),
    );
  character
    .command('remove')
    .description('delete a character and its clip from this machine; hosts keep their copy')
    .argument('<name>', 'the character’s name')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('sora character remove Joe --yes'))
    .action(
      act<{ yes: boolean }>(async (context, [name = ''], { yes }) =>
        (await import('./commands/character.ts')).runCharacterRemove(context, name, yes),
      ),
    );
  addCast(character, act);
}

/** What a cast is beyond one machine and one host. */
function addCast(character: Command, act: Act): void {
  character
    .command('sync')
    .description('register those whom the provider does not know yet: the named ones, or the whole cast')
    .argument('[name...]', 'characters of the cast (default: all)')
    .option('--resend', 'register although an earlier request, whose answer was lost, may have done so', false)
    .addHelpText('after', examples('sora character sync', 'sora character sync Joe Mia --provider openai'))
    .action(
      act<{ resend: boolean }>(async (context, names, options) =>
        (await import('./commands/cast.ts')).runCharacterSync(context, names, options),
      ),
    );
  character
    .command('adopt')
    .description('take over a character that the provider knows already')
    .argument('<id>', 'the host’s id of the character')
    .requiredOption('--name <name>', 'the character here; a new one has no clip unless --clip is given')
    .option('--clip <file>', 'the clip that it was made from, prepared and kept as in create', text)
    .addOption(
      new Option('--orientation <o>', 'of the clip behind the id, where no clip here tells').choices([
        'landscape',
        'portrait',
      ]),
    )
    .option('--as-registered', 'accept that the host knows it by another name, which prompts then say', false)
    .addHelpText(
      'after',
      examples(
        'sora character adopt char_123 --name Joe',
        'sora character adopt char_123 --name Joe --clip joe.mp4 --as-registered',
      ),
    )
    .action(
      act<{ name: string; clip?: string; orientation?: Orientation; asRegistered: boolean }>(
        async (context, [id = ''], options) =>
          (await import('./commands/cast.ts')).runCharacterAdopt(context, { ...options, id }),
      ),
    );
  character
    .command('export')
    .description('write the named characters, or the whole cast, to a file to be shared')
    .argument('[name...]', 'characters of the cast (default: all)')
    .requiredOption('-o, --output <file>', 'the cast file to write', text)
    .option('--with-clips', 'put the clips into a folder beside it', false)
    .option('--force', 'replace an existing file', false)
    .addHelpText(
      'after',
      examples('sora character export -o cast.json --with-clips', 'sora character export Joe Mia -o duo.json'),
    )
    .action(
      act<{ output: string; withClips: boolean; force: boolean }>(async (context, names, options) =>
        (await import('./commands/cast-file.ts')).runCharacterExport(context, { ...options, names }),
      ),
    );
  character
    .command('import')
    .description('merge a cast file into the cast of this machine; no registration is lost')
    .argument('<file>', 'a cast file, or a pipe that gives one')
    .option('--force', 'replace characters that have another clip here', false)
    .addHelpText('after', examples('sora character import cast.json'))
    .action(
      act<{ force: boolean }>(async (context, [file = ''], { force }) =>
        (await import('./commands/cast-file.ts')).runCharacterImport(context, { file, force }),
      ),
    );
}

function addClip(clip: Command, act: Act): void {
  clipOptions(clip.command('inspect').description('show what a clip is, whether it fits, and what would be done to it'))
    .argument('<file>', 'a video file')
    .addHelpText(
      'after',
      examples('sora clip inspect joe.mp4', 'sora clip inspect joe.mp4 --orientation portrait --json'),
    )
    .action(
      act<ClipFlags>(async (context, [file = ''], options) => {
        const { runClipInspect } = await import('./commands/clip.ts');
        return runClipInspect(context, { file, options: clipWishes(options) });
      }),
    );
  clipOptions(clip.command('prepare').description('write the clip as it would be uploaded'))
    .argument('<file>', 'a video file')
    .requiredOption('-o, --output <file>', 'the MP4 to write', text)
    .option('--force', 'replace an existing file', false)
    .option('--dry-run', 'print the ffmpeg command instead of running it', false)
    .addHelpText(
      'after',
      examples('sora clip prepare joe.mp4 -o ready.mp4', 'sora clip prepare joe.mp4 -o ready.mp4 --dry-run'),
    )
    .action(
      act<ClipFlags & { output: string; force: boolean; dryRun: boolean }>(async (context, [file = ''], options) => {
        const { runClipPrepare } = await import('./commands/clip.ts');
        return runClipPrepare(context, { ...options, file, options: clipWishes(options) });
      }),
    );
  clip
    .command('sheet')
    .description('draw a contact sheet: twelve frames of the clip with their times, as a PNG')
    .argument('<file>', 'a video file')
    .option('-o, --output <png>', 'the PNG to write (default: <name>-sheet.png here)', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora clip sheet joe.mp4', 'sora clip sheet joe.mp4 -o sheet.png'))
    .action(
      act<{ output?: string; force: boolean }>(async (context, [file = ''], { output, force }) =>
        (await import('./commands/sheet.ts')).runClipSheet(context, { file, output, force }),
      ),
    );
}
