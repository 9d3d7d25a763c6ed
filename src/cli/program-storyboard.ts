/** `sora storyboard`: names, arguments, options and help of films of scenes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CheckFlags } from '../commands/storyboard/check.ts';
import type { ExportFlags } from '../commands/storyboard/export.ts';
import { type Act, examples, output, text } from './options.ts';

/** What every command of a storyboard takes. */
interface StoryboardFlags {
  readonly quality?: string;
  readonly variant?: string;
  readonly var?: ReadonlyMap<string, string>;
  readonly allowOutside: boolean;
}

const FILE = 'the storyboard: a file of Markdown (.md), the same as JSON (.json), or - for stdin';

export function addStoryboard(storyboard: Command, act: Act): void {
  storyboard
    .command('new')
    .description('write a commented example that renders as it is')
    .argument('<file>', 'where to write it, such as ad.md', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora storyboard new ad.md'))
    .action(
      act<{ force: boolean }>(async (context, [file = ''], { force }) => {
        const { runStoryboardNew } = await import('../commands/storyboard/new.ts');
        return runStoryboardNew(context, { file, force });
      }),
    );
  storyboardOptions(
    storyboard.command('check').description('say everything that is wrong with a storyboard, and what it asks for'),
  )
    .addHelpText('after', examples('sora storyboard check ad.md', 'sora storyboard check ad.md --variant tall --json'))
    .action(
      act<StoryboardFlags>(async (context, [file = ''], options) => {
        const { runStoryboardCheck } = await import('../commands/storyboard/check.ts');
        return runStoryboardCheck(context, requestOf(file, options));
      }),
    );
  storyboardOptions(
    storyboard.command('show').description('show a storyboard with its variables put in; as JSON, whole'),
  )
    .addHelpText('after', examples('sora storyboard show ad.md', 'sora storyboard show ad.md --json > ad.json'))
    .action(
      act<StoryboardFlags>(async (context, [file = ''], options) => {
        const { runStoryboardShow } = await import('../commands/storyboard/show.ts');
        return runStoryboardShow(context, requestOf(file, options));
      }),
    );
  storyboardOptions(storyboard.command('export').description('write a storyboard for other programs'))
    .addOption(
      new Option('--to <format>', 'subtitles, or the storyboard').choices(['srt', 'json']).makeOptionMandatory(),
    )
    .requiredOption('-o, --output <path>', 'a file, or - for stdout', output)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora storyboard export ad.md --to srt -o ad.srt'))
    .action(
      act<StoryboardFlags & ExportFlags>(async (context, [file = ''], options) => {
        const { runStoryboardExport } = await import('../commands/storyboard/export.ts');
        return runStoryboardExport(context, requestOf(file, options), options);
      }),
    );
}

function storyboardOptions(command: Command): Command {
  return command
    .argument('<file>', FILE)
    .option('--quality <name>', 'one of the file’s qualities (default: the first)', text)
    .option('--variant <name>', 'one of the file’s variants', text)
    .option('--var <name=value>', 'what {{name}} stands for in the texts; repeat for more', variable)
    .option('--allow-outside', 'let the storyboard name files outside its folder', false);
}

function requestOf(file: string, flags: StoryboardFlags): CheckFlags {
  const { quality, variant, allowOutside } = flags;
  return {
    ...{ file, vars: flags.var ?? new Map(), allowOutside },
    ...(quality !== undefined && { quality }),
    ...(variant !== undefined && { variant }),
  };
}

function variable(value: string, all: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, name = '', words = ''] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
  if (name.trim() === '') throw new InvalidArgumentError('It is a name and a value, such as weather=rain.');
  return new Map([...all, [name.trim().normalize('NFC'), words]]);
}
