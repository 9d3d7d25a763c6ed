/** The whole command tree: names, arguments, options, help. Actions parse and call a command's run function. */
import { Command, CommanderError, Option } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import type { FollowFlags } from './commands/follow.ts';
import type { GenerateFlags } from './commands/wishes.ts';
import type { Context, Globals } from './context.ts';
import { JOB_STATUSES } from './domain.ts';
import {
  type ClipFlags,
  clipOptions,
  clipWishes,
  collect,
  examples,
  followOptions,
  isText,
  JOB_ID,
  size,
  text,
  wholeNumber,
} from './options.ts';
import { BACKENDS } from './providers/provider.ts';

/** A command's exit code; nothing means 0. */
type Outcome = number | undefined;

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
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .option('--provider <name>', 'openai | sandbox')
    .option('--base-url <url>', 'a server that speaks the provider’s protocol')
    .addOption(new Option('--backend <kind>', 'what runs at the base URL').choices(BACKENDS))
    .option('--profile <name>', 'a profile from the settings file')
    .option('--json', 'print one JSON document on stdout', false)
    .option('-q, --quiet', 'print only ids or paths on stdout', false)
    .option('--no-color', 'print without colours')
    .option('--debug', 'print the wire log on stderr, without keys', false);

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

  program
    .command('help')
    .description('show help for a command')
    .argument('[command...]')
    .action((words: string[]) => {
      const find = (parent: Command, word: string): Command => {
        const child = parent.commands.find((one) => one.name() === word);
        if (!child) throw new CommanderError(1, 'sora.unknownCommand', `error: unknown command '${word}'`);
        return child as Command;
      };
      words.reduce<Command>(find, program).outputHelp();
    });
  addCharacter(program, act);
  addVideo(program, act);
  addClip(program, act);
  addHouse(program, act);
  program.addHelpText(
    'after',
    examples('sora character create joe.mp4 --name Joe', 'sora video generate "Joe waves at the sea." -c Joe --wait'),
  );
  return program;
}

type Act = <Options>(
  body: (context: Context, args: string[], options: Options) => Promise<Outcome>,
) => (...given: unknown[]) => Promise<void>;

function addCharacter(program: Command, act: Act): void {
  const character = program.command('character').description('the cast: clips that a name stands for');

  clipOptions(
    character.command('create').description('prepare a clip, keep it under a name, register it with the provider'),
  )
    .argument('<clip>', 'a video file, 2 s or longer')
    .requiredOption('--name <name>', 'the name that prompts say, 1 to 80 characters')
    .option('--force', 'replace the character of that name', false)
    .option('--local', 'prepare and keep the clip, register it later', false)
    .option('--dry-run', 'show what would be done to the clip', false)
    .addHelpText(
      'after',
      examples(
        'sora character create joe.mp4 --name Joe',
        'sora character create party.mov --name Mia --start 12.5 --duration 3',
      ),
    )
    .action(
      act<ClipFlags & { name: string; force: boolean; local: boolean; dryRun: boolean }>(
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
    .argument('<name>')
    .addHelpText('after', examples('sora character show Joe'))
    .action(
      act(async (context, [name = '']) => (await import('./commands/character.ts')).runCharacterShow(context, name)),
    );
  character
    .command('rename')
    .description('give a character another name')
    .argument('<name>')
    .argument('<new>')
    .addHelpText('after', examples('sora character rename Joe "Joe Smith"'))
    .action(
      act(async (context, [name = '', next = '']) =>
        (await import('./commands/character.ts')).runCharacterRename(context, name, next),
      ),
    );
  character
    .command('remove')
    .description('delete a character and its clip from this machine; hosts keep their copy')
    .argument('<name>')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('sora character remove Joe --yes'))
    .action(
      act<{ yes: boolean }>(async (context, [name = ''], { yes }) =>
        (await import('./commands/character.ts')).runCharacterRemove(context, name, yes),
      ),
    );
}

function addVideo(program: Command, act: Act): void {
  const video = program.command('video').description('jobs: make videos, follow them, fetch them');

  followOptions(video.command('generate').description('send a video job; with --wait, stay until the file is here'))
    .argument('<prompt>', 'what happens in the video, or - to read it from stdin')
    .option('-c, --character <name>', 'a character that appears; repeat for more', collect, [])
    .option('--no-inject', 'refuse when the prompt does not say a name, instead of adding it')
    .option('--model <id>', 'the model, by the host’s name for it', text)
    .option('--seconds <n>', 'length of the video (default: 4)', wholeNumber(1, 600))
    .option('--size <WxH>', 'size of the picture (default: 720p, as the first character’s clip lies)', size)
    .option('--aspect <a:b>', '16:9 or 9:16, instead of --size')
    .option('--resolution <r>', '720p or 1080p, with --aspect')
    .option('--reference <image>', 'first picture: a file, an https or data URL, or - for stdin')
    .option('--wait', 'wait until the job is done and download the video', false)
    .option('--count <n>', 'send that many jobs', wholeNumber(1, 20), 1)
    .option('--key <text>', 'the same key gives the same job, for scripts that run again', text)
    .option('--resend', 'send although an equal job may exist already', false)
    .option('--dry-run', 'show the request that would be sent', false)
    .addHelpText(
      'after',
      examples(
        'sora video generate "Joe waves at the sea." -c Joe --wait',
        'sora video generate "Joe and Mia dance." -c Joe -c Mia --seconds 8 --aspect 9:16 -o dance.mp4',
        'cat prompt.txt | sora video generate - --size 1280x720 --dry-run',
      ),
    )
    .action(
      act<GenerateFlags>(async (context, [prompt = ''], options) => {
        const { runGenerate } = await import('./commands/generate.ts');
        return runGenerate(context, { ...options, prompt });
      }),
    );
  video
    .command('status')
    .description('ask the hosts how jobs are; without an id, every job that is not finished')
    .argument('[id...]', JOB_ID)
    .option('--watch', 'stay until all are finished', false)
    .option('--exit-status', 'exit as the job stands: 0 done, 5 failed, 7 unknown, 8 running', false)
    .addHelpText('after', examples('sora video status', 'sora video status @last --exit-status'))
    .action(
      act<{ watch: boolean; exitStatus: boolean }>(async (context, ids, options) => {
        const { runVideoStatus } = await import('./commands/status.ts');
        return runVideoStatus(context, { ...options, ids });
      }),
    );
  followOptions(video.command('wait').description('wait for jobs and download their videos'))
    .argument('<id...>', JOB_ID)
    .addHelpText('after', examples('sora video wait @last', 'sora video wait @last -o out.mp4 --timeout 1h'))
    .action(
      act<FollowFlags>(async (context, ids, options) => {
        const { runVideoWait } = await import('./commands/follow.ts');
        return runVideoWait(context, { ...options, ids });
      }),
    );
  video
    .command('download')
    .description('download a finished video')
    .argument('<id>', JOB_ID)
    .addOption(
      new Option('--variant <what>', 'which file').choices(['video', 'thumbnail', 'spritesheet']).default('video'),
    )
    .option('-o, --output <path>', 'a file, a folder, or - for stdout (default: ./<job-id>.mp4)', text)
    .option('--force', 'replace an existing file', false)
    .option('--allow-drift', 'accept a video that is not quite what was asked for', false)
    .addHelpText(
      'after',
      examples('sora video download @last -o beach.mp4', 'sora video download @last --variant thumbnail'),
    )
    .action(
      act<{ variant: 'video' | 'thumbnail' | 'spritesheet'; output?: string; force: boolean; allowDrift: boolean }>(
        async (context, [id = ''], options) => {
          const { runVideoDownload } = await import('./commands/follow.ts');
          return runVideoDownload(context, { ...options, id });
        },
      ),
    );
  video
    .command('list')
    .description('list the jobs of this machine, newest first')
    .addOption(new Option('--status <s>', 'only those with this status').choices(JOB_STATUSES))
    .addHelpText('after', examples('sora video list', 'sora video list --status succeeded --json'))
    .action(
      act<{ status?: string }>(async (context, _args, options) =>
        (await import('./commands/status.ts')).runVideoList(context, options),
      ),
    );
  video
    .command('show')
    .description('show what is recorded of a job, without asking its host')
    .argument('<id>', JOB_ID)
    .addHelpText('after', examples('sora video show @last --json'))
    .action(act(async (context, [id = '']) => (await import('./commands/status.ts')).runVideoShow(context, id)));
}

function addClip(program: Command, act: Act): void {
  const clip = program.command('clip').description('look at a clip and prepare it, without an upload');
  clipOptions(clip.command('inspect').description('show what a clip is, whether it fits, and what would be done to it'))
    .argument('<file>')
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
    .argument('<file>')
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
}

function addHouse(program: Command, act: Act): void {
  program
    .command('sandbox')
    .description('a local stand-in for the hosts, to try things out and to test scripts')
    .command('serve')
    .description('keep the sandbox up until Ctrl-C and print how to reach it')
    .option('--port <n>', 'port on 127.0.0.1 (default: any free one)', wholeNumber(0, 65_535))
    .option('--scenario <file>', 'a JSON file of faults to play')
    .addHelpText('after', examples('sora sandbox serve --port 4010', 'sora sandbox serve --scenario faults.json'))
    .action(
      act<{ port?: number; scenario?: string }>(async (context, _args, options) => {
        const { runSandboxServe } = await import('./commands/sandbox.ts');
        return runSandboxServe(context, options);
      }),
    );
  const store = program.command('store').description('where characters, clips and jobs are kept');
  store
    .command('path')
    .description('print the folders')
    .addHelpText('after', examples('sora store path --json'))
    .action(act(async (context) => (await import('./commands/store.ts')).runStorePath(context)));
  store
    .command('check')
    .description('read every record and clip and name what is broken')
    .addHelpText('after', examples('sora store check'))
    .action(act(async (context) => (await import('./commands/store.ts')).runStoreCheck(context)));
}
