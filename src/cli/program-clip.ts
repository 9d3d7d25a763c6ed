/** `sora clip`: names, arguments, options and help of what is done to clips without an upload. */
import type { Command } from 'commander';
import { type Act, type ClipFlags, clipOptions, clipWishes, examples, text } from './options.ts';

export function addClip(clip: Command, act: Act): void {
  clipOptions(clip.command('inspect').description('show what a clip is, whether it fits, and what would be done to it'))
    .argument('<file>', 'a video file', text)
    .addHelpText(
      'after',
      examples('sora clip inspect joe.mp4', 'sora clip inspect joe.mp4 --orientation portrait --json'),
    )
    .action(
      act<ClipFlags>(async (context, [file = ''], options) => {
        const { runClipInspect } = await import('../commands/clip.ts');
        return runClipInspect(context, { file, options: clipWishes(options) });
      }),
    );
  clipOptions(clip.command('prepare').description('write the clip as it would be uploaded'))
    .argument('<file>', 'a video file', text)
    .requiredOption('-o, --output <file>', 'the MP4 to write', text)
    .option('--force', 'replace an existing file', false)
    .option('--dry-run', 'print the ffmpeg command instead of running it', false)
    .addHelpText(
      'after',
      examples('sora clip prepare joe.mp4 -o ready.mp4', 'sora clip prepare joe.mp4 -o ready.mp4 --dry-run'),
    )
    .action(
      act<ClipFlags & { output: string; force: boolean; dryRun: boolean }>(async (context, [file = ''], options) => {
        const { runClipPrepare } = await import('../commands/clip.ts');
        return runClipPrepare(context, { ...options, file, options: clipWishes(options) });
      }),
    );
  clip
    .command('sheet')
    .description('draw a contact sheet: twelve frames of the clip with their times, as a PNG')
    .argument('<file>', 'a video file', text)
    .option('-o, --output <png>', 'the PNG to write (default: <name>-sheet.png here)', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora clip sheet joe.mp4', 'sora clip sheet joe.mp4 -o sheet.png'))
    .action(
      act<{ output?: string; force: boolean }>(async (context, [file = ''], { output, force }) =>
        (await import('../commands/clip-sheet.ts')).runClipSheet(context, { file, output, force }),
      ),
    );
}
