/** `sora storyboard`: names, arguments, options and help of films of scenes. */
import { type Command, Option } from 'commander';
import type { AssembleFlags } from '../commands/storyboard/assemble.ts';
import type { ExportFlags } from '../commands/storyboard/export.ts';
import type { StoryboardReportFlags } from '../commands/storyboard/report.ts';
import { type Act, examples, loudness, output, text } from './options.ts';
import { addTakeCommands } from './program-takes.ts';
import { requestOf, type StoryboardFlags, storyboardOptions } from './storyboard-options.ts';

const FILM = 'the storyboard: a file of Markdown (.md), or the same as JSON (.json)';
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
    FILE,
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
    FILE,
  )
    .addHelpText('after', examples('sora storyboard show ad.md', 'sora storyboard show ad.md --json > ad.json'))
    .action(
      act<StoryboardFlags>(async (context, [file = ''], options) => {
        const { runStoryboardShow } = await import('../commands/storyboard/show.ts');
        return runStoryboardShow(context, requestOf(file, options));
      }),
    );
  storyboardOptions(storyboard.command('assemble').description('make the film of the chosen takes'), FILM)
    .requiredOption('-o, --output <file>', 'the MP4 to write', text)
    .option('--force', 'replace an existing file', false)
    .option('--allow-stale', 'use takes whose text has changed since', false)
    .addOption(
      new Option('--subtitles <how>', 'a track of subtitles, or none').choices(['track', 'none']).default('track'),
    )
    .option('--loudness <LUFS>', 'a loudness such as -14, or off (default: as the storyboard says)', loudness)
    .addHelpText(
      'after',
      examples('sora storyboard assemble ad.md -o ad.mp4', 'sora storyboard assemble ad.md -o ad.mp4 --subtitles none'),
    )
    .action(
      act<StoryboardFlags & AssembleFlags>(async (context, [file = ''], options) => {
        const { runStoryboardAssemble } = await import('../commands/storyboard/assemble.ts');
        return runStoryboardAssemble(context, requestOf(file, options), options);
      }),
    );
  storyboardOptions(
    storyboard.command('report').description('write a page that shows every scene with its takes side by side'),
    FILM,
  )
    .requiredOption('-o, --output <html>', 'the HTML file to write; it links to the takes', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora storyboard report ad.md -o ad.html'))
    .action(
      act<StoryboardFlags & StoryboardReportFlags>(async (context, [file = ''], options) => {
        const { runStoryboardReport } = await import('../commands/storyboard/report.ts');
        return runStoryboardReport(context, requestOf(file, options), options);
      }),
    );
  storyboardOptions(storyboard.command('export').description('write a storyboard for other programs'), FILE)
    .addOption(
      new Option('--to <format>', 'of the chosen takes a timeline for editors or the subtitles, or the storyboard')
        .choices([...['otio', 'srt', 'json']])
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --output <path>', 'a file, or - for stdout', output)
    .option('--force', 'replace an existing file', false)
    .option('--allow-stale', 'with otio and srt: use takes whose text has changed since', false)
    .addHelpText(
      'after',
      examples('sora storyboard export ad.md --to srt -o ad.srt', 'sora storyboard export ad.md --to json -o ad.json'),
    )
    .action(
      act<StoryboardFlags & ExportFlags>(async (context, [file = ''], options) => {
        const { runStoryboardExport } = await import('../commands/storyboard/export.ts');
        return runStoryboardExport(context, requestOf(file, options), options);
      }),
    );
  addTakeCommands(storyboard, act);
}
