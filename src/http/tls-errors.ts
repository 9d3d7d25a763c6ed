/** Why no secure connection (TLS) to a server came about, by the codes of Node and OpenSSL, in plain words. Pure. */

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

export interface About {
  readonly host: string;
  readonly error: unknown;
  readonly detail: string;
  readonly lost: TransportError;
  readonly timeouts: Timeouts;
  readonly baseUrl: string | undefined;
}

/** What is said of the errors whose code fits. */
export type Sentence = readonly [code: RegExp, tell: (about: About) => Told];

const AUTHORITY_HINT =
  'If the certificate comes from an authority of your own, or from a proxy that inspects traffic, name the certificate (PEM) of that authority in NODE_EXTRA_CA_CERTS.';
const CLOCK_HINT =
  'Check the clock of this machine. If it is right, whoever runs the host has to renew the certificate.';

export const TLS_SENTENCES: readonly Sentence[] = [
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
];

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
