/** `sora video`: what is done with videos as files: looked at, opened, taken apart and joined. */
import { type Command, Option } from 'commander';
import type { CheckFlags } from '../commands/video/check.ts';
import type { FrameFlags } from '../commands/video/frame.ts';
import type { JoinFlags } from '../commands/video/join.ts';
import type { ReportFlags } from '../commands/video/report.ts';
import {
  type Act,
  collect,
  decibels,
  examples,
  JOB_ID,
  JOB_IDS,
  loudness,
  output,
  rate,
  size,
  text,
  time,
} from './options.ts';

const VIDEO = 'a video file, or a job whose video was saved: its id, the host’s id, or @last';

export function addVideoFileCommands(video: Command, act: Act): void {
  video
    .command('check')
    .description('look for what is wrong with videos: black, frozen, noise, blocks, silence, bars, cuts, mix-ups')
    .argument('<video...>', `${VIDEO}; @last:3 is the newest three`)
    .option('--strict', 'exit 9 where there is anything to remark', false)
    .option('--sheet <png>', 'draw its characters, each beside six frames of the one video', text)
    .option('-c, --character <name>', 'whom the sheet shows (default: the characters of the job)', collect, [])
    .option('--force', 'replace an existing sheet', false)
    .addHelpText(
      'after',
      examples(
        'sora video check @last',
        'sora video check takes/*.mp4 --strict',
        'sora video check @last --sheet sheet.png',
      ),
    )
    .action(
      act<Omit<CheckFlags, 'named'>>(async (context, named, options) =>
        (await import('../commands/video/check.ts')).runVideoCheck(context, { ...options, named }),
      ),
    );
  video
    .command('open')
    .description('open a saved video in the program that shows videos here')
    .argument('<id>', JOB_ID)
    .addHelpText('after', examples('sora video open @last'))
    .action(act(async (context, [id = '']) => (await import('../commands/video/open.ts')).runVideoOpen(context, id)));
  video
    .command('frame')
    .description('write one picture of a video as a PNG: the first, the last, or the one at a time')
    .argument('<video>', VIDEO)
    .addOption(new Option('--at <time>', 'the picture that is shown then: 3.2, 00:03.2').argParser(time))
    .option('--last', 'the last picture', false)
    .requiredOption('-o, --output <png>', 'the PNG to write, or - for stdout', output)
    .option('--force', 'replace an existing file', false)
    .addHelpText(
      'after',
      examples('sora video frame @last --last -o last.png', 'sora video frame beach.mp4 --at 2.5 -o - > beach.png'),
    )
    .action(
      act<Omit<FrameFlags, 'video'>>(async (context, [named = ''], options) =>
        (await import('../commands/video/frame.ts')).runVideoFrame(context, { ...options, video: named }),
      ),
    );
  video
    .command('join')
    .description('join videos into one, in their order: pictures, sound, dissolves, music')
    .argument('<video...>', `${VIDEO}; @last:3 is the newest three`)
    .requiredOption('-o, --output <file>', 'the MP4 to write', text)
    .addOption(
      new Option('--fade <time>', 'dissolve from each into the next, for 0.5 or 0.5s')
        .argParser(time)
        .default(0, 'cuts'),
    )
    .option('--size <WxH>', 'size of the picture; others get bars (default: of the first video)', size)
    .option(
      '--aspect <a:b>',
      'instead of --size: 16:9, 9:16, 4:3, 3:4, 1:1 or 21:9, as high or wide as the first video',
    )
    .option('--fps <n>', 'pictures a second: 24, 25, 29.97, 30 (default: of the first video)', rate)
    .option('--music <file>', 'music under all of it, from its beginning, again and again', text)
    .option('--music-level <dB>', 'gain of the music', decibels, -18)
    .option('--no-duck', 'do not lower the music while there is other sound')
    .option('--loudness <LUFS>', 'bring the whole to a loudness, such as -14', loudness, 'off')
    .option('--force', 'replace an existing file', false)
    .addHelpText(
      'after',
      examples(
        'sora video join beach.mp4 boat.mp4 -o film.mp4',
        'sora video join beach.mp4 @last -o film.mp4 --fade 0.5 --music song.mp3 --loudness -14',
      ),
    )
    .action(
      act<Omit<JoinFlags, 'videos'>>(async (context, videos, options) =>
        (await import('../commands/video/join.ts')).runVideoJoin(context, { ...options, videos }),
      ),
    );
  video
    .command('report')
    .description('write a page that shows videos side by side, with what is known of them')
    .argument('[id...]', JOB_IDS)
    .requiredOption('-o, --output <html>', 'the HTML file to write; it links to the videos', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora video report -o report.html', 'sora video report @last -o last.html'))
    .action(
      act<Omit<ReportFlags, 'ids'>>(async (context, ids, options) =>
        (await import('../commands/video/report.ts')).runVideoReport(context, { ...options, ids }),
      ),
    );
}
