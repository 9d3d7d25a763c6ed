/** Every way in which an exchange can break off, in plain words: what happened, with whom, and what to look at. Pure. */
import { systemCode } from '../shared/errors.ts';
import { sentence } from '../shared/text.ts';
import { formatDuration } from '../shared/time.ts';
import type { Attempt } from './connect.ts';
import type { Timeouts, TransportError } from './exchange.ts';
import { asScheme } from './origins.ts';

export interface Told {
  readonly message: string;
  readonly hint: string;
  /** Trying again changes nothing: somebody has to mend it first. */
  readonly isLasting?: boolean;
  /** It has taken all the time that it had: whoever asks again may wait as long once more. */
  readonly isSlow?: boolean;
}

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
  const told = tell({ ...about, host: `${host}${through}` });
  return via && told.isLasting ? { ...told, hint: `${sentence(told.hint)} Or it is about the proxy.` } : told;
}

/** Whether the server cannot have understood what was sent to it: nothing of a create was carried out. */
export function isUnheard(lost: TransportError): boolean {
  const error = tellingOf(lost.cause);
  return isTlsRecord(error) || /ALERT_CERTIFICATE_REQUIRED/.test(systemCode(error) ?? '');
}

interface About {
  readonly host: string;
  readonly error: unknown;
  readonly detail: string;
  readonly lost: TransportError;
  readonly timeouts: Timeouts;
  readonly baseUrl: string | undefined;
}

type Tell = (about: About) => Told;

/** Nobody was there to talk to. */
const UNREACHED =
  /^(ENOTFOUND|EAI_\w+|ENODATA|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/;
const NO_ROUTE = /^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/;
const NO_ANSWER = /^(SORA_CONNECT_TIMEOUT|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/;

const AUTHORITY_HINT =
  'If the certificate comes from an authority of your own, or from a proxy that inspects traffic, name the certificate (PEM) of that authority in NODE_EXTRA_CA_CERTS.';
const CLOCK_HINT =
  'Check the clock of this machine. If it is right, whoever runs the host has to renew the certificate.';

const SENTENCES: readonly (readonly [RegExp, Tell])[] = [
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
  [
    // What OpenSSL makes of bytes that are not TLS.
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LENGTH_MISMATCH|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/,
    ({ host, lost, baseUrl }) => ({
      message: `${host} does not speak https on that port: what it sends is not TLS.`,
      hint: `Check the port in the base URL. If the server speaks plain http, the base URL is ${asScheme('http:', lost.url, baseUrl)}`,
      isLasting: true,
    }),
  ],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    ({ host }) => ({
      message: `${host} has a self-signed certificate, which is not trusted here.`,
      hint: 'If the server is yours, name its certificate (PEM) in NODE_EXTRA_CA_CERTS. If it is not, somebody may be intercepting the connection.',
      isLasting: true,
    }),
  ],
  [
    /^(?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED|CERT_CHAIN_TOO_LONG|INVALID_CA|INVALID_PURPOSE|CERT_REJECTED)$/,
    ({ host }) => ({
      message: `The certificate of ${host} is from an authority that is not trusted here.`,
      hint: `${AUTHORITY_HINT} If the server leaves out its intermediate certificates, it has to send them.`,
      isLasting: true,
    }),
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    ({ host }) => ({ message: `The certificate of ${host} has expired.`, hint: CLOCK_HINT, isLasting: true }),
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    ({ host }) => ({ message: `The certificate of ${host} is not valid yet.`, hint: CLOCK_HINT, isLasting: true }),
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|ERR_SSL_\w*UNRECOGNIZED_NAME)$/,
    ({ host, error }) => ({
      message: `The certificate of ${host} is ${namesIn(error)}, not for the name that was asked for.`,
      hint: 'Check the base URL: it needs a name that the certificate is for. If it is right, somebody may be intercepting the connection.',
      isLasting: true,
    }),
  ],
  [
    /^ERR_(?:SSL|TLS)_.*(?:PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS)/,
    ({ host }) => ({
      message: `${host} and this machine have no version of TLS in common.`,
      hint: 'Current servers speak TLS 1.2 or 1.3. An older one, in a network of your own, can be reached with NODE_OPTIONS="--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0"',
      isLasting: true,
    }),
  ],
  [
    /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)/,
    ({ host }) => ({
      message: `${host} asks for a client certificate, which sora does not send.`,
      hint: 'Use an address of it that takes a key, or a proxy in front of it that has the certificate.',
      isLasting: true,
    }),
  ],
  [
    /HANDSHAKE_FAILURE/,
    ({ host }) => ({
      message: `${host} refused the secure connection (TLS): it has no cipher in common with this machine, or asks for a client certificate.`,
      hint: 'Check the base URL. If the server is yours, it may need a newer TLS configuration.',
      isLasting: true,
    }),
  ],
  [
    /^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UND_ERR_PRX_TLS)/,
    ({ host, detail, error }) => ({
      message: `No secure connection (TLS) to ${host}: ${reasonOf(error) ?? detail}`,
      hint: `Check the base URL. ${AUTHORITY_HINT}`,
    }),
  ],
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

function namesIn(error: unknown): string {
  const cert = error instanceof Error && 'cert' in error ? error.cert : undefined;
  const names = typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : undefined;
  if (typeof names !== 'string' || names === '') return 'for another name';
  const all = names.split(', ').map((name) => name.replace(/^(?:DNS|IP Address):/, ''));
  return `for ${all.slice(0, 3).join(', ')}${all.length > 3 ? ' and others' : ''}`;
}

/** OpenSSL's own word for it, without where in its source that stands. */
function reasonOf(error: unknown): string | undefined {
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  return typeof reason === 'string' && reason !== '' ? `${reason}.` : undefined;
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
