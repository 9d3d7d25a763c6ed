/** `sora video extend`, `edit` and `remix`: a new job from the video of a finished one. A paid request like any other. */

import type { Context } from '../../context.ts';
import type { Derivation } from '../../shared/job.ts';
import type { CostLimits } from '../../shared/money.ts';
import { derivationSource, deriveVideo, previewDerivation } from '../../videos/derive.ts';
import { findJob } from '../../videos/jobs/find.ts';
import { checkVideoOutput, type FollowFlags, gatherProblems, isOwnFile, readPrompt, refuseIdle } from './input.ts';
import { sendAndShow, showRequest, waitsFor } from './results.ts';

export interface DeriveFlags extends FollowFlags, CostLimits {
  /** What an extension adds. */
  readonly seconds?: number;
  readonly wait: boolean;
  readonly key?: string;
  readonly resend: boolean;
  readonly allowUndocumented?: boolean;
  readonly dryRun: boolean;
}

export async function runVideoDerive(
  context: Context,
  input: DeriveFlags & { kind: Derivation; id: string; prompt: string },
): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = waitsFor(input);
  const { check, settle } = gatherProblems();
  const prompt = await check(() => readPrompt(context, input.prompt));
  const job = await check(() => findJob(context, input.id));
  if (!waits) await check(() => refuseIdle(input));
  else if (!(await isOwnFile(context, input))) await check(() => checkVideoOutput(context, input, 1));
  const source = job && (await check(() => derivationSource(context, job, { preview: input.dryRun })));
  settle();
  if (prompt === undefined || !source) throw new Error('what is missing was refused');
  const options = { ...input, prompt, wait: waits ? input : undefined, deadlineMs: waits ? deadlineMs : undefined };
  if (input.dryRun) {
    showRequest(context, { prompt, ...(await previewDerivation(context, source, options)) });
    return 0;
  }
  return sendAndShow(context, async () => [await deriveVideo(context, source, options)], { ...input, deadlineMs });
}
