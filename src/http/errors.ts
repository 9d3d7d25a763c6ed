/** Every answer that means no, as an error that says what happened in plain words; what is moderation is read in answer.ts. */

import { SoraError, type SoraErrorOptions } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { formatDuration } from '../shared/time.ts';
import {
  type Answer,
  checkBaseUrl,
  failureOf,
  isPolicy,
  isQuota,
  isUnsupported,
  lacksModel,
  saysUnsupported,
} from './answer.ts';
import { asScheme } from './origins.ts';
import { retryAfterOf } from './retry-hint.ts';

const LIKENESS_HINT =
  'Hosts block the likeness of real people by default: use a drawn or generated character, or a person whose permission the host has on record. Else reword the prompt.';

/** The error for a status that means no: `policy`, `budget`, `auth`, else `refused`; a read's 408, 429 and 5xx are `network`. */
export function refusal(answer: Answer): SoraError {
  const { status, host, requestId } = answer;
  const failure = failureOf(answer);
  const said = `${host} answered ${status}: ${failure.message}`;
  const retryAfterMs = retryAfterOf(answer);
  const later = retryAfterMs
    ? `Try again in ${formatDuration(Math.max(1, Math.ceil(retryAfterMs / 1000)))}.`
    : 'Try again later.';
  const options = (hint: string): SoraErrorOptions => ({
    hint,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

  if (status >= 400 && status < 500 && isPolicy(failure)) {
    return new SoraError(
      'policy',
      `The content policy of ${host} refused this: ${failure.message}`,
      options(LIKENESS_HINT),
    );
  }
  if (status === 402 || (status < 500 && isQuota(failure))) {
    return new SoraError('budget', said, options('Add credit or raise the limit at the host, then try again.'));
  }
  if (status === 401 || (status === 403 && ABOUT_KEY.test(`${failure.code ?? ''} ${failure.message}`))) {
    const hint =
      'Check the key for this host, and that its account may make videos. To see which key is used: sora auth status';
    return new SoraError('auth', said, options(hint));
  }
  if (status === 429) {
    const hint = `The host limits how often it can be called. ${later}`;
    return new SoraError(answer.kind === 'read' ? 'network' : 'refused', said, {
      ...options(hint),
      reason: 'rate-limited',
    });
  }
  if (lacksModel(answer)) {
    return new SoraError('refused', said, options(`Name a model that the host has, with ${option('model')}.`));
  }
  if (isUnsupported(answer)) {
    return new SoraError(
      'refused',
      said,
      options(`This host does not offer that. Use another with ${option('provider')}.`),
    );
  }
  if (status === 408 || status >= 500) {
    return new SoraError('network', said, options(`The host is having problems. ${later}`));
  }
  if (status === 400 && WANTS_HTTPS.test(failure.message)) {
    return new SoraError(
      'refused',
      said,
      options(`The server speaks https on that port. Use this base URL: ${httpsUrl(answer)}`),
    );
  }
  if (status === 404 || status === 405 || status === 410) {
    return new SoraError('refused', said, options(`${checkBaseUrl(answer)}. Or it is about the id.`));
  }
  return new SoraError('refused', said, options('Correct what the host complains about, then try again.'));
}

function httpsUrl({ host, baseUrl }: Answer): string {
  const named = baseUrl !== undefined && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  return named ? asScheme('https:', named, baseUrl) : `https://${host}`;
}

/** What nginx, Go and Apache say to plain http where they speak TLS. */
const WANTS_HTTPS = /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|plain HTTP to an SSL/i;

const ABOUT_KEY =
  /api[-_ ]?key|\btoken\b|verif|credential|permission|\bscopes?\b|authenticat|unauthori[sz]ed|not authori[sz]ed|does not have access/i;

/** Statuses of a route, or of a model, that the host does not have. */
const GONE: ReadonlySet<number> = new Set([404, 405, 410]);

/** True when the host does not serve what was asked for: no such route, or its own words for it. */
export function isNotServed(answer: Answer): boolean {
  return GONE.has(answer.status) || isUnsupported(answer);
}

/** The refusal with that hint where it is about a route that the host does not have; any other as it is. */
export function notServed(error: SoraError, answer: Answer, hint: string): SoraError {
  if (error.code !== 'refused' || !isNotServed(answer)) return error;
  return new SoraError('refused', error.message, {
    hint,
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  });
}

/** The refusal of a create of a character, which says so where the host makes none at all. */
export function characterError(answer: Answer, refused: SoraError): SoraError {
  const { host, status, requestId } = answer;
  const failure = failureOf(answer);
  const isAboutIt = /character/i.test(failure.message) && saysUnsupported(failure);
  if (refused.code !== 'refused' || !(isNotServed(answer) || isAboutIt)) return refused;
  return new SoraError('refused', `${host} cannot make characters. It answered ${status}: ${failure.message}`, {
    hint: `Use a host that can, with ${option('provider')} or ${option('baseUrl')} (sora provider list), or send videos without ${option('character')}. The clip stays in your cast.`,
    ...(requestId !== undefined && { requestId }),
  });
}
