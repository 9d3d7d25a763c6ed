/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */

import { requireCharacter } from '../characters/find.ts';
import { forgetStale } from '../characters/stale.ts';
import type { Context } from '../context.ts';
import { checkBudget, costOfCharacters, costOfVideo } from '../costs/budget.ts';
import type { BillItem, Cost } from '../costs/cost.ts';
import type { Provider } from '../providers/provider.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import { formatSize, orientationOf } from '../shared/model.ts';
import { listOf } from '../shared/text.ts';
import { keyOf } from '../videos/admission.ts';
import { castSaid, NO_AUTO_CAST } from '../videos/auto-cast.ts';
import { showJobs } from '../videos/find-jobs.ts';
import { type Admit, type Draft, makeDraft } from '../videos/prepare-request.ts';
import { showRequest } from '../videos/preview.ts';
import { type GenerateFlags, gatherWishes, purposeOf, type Wanted } from '../videos/read-input.ts';
import { type Submitted, submit } from '../videos/submit.ts';
import { followAll } from './video-wait.ts';

export async function runGenerate(context: Context, input: GenerateFlags & { prompt: string }): Promise<number> {
  const wait = input.wait || input.output !== undefined;
  const wished = await gatherWishes(context, input, wait);
  const purpose = purposeOf(input);
  const provider = await context.provider(purpose);
  const model = input.model ?? (await context.connection(purpose)).model ?? provider.defaultModel;
  const allowRetired = input.allowRetired === true;
  // What is refused anyway is not asked about.
  doubtsOfHost({ wanted: wished, provider, model, allowRetired });
  const { wanted, autoCast } = await castSaid(context, input, { wanted: wished, provider, model });
  const doubts = doubtsOfHost({ wanted, provider, model, allowRetired });
  const deadline = context.host.clock.now() + input.timeout * 1000;
  const { admit, quote } = budgetOf(context, input, { wanted, provider, model, doubts });
  const draft = await makeDraft(context, input, { wanted, provider, model, admit });

  if (input.dryRun) {
    showRequest(context, {
      ...draft,
      autoCast,
      prompt: draft.video.prompt,
      request: provider.describeVideo(draft.video),
      count: input.count,
      ...quote,
    });
    return 0;
  }
  const sent = await submitAll(context, {
    ...{ input, draft, provider, wanted, autoCast, model, admit, quote },
    wait: wait ? input : undefined,
  });
  const jobs = sent.map(({ job }) => job);
  if (wait) {
    const firstPauses = new Map(sent.map(({ job, pollAfterMs }) => [job.id, pollAfterMs]));
    return followAll(context, jobs, (job) => ({ ...input, deadline, firstPauseMs: firstPauses.get(job.id), job }));
  }
  showJobs(context, jobs);
  return 0;
}

/** What is known of the cost so far. */
interface Quote {
  /** Of one video. */
  cost?: Cost | undefined;
  bill: readonly BillItem[];
}

/**
 * Reckons a draft before anything of it is uploaded, and again when it is complete; what was paid for meanwhile counts. Then
 * it says what may go wrong with it.
 */
function budgetOf(
  context: Context,
  input: GenerateFlags,
  { wanted, provider, model, doubts }: Pick<Request, 'wanted' | 'provider' | 'model'> & { doubts: readonly string[] },
): { admit: Admit; quote: Quote } {
  const quote: Quote = { bill: [] };
  // Of a clip that is not here, the most that it can be.
  const clipSeconds = wanted.characters.reduce((total, { master }) => total + (master?.seconds ?? 4), 0);
  const takesIds = provider.limits(model).characterMode === 'id';
  let registrations = 0;
  let registered = 0;
  const total = async (): Promise<void> => {
    quote.bill = [
      { what: 'video', count: input.count, each: quote.cost },
      await costOfCharacters(provider, registrations),
    ];
    checkBudget(input, { bill: quote.bill, provider });
  };
  // What is refused needs no warning before it, and nobody needs it twice.
  const warnings = new Set(doubts);
  const draft: Admit['draft'] = async ({ video }, missing) => {
    registrations += takesIds ? missing : 0;
    // A host cannot reckon with clips that it does not have yet, and a dry run asks nobody without need.
    const asks = missing === 0 && (!input.dryRun || input.maxCost !== undefined);
    const ask = asks ? { video, purpose: purposeOf(input) } : undefined;
    const { size, seconds } = wanted;
    quote.cost = await costOfVideo(context, { provider, model, size, seconds, clipSeconds, ask });
    await total();
    for (const warning of warnings) context.ui.warn(warning);
    warnings.clear();
  };
  const registration: Admit['registration'] = async () => {
    registered += 1;
    if (registered <= registrations) return;
    registrations = registered;
    await total();
  };
  return { admit: { draft, registration }, quote };
}

interface Request {
  readonly input: GenerateFlags;
  readonly draft: Draft;
  readonly provider: Provider;
  readonly wanted: Wanted;
  readonly autoCast: readonly string[];
  readonly model: string | undefined;
  readonly admit: Admit;
  readonly quote: Quote;
  readonly wait: GenerateFlags | undefined;
}

/** Sends `count` requests, one after the other. When one fails after others were sent, those are shown before it is thrown. */
async function submitAll(context: Context, request: Request): Promise<readonly Submitted[]> {
  const { input } = request;
  await (await context.jobs()).sweep();
  const { draft, first } = await submitFirst(context, request);
  const sent = [first];
  for (let index = 1; index < input.count; index++) {
    const ownIds = sent.map(({ job }) => job.id);
    try {
      const { cost } = request.quote;
      const key = keyOf(input, index);
      sent.push(await submit(context, { ...request, draft, cost, key, resend: input.resend, ownIds }));
    } catch (error) {
      if (!isSoraError(error)) throw error;
      showJobs(
        context,
        sent.map(({ job }) => job),
      );
      // Something was created, so neither code nor words may say that nothing was.
      const code = NOTHING_CREATED.has(error.code) ? 'pending' : error.code;
      const why = error.message.replace(/ Nothing was created\.$/, '');
      // Stopped right after it was sent: that one goes on as well.
      const ids = [...ownIds, ...(error.code === 'pending' ? (error.jobId ?? []) : [])];
      throw new SoraError(
        code,
        `${ids.length} of ${input.count} jobs ${ids.length === 1 ? 'was' : 'were'} sent. ${why}`,
        {
          hint: `What was sent goes on at the host. Follow it with: sora video wait ${ids.join(' ')}`,
          ...(error.jobId !== undefined && { jobId: error.jobId }),
          cause: error,
        },
      );
    }
  }
  return sent;
}

/** A refusal may mean that the host has forgotten a character. Then that is registered anew, and the request sent once more. */
async function submitFirst(context: Context, request: Request): Promise<{ draft: Draft; first: Submitted }> {
  const { input, wanted, provider, model, admit } = request;
  const send = async (draft: Draft): Promise<{ draft: Draft; first: Submitted }> => {
    const { resend } = input;
    const { cost } = request.quote;
    const key = keyOf(input, 0);
    return { draft, first: await submit(context, { ...request, draft, cost, key, resend, ownIds: [] }) };
  };
  try {
    return await send(request.draft);
  } catch (error) {
    const mode = provider.limits(model).characterMode;
    const place = { provider, mode, orientation: orientationOf(wanted.size) };
    if (
      !isSoraError(error, 'refused') ||
      !(await forgetStale(context, { characters: wanted.characters, place, refusal: error }))
    )
      throw error;
    const characters = await Promise.all(wanted.characters.map(({ name }) => requireCharacter(context, name)));
    return send(await makeDraft(context, input, { wanted: { ...wanted, characters }, provider, model, admit }));
  }
}

const NOTHING_CREATED: ReadonlySet<ErrorCode> = new Set(['network', 'interrupted', 'terminated']);

/**
 * Hosts run ahead of their documentation, so what it does not list is worth a warning and no more: a sentence each. Throws
 * `usage` for what would be dropped or made by another.
 */
function doubtsOfHost({
  wanted,
  provider,
  model,
  allowRetired,
}: {
  wanted: Wanted;
  provider: Provider;
  model: string | undefined;
  allowRetired: boolean;
}): readonly string[] {
  const doubts: string[] = [];
  const { characters, size, seconds } = wanted;
  const limits = provider.limits(model);
  if (limits.retired !== undefined && !allowRetired) {
    throw new SoraError(
      'usage',
      `${model} is retired at ${provider.name} since ${limits.retired}: another model may answer in its name.`,
      { hint: `Take another (sora provider models ${provider.name}), or add --allow-retired.` },
    );
  }
  const at = provider.backend ?? provider.name;
  if (characters.length > limits.characters) {
    throw new SoraError(
      'usage',
      `${at} takes at most ${limits.characters} characters in a video, not ${characters.length}: ${listOf(characters.map(({ name }) => name))}.`,
      { hint: `Leave some out, or take another model with --model: sora provider models ${provider.name}` },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'no') {
    throw new SoraError(
      'usage',
      `${at} takes no characters: it would drop ${listOf(characters.map(({ name }) => name))} without a word.`,
      {
        hint: `Use a host that takes characters, or leave out -c, or add ${NO_AUTO_CAST} where the prompt alone says them.`,
      },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'unknown') {
    doubts.push(
      'This host is not known to take characters; some drop them without a word. Name what it is with --backend.',
    );
  }
  if (limits.seconds.length > 0 && !limits.seconds.includes(seconds)) {
    doubts.push(
      `${seconds} s is none of the documented lengths (${limits.seconds.join(', ')}); the host may refuse it.`,
    );
  }
  if (limits.sizes.length > 0 && !limits.sizes.some((one) => formatSize(one) === formatSize(size))) {
    doubts.push(
      `${formatSize(size)} is none of the documented sizes${model === undefined ? '' : ` of ${model}`} (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
  return doubts;
}
