/** The `--reference` of a video: read, recognised by its bytes, and brought to the size that hosts insist on. */

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { imageOrientation, imageSize, sniffImage, stripMetadata } from '../media/picture/formats.ts';
import { pictureFile, readPictureFile } from '../media/picture/read-picture.ts';
import type { Reference } from '../providers/provider.ts';
import type { ImageMime } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize, type Size } from '../shared/geometry.ts';
import type { VideoRequest } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';

export interface ReadReference {
  readonly reference: Reference;
  /** What the job's record keeps of it. */
  readonly record: NonNullable<VideoRequest['reference']>;
}

/** What can be said of a URL or a path without reading it. Throws `usage`. */
export async function checkReference(workspace: Workspace, text: string): Promise<void> {
  if (/^https?:/i.test(text)) {
    if (!URL.canParse(text))
      throw new SoraError('usage', `${option('reference')} is not a URL that can be read.`, {
        hint: 'Write it whole, such as https://example.com/picture.png',
      });
    if (!/^https:/i.test(text))
      throw new SoraError('usage', `${option('reference')} takes an https URL, not a plain http one.`, {
        hint: 'Write https://, or download the picture and name the file.',
      });
  } else if (/^data:/i.test(text)) decodeDataUrl(text);
  else await referenceFile(workspace, text);
}

/** Throws `usage` for what cannot be found or is of the wrong form, `clip` for a picture that cannot be used. */
export async function readReference(
  workspace: Workspace,
  source: string | Uint8Array,
  size: Size,
): Promise<ReadReference> {
  const text = typeof source === 'string' ? source : undefined;
  if (text !== undefined) await checkReference(workspace, text);
  if (text !== undefined && /^https:/i.test(text)) {
    const { host } = new URL(text);
    workspace.reporter.warn(
      `The picture at ${host} is passed on unchanged; it must be exactly ${formatSize(size)}, or the host refuses it.`,
    );
    const record = {
      kind: 'url',
      sha256: sha256(text),
      label: host,
      ...(!mayHoldSecret(text) && { source: text }),
    } as const;
    return { reference: { kind: 'url', url: text }, record };
  }
  const { bytes, fileName } = await readPicture(workspace, source);
  const mime = sniffImage(bytes);
  if (mime === undefined) {
    throw new SoraError('clip', `${fileName} is not a JPEG, PNG or WebP picture.`, {
      hint: 'Convert it, for example: ffmpeg -i picture.gif picture.png',
    });
  }
  const fitted = await toSize(workspace, { bytes, mime, fileName, size });
  return {
    reference: { kind: 'bytes', bytes: fitted, mime: sniffImage(fitted) ?? mime, fileName },
    record: {
      ...{ kind: 'image', sha256: sha256(bytes), label: fileName },
      ...(text !== undefined && !/^data:/i.test(text) && { source: resolve(workspace.runtime.cwd, text) }),
    },
  };
}

/** Signed URLs carry their key in the query. */
function mayHoldSecret(url: string): boolean {
  const { search, username, password } = new URL(url);
  return `${search}${username}${password}` !== '';
}

/** The exact size, upright, and without what a camera wrote into it: where a picture was taken is nobody's business. */
async function toSize(
  workspace: Workspace,
  { bytes, mime, fileName, size }: { bytes: Uint8Array; mime: ImageMime; fileName: string; size: Size },
): Promise<Uint8Array> {
  const own = imageSize(bytes);
  const isExact = own !== undefined && formatSize(own) === formatSize(size) && imageOrientation(bytes) === 1;
  if (isExact) return stripMetadata(bytes);
  const { fitImage } = await import('../media/picture/fit.ts');
  const { signal } = workspace.runtime;
  const fitted = await fitImage({ bytes, mime, size, fit: 'pad', ffmpeg: await workspace.ffmpeg(), signal });
  const from = own ? formatSize(own) : 'of another size';
  workspace.reporter.note(`${fileName} is ${from}; it is sent as ${formatSize(size)}, with bars where needed.`);
  return fitted;
}

async function readPicture(
  workspace: Workspace,
  source: string | Uint8Array,
): Promise<{ bytes: Uint8Array; fileName: string }> {
  if (typeof source !== 'string') return { bytes: source, fileName: 'reference' };
  if (/^data:/i.test(source)) return { bytes: decodeDataUrl(source), fileName: 'reference' };
  return readPictureFile(await referenceFile(workspace, source));
}

function decodeDataUrl(text: string): Uint8Array {
  const match = /^data:[^,]*?(;base64)?,(.*)$/is.exec(text);
  try {
    if (!match) throw new SyntaxError('no comma');
    const [, isBase64, data = ''] = match;
    if (isBase64) return Buffer.from(data, 'base64');
    if (/%(?![0-9a-f]{2})/i.test(data)) throw new SyntaxError('bad escape');
    const bytes = data.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1');
  } catch (cause) {
    throw new SoraError('usage', `${option('reference')} is not a data URL that can be read.`, {
      hint: 'It begins with data:image/png;base64, and the picture follows. You can also name a file.',
      cause,
    });
  }
}

function referenceFile({ runtime }: Workspace, text: string): Promise<string> {
  return pictureFile(runtime.cwd, text, `Name a JPEG, PNG or WebP picture, or pipe it into: ${option('reference')} -`);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
