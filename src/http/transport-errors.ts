/** Every way in which an exchange can break off, in plain words: what happened, with whom, and what to look at. Pure. */
import { systemCode } from '../shared/errors.ts';
import { sentence } from '../shared/text.ts';
import { formatDuration } from '../shared/time.ts';
import type { Attempt } from './connect.ts';
import type { Timeouts, TransportError } from './exchange.ts';
import { asScheme } from './origins.ts';
import { type About, type Sentence, TLS_SENTENCES, type Told } from './tls-errors.ts';

/** A broken exchange in one sentence, with the host's name, and what to look at. `baseUrl` is the setting that led there. */
export function describeTransportError(lost: TransportError, host: string, timeouts: Timeouts, baseUrl?: string): Told {
  const error = tellingOf(lost.cause);
  const code = systemCode(error) ?? '';
  const detail = error instanceof Error ? error.message : String(error);
  const refusal = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(detail);
  if (refusal) {
    const status = refusal[1] ?? refusal[2] ?? '';
    return {
      message: `The proxy ${lost.via?.url.host ?? ''} would not connect to ${host} (${status}).`,
      hint: `Check the proxy in ${lost.via?.variable ?? 'HTTPS_PROXY'}, its user and password, or name the host in NO_PROXY.`,
      isLasting: /^4(?!08|29)/.test(status),
    };
  }
  const tell = isOtherProtocol(error) ? notHttp : (SENTENCES.find(([pattern]) => pattern.test(code))?.[1] ?? unheardOf);
  const about = { error, detail, lost, timeouts, baseUrl };
  const via = lost.sent ? undefined : lost.via;
  // From here only the proxy is looked up and called: it is the proxy that looks for the host.
  if (via && UNREACHED.test(code)) {
    const { message } = tell({ ...about, host: `the proxy ${via.url.host}` });
    return {
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}`,
      hint: `It is the proxy for ${host}. Correct or unset ${via.variable}, which names it, or name the host in NO_PROXY.`,
    };
  }
  const through = via ? ` (through the proxy ${via.url.host} of ${via.variable})` : '';
  const told = withBaseUrl(tell({ ...about, host: `${host}${through}` }), baseUrl);
  return via && told.isLasting ? { ...told, hint: `${sentence(told.hint)} Or it is about the proxy.` } : told;
}

/** The same with the base URL that is to be checked: a flag, a variable, a profile or a job may have named it. */
function withBaseUrl(told: Told, baseUrl: string | undefined): Told {
  const isNamed = baseUrl === undefined || told.hint.includes('://');
  return isNamed ? told : { ...told, hint: told.hint.replace('the base URL', `the base URL ${baseUrl}`) };
}

/** Whether the server cannot have understood what was sent to it: nothing of a create was carried out. */
export function isUnheard(lost: TransportError): boolean {
  const error = tellingOf(lost.cause);
  return isTlsRecord(error) || /ALERT_CERTIFICATE_REQUIRED/.test(systemCode(error) ?? '');
}

/** Nobody was there to talk to. */
const UNREACHED =
  /^(ENOTFOUND|EAI_\w+|ENODATA|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/;
const NO_ROUTE = /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/;
const NO_ANSWER = /^(SORA_CONNECT_TIMEOUT|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/;

const SENTENCES: readonly Sentence[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN|EAI_NODATA|EAI_NONAME|ENODATA)$/,
    ({ host }) => ({
      message: `No address was found for ${host} (DNS).`,
      hint: 'Check the spelling of the base URL, and that this machine is online.',
    }),
  ],
  [
    /^ECONNREFUSED$/,
    ({ host, lost }) => ({
      message: `${host} refused the connection${triedOf(lost)}.`,
      hint: 'Check that the server is running there, and the port in the base URL.',
    }),
  ],
  [NO_ANSWER, noConnection],
  [
    NO_ROUTE,
    ({ host, lost }) => ({
      message: `There is no route to ${host}${triedOf(lost)}.`,
      hint: 'Check the network, a VPN, and the base URL.',
    }),
  ],
  ...TLS_SENTENCES,
  [
    /^SORA_HEADERS_TIMEOUT$/,
    ({ host, timeouts }) => ({
      message: `${host} took the request and did not answer within ${timeouts.headersMs / 1000} s.`,
      hint: 'The host may be overloaded. Try again later.',
      isSlow: true,
    }),
  ],
  [
    /^SORA_ANSWER_TIMEOUT$/,
    ({ host, timeouts }) => ({
      message: `${host} took more than ${timeouts.answerMs / 1000} s to send its answer.`,
      hint: 'The host may be overloaded, or the connection to it too slow. Try again later.',
      isSlow: true,
    }),
  ],
  [
    /^SORA_IDLE_TIMEOUT$/,
    ({ host, timeouts }) => ({
      message: `The transfer with ${host} made no progress for ${timeouts.idleMs / 1000} s.`,
      hint: 'Check the network, then try again.',
      isSlow: true,
    }),
  ],
  [
    /^SORA_WRONG_CODING$/,
    ({ host }) => ({
      message: `The answer of ${host} cannot be decompressed: it is damaged, or not in the encoding that its header names.`,
      hint: 'A proxy or a cache may have compressed it, although no compression was asked for. Try again, or go around it.',
    }),
  ],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ECONNABORTED|HPE_|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)/, brokenOff],
];

function noConnection({ host, lost, timeouts }: About): Told {
  const time = secondsOf(lost, timeouts);
  const hint = 'Check the network, a firewall, and whether a proxy must be set (HTTPS_PROXY).';
  const standing = lost.tried?.find(({ connected }) => connected);
  if (lost.tried === undefined && !lost.via) {
    const message = `No address was found for ${host} within ${time} (DNS).`;
    return { message, hint: 'Check the network, and the name servers of this machine.' };
  }
  if (!standing) return { message: `No connection to ${host} within ${time}${triedOf(lost)}.`, hint };
  const missing = lost.via ? 'did not open a tunnel' : 'did not finish the TLS handshake';
  return { message: `${host} accepted the connection and ${missing} within ${time}.`, hint };
}

function brokenOff({ host, lost, baseUrl }: About): Told {
  const isTls = lost.url.protocol === 'https:';
  if (!lost.sent && isTls) {
    return {
      message: `${host} closed the connection before it was secure (TLS).`,
      hint: 'Check the base URL and its port. A firewall or a proxy in between may also be refusing it.',
    };
  }
  const wanted = isTls ? '' : ` If the server speaks https, the base URL is ${asScheme('https:', lost.url, baseUrl)}`;
  return {
    message: `The connection to ${host} was lost before the answer was complete.`,
    hint: `Check the network, then try again.${wanted}`,
  };
}

function notHttp({ host, error, lost, baseUrl }: About): Told {
  if (isTlsRecord(error)) {
    return {
      message: `${host} speaks https on that port, not http.`,
      hint: `Use this base URL: ${asScheme('https:', lost.url, baseUrl)}`,
      isLasting: true,
    };
  }
  return {
    message: `What ${host} answered is not HTTP.`,
    hint: 'Check the port in the base URL: it is that of another service.',
  };
}

function unheardOf({ host, detail }: About): Told {
  return {
    message: `The request to ${host} failed: ${detail}`,
    hint: 'Check the network and the base URL, then try again.',
  };
}

/** The time that was set, where it was that which ended it; else the time that it took. */
function secondsOf({ cause, afterMs }: TransportError, { connectMs }: Timeouts): string {
  return systemCode(cause) === 'SORA_CONNECT_TIMEOUT'
    ? `${connectMs / 1000} s`
    : formatDuration(Math.max(1000, afterMs) / 1000);
}

/** Addresses beyond these say nothing more. */
const MOST_TOLD = 6;

/** ` (203.0.113.7: no answer; 2001:db8::7: no route)`; nothing where the address is the name that is told anyway. */
function triedOf({ tried = [], url, via }: TransportError): string {
  const name = (via?.url ?? url).hostname.replace(/^\[|\]$/g, '');
  const others = tried.filter(({ address }) => address !== name);
  if (others.length === 0) return '';
  const words = others.slice(0, MOST_TOLD).map((one) => `${one.address}: ${outcomeOf(one)}`);
  const more = others.length - words.length;
  return ` (${words.join('; ')}${more > 0 ? `; and ${more} more` : ''})`;
}

function outcomeOf({ code }: Attempt): string {
  if (code === undefined || NO_ANSWER.test(code)) return 'no answer';
  if (code === 'ECONNREFUSED') return 'refused';
  return NO_ROUTE.test(code) ? 'no route' : code;
}

/** undici's error for an answer that does not begin as HTTP does. */
function isOtherProtocol(error: unknown): error is Error {
  return (
    error instanceof Error &&
    error.name === 'HTTPParserError' &&
    /Expected HTTP|INVALID_CONSTANT/.test(`${error.message} ${systemCode(error)}`)
  );
}

/** The types of records of TLS: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const TLS_TYPES = { first: 20, last: 24 } as const;

/** Servers of TLS say in an alert of theirs that they did not understand what came. */
function isTlsRecord(error: unknown): boolean {
  if (!isOtherProtocol(error) || !('data' in error)) return false;
  const data = String(error.data);
  const type = data.charCodeAt(0);
  return type >= TLS_TYPES.first && type <= TLS_TYPES.last && data.charCodeAt(1) === 3;
}

/** Of several addresses, what says the most comes first. */
const TELLING: readonly RegExp[] = [/^ECONNREFUSED$/, /^(?:ECONNRESET|ETIMEDOUT)$/, /^EHOSTUNREACH$/];

/** Of errors within each other, or beside each other, the one that says what happened. */
function tellingOf(error: unknown): unknown {
  if (error instanceof AggregateError) {
    const rank = (one: unknown): number => {
      const at = TELLING.findIndex((pattern) => pattern.test(systemCode(one) ?? ''));
      return at < 0 ? TELLING.length : at;
    };
    return [...error.errors].sort((a, b) => rank(a) - rank(b))[0] ?? error;
  }
  const code = systemCode(error);
  const isWrapper = code === undefined || code === 'UND_ERR_PRX_TLS';
  return isWrapper && error instanceof Error && error.cause !== undefined ? tellingOf(error.cause) : error;
}
