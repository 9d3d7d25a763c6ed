/** Brings a file to WaveSpeedAI: a ticket and a PUT to its store, or the older form. Costs nothing, so it may be repeated. */

import { type Answer, failureOf, type Headers, isRecord } from '../../http/answer.ts';
import { formBody, jsonBody, type RequestBody, rawBody } from '../../http/body.ts';
import type { Http } from '../../http/client.ts';
import { refusal } from '../../http/errors.ts';
import { asStorageError, checkNamedUrl, isSuccess } from '../../http/ranged-content.ts';
import { isMasked } from '../../http/redact.ts';
import type { Call } from '../../http/request.ts';
import { SoraError } from '../../shared/errors.ts';
import type { UploadedClip } from '../provider.ts';
import type { Route } from '../route.ts';
import { KEPT_MS } from './models.ts';
import { openEnvelope } from './wire.ts';

export interface UploadFile {
  readonly fileName: string;
  readonly mime: string;
  /** The bytes themselves, or the path of a file that is streamed. */
  readonly content: Uint8Array | string;
}

export interface Upload {
  readonly http: Http;
  readonly route: Route;
  readonly call: Call;
}

interface Ticket {
  readonly downloadUrl: string;
  readonly url: string;
  readonly headers: Headers;
}

/** The file's public address, for as long as the host keeps it. Throws `machine` when the file cannot be read. */
export async function upload(file: UploadFile, to: Upload): Promise<UploadedClip> {
  const body = await rawBody(file.mime, file.content);
  const ticket = { filename: file.fileName, size: body.bytes, content_type: file.mime };
  const answer = await post('uploads', jsonBody(ticket), to);
  // Servers of the older interface know the form only.
  if (answer.status === 404 || answer.status === 405) return uploadForm(file, to);
  const { downloadUrl, url, headers } = decodeTicket(answer, to.route.root);
  // The ticket may be signed with another type than it was asked for.
  const contentType = headers['content-type'] ?? file.mime;
  await put(url, headers, { ...body, contentType }, to);
  return { url: downloadUrl, expiresAt: expiryOf(answer) };
}

async function uploadForm(file: UploadFile, to: Upload): Promise<UploadedClip> {
  const { fileName, mime, content } = file;
  const answer = await post('upload/binary', await formBody([{ name: 'file', fileName, mime, content }]), to);
  const data = openEnvelope(answer);
  const url = isRecord(data) ? data.download_url : undefined;
  if (!isPlace(url)) throw unreadable(answer);
  return { url, expiresAt: expiryOf(answer) };
}

function post(path: string, body: RequestBody, { http, route, call }: Upload): Promise<Answer> {
  return http.send(route.read(`${route.root}/media/${path}`, call, { method: 'POST', body }));
}

/** With the ticket's own headers and nothing else of ours: a store refuses a request that carries a key besides its signature. */
async function put(url: string, headers: Headers, body: RequestBody, { http, route, call }: Upload): Promise<void> {
  const answer = await http.send(route.read(url, call, { method: 'PUT', keyless: true, headers, body }));
  if (!isSuccess(answer)) throw asStorageError(refusal(answer));
}

function decodeTicket(answer: Answer, root: string): Ticket {
  const data = openEnvelope(answer);
  const target = isRecord(data) ? data.upload : undefined;
  if (!isRecord(data) || !isRecord(target)) throw unreadable(answer);
  const { download_url: downloadUrl } = data;
  const { url, method = 'PUT', headers = {} } = target;
  if (!isPlace(downloadUrl) || typeof url !== 'string') throw unreadable(answer);
  if (String(method).toUpperCase() !== 'PUT' || !isRecord(headers)) throw unreadable(answer);
  return { downloadUrl, url: checkNamedUrl(url, root), headers: plainHeaders(headers) };
}

/** An address that holds the key is none: it would be kept, and shown to the model's host. */
function isPlace(url: unknown): url is string {
  return typeof url === 'string' && url !== '' && !isMasked(url);
}

/** What the connection itself writes is left to it: sent twice, or differently, it would break the request. */
const OF_THE_CONNECTION = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'expect']);

function plainHeaders(headers: Readonly<Record<string, unknown>>): Headers {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), [value].flat().map(String).join(', ')] as const)
      .filter(([name]) => !OF_THE_CONNECTION.has(name)),
  );
}

/** By the clock of this machine, at the moment of the answer. */
function expiryOf(answer: Answer): string {
  return new Date(answer.receivedAt + KEPT_MS).toISOString();
}

function unreadable(answer: Answer): SoraError {
  const said = answer.text.trim() === '' ? 'nothing' : failureOf(answer).message;
  return new SoraError('refused', `${answer.host} gave no upload address: ${said}`, {
    hint: 'Check the base URL (https://api.wavespeed.ai/api/v3), or try again later.',
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
  });
}
