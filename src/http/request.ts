/** One HTTP request, as whoever sends it describes it. */
import type { Answer, Headers } from './answer.ts';
import type { RequestBody } from './body.ts';

export interface Call {
  readonly signal: AbortSignal;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** The setting that the URL was made from: what a user corrects where no server of that kind answers. */
  readonly baseUrl?: string;
  /** A create may cost money and is not repeated once it may have arrived; a read is harmless. */
  readonly kind: 'create' | 'read';
  readonly auth?: Auth | undefined;
  /** The key is hidden in what is answered, as always, but not sent: its URL is signed, or public. */
  readonly keyless?: boolean;
  readonly headers?: Headers;
  readonly body?: RequestBody | undefined;
  readonly signal: AbortSignal;
  /** Of a buffered answer; 16 MiB unless given. */
  readonly maxBytes?: number;
  /** True for an answer that is final although its status says to try again. */
  readonly settles?: (answer: Answer) => boolean;
}

/** A key and the only origin that may see it. */
export interface Auth {
  readonly header: string;
  readonly value: string;
  readonly origin: string;
}
