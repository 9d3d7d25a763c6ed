/** `sora storyboard`: the commands that make the takes of a film and choose among them. */
import { type Command, Option } from 'commander';
import type { FilmFlags, PlanFlags } from '../commands/storyboard/plan.ts';
import type { RenderFlags, RetakeFlags } from '../commands/storyboard/render.ts';
import type { TakesFlags } from '../commands/storyboard/takes.ts';
import type { Context } from '../context.ts';
import { DEFAULT_JOBS } from '../shared/batch.ts';
import type { CostLimits } from '../shared/money.ts';
import { type CostFlags, costOptions, withLimits } from './cost-options.ts';
import {
  type Act,
  examples,
  journalName,
  output,
  pollIntervalOption,
  shard,
  text,
  time,
  wholeNumber,
} from './options.ts';
import { type NamedStoryboard, requestOf, type StoryboardFlags, storyboardOptions } from './storyboard-options.ts';

const FILE = 'the storyboard: a file of Markdown (.md), or the same as JSON (.json)';
const TAKE = 'the number of a take, or the beginning of its sha256';

interface JournalFlags extends StoryboardFlags {
  readonly journal?: string;
}

interface PaidFlags extends JournalFlags, CostFlags {
  readonly shard?: { readonly index: number; readonly count: number };
  readonly allowRetired: boolean;
  readonly allowUndocumented: boolean;
}

export function addTakeCommands(storyboard: Command, act: Act): void {
  addMaking(storyboard, act);
  addChoosing(storyboard, act);
}

type Typed<Flags> = Omit<Flags, keyof FilmFlags | 'scenes'> & PaidFlags;

function addMaking(storyboard: Command, act: Act): void {
  chosenScenes(
    paidOptions(
      storyboard.command('plan').description('show how every scene stands, and what a render would send; needs no key'),
    ).argument('[scene...]', 'ids of scenes (default: all)'),
  )
    .option('-o, --output <plan.json>', 'write the plan, to be approved and rendered by --plan', output)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora storyboard plan rain.md', 'sora storyboard plan rain.md -o plan.json'))
    .action(
      act<Typed<PlanFlags>>(async (context, [file = '', ...scenes], options) => {
        const { runStoryboardPlan } = await import('../commands/storyboard/plan.ts');
        return runStoryboardPlan(context, { ...(await filmFlags(context, file, options)), scenes });
      }),
    );
  runOptions(
    chosenScenes(
      paidOptions(
        storyboard.command('render').description('make the takes of a film that are missing; run it again to continue'),
      ).argument('[scene...]', 'ids of scenes, which are made by their current text (default: all)'),
    ),
  )
    .option('--plan <plan.json>', 'send exactly what an approved plan says', text)
    .option('--fail-fast', 'send nothing more after the first failure', false)
    .addHelpText(
      'after',
      examples(
        'sora storyboard render rain.md',
        'sora storyboard render rain.md harbour --takes 3 --max-cost 5',
        'sora storyboard render rain.md --plan plan.json --journal ci --shard 1/2',
      ),
    )
    .action(
      act<Typed<RenderFlags>>(async (context, [file = '', ...scenes], options) => {
        const { runStoryboardRender } = await import('../commands/storyboard/render.ts');
        return runStoryboardRender(context, { ...(await filmFlags(context, file, options)), scenes });
      }),
    );
  runOptions(
    paidOptions(storyboard.command('retake').description('make one more take of a scene, whatever is there'))
      .argument('<scene...>', 'ids of scenes')
      .option('--takes <n>', 'how many more', wholeNumber(1, 20), 1),
  )
    .option('--fail-fast', 'send nothing more after the first failure', false)
    .addHelpText(
      'after',
      examples('sora storyboard retake rain.md harbour', 'sora storyboard retake rain.md boat --takes 2 --yes'),
    )
    .action(
      act<Typed<RetakeFlags>>(async (context, [file = '', ...scenes], options) => {
        const { runStoryboardRetake } = await import('../commands/storyboard/render.ts');
        return runStoryboardRetake(context, { ...(await filmFlags(context, file, options)), scenes });
      }),
    );
  storyboardOptions(
    storyboard.command('cancel').description('stop the takes that are under way, where the host can'),
    FILE,
  )
    .argument('[scene]', 'the id of a scene (default: all)')
    .addOption(journalOption())
    .addHelpText('after', examples('sora storyboard cancel rain.md', 'sora storyboard cancel rain.md harbour'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene], options) => {
        const { runStoryboardCancel } = await import('../commands/storyboard/cancel.ts');
        return runStoryboardCancel(context, { ...takesRequest(file, options), ...(scene !== undefined && { scene }) });
      }),
    );
}

function addChoosing(storyboard: Command, act: Act): void {
  choosing(storyboard.command('takes').description('show the takes of a film, or of one scene'))
    .argument('[scene]', 'the id of a scene (default: all)')
    .addHelpText('after', examples('sora storyboard takes rain.md', 'sora storyboard takes rain.md harbour --json'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene], options) => {
        const { runStoryboardTakes } = await import('../commands/storyboard/takes.ts');
        return runStoryboardTakes(context, { ...takesRequest(file, options), ...(scene !== undefined && { scene }) });
      }),
    );
  choosing(storyboard.command('open').description('open a take in the player of this system'))
    .argument('[scene]', 'the id of a scene (default: the first)')
    .argument('[take]', `${TAKE} (default: the chosen one, else the newest)`)
    .addHelpText('after', examples('sora storyboard open rain.md harbour', 'sora storyboard open rain.md harbour 2'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene, take], options) => {
        const { runStoryboardOpen } = await import('../commands/storyboard/open.ts');
        const named = { ...(scene !== undefined && { scene }), ...(take !== undefined && { take }) };
        return runStoryboardOpen(context, { ...takesRequest(file, options), ...named });
      }),
    );
  choosing(storyboard.command('pick').description('choose the take that the film uses'))
    .argument('<scene>', 'the id of a scene')
    .argument('<take>', `${TAKE}, or none`)
    .addHelpText(
      'after',
      examples('sora storyboard pick rain.md harbour 2', 'sora storyboard pick rain.md harbour none'),
    )
    .action(
      act<JournalFlags>(async (context, [file = '', scene = '', take = ''], options) => {
        const { runStoryboardPick } = await import('../commands/storyboard/pick.ts');
        return runStoryboardPick(context, { ...takesRequest(file, options), scene, take });
      }),
    );
  choosing(storyboard.command('reject').description('say that a take is not wanted: it counts no more'))
    .argument('<scene>', 'the id of a scene')
    .argument('<take>', TAKE)
    .addHelpText('after', examples('sora storyboard reject rain.md harbour 1'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene = '', take = ''], options) => {
        const { runStoryboardReject } = await import('../commands/storyboard/pick.ts');
        return runStoryboardReject(context, { ...takesRequest(file, options), scene, take });
      }),
    );
  choosing(
    storyboard.command('close').description('give up a take of unknown fate, because you know that it made nothing'),
  )
    .argument('<scene>', 'the id of a scene')
    .argument('<take>', `${TAKE}, or the name that takes shows`)
    .argument('[id]', 'the host’s id, of a take that this account cannot see')
    .addHelpText('after', examples('sora storyboard close rain.md harbour 1'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene = '', take = '', remoteId], options) => {
        const { runStoryboardClose } = await import('../commands/storyboard/close.ts');
        const named = { scene, take, ...(remoteId !== undefined && { remoteId }) };
        return runStoryboardClose(context, { ...takesRequest(file, options), ...named });
      }),
    );
  choosing(
    storyboard
      .command('adopt')
      .description('say which video at its host a take of unknown fate is, or one that was closed'),
  )
    .argument('<scene>', 'the id of a scene')
    .argument('<take>', `${TAKE}, or the name that takes shows`)
    .argument('<id>', 'the host’s id of the video')
    .addHelpText('after', examples('sora storyboard adopt rain.md harbour 1 video_7'))
    .action(
      act<JournalFlags>(async (context, [file = '', scene = '', take = '', remoteId = ''], options) => {
        const { runStoryboardAdopt } = await import('../commands/storyboard/close.ts');
        return runStoryboardAdopt(context, { ...takesRequest(file, options), scene, take, remoteId });
      }),
    );
  choosing(storyboard.command('prune').description('say which files a film can do without; with --yes, delete them'))
    .option('--rejected', 'rejected takes', false)
    .option('--unpicked', 'takes of scenes of which another one is picked', false)
    .option('--pieces', 'pieces of assembled films, which are made again when they are needed', false)
    .option('--yes', 'delete them', false)
    .addHelpText(
      'after',
      examples('sora storyboard prune rain.md --rejected', 'sora storyboard prune rain.md --unpicked --yes'),
    )
    .action(
      act<JournalFlags & { rejected: boolean; unpicked: boolean; pieces: boolean; yes: boolean }>(
        async (context, [file = ''], { rejected, unpicked, pieces, yes, ...options }) => {
          const { runStoryboardPrune } = await import('../commands/storyboard/prune.ts');
          return runStoryboardPrune(context, { ...takesRequest(file, options), rejected, unpicked, pieces, yes });
        },
      ),
    );
}

function choosing(command: Command): Command {
  return storyboardOptions(command, FILE).addOption(journalOption());
}

function journalOption(): Option {
  return new Option('--journal <name>', 'write a journal of that name: for CI').argParser(journalName);
}

function paidOptions(command: Command): Command {
  return costOptions(storyboardOptions(command, FILE))
    .option('--shard <i/n>', 'only every n-th chain of scenes: 1/3, 2/3, 3/3', shard)
    .addOption(journalOption())
    .option('--allow-retired', 'use a retired model, although another may answer in its place', false)
    .option('--allow-undocumented', 'send a length or a size that the host does not document', false);
}

function chosenScenes(command: Command): Command {
  return command
    .option('--takes <n>', 'how many takes each of these scenes gets (default: as the text says)', wholeNumber(1, 20))
    .option('--changed', 'make takes of the current text, also where one of an older text is picked', false)
    .option('--follow', 'make takes from the take that is now chosen of the scene before', false)
    .option('--require-picks', 'a scene that waits for a pick is not finished: exit 8', false);
}

function runOptions(command: Command): Command {
  return command
    .option('--jobs <n>', 'takes under way at once', wholeNumber(1, 100), DEFAULT_JOBS)
    .option('--yes', 'send without being asked', false)
    .option('--timeout <time>', 'how long to go on in all: 90s, 15m, 2h (default: until it is done)', time)
    .addOption(pollIntervalOption())
    .option('--dry-run', 'show what would be sent, and what it would cost', false);
}

/** Of a command that pays nothing. */
function takesRequest(file: string, { journal, ...flags }: JournalFlags): TakesFlags {
  return { ...requestOf(file, flags), ...(journal !== undefined && { journal }) };
}

async function filmFlags<Flags extends PaidFlags>(
  context: Context,
  file: string,
  flags: Flags,
): Promise<Omit<Flags, keyof CostFlags> & CostLimits & NamedStoryboard> {
  return { ...(await withLimits(context, flags)), ...requestOf(file, flags) };
}
