/** `sora video resend <job>`: a recorded request once more, byte for byte, at a person's word. */

import type { Context } from '../../context.ts';
import type { CostLimits } from '../../shared/money.ts';
import { CAREFUL, findJob } from '../../videos/jobs/find.ts';
import { previewResend, resendJob } from '../../videos/lost/resend.ts';
import { checkVideoOutput, type FollowFlags, refuseIdle } from './input.ts';
import { sendAndShow, showRequest, waitsFor } from './results.ts';

export interface ResendFlags extends FollowFlags, CostLimits {
  readonly wait: boolean;
  readonly dryRun: boolean;
}

export async function runVideoResend(context: Context, input: ResendFlags & { id: string }): Promise<number> {
  const deadlineMs = context.runtime.clock.now() + input.timeout * 1000;
  const waits = waitsFor(input);
  if (waits) await checkVideoOutput(context, input, 1);
  else refuseIdle(input);
  const job = await findJob(context, input.id, CAREFUL);
  if (input.dryRun) {
    showRequest(context, await previewResend(context, job, input));
    return 0;
  }
  const send = async () => [
    await resendJob(context, job, {
      ...input,
      wait: waits ? input : undefined,
      deadlineMs: waits ? deadlineMs : undefined,
    }),
  ];
  return sendAndShow(context, send, { ...input, deadlineMs });
}
