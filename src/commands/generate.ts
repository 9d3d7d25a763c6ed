/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */
import type { Context } from '../context.ts';
import { formatSize, type Job } from '../domain.ts';
import { type ErrorCode, isSoraError, SoraError } from '../errors.ts';
import type { Provider } from '../providers/provider.ts';
import { listOf } from '../text.ts';
import { type Draft, makeDraft } from './draft.ts';
import { followAll } from './follow.ts';
import { resumeCommand } from './jobs.ts';
import { type Submitted, submit } from './submit.ts';
import { type GenerateFlags, gatherWishes, type Wanted } from './wishes.ts';

export async function runGenerate(context: Context, input: GenerateFlags & { prompt: string }): Promise<number> {
  const { ui, host } = context;
  const deadline = host.clock.now() + input.timeout * 1000;
  const wait = input.wait || input.output !== undefined;
  const wanted = await gatherWishes(context, input, wait);
  const provider = await context.provider();
  warnOfHost(context, wanted, provider);
  const draft = await makeDraft(context, input, { wanted, provider });

  if (input.dryRun) {
    const request = provider.describeVideo(draft.video);
    ui.result({
      json: { prompt: draft.video.prompt, injected: draft.injected, request },
      text: `${request.method} ${request.url} (${request.contentType})\n${JSON.stringify(request.body, null, 2)}`,
      quiet: [draft.video.prompt],
    });
    return 0;
  }
  const sent = await submitAll(context, { input, draft, provider, wait: wait ? input : undefined });
  const jobs = sent.map(({ job }) => job);
  if (wait) {
    const firstPauses = new Map(sent.map(({ job, pollAfterMs }) => [job.id, pollAfterMs]));
    return followAll(context, jobs, (job) => ({ ...input, deadline, firstPauseMs: firstPauses.get(job.id), job }));
  }
  showJobs(context, jobs);
  return 0;
}

/** Sends `count` requests, one after the other. When one fails after others were sent, those are shown before it is thrown. */
async function submitAll(
  context: Context,
  { input, ...request }: { input: GenerateFlags; draft: Draft; provider: Provider; wait: GenerateFlags | undefined },
): Promise<readonly Submitted[]> {
  await (await context.jobs()).sweep();
  const sent: Submitted[] = [];
  for (let index = 0; index < input.count; index++) {
    const ownIds = sent.map(({ job }) => job.id);
    try {
      sent.push(await submit(context, { ...request, key: keyOf(input, index), resend: input.resend, ownIds }));
    } catch (error) {
      if (!isSoraError(error) || sent.length === 0) throw error;
      showJobs(
        context,
        sent.map(({ job }) => job),
      );
      // Something was created, so no code may say that nothing was.
      const code = NOTHING_CREATED.has(error.code) ? 'pending' : error.code;
      throw new SoraError(code, `Only ${sent.length} of ${input.count} jobs were sent. ${error.message}`, {
        hint: `Those go on at the host. Follow them with: sora video wait ${ownIds.join(' ')}`,
        ...(error.jobId !== undefined && { jobId: error.jobId }),
        cause: error,
      });
    }
  }
  return sent;
}

const NOTHING_CREATED: ReadonlySet<ErrorCode> = new Set(['network', 'interrupted', 'terminated']);

function keyOf({ key, count }: GenerateFlags, index: number): string | undefined {
  return key === undefined || count === 1 ? key : `${key}#${index + 1}`;
}

function showJobs(context: Context, jobs: readonly Job[]): void {
  context.ui.result({
    json: jobs.length === 1 ? jobs[0] : jobs,
    text: jobs
      .map((job) => `${job.id} is ${job.status}. Follow it with: ${resumeCommand(context, job, {})}`)
      .join('\n'),
    quiet: jobs.map(({ id }) => id),
  });
}

/** Hosts run ahead of their documentation, so what it does not list is worth a warning and no more. */
function warnOfHost({ ui }: Context, { characters, size, seconds }: Wanted, provider: Provider): void {
  const { limits } = provider;
  const at = provider.backend ?? provider.name;
  if (characters.length > limits.characters) {
    throw new SoraError(
      'usage',
      `${at} takes at most ${limits.characters} characters in a video, not ${characters.length}.`,
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'no') {
    throw new SoraError(
      'usage',
      `${at} takes no characters: it would drop ${listOf(characters.map(({ name }) => name))} without a word.`,
      {
        hint: 'Use a host that takes characters, or leave out -c.',
      },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'unknown') {
    ui.warn(
      'This host is not known to take characters; some drop them without a word. Name what it is with --backend.',
    );
  }
  if (limits.seconds.length > 0 && !limits.seconds.includes(seconds)) {
    ui.warn(`${seconds} s is none of the documented lengths (${limits.seconds.join(', ')}); the host may refuse it.`);
  }
  if (limits.sizes.length > 0 && !limits.sizes.some((one) => formatSize(one) === formatSize(size))) {
    ui.warn(
      `${formatSize(size)} is none of the documented sizes (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
}
