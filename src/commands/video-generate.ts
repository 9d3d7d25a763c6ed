/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */

import { requireCharacter } from '../characters/find.ts';
import { forgetStale } from '../characters/stale.ts';
import type { Context } from '../context.ts';
import { checkBudget, costOfCharacters, costOfVideo } from '../costs/budget.ts';
import type { BillItem, Cost } from '../costs/cost.ts';
import type { Provider } from '../providers/provider.ts';
import { purposeOf } from '../settings/choose-provider.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import { formatSize, orientationOf } from '../shared/geometry.ts';
import { listOf } from '../shared/text.ts';
import { keyOf } from '../videos/admission.ts';
import { type CastingWish, castSaid, NO_AUTO_CAST } from '../videos/auto-cast.ts';
import { type Admit, planRequest, type RequestPlan } from '../videos/prepare-request.ts';
import { type Submitted, submit } from '../videos/submit.ts';
import type { VideoInput } from '../videos/video-input.ts';
import { type GenerateFlags, outputOf, readVideoInput } from './video-input.ts';
import { showJobs, showRequest } from './video-results.ts';
import { followAll } from './video-wait.ts';

export async function runGenerate(context: Context, flags: GenerateFlags & { prompt: string }): Promise<number> {
  const wait = flags.wait || flags.output !== undefined;
  const wished = await readVideoInput(context, flags, wait);
  const purpose = purposeOf(flags);
  const provider = await context.provider(purpose);
  const model = flags.model ?? (await context.connection(purpose)).model ?? provider.defaultModel;
  const allowRetired = flags.allowRetired === true;
  // What is refused anyway is not asked about.
  doubtsOfHost({ input: wished, provider, model, allowRetired });
  const { input, autoCast } = await castSaid(
    context,
    { input: wished, provider, model },
    { autoCast: flags.autoCast, size: flags, ask: askOf(context, flags) },
  );
  const doubts = doubtsOfHost({ input, provider, model, allowRetired });
  const deadline = context.runtime.clock.now() + flags.timeout * 1000;
  const { admit, quote } = budgetOf(context, flags, { input, provider, model, doubts });
  const plan = await planRequest(context, flags, { input, provider, model, admit });

  if (flags.dryRun) {
    showRequest(context, {
      ...plan,
      autoCast,
      prompt: plan.video.prompt,
      request: provider.describeVideo(plan.video),
      count: flags.count,
      ...quote,
    });
    return 0;
  }
  const sent = await submitAll(context, {
    ...{ flags, plan, provider, input, autoCast, model, admit, quote },
    wait: wait ? flags : undefined,
  });
  const jobs = sent.map(({ job }) => job);
  if (wait) {
    const firstPauses = new Map(sent.map(({ job, pollAfterMs }) => [job.id, pollAfterMs]));
    const output = outputOf(context, flags);
    return followAll(context, jobs, (job) => ({
      ...flags,
      ...output,
      deadline,
      firstPauseMs: firstPauses.get(job.id),
      job,
    }));
  }
  showJobs(context, jobs);
  return 0;
}

/** Asks on the terminal; undefined where that cannot be: standard input that was read for something else has no answer in it. */
function askOf(
  { runtime, globals }: Context,
  { prompt, reference }: GenerateFlags & { prompt: string },
): CastingWish['ask'] {
  const isTerminal = runtime.stdin.isTTY && runtime.stderr.isTTY && !runtime.env.CI;
  if (!isTerminal || globals.json || globals.quiet || prompt === '-' || reference === '-') return undefined;
  return async (question) => (await import('../terminal/ask.ts')).ask(runtime, question, { byDefault: true });
}

/** What is known of the cost so far. */
interface Quote {
  /** Of one video. */
  cost?: Cost | undefined;
  bill: readonly BillItem[];
}

/**
 * Reckons a plan before anything of it is uploaded, and again when it is complete; what was paid for meanwhile counts. Then
 * it says what may go wrong with it.
 */
function budgetOf(
  context: Context,
  flags: GenerateFlags,
  { input, provider, model, doubts }: Pick<Request, 'input' | 'provider' | 'model'> & { doubts: readonly string[] },
): { admit: Admit; quote: Quote } {
  const quote: Quote = { bill: [] };
  // Of a clip that is not here, the most that it can be.
  const clipSeconds = input.characters.reduce((total, { master }) => total + (master?.seconds ?? 4), 0);
  const takesIds = provider.limits(model).characterMode === 'id';
  let registrations = 0;
  let registered = 0;
  const total = async (): Promise<void> => {
    quote.bill = [
      { what: 'video', count: flags.count, each: quote.cost },
      await costOfCharacters(provider, registrations),
    ];
    checkBudget(flags, { bill: quote.bill, provider });
  };
  // What is refused needs no warning before it, and nobody needs it twice.
  const warnings = new Set(doubts);
  const plan: Admit['plan'] = async ({ video }, missing) => {
    registrations += takesIds ? missing : 0;
    // A host cannot reckon with clips that it does not have yet, and a dry run asks nobody without need.
    const asks = missing === 0 && (!flags.dryRun || flags.maxCost !== undefined);
    const ask = asks ? { video, purpose: purposeOf(flags) } : undefined;
    const { size, seconds } = input;
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
  return { admit: { plan, registration }, quote };
}

interface Request {
  readonly flags: GenerateFlags;
  readonly plan: RequestPlan;
  readonly provider: Provider;
  readonly input: VideoInput;
  readonly autoCast: readonly string[];
  readonly model: string | undefined;
  readonly admit: Admit;
  readonly quote: Quote;
  readonly wait: GenerateFlags | undefined;
}

/** Sends `count` requests, one after the other. When one fails after others were sent, those are shown before it is thrown. */
async function submitAll(context: Context, request: Request): Promise<readonly Submitted[]> {
  const { flags } = request;
  await (await context.jobs()).sweep();
  const { plan, first } = await submitFirst(context, request);
  const sent = [first];
  for (let index = 1; index < flags.count; index++) {
    const ownIds = sent.map(({ job }) => job.id);
    try {
      const { cost } = request.quote;
      const key = keyOf(flags, index);
      sent.push(await submit(context, { ...request, order: plan, cost, key, resend: flags.resend, ownIds }));
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
        `${ids.length} of ${flags.count} jobs ${ids.length === 1 ? 'was' : 'were'} sent. ${why}`,
        {
          hint: `What was sent continues at the host. Follow it with: sora video wait ${ids.join(' ')}`,
          ...(error.jobId !== undefined && { jobId: error.jobId }),
          cause: error,
        },
      );
    }
  }
  return sent;
}

/** A refusal may mean that the host has forgotten a character. Then that is registered anew, and the request sent once more. */
async function submitFirst(context: Context, request: Request): Promise<{ plan: RequestPlan; first: Submitted }> {
  const { flags, input, provider, model, admit } = request;
  const send = async (plan: RequestPlan): Promise<{ plan: RequestPlan; first: Submitted }> => {
    const { resend } = flags;
    const { cost } = request.quote;
    const key = keyOf(flags, 0);
    return { plan, first: await submit(context, { ...request, order: plan, cost, key, resend, ownIds: [] }) };
  };
  try {
    return await send(request.plan);
  } catch (error) {
    const mode = provider.limits(model).characterMode;
    const target = { provider, mode, orientation: orientationOf(input.size) };
    if (
      !isSoraError(error, 'refused') ||
      !(await forgetStale(context, { characters: input.characters, target, refusal: error }))
    )
      throw error;
    const characters = await Promise.all(input.characters.map(({ name }) => requireCharacter(context, name)));
    return send(await planRequest(context, flags, { input: { ...input, characters }, provider, model, admit }));
  }
}

const NOTHING_CREATED: ReadonlySet<ErrorCode> = new Set(['network', 'interrupted', 'terminated']);

/**
 * Hosts run ahead of their documentation, so what it does not list is worth a warning and no more: a sentence each. Throws
 * `usage` for what would be dropped or made by another.
 */
function doubtsOfHost({
  input,
  provider,
  model,
  allowRetired,
}: {
  input: VideoInput;
  provider: Provider;
  model: string | undefined;
  allowRetired: boolean;
}): readonly string[] {
  const doubts: string[] = [];
  const { characters, size, seconds } = input;
  const limits = provider.limits(model);
  if (limits.retired !== undefined && !allowRetired) {
    throw new SoraError(
      'usage',
      `${model} has been retired at ${provider.name} since ${limits.retired}: another model may answer in its place.`,
      { hint: `Choose another (sora provider models ${provider.name}), or add --allow-retired.` },
    );
  }
  const at = provider.backend ?? provider.name;
  if (characters.length > limits.characters) {
    throw new SoraError(
      'usage',
      `${at} takes at most ${limits.characters} characters in a video, not ${characters.length}: ${listOf(characters.map(({ name }) => name))}.`,
      { hint: `Leave some out, or choose another model with --model: sora provider models ${provider.name}` },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'no') {
    throw new SoraError(
      'usage',
      `${at} takes no characters: it would silently ignore ${listOf(characters.map(({ name }) => name))}.`,
      {
        hint: `Use a host that takes characters, or leave out -c, or add ${NO_AUTO_CAST} if only the prompt names them.`,
      },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'unknown') {
    doubts.push(
      'This host is not known to take characters; some hosts silently ignore them. Say what it is with --backend.',
    );
  }
  if (limits.seconds.length > 0 && !limits.seconds.includes(seconds)) {
    doubts.push(
      `${seconds} s is not one of the documented lengths (${limits.seconds.join(', ')}); the host may refuse it.`,
    );
  }
  if (limits.sizes.length > 0 && !limits.sizes.some((one) => formatSize(one) === formatSize(size))) {
    doubts.push(
      `${formatSize(size)} is not one of the documented sizes${model === undefined ? '' : ` of ${model}`} (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
  return doubts;
}
