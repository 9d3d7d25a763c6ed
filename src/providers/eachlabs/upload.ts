/** Brings bytes to where the models of eachlabs can read them: a presigned URL, and a PUT to it. */

import { rawBody } from '../../http/body.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/text.ts';
import type { UploadedClip } from '../provider.ts';
import { noUploadUrlError, putFile, requestPresignedUpload, type UploadFile, type UploadTo } from '../task-upload.ts';
import { decodeTicket, openAnswer } from './wire.ts';

/** What one upload may hold: the host's limit, in decimal megabytes. */
const UPLOAD_BYTES = 100_000_000;

/** The file's public address, and until when it is kept where the host says so. */
export async function upload({ mime, content }: UploadFile, to: UploadTo): Promise<UploadedClip> {
  const body = await rawBody(mime, content);
  checkUpload('The upload', body.bytes);
  const wish = { content_type: mime, file_type: mime.replace(/\/.*/, '') };
  const answer = await requestPresignedUpload(`${to.route.root}/v1/upload/presign`, wish, to);
  const ticket = decodeTicket(openAnswer(answer), answer.receivedAt);
  if (!ticket) throw noUploadUrlError(answer);
  await putFile(ticket, body, to);
  return { url: ticket.publicUrl, ...(ticket.expiresAt !== undefined && { expiresAt: ticket.expiresAt }) };
}

/** Throws `usage` for what is larger than the host takes. */
export function checkUpload(what: string, bytes: number): void {
  if (bytes <= UPLOAD_BYTES) return;
  throw new SoraError('usage', `${what} has ${formatBytes(bytes)}; eachlabs takes ${formatBytes(UPLOAD_BYTES)}.`, {
    hint: 'Use a smaller file.',
  });
}
