/** Files for models that read by URL: a place that the host names, and a PUT or a form to it. Costs nothing, so it may be repeated. */

import { type Answer, failureOf, isRecord } from '../http/answer.ts';
import { jsonBody, type RequestBody } from '../http/body.ts';
import type { Http } from '../http/client.ts';
import { checkNamedUrl, isSuccess } from '../http/ranged-content.ts';
import { isMasked } from '../http/redact.ts';
import type { Call } from '../http/request.ts';
import { SoraError, type SoraErrorOptions } from '../shared/errors.ts';
import type { Reference, UploadedClip } from './provider.ts';
import type { Route } from './route.ts';

export interface UploadFile {
  readonly fileName: string;
  readonly mime: string;
  /** The bytes themselves, or the path of a file that is streamed. */
  readonly content: Uint8Array | string;
}

export interface UploadTo {
  readonly http: Http;
  readonly route: Route;
  readonly call: Call;
}

/** Where a file may go, and where it can be had then. */
export interface PresignedUpload {
  readonly putUrl: string;
  readonly publicUrl: string;
  /** As `ticketHeaders` reads them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks the host for a ticket. */
export function requestPresignedUpload(url: string, wish: object, { http, route, call }: UploadTo): Promise<Answer> {
  return http.send(route.read(url, call, { method: 'POST', body: jsonBody(wish) }));
}

/**
 * Sends a file to its place, with the ticket's own headers and nothing else of ours: a store refuses a request that carries
 * a key besides its signature. Throws `network` for trouble of the store, `refused` for its definite no.
 */
export async function putFile(
  ticket: PresignedUpload,
  body: RequestBody,
  { http, route, call }: UploadTo,
): Promise<void> {
  // The ticket may be signed with another type than it was asked for.
  const { 'content-type': contentType = body.contentType, ...headers } = ticket.headers;
  const sent = { method: 'PUT', keyless: true, headers, body: { ...body, contentType } } as const;
  checkStored(await http.send(route.read(checkNamedUrl(ticket.putUrl, route.root), call, sent)));
}

/** The same by a form, as a store takes it whose tickets are fields: they stand in it, before the file. */
export async function postForm(url: string, form: RequestBody, { http, route, call }: UploadTo): Promise<void> {
  const sent = { method: 'POST', keyless: true, body: form } as const;
  checkStored(await http.send(route.read(checkNamedUrl(url, route.root), call, sent)));
}

function checkStored(answer: Answer): void {
  const { status, host } = answer;
  if (isSuccess(answer)) return;
  const code = status === 408 || status === 429 || status >= 500 ? 'network' : 'refused';
  const message = `${host} did not take the upload (${status}): ${failureOf(answer).message}`;
  throw new SoraError(code, message, withRequestId(answer, 'Try again: every upload gets a new place.'));
}

/** What the connection itself writes is left to it: sent twice, or differently, it would break the request. */
const OF_THE_CONNECTION = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'expect']);

/** The headers that a ticket asks for, by lower-case names. */
export function ticketHeaders(headers: unknown): Readonly<Record<string, string>> {
  const asked = Object.entries(isRecord(headers) ? headers : {}).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name.toLowerCase(), [value].flat().map(String).join(', ')] as const],
  );
  return Object.fromEntries(asked.filter(([name]) => !OF_THE_CONNECTION.has(name)));
}

/** An address that holds the key is none: it would be kept, and shown to the model's host. */
export function isUploadUrl(url: unknown): url is string {
  return typeof url === 'string' && url !== '' && !isMasked(url);
}

/** The error for an answer that names no place. */
export function noUploadUrlError(answer: Answer, hint = 'Try again later.'): SoraError {
  const said = answer.text.trim() === '' ? 'nothing' : failureOf(answer).message;
  return new SoraError('refused', `${answer.host} gave no upload address: ${said}`, withRequestId(answer, hint));
}

/** A hint, with the host's name for the request. */
export function withRequestId({ requestId }: Answer, hint: string): SoraErrorOptions {
  return { hint, ...(requestId === undefined ? {} : { requestId }) };
}

/** As a person may read it: what stands for a picture whose place is not known before it is uploaded. */
export function describePicture(reference: Reference | undefined): string | undefined {
  if (reference?.kind !== 'bytes') return reference?.url;
  return `<${reference.mime}, ${reference.bytes.byteLength} bytes, uploaded first>`;
}

/** Where a reference picture is; one that is here is uploaded. */
export async function pictureUrl(
  reference: Reference | undefined,
  upload: (file: UploadFile) => Promise<UploadedClip>,
): Promise<string | undefined> {
  if (reference?.kind !== 'bytes') return reference?.url;
  const { bytes, mime, fileName } = reference;
  return (await upload({ content: bytes, mime, fileName })).url;
}
