/** Brings a file to fal's store: a ticket, and a PUT to its place. What lies there, anybody may read who has the address. */

import { isRecord } from '../../http/answer.ts';
import { jsonBody, rawBody } from '../../http/body.ts';
import type { UploadedClip } from '../provider.ts';
import { isUploadUrl, noUploadUrlError, putFile, type UploadFile, type UploadTo } from '../task-upload.ts';
import { textOf } from '../task-wire.ts';
import { openAnswer } from './wire.ts';

/** Unless the user has said another time. */
export const UPLOAD_DAYS = 7;

/** `root` is that of the storage; `days` are those until the file goes. */
export async function upload(
  { fileName, mime, content }: UploadFile,
  { days, root, ...to }: UploadTo & { readonly days: number; readonly root: string },
): Promise<UploadedClip> {
  const body = await rawBody(mime, content);
  const seconds = Math.round(days * 86_400);
  const lifecycle = JSON.stringify({ expiration_duration_seconds: seconds });
  const ticket = await to.http.send(
    to.route.read(`${root}/storage/upload/initiate?storage_type=fal-cdn-v3`, to.call, {
      method: 'POST',
      body: jsonBody({ content_type: mime, file_name: fileName }),
      // Of the vendor's two clients each sends another one.
      headers: { 'x-fal-object-lifecycle': lifecycle, 'x-fal-object-lifecycle-preference': lifecycle },
    }),
  );
  const said = openAnswer(ticket);
  const putUrl = isRecord(said) ? textOf(said.upload_url) : undefined;
  const publicUrl = isRecord(said) ? said.file_url : undefined;
  if (putUrl === undefined || !isUploadUrl(publicUrl)) throw noUploadUrlError(ticket);
  await putFile({ putUrl, publicUrl, headers: {} }, body, to);
  return { url: publicUrl, expiresAt: new Date(ticket.receivedAt + seconds * 1000).toISOString() };
}
