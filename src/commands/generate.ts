/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */
import type { Context } from '../context.ts';
import { formatSize, type Job, orientationOf } from '../domain.ts';
import { type ErrorCode, isSoraError, SoraError } from '../errors.ts';
import { type Cost, estimateCost, formatUsd, timesCount } from '../providers/cost.ts';
import { PROVIDERS, type ProviderEntry } from '../providers/index.ts';
import type { NewVideo, Provider } from '../providers/provider.ts';
import { listOf } from '../text.ts';
import { requireCharacter } from './character.ts';
import { type Admit, type Draft, makeDraft } from './draft.ts';
import { followAll } from './follow.ts';
import { resumeCommand } from './jobs.ts';
import { forgetStale } from './register.ts';
import { type Submitted, submit } from './submit.ts';
import { type GenerateFlags, gatherWishes, type Wanted } from './wishes.ts';

export async function runGenerate(context: Context, input: GenerateFlags & { prompt: string }): Promise<number> {
  const { ui, host } = context;
  const deadline = host.clock.now() + input.timeout * 1000;
  const wait = input.wait || input.output !== undefined;
  const wanted = await gatherWishes(context, input, wait);
  const provider = await context.provider();
  const model = input.model ?? (await context.connection()).model ?? provider.defaultModel;
  warnOfHost(context, { wanted, provider, model, allowRetired: input.allowRetired === true });
  const quote: { cost?: Cost | undefined } = {};
  const admit: Admit = async ({ video }, isComplete) => {
    // A host cannot reckon with clips that it does not have yet, and a dry run asks nobody without need.
    const asks = isComplete && (!input.dryRun || input.maxCost !== undefined);
    quote.cost = await costOf(context, { wanted, provider, model, video: asks ? video : undefined });
    checkBudget(input, { cost: quote.cost, provider });
  };
  const draft = await makeDraft(context, input, { wanted, provider, model, admit });
  const { cost } = quote;

  if (input.dryRun) {
    const request = provider.describeVideo(draft.video);
    ui.note(`Cost: ${describeCost(cost, input.count)}`);
    ui.result({
      json: {
        prompt: draft.video.prompt,
        injected: draft.injected,
        request,
        cost: cost ? timesCount(cost, input.count) : null,
      },
      text: `${request.method} ${request.url} (${request.contentType})\n${JSON.stringify(request.body, null, 2)}`,
      quiet: [draft.video.prompt],
    });
    return 0;
  }
  const sent = await submitAll(context, {
    input,
    draft,
    provider,
    wanted,
    model,
    cost,
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

interface Asked {
  readonly wanted: Wanted;
  readonly provider: Provider;
  readonly model: string | undefined;
  /** What the host may be asked the price of. */
  readonly video: NewVideo | undefined;
}

/** What one video costs: as the host says, else by the table. */
async function costOf(context: Context, { wanted, provider, model, video }: Asked): Promise<Cost | undefined> {
  const entry: ProviderEntry = PROVIDERS[provider.name];
  const asOf = new Date(context.host.clock.now()).toISOString().slice(0, 10);
  if (entry.isFree) return { usd: 0, asOf, source: `the ${provider.name} is free` };
  const usd = video && (await askPrice(context, provider, video));
  if (usd !== undefined) return { usd, asOf, source: `the price call of ${provider.name}` };
  const takesClips = provider.limits(model).characterMode === 'reference-video';
  const clips = takesClips ? wanted.characters : [];
  const clipSeconds = clips.reduce((total, { master }) => total + master.seconds, 0);
  const { size, seconds } = wanted;
  const cost = estimateCost({ facts: await entry.models(), model, size, seconds, clipSeconds });
  if (!cost || provider.baseUrl === entry.defaultBaseUrl) return cost;
  return { ...cost, source: `${cost.source}; ${new URL(provider.baseUrl).host} may ask for another price` };
}

/** The table is good enough when the host takes longer. */
const PRICE_MS = 15_000;

async function askPrice(context: Context, provider: Provider, video: NewVideo): Promise<number | undefined> {
  const { signal } = context.host;
  if (!provider.price || (await context.connection()).key === undefined) return undefined;
  try {
    return await provider.price(video, { signal: AbortSignal.any([signal, AbortSignal.timeout(PRICE_MS)]) });
  } catch (error) {
    if (signal.aborted || !isSoraError(error)) throw error;
    return undefined;
  }
}

/** Throws `budget` when everything together costs more than `--max-cost`, or nobody knows what it costs. */
function checkBudget(
  { maxCost, count, allowUnknownCost }: GenerateFlags,
  { cost, provider }: { cost: Cost | undefined; provider: Provider },
): void {
  if (maxCost === undefined || (!cost && allowUnknownCost)) return;
  if (!cost) {
    throw new SoraError(
      'budget',
      `What this costs is unknown, so it cannot be held to --max-cost ${formatUsd(maxCost)}. No job was sent.`,
      { hint: `See known prices: sora provider models ${provider.name}. Or add --allow-unknown-cost.` },
    );
  }
  if (timesCount(cost, count).usd <= maxCost) return;
  throw new SoraError(
    'budget',
    `This costs ${describeCost(cost, count)}; --max-cost allows ${formatUsd(maxCost)}. No job was sent.`,
    { hint: 'Ask for fewer, shorter or smaller videos, take another model, or raise --max-cost.' },
  );
}

/** `$0.80 (2 x $0.40; 2026-09-24: the vendor’s price page)`, or `unknown`. */
function describeCost(cost: Cost | undefined, count: number): string {
  if (!cost) return 'unknown';
  const each = count === 1 ? '' : `${count} x ${formatUsd(cost.usd)}; `;
  return `${formatUsd(timesCount(cost, count).usd)} (${each}${cost.asOf}: ${cost.source})`;
}

interface Request {
  readonly input: GenerateFlags;
  readonly draft: Draft;
  readonly provider: Provider;
  readonly wanted: Wanted;
  readonly model: string | undefined;
  /** Of one video. */
  readonly cost: Cost | undefined;
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
      sent.push(await submit(context, { ...request, draft, key: keyOf(input, index), resend: input.resend, ownIds }));
    } catch (error) {
      if (!isSoraError(error)) throw error;
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

/** A refusal may mean that the host has forgotten a character. Then that is registered anew, and the request sent once more. */
async function submitFirst(context: Context, request: Request): Promise<{ draft: Draft; first: Submitted }> {
  const { input, wanted, provider, model } = request;
  const send = async (draft: Draft): Promise<{ draft: Draft; first: Submitted }> => {
    const { resend } = input;
    return { draft, first: await submit(context, { ...request, draft, key: keyOf(input, 0), resend, ownIds: [] }) };
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
    return send(await makeDraft(context, input, { wanted: { ...wanted, characters }, provider, model }));
  }
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
function warnOfHost(
  { ui }: Context,
  {
    wanted,
    provider,
    model,
    allowRetired,
  }: { wanted: Wanted; provider: Provider; model: string | undefined; allowRetired: boolean },
): void {
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
      `${formatSize(size)} is none of the documented sizes${model === undefined ? '' : ` of ${model}`} (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
}
