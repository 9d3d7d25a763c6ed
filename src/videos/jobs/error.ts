/** The error of a job that ended without a video. Pure. */
import { SoraError } from '../../shared/errors.ts';
import { type Closed, isClosed, isRefused, type Job, type Refused, UNSENT } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';

const LIKENESS_RULE =
  'The content policy of the host refused it. Likenesses of real people are blocked by default, also in uploaded clips and pictures, and so are ' +
  'copyrighted characters. Change the prompt or the clip; the same request will be refused again.';

function closedError({ id, replacedBy }: Closed, reason: string): SoraError {
  return new SoraError('refused', `Job ${id} was closed${reason}`, {
    hint:
      replacedBy === undefined
        ? `To send its request once more: sora video resend ${id}`
        : `Follow that one: sora video wait ${replacedBy}`,
    jobId: id,
  });
}

/** The error of a job that ended without a video, or undefined for one that has not. */
export function jobError(job: Refused): SoraError;
export function jobError(job: Job): SoraError | undefined;
export function jobError(job: Job): SoraError | undefined {
  if (job.status !== 'failed' && job.status !== 'expired' && job.status !== 'cancelled') return undefined;
  const reason = job.failure ? `: ${oneLine(job.failure.message)}` : '';
  const code = job.failure?.code === undefined ? '' : ` [${oneLine(job.failure.code, 80)}]`;
  if (isClosed(job)) return closedError(job, reason);
  if (isRefused(job) && job.failure?.code === UNSENT) {
    return new SoraError('refused', `Job ${job.id} was not sent${reason}`, {
      hint: `No host has it. To send its request: sora video resend ${job.id}`,
      jobId: job.id,
    });
  }
  const verb = { failed: 'failed', expired: 'has expired', cancelled: 'was cancelled' }[job.status];
  return new SoraError(job.failure?.policy ? 'policy' : 'refused', `Job ${job.id} ${verb}${reason}${code}`, {
    hint: job.failure?.policy
      ? LIKENESS_RULE
      : isRefused(job)
        ? 'The host refused the request itself: correct what it complains about before you send it again.'
        : `${job.failure?.unreachable ? 'Its clips are uploaded again for the next video.' : 'Nothing was downloaded.'} To try again, run the same \`sora video ${job.request.from?.kind ?? 'generate'}\` command.`,
    jobId: job.id,
  });
}
