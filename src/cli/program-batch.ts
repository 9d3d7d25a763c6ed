/** `sora batch`: names, arguments, options and help of many videos from one file. */
import { type Command, InvalidArgumentError } from 'commander';
import type { CheckFlags, RunFlags } from '../commands/batch/run.ts';
import { type Adoption, DEFAULT_JOBS, DEFAULT_RETRIES } from '../shared/batch.ts';
import { parseRate } from '../shared/time.ts';
import { type CostFlags, costOptions, withLimits } from './cost-options.ts';
import {
  type Act,
  collect,
  examples,
  journalName,
  pollIntervalOption,
  shard,
  text,
  time,
  wholeNumber,
} from './options.ts';

type Typed<Flags extends CheckFlags> = Omit<Flags, 'file' | 'budget'> & CostFlags;

const FILE = 'a file of JSON lines (.jsonl) or a table with a header (.csv), or - for stdin';

export function addBatch(batch: Command, act: Act): void {
  common(batch.command('check').description('say everything that is wrong with a batch, and what it would cost'))
    .addHelpText('after', examples('sora batch check prompts.jsonl', 'sora batch check prompts.csv --json'))
    .action(
      act<Typed<CheckFlags>>(async (context, [file = ''], options) => {
        const { runBatchCheck } = await import('../commands/batch/run.ts');
        return runBatchCheck(context, { ...(await withLimits(context, options)), file });
      }),
    );
  common(batch.command('run').description('make the videos of a batch; run it again to continue'))
    .option('--jobs <n>', 'videos under way at once', wholeNumber(1, 100), DEFAULT_JOBS)
    .option('--rate <n/time>', 'send no more than so many: 2/min, 10/s, 100/h', rate)
    .option('--retries <n>', 'more tries after a failure that passes', wholeNumber(0, 20), DEFAULT_RETRIES)
    .option('--changed', 'make lines whose text has changed since they were made', false)
    .option('--resend <id>', 'send the unknown request of a line once more; repeat for more', collect, [])
    .option('--adopt <id=video>', 'use this video of the host for an unknown line; id=none: none is', adoption, [])
    .option('--anew <id>', 'make a line once more, whatever is there; repeat for more', collect, [])
    .option('--summary <file>', 'write a summary in Markdown, as CI systems show it', text)
    .option('--results <file>', 'write a JSON line for each id, as it stands', text)
    .option('--timeout <time>', 'how long to go on in all: 90s, 15m, 2h (default: until it is done)', time)
    .addOption(pollIntervalOption())
    .option('--dry-run', 'show what would be sent, and what it would cost', false)
    .addHelpText(
      'after',
      examples(
        'sora batch run prompts.jsonl --max-cost 120',
        'sora batch run prompts.csv -o videos --jobs 2 --rate 2/min',
        'sora batch run prompts.jsonl --shard 1/3 --summary summary.md --results results.jsonl',
      ),
    )
    .action(
      act<Typed<RunFlags>>(async (context, [file = ''], options) => {
        const { runBatchRun } = await import('../commands/batch/run.ts');
        return runBatchRun(context, { ...(await withLimits(context, options)), file });
      }),
    );
  common(batch.command('status').description('show how every line stands; asks no host'))
    .addHelpText('after', examples('sora batch status prompts.jsonl', 'sora batch status prompts.jsonl --json'))
    .action(
      act<Typed<CheckFlags>>(async (context, [file = ''], options) => {
        const { runBatchStatus } = await import('../commands/batch/status.ts');
        return runBatchStatus(context, { ...(await withLimits(context, options)), file });
      }),
    );
  common(batch.command('cancel').description('stop the videos of a batch that are under way, where the host can'))
    .addHelpText('after', examples('sora batch cancel prompts.jsonl'))
    .action(
      act<Typed<CheckFlags>>(async (context, [file = ''], options) => {
        const { runBatchCancel } = await import('../commands/batch/cancel.ts');
        return runBatchCancel(context, { ...(await withLimits(context, options)), file });
      }),
    );
}

function common(command: Command): Command {
  return costOptions(command)
    .argument('<file>', FILE)
    .option('-o, --output <dir>', 'a folder, or a path with {id} in it (default: out beside the file)', text)
    .option('--shard <i/n>', 'only every n-th line, by its id: 1/3, 2/3, 3/3', shard)
    .option('--journal <name>', 'write a journal of that name: for CI, and for stdin', journalName)
    .option('--allow-outside', 'let lines name pictures and outputs outside the folder of the file', false)
    .option('--allow-retired', 'use a retired model, although another may answer in its place', false)
    .option('--allow-undocumented', 'send a length or a size that the host does not document', false)
    .option('--allow-drift', 'accept videos that differ from what was ordered', false);
}

/** The id may have a `=` in it: those of videos have none. */
function adoption(value: string, before: readonly Adoption[]): readonly Adoption[] {
  const [, id = '', video = ''] = /^(.+)=([^=]+)$/.exec(value) ?? [];
  if (id === '') throw new InvalidArgumentError('It is an id and a video of the host, sea=video_123, or sea=none.');
  return [...before, { id, videoId: video === 'none' ? undefined : video }];
}

function rate(value: string): number {
  const intervalMs = parseRate(value);
  if (intervalMs === undefined) throw new InvalidArgumentError('It is a rate like 2/min, 10/s or 100/h.');
  return intervalMs;
}
