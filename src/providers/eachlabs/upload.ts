/** Brings bytes to where the models of eachlabs can read them: a presigned URL, and a PUT to it. */

import { failureOf, jsonOf } from '../../http/answer.ts';
import { jsonBody, type RequestBody } from '../../http/body.ts';
import type { Http } from '../../http/client.ts';
import { checkNamedUrl, isSuccess } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/text.ts';
import type { Route } from '../route.ts';
import { decodeTicket, refuse, withRequestId } from './wire.ts';

/** What one upload may hold: the host's limit, in decimal megabytes. */
const UPLOAD_BYTES = 100_000_000;

export interface UploadRoute {
  readonly http: Http;
  readonly route: Route;
  /** The base URL, without its version and without a slash at its end. */
  readonly root: string;
  readonly call: Call;
}

/**
 * The public address of what was put there. Both steps may be repeated: nothing is paid, and a PUT to the same place
 * leaves the same file.
 */
export async function uploadTo(body: RequestBody, { http, route, root, call }: UploadRoute): Promise<string> {
  const { contentType: mime } = body;
  checkUpload('The upload', body.bytes);
  const asked = jsonBody({ content_type: mime, file_type: mime.replace(/\/.*/, '') });
  const answer = await http.send(route.read(`${root}/v1/upload/presign`, call, { method: 'POST', body: asked }));
  if (!isSuccess(answer)) throw refuse(answer);
  jsonOf(answer);
  const ticket = decodeTicket(answer);
  if (!ticket) {
    const message = `${answer.host} named no place for the upload: ${failureOf(answer).message}`;
    throw new SoraError('refused', message, withRequestId(answer, 'Try again later.'));
  }
  const { 'content-type': contentType = mime, ...headers } = ticket.headers;
  // The signature is in the URL. A key has no business at the store, not even on the host's own origin.
  const sent = { method: 'PUT', keyless: true, headers, body: { ...body, contentType } } as const;
  const put = await http.send(route.read(checkNamedUrl(ticket.putUrl, root), call, sent));
  if (isSuccess(put)) return ticket.publicUrl;
  const code = put.status === 408 || put.status === 429 || put.status >= 500 ? 'network' : 'refused';
  const message = `${put.host} did not take the upload (${put.status}): ${failureOf(put).message}`;
  throw new SoraError(code, message, withRequestId(put, 'Try again: every upload gets a new place.'));
}

/** Throws `usage` for what is larger than the host takes. */
export function checkUpload(what: string, bytes: number): void {
  if (bytes <= UPLOAD_BYTES) return;
  throw new SoraError('usage', `${what} has ${formatBytes(bytes)}; eachlabs takes ${formatBytes(UPLOAD_BYTES)}.`, {
    hint: 'Use a smaller file.',
  });
}
