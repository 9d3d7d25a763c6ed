/** `sora video`: names, arguments, options and help of everything about jobs. */
import { type Command, Option } from 'commander';
import type { DeriveFlags } from '../commands/video/derive.ts';
import type { FollowFlags, GenerateFlags } from '../commands/video/input.ts';
import type { ResendFlags } from '../commands/video/resend.ts';
import type { ListFlags } from '../commands/video/status.ts';
import type { DownloadFlags } from '../commands/video/wait.ts';
import { DERIVATIONS, type Derivation, JOB_STATUSES } from '../shared/job.ts';
import { type CostFlags, costOptions, withLimits } from './cost-options.ts';
import {
  type Act,
  collect,
  examples,
  FOCUS,
  focus,
  followFlags,
  followOptions,
  JOB_ID,
  JOB_IDS,
  NO_CHECK,
  output,
  size,
  text,
  time,
  type WaitFlags,
  wholeNumber,
} from './options.ts';
import { addVideoFileCommands } from './program-video-files.ts';

/** A command's flags before the defaults of a wait are filled in. */
type Typed<Flags extends FollowFlags> = Omit<Flags, 'timeout' | 'waitOnly' | 'isChecked'> & WaitFlags;

export function addVideo(video: Command, act: Act): void {
  costOptions(
    followOptions(video.command('generate').description('send a video job; with --wait, stay until the file is here')),
  )
    .argument('<prompt>', 'what happens in the video, or - to read it from stdin')
    .option('-c, --character <name>', 'a character that appears; repeat for more', collect, [])
    .option('--no-inject', 'refuse when the prompt does not say a name, instead of adding it')
    .option('--auto-cast', 'cast characters that the prompt says without -c, without asking')
    .option('--no-auto-cast', 'do not cast them, without asking or a warning')
    .option('--model <id>', 'the model, by the host’s name for it', text)
    .option(
      '--seconds <n>',
      'length of the video: 4, 8, 12, 16 or 20 at Sora’s hosts (default: 4, or the nearest length that the model makes)',
      wholeNumber(1, 600),
    )
    .option(
      '--size <WxH>',
      'size of the picture (default: 720p, in the orientation of the first character’s clip)',
      size,
    )
    .option('--aspect <a:b>', '16:9, 9:16, 4:3, 3:4, 1:1 or 21:9, where the model has it; instead of --size')
    .option('--resolution <r>', '480p, 720p, 768p, 1080p or 4k, with or without --aspect')
    .addOption(
      new Option('--fit <how>', 'bars around clips of another shape, or cut their edges').choices(['pad', 'crop']),
    )
    .option('--focus <x,y>', FOCUS, focus)
    .option('--reference <image>', 'first picture: a file, an https or data URL, or - for stdin', text)
    .option('--wait', 'wait until the job is done and download the video; -o does so too', false)
    .option('--count <n>', 'send that many jobs', wholeNumber(1, 20), 1)
    .option('--key <text>', 'the same key returns the same job, for scripts that run again', text)
    .option('--allow-retired', 'use a retired model, although another may answer in its place', false)
    .option('--allow-undocumented', 'send a length or a size that the host does not document', false)
    .option('--resend', 'send even if an equal job may already exist', false)
    .option('--dry-run', 'show the request that would be sent, and what it would cost', false)
    .addHelpText(
      'after',
      examples(
        'sora video generate "Joe waves at the sea." -c Joe --wait',
        'sora video generate "Joe and Mia dance." -c Joe -c Mia --seconds 8 --aspect 9:16 -o dance.mp4',
        'sora video generate "Joe waves at the sea." -c Joe --count 3 --max-cost 2.50',
        'cat prompt.txt | sora video generate - --size 1280x720 --dry-run',
      ),
    )
    .action(
      act<Omit<Typed<GenerateFlags>, 'budget'> & CostFlags>(async (context, [prompt = ''], options) => {
        const { runGenerate } = await import('../commands/video/generate.ts');
        return runGenerate(context, { ...followFlags(await withLimits(context, options)), prompt });
      }),
    );
  video
    .command('status')
    .description('ask the hosts for the state of jobs; without an id, of every unfinished one')
    .argument('[id...]', JOB_IDS)
    .option('--watch', 'stay until all are finished', false)
    .option('--exit-status', 'exit by the state of the job: 0 done, 5 failed, 7 unknown, 8 running', false)
    .addHelpText('after', examples('sora video status', 'sora video status @last --exit-status'))
    .action(
      act<{ watch: boolean; exitStatus: boolean }>(async (context, ids, options) => {
        const { runVideoStatus } = await import('../commands/video/status.ts');
        return runVideoStatus(context, { ...options, ids });
      }),
    );
  followOptions(video.command('wait').description('wait for jobs and download their videos'))
    .argument('[id...]', JOB_IDS)
    .option('--all', 'every job that is unfinished, or finished and not downloaded', false)
    .option('--adopt <id>', 'use this video of the host for the job whose answer was lost', text)
    .addHelpText(
      'after',
      examples(
        'sora video wait @last',
        'sora video wait @last -o out.mp4 --timeout 1h',
        'sora video wait --all -o videos/',
      ),
    )
    .action(
      act<Typed<FollowFlags> & { all: boolean; adopt?: string }>(async (context, ids, options) => {
        const { runVideoWait } = await import('../commands/video/wait.ts');
        return runVideoWait(context, { ...followFlags(options), ids });
      }),
    );
  video
    .command('download')
    .description('download a finished video')
    .argument('<id>', JOB_ID)
    .addOption(
      new Option('--variant <what>', 'which file').choices(['video', 'thumbnail', 'spritesheet']).default('video'),
    )
    .option('-o, --output <path>', 'a file, a folder, or - for stdout (default: ./<job-id>.mp4)', output)
    .option('--force', 'replace an existing file', false)
    .option('--allow-drift', 'accept a video that differs from what was ordered', false)
    .option('--no-check', NO_CHECK)
    .addHelpText(
      'after',
      examples('sora video download @last -o beach.mp4', 'sora video download @last --variant thumbnail'),
    )
    .action(
      act<Omit<DownloadFlags, 'id' | 'isChecked'> & { check: boolean }>(async (context, [id = ''], options) => {
        const { runVideoDownload } = await import('../commands/video/wait.ts');
        return runVideoDownload(context, { ...options, id, isChecked: options.check });
      }),
    );
  addVideoFileCommands(video, act);
  video
    .command('list')
    .description('list the jobs of this machine, newest first')
    .addOption(new Option('--status <s>', 'only those with this status').choices(JOB_STATUSES))
    .option('--since <time>', 'only those of the last 12h, 7d, 30d', time)
    .option('--tag <word>', 'only those that were sent for it; repeat for more', collect, [])
    .option('--not-downloaded', 'only finished videos that are not on this machine', false)
    .option('--limit <n>', 'at most so many, the newest', wholeNumber(1, 1_000_000))
    .option('--remote', 'list what the host has instead', false)
    .addHelpText(
      'after',
      examples(
        'sora video list --status succeeded --json',
        'sora video list --since 7d --not-downloaded',
        'sora video list --tag nightly --limit 20',
        'sora video list --provider sandbox',
        'sora video list --remote',
      ),
    )
    .action(
      act<ListFlags & { remote: boolean }>(async (context, _args, options) =>
        options.remote
          ? (await import('../commands/video/remote.ts')).runVideoListRemote(context, options)
          : (await import('../commands/video/status.ts')).runVideoList(context, options),
      ),
    );
  video
    .command('show')
    .description('show the record of a job, without asking its host')
    .argument('<id>', JOB_ID)
    .addHelpText('after', examples('sora video show @last --json'))
    .action(act(async (context, [id = '']) => (await import('../commands/video/show.ts')).runVideoShow(context, id)));
  for (const kind of DERIVATIONS) addDerivation(video, act, kind);
  video
    .command('cancel')
    .description('stop a job that is not finished, where the host can')
    .argument('<id>', JOB_ID)
    .addHelpText('after', examples('sora video cancel @last'))
    .action(
      act(async (context, [id = '']) => (await import('../commands/video/remote.ts')).runVideoCancel(context, id)),
    );
  video
    .command('delete')
    .description('delete a finished video at its host; the record and a saved file stay')
    .argument('<id>', JOB_ID)
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('sora video delete @last --yes'))
    .action(
      act<{ yes: boolean }>(async (context, [id = ''], { yes }) =>
        (await import('../commands/video/remote.ts')).runVideoDelete(context, { id, yes }),
      ),
    );
  costOptions(
    followOptions(
      video.command('resend').description('send the request of an unknown job once more, as it was recorded'),
    ),
  )
    .argument('<id>', JOB_ID)
    .option('--wait', 'wait until the job is done and download the video; -o does so too', false)
    .option('--dry-run', 'show the request that would be sent, and what it would cost', false)
    .addHelpText('after', examples('sora video resend job_0mi8ovgg4k2x7qp', 'sora video resend @last --wait'))
    .action(
      act<Omit<Typed<ResendFlags>, 'budget'> & CostFlags>(async (context, [id = ''], options) => {
        const { runVideoResend } = await import('../commands/video/resend.ts');
        return runVideoResend(context, { ...followFlags(await withLimits(context, options)), id });
      }),
    );
  video
    .command('close')
    .description('record that an unknown job made nothing, so that its request can be sent again')
    .argument('<id>', JOB_ID)
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('sora video close job_0mi8ovgg4k2x7qp', 'sora video close @last --yes'))
    .action(
      act<{ yes: boolean }>(async (context, [id = ''], { yes }) =>
        (await import('../commands/video/close.ts')).runVideoClose(context, { id, yes }),
      ),
    );
  video
    .command('prune')
    .description('remove old records of finished jobs from this machine; files and hosts are not touched')
    .requiredOption('--older-than <time>', 'age since the job ended or its video was saved: 12h, 30d', time)
    .option('--dry-run', 'show what would be removed', false)
    .addHelpText('after', examples('sora video prune --older-than 30d --dry-run', 'sora video prune --older-than 30d'))
    .action(
      act<{ olderThan: number; dryRun: boolean }>(async (context, _args, options) =>
        (await import('../commands/video/prune.ts')).runVideoPrune(context, options),
      ),
    );
}

const DERIVED = {
  extend: { does: 'make a finished video longer: a new job', example: 'The wave reaches him." --seconds 8' },
  edit: { does: 'change a finished video by a prompt: a new job', example: 'The same at night."' },
  remix: { does: 'make a finished video again with another prompt: a new job', example: 'The same in the rain."' },
} as const satisfies Record<Derivation, { does: string; example: string }>;

function addDerivation(video: Command, act: Act, kind: Derivation): void {
  const { does, example } = DERIVED[kind];
  const command = costOptions(followOptions(video.command(kind).description(does)))
    .argument('<id>', JOB_ID)
    .argument('<prompt>', 'what happens in the video, or - to read it from stdin');
  if (kind === 'extend') {
    command
      .option('--seconds <n>', 'seconds to add: 4, 8, 12, 16 or 20 (default: 4)', wholeNumber(1, 600))
      .option('--allow-undocumented', 'add a number of seconds that the host does not document', false);
  }
  command
    .option('--wait', 'wait until the job is done and download the video; -o does so too', false)
    .option('--key <text>', 'the same key returns the same job, for scripts that run again', text)
    .option('--resend', 'send even if an equal job may already exist', false)
    .option('--dry-run', 'show the request that would be sent, and what it would cost', false)
    .addHelpText('after', examples(`sora video ${kind} @last "${example} --wait`))
    .action(
      act<Omit<Typed<DeriveFlags>, 'budget'> & CostFlags>(async (context, [id = '', prompt = ''], options) => {
        const { runVideoDerive } = await import('../commands/video/derive.ts');
        return runVideoDerive(context, { ...followFlags(await withLimits(context, options)), kind, id, prompt });
      }),
    );
}
