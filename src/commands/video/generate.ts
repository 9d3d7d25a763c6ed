/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */
import type { Context } from '../../context.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import { type CastingWish, castSaid } from '../../videos/auto-cast.ts';
import { checkOrder } from '../../videos/check-order.ts';
import { planVideo, type VideoOrder } from '../../videos/plan.ts';
import { defaultModelFor } from '../../videos/refuse-cast.ts';
import { previewVideos, type SendOptions, sendVideos } from '../../videos/send.ts';
import { type GenerateFlags, readVideoInput } from './input.ts';
import { type Send, sendAndShow, showRequest, waitsFor } from './results.ts';

export async function runGenerate(context: Context, flags: GenerateFlags & { prompt: string }): Promise<number> {
  const waits = waitsFor(flags);
  const wished = await readVideoInput(context, flags, waits);
  const purpose = purposeOf(flags);
  const provider = await context.provider(purpose);
  const named = flags.model ?? (await context.connection(purpose)).model;
  const modelOf = async (cast: VideoOrder['input']): Promise<string | undefined> =>
    named ?? (await defaultModelFor({ input: cast, provider }));
  const asked = await modelOf(wished);
  // What is refused anyway is not asked about.
  await checkOrder(context, { input: wished, provider, model: asked }, flags);
  const { input, autoCast } = await castSaid(
    context,
    { input: wished, provider, model: asked },
    { autoCast: flags.autoCast, size: flags, ask: askOf(context, flags) },
  );
  const model = await modelOf(input);
  if (named === undefined && model !== undefined && model !== provider.defaultModel)
    context.ui.note(`${provider.defaultModel ?? 'The default model'} refuses people: ${model} is used.`);
  const doubts = await checkOrder(context, { input, provider, model }, flags);
  const deadlineMs = context.runtime.clock.now() + flags.timeout * 1000;
  const plan = await planVideo(context, { input, provider, model, inject: flags.inject, isPreview: flags.dryRun });
  const options: SendOptions = {
    ...flags,
    ...{ autoCast, doubts, wait: waits ? flags : undefined, deadlineMs: waits ? deadlineMs : undefined },
    // A dry run asks nobody without need.
    ask: flags.dryRun && flags.maxCost === undefined ? undefined : purpose,
  };
  if (flags.dryRun) {
    const preview = await previewVideos(context, plan, options);
    const request = await provider.describeVideo(plan.video, { signal: context.runtime.signal });
    const { prompt } = plan.video;
    showRequest(context, { ...preview, injected: plan.injected, autoCast, prompt, request, count: flags.count });
    return 0;
  }
  const send: Send = (onPartial) => sendVideos(context, plan, { ...options, onPartial });
  return sendAndShow(context, send, { ...flags, deadlineMs });
}

/** Asks on the terminal; undefined where that cannot be: standard input that was read for something else has no answer in it. */
function askOf(
  { runtime, globals, ui }: Context,
  { prompt, reference, dryRun }: GenerateFlags & { prompt: string },
): CastingWish['ask'] {
  const isTerminal = runtime.stdin.isTTY && runtime.stderr.isTTY && !runtime.env.CI;
  if (!isTerminal || globals.json || globals.quiet || prompt === '-' || reference === '-') return undefined;
  if (dryRun) {
    return async (question) => {
      ui.note(`${question} A dry run does not ask; it assumes yes.`);
      return true;
    };
  }
  return async (question) => (await import('../../terminal/ask.ts')).ask(runtime, question, { byDefault: true });
}
