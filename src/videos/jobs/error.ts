/** The error of a job that ended without a video. Pure. */
import { type ErrorCode, SoraError, type SoraErrorOptions } from '../../shared/errors.ts';
import {
  type Closed,
  isClosed,
  isRefused,
  type Job,
  type Refused,
  type Remote,
  refusalCodeOf,
  UNSENT,
} from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { isAboutRequest } from '../retryable.ts';

const LIKENESS_RULE =
  'The content policy of the host refused it. Likenesses of real people are blocked by default, also in uploaded clips and pictures, and so are ' +
  'copyrighted characters. Change the prompt or the clip; the same request will be refused again.';

function closedError(job: Closed, reason: string): SoraError {
  const { id } = job;
  return new SoraError('refused', `Job ${id} was closed${reason}`, {
    hint: replacedHint(job) ?? `To send its request once more: sora video resend ${id}`,
    jobId: id,
  });
}

/** How to go on with the job that took the place of this one; undefined where none did. */
export function replacedHint(job: Job, verb: 'wait' | 'status' = 'wait'): string | undefined {
  if (job.remoteId !== undefined || !isRefused(job) || job.replacedBy === undefined) return undefined;
  return `Its request was sent once more, as job ${job.replacedBy}. Follow that one: sora video ${verb} ${job.replacedBy}`;
}

/** The error of a job that ended without a video, or undefined for one that has not. */
export function jobError(job: Refused): SoraError;
export function jobError(job: Job): SoraError | undefined;
export function jobError(job: Job): SoraError | undefined {
  if (job.status !== 'failed' && job.status !== 'expired' && job.status !== 'cancelled') return undefined;
  const reason = job.failure ? `: ${oneLine(job.failure.message)}` : '';
  const code = job.failure?.code === undefined ? '' : ` [${oneLine(job.failure.code, 80)}]`;
  if (isClosed(job)) return closedError(job, reason);
  if (isRefused(job)) return refusedError(job, reason);
  const verb = { failed: 'failed', expired: 'has expired', cancelled: 'was cancelled' }[job.status];
  const isPolicy = job.failure?.policy === true;
  return new SoraError(isPolicy ? 'policy' : 'refused', `Job ${job.id} ${verb}${reason}${code}`, {
    hint: isPolicy ? LIKENESS_RULE : hintOfFailure(job),
    jobId: job.id,
  });
}

/** Nothing was made, and nothing is paid for. */
function refusedError(job: Refused, reason: string): SoraError {
  const { id, failure } = job;
  const error = (code: ErrorCode, verb: string, hint: string, more: SoraErrorOptions = {}): SoraError =>
    new SoraError(code, `Job ${id} ${verb}${reason}`, { hint: replacedHint(job) ?? hint, jobId: id, ...more });
  if (failure?.policy) return error('policy', 'was refused', LIKENESS_RULE);
  const send = `sora video resend ${id}`;
  switch (refusalCodeOf(job)) {
    case UNSENT:
      return error('network', 'was never sent', `No host has it, and nothing was paid. To send its request: ${send}`, {
        reason: 'never-sent',
      });
    case 'auth':
      return error('auth', 'was refused', `Nothing was made. Check the key (sora auth status), then send it: ${send}`);
    case 'budget':
      return error(
        'budget',
        'was refused',
        `Nothing was made. Add credit or raise the limit at the host, then: ${send}`,
      );
    case 'rate-limited':
      return error('refused', 'was refused', `Nothing was made. Wait a while, then send it: ${send}`);
    default:
      return error(
        'refused',
        'was refused',
        'Nothing was made: the host refused the request itself. Correct what it complains about, and run the corrected command.',
      );
  }
}

function hintOfFailure({ request, failure, take }: Remote): string {
  const command = take
    ? `command on ${oneLine(take.file)}`
    : `\`sora video ${request.from?.kind ?? 'generate'}\` command`;
  if (failure?.unreachable)
    return `Its clips are uploaded again for the next video. To try again, run the same ${command}.`;
  if (isAboutRequest(failure))
    return `The host found fault with the request, which would fail again as it is: change what it complains about in the ${command}.`;
  return `Nothing was downloaded. To try again, run the same ${command}.`;
}
