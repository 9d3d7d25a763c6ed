/** Brings a file to where Runway's models can read it, for a day: a ticket, and a form to the store that it names. */

import { isRecord } from '../../http/answer.ts';
import { type FormPart, formBody, rawBody } from '../../http/body.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/text.ts';
import type { UploadedClip } from '../provider.ts';
import {
  isUploadUrl,
  noUploadUrlError,
  postForm,
  requestPresignedUpload,
  type UploadFile,
  type UploadTo,
} from '../task-upload.ts';
import { textOf } from '../task-wire.ts';
import { openAnswer } from './wire.ts';

/** What one upload may hold: the host's limit. */
const UPLOAD_BYTES = 200_000_000;

/** Uploads are deleted after that. */
const KEPT_MS = 86_400_000;

/** The host reads the kind of a file from its name. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/** The file's own URI at the host, which nobody else can read. Throws `machine` when the file cannot be read. */
export async function upload({ mime, content }: UploadFile, to: UploadTo): Promise<UploadedClip> {
  const { bytes } = await rawBody(mime, content);
  checkUpload('The upload', bytes);
  const fileName = `${mime.replace(/\/.*/, '')}.${EXTENSIONS[mime] ?? 'bin'}`;
  const answer = await requestPresignedUpload(
    `${to.route.root}/v1/uploads`,
    { filename: fileName, type: 'ephemeral' },
    to,
  );
  const ticket = openAnswer(answer);
  const { uploadUrl, runwayUri, fields } = isRecord(ticket) ? ticket : {};
  if (typeof uploadUrl !== 'string' || !isUploadUrl(runwayUri) || !isRecord(fields)) throw noUploadUrlError(answer);
  const signed = Object.entries(fields).flatMap(([name, value]): FormPart[] => {
    const text = textOf(value);
    return text === undefined ? [] : [{ name, value: text }];
  });
  // A store of this kind ignores every field behind the file.
  const form = await formBody([...signed, { name: 'file', fileName, mime, content }]);
  await postForm(uploadUrl, form, to);
  return { url: runwayUri, expiresAt: new Date(answer.receivedAt + KEPT_MS).toISOString() };
}

/** Throws `usage` for what is larger than the host takes. */
export function checkUpload(what: string, bytes: number): void {
  if (bytes <= UPLOAD_BYTES) return;
  throw new SoraError('usage', `${what} has ${formatBytes(bytes)}; Runway takes ${formatBytes(UPLOAD_BYTES)}.`, {
    hint: 'Use a smaller file.',
  });
}
