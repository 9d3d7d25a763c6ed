/** Brings a file to WaveSpeedAI: a ticket and a PUT to its store, or the older form. */

import { type Answer, isRecord } from '../../http/answer.ts';
import { formBody, rawBody } from '../../http/body.ts';
import { checkNamedUrl } from '../../http/ranged-content.ts';
import type { UploadedClip } from '../provider.ts';
import {
  isUploadUrl,
  noUploadUrlError,
  type PresignedUpload,
  putFile,
  requestPresignedUpload,
  ticketHeaders,
  type UploadFile,
  type UploadTo,
} from '../task-upload.ts';
import { KEPT_MS } from './models.ts';
import { openEnvelope } from './wire.ts';

/** The file's public address, for as long as the host keeps it. Throws `machine` when the file cannot be read. */
export async function upload(file: UploadFile, to: UploadTo): Promise<UploadedClip> {
  const body = await rawBody(file.mime, file.content);
  const wish = { filename: file.fileName, size: body.bytes, content_type: file.mime };
  const answer = await requestPresignedUpload(`${to.route.root}/media/uploads`, wish, to);
  // Servers of the older interface know the form only.
  if (answer.status === 404 || answer.status === 405) return uploadForm(file, to);
  const ticket = decodeTicket(answer, to.route.root);
  await putFile(ticket, body, to);
  return { url: ticket.publicUrl, expiresAt: expiryOf(answer) };
}

async function uploadForm(file: UploadFile, { http, route, call }: UploadTo): Promise<UploadedClip> {
  const { fileName, mime, content } = file;
  const body = await formBody([{ name: 'file', fileName, mime, content }]);
  const answer = await http.send(route.read(`${route.root}/media/upload/binary`, call, { method: 'POST', body }));
  const data = openEnvelope(answer);
  const url = isRecord(data) ? data.download_url : undefined;
  if (!isUploadUrl(url)) throw noUploadUrlError(answer, CHECK);
  return { url, expiresAt: expiryOf(answer) };
}

function decodeTicket(answer: Answer, root: string): PresignedUpload {
  const data = openEnvelope(answer);
  const target = isRecord(data) ? data.upload : undefined;
  if (!isRecord(data) || !isRecord(target)) throw noUploadUrlError(answer, CHECK);
  const { download_url: publicUrl } = data;
  const { url, method = 'PUT', headers = {} } = target;
  if (!isUploadUrl(publicUrl) || typeof url !== 'string') throw noUploadUrlError(answer, CHECK);
  if (String(method).toUpperCase() !== 'PUT' || !isRecord(headers)) throw noUploadUrlError(answer, CHECK);
  return { publicUrl, putUrl: checkNamedUrl(url, root), headers: ticketHeaders(headers) };
}

const CHECK = 'Check the base URL (https://api.wavespeed.ai/api/v3), or try again later.';

/** By the clock of this machine, at the moment of the answer. */
function expiryOf(answer: Answer): string {
  return new Date(answer.receivedAt + KEPT_MS).toISOString();
}
