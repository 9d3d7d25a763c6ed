/** Which failures of jobs a host itself calls passing: asking again may well help. Pure. */
import type { JobFailure } from '../shared/job.ts';

/** Codes of a trouble on the host's side (5000 to 5003 at WaveSpeedAI and Kling); none says anything of the request. */
const PASSING =
  /^(?:500[0-3]|runner_\w+|(?:request|startup|generation)_timeout|downstream_service_\w+|server_error|internal(?:\..*)?|internal_(?:server_)?error|service_unavailable|unavailable|overloaded(?:_error)?|capacity\w*|timeout|timed_out|rate_limit\w*|try_again\w*|temporar\w*|retryable\w*)$/i;

/** Codes by which hosts name a fault of the request: a status, a check of its fields, a file that cannot be used. */
const FAULTS =
  /^(?:400|422|(?:bad|invalid|missing|unprocessable|unsupported|validation)\w*|\w+_(?:invalid|missing|not_supported|too_\w+|load_error)|(?:value|type|literal)_error(?:\..+)?|(?:greater|less)_than\w*|multiple_of|one_of|asset\..+)$/i;

/** True where the host names a fault of the request itself: as it is, it would fail again. */
export function isAboutRequest(failure: JobFailure | undefined): boolean {
  return failure !== undefined && !failure.policy && FAULTS.test(failure.code ?? '');
}

/** By the host's own code. A refusal by policy never passes. */
export function isRetryable(failure: JobFailure | undefined): boolean {
  return failure !== undefined && !failure.policy && PASSING.test(failure.code ?? '');
}
