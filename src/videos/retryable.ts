/** Which failures of jobs a host itself calls passing: asking again may well help. Pure. */
import type { JobFailure } from '../shared/job.ts';

/** Codes of a trouble on the host's side (5000 to 5003 at WaveSpeedAI and Kling); none says anything of the request. */
const PASSING =
  /^(?:500[0-3]|runner_\w+|(?:request|startup|generation)_timeout|downstream_service_\w+|server_error|internal(?:\..*)?|internal_(?:server_)?error|service_unavailable|unavailable|overloaded(?:_error)?|capacity\w*|timeout|timed_out|rate_limit\w*|try_again\w*|temporar\w*|retryable\w*)$/i;

/** By the host's own code. A refusal by policy never passes. */
export function isRetryable(failure: JobFailure | undefined): boolean {
  return failure !== undefined && !failure.policy && PASSING.test(failure.code ?? '');
}
