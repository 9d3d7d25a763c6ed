/**
 * Every way in which an exchange can fail, as an error that says what happened in plain words; what is moderation is
 * read in answer.ts.
 */

import { SoraError, type SoraErrorOptions, systemCode } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { type Answer, failureOf, isPolicy, isQuota, isUnsupported, lacksModel, saysUnsupported } from './answer.ts';
import type { Timeouts, TransportError } from './exchange.ts';
import { parseRetryAfter } from './retry.ts';

/** A broken exchange in one sentence, with the host's name, and what to look at. */
export function describeTransportError(
  lost: TransportError,
  host: string,
  timeouts: Timeouts,
): { message: string; hint: string } {
  const code = codeOf(lost.cause);
  const detail = lost.cause instanceof Error ? lost.cause.message : String(lost.cause);
  const refusal = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(detail);
  if (refusal) {
    return {
      message: `The proxy ${lost.via?.url.host ?? ''} would not connect to ${host} (${refusal[1] ?? refusal[2]}).`,
      hint: `Check the proxy in ${lost.via?.variable ?? 'HTTPS_PROXY'}, its user and password, or name the host in NO_PROXY.`,
    };
  }
  const tell = SENTENCES.find(([pattern]) => pattern.test(code))?.[1];
  const via = lost.sent ? undefined : lost.via;
  // From here only the proxy is looked up and called: it is the proxy that looks for the host.
  if (tell && via && UNREACHED.test(code)) {
    const { message } = tell({ host: `the proxy ${via.url.host}`, detail, timeouts });
    return {
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}`,
      hint: `It is the proxy for ${host}. Correct or unset ${via.variable}, which names it, or name the host in NO_PROXY.`,
    };
  }
  const through = via ? ` (through the proxy ${via.url.host} of ${via.variable})` : '';
  if (tell) return tell({ host: `${host}${through}`, detail, timeouts });
  return {
    message: `The request to ${host}${through} failed: ${detail}`,
    hint: 'Check the network and the base URL, then try again.',
  };
}

/** Nobody was there to talk to. */
const UNREACHED =
  /^(ENOTFOUND|EAI_\w+|ENODATA|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/;

interface Told {
  readonly host: string;
  readonly detail: string;
  readonly timeouts: Timeouts;
}

const SENTENCES: readonly (readonly [RegExp, (told: Told) => { message: string; hint: string }])[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN|EAI_NODATA|EAI_NONAME|ENODATA)$/,
    ({ host }) => ({
      message: `No address was found for ${host} (DNS).`,
      hint: 'Check the spelling of the base URL, and that this machine is online.',
    }),
  ],
  [
    /^ECONNREFUSED$/,
    ({ host }) => ({
      message: `${host} refused the connection.`,
      hint: 'Check that the server is running there, and the port in the base URL.',
    }),
  ],
  [
    /^(SORA_CONNECT_TIMEOUT|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/,
    ({ host, timeouts }) => ({
      message: `No connection to ${host} within ${timeouts.connectMs / 1000} s.`,
      hint: 'Check the network, a firewall, and whether a proxy must be set (HTTPS_PROXY).',
    }),
  ],
  [
    /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/,
    ({ host }) => ({ message: `There is no route to ${host}.`, hint: 'Check the network, a VPN, and the base URL.' }),
  ],
  [
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO|UND_ERR_PRX_TLS)/,
    ({ host, detail }) => ({
      message: `No secure connection (TLS) to ${host}: ${detail}`,
      hint: 'The certificate is not trusted here or is another host’s. For a company’s own authority set NODE_EXTRA_CA_CERTS.',
    }),
  ],
  [
    /^SORA_HEADERS_TIMEOUT$/,
    ({ host, timeouts }) => ({
      message: `${host} took the request and did not answer within ${timeouts.headersMs / 1000} s.`,
      hint: 'The host may be overloaded. Try again later.',
    }),
  ],
  [
    /^SORA_IDLE_TIMEOUT$/,
    ({ host, timeouts }) => ({
      message: `The transfer with ${host} made no progress for ${timeouts.idleMs / 1000} s.`,
      hint: 'Check the network, then try again.',
    }),
  ],
  [
    /^SORA_WRONG_CODING$/,
    ({ host }) => ({
      message: `The answer of ${host} cannot be decompressed: it is damaged, or not in the coding that its header names.`,
      hint: 'A proxy or a cache may have compressed it: none was asked to. Try again, or go around it.',
    }),
  ],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ECONNABORTED|HPE_|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)/,
    ({ host }) => ({
      message: `The connection to ${host} was lost before the answer was complete.`,
      hint: 'Check the network, then try again.',
    }),
  ],
];

/** An AggregateError (several addresses tried) may carry its code on its parts only. */
function codeOf(error: unknown): string {
  const own = systemCode(error);
  if (own !== undefined) return own;
  if (error instanceof AggregateError) return error.errors.map(systemCode).find((code) => code !== undefined) ?? '';
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : '';
}

const LIKENESS_HINT =
  'Hosts block the likeness of real people by default: use a drawn or generated character, or a person whose permission the host has on record. Else reword the prompt.';

/** The error for a status that means no: `policy`, `budget`, `auth`, else `refused`; a read's 408, 429 and 5xx are `network`. */
export function refusal(answer: Answer): SoraError {
  const { status, host, requestId } = answer;
  const failure = failureOf(answer);
  const said = `${host} answered ${status}: ${failure.message}`;
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], answer.receivedAt);
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
    const hint = 'The host limits how often it can be called. Wait a while, then try again.';
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
    return new SoraError('network', said, options('The host is having problems. Try again later.'));
  }
  if (status === 404 || status === 405 || status === 410) {
    return new SoraError('refused', said, options('Check the base URL (it usually ends in /v1) and the id.'));
  }
  return new SoraError('refused', said, options('Correct what the host complains about, then try again.'));
}

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
