/** The `--reference` of a video: read, recognised by its bytes, and brought to the size that hosts insist on. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { formatSize, type Size, type VideoRequest } from '../domain.ts';
import { SoraError } from '../errors.ts';
import { imageSize, sniffImage } from '../media/image.ts';
import type { Reference } from '../providers/provider.ts';
import { readStdin } from './stdin.ts';

export interface ReadReference {
  readonly reference: Reference;
  /** What the job's record keeps of it. */
  readonly record: NonNullable<VideoRequest['reference']>;
}

const MAX_BYTES = 64_000_000;

/** Throws `usage` for what cannot be found or is of the wrong form, `clip` for a picture that cannot be used. */
export async function readReference(context: Context, text: string, size: Size): Promise<ReadReference> {
  if (/^https:/i.test(text)) {
    if (!URL.canParse(text)) throw new SoraError('usage', '--reference is not a URL that can be read.');
    context.ui.warn(
      `The picture at ${new URL(text).host} is passed on as it is; it must be exactly ${formatSize(size)}, or the host refuses it.`,
    );
    return {
      reference: { kind: 'url', url: text },
      record: { kind: 'url', sha256: sha256(text), label: new URL(text).host },
    };
  }
  if (/^https?:/i.test(text)) throw new SoraError('usage', '--reference takes an https URL, not a plain http one.');
  const { bytes, fileName } = await readPicture(context, text);
  const mime = sniffImage(bytes);
  if (mime === undefined) {
    throw new SoraError('clip', `${fileName} is not a JPEG, PNG or WebP picture.`, {
      hint: 'Convert it, for example: ffmpeg -i picture.gif picture.png',
    });
  }
  const own = imageSize(bytes);
  let fitted = bytes;
  if (own === undefined || formatSize(own) !== formatSize(size)) {
    const { fitImage } = await import('../media/fit-image.ts');
    fitted = await fitImage({
      bytes,
      mime,
      size,
      fit: 'pad',
      ffmpeg: await context.ffmpeg(),
      signal: context.host.signal,
    });
    context.ui.note(
      `${fileName} is ${own ? formatSize(own) : 'of another size'}; it is sent as ${formatSize(size)}, with bars where needed.`,
    );
  }
  return {
    reference: { kind: 'bytes', bytes: fitted, mime: sniffImage(fitted) ?? mime, fileName },
    record: { kind: 'image', sha256: sha256(bytes), label: fileName },
  };
}

async function readPicture(context: Context, text: string): Promise<{ bytes: Uint8Array; fileName: string }> {
  if (text === '-') return { bytes: await readStdin(context.host, MAX_BYTES), fileName: 'reference' };
  if (/^data:/i.test(text)) return { bytes: decodeDataUrl(text), fileName: 'reference' };
  const path = resolve(context.host.cwd, text);
  const there = await stat(path).catch((cause: unknown) => {
    throw new SoraError('usage', `There is no picture ${path}.`, { cause });
  });
  if (!there.isFile()) throw new SoraError('usage', `${path} is not a file.`);
  if (there.size > MAX_BYTES) throw new SoraError('clip', `${path} is larger than ${MAX_BYTES / 1_000_000} MB.`);
  return { bytes: await readFile(path), fileName: basename(path) };
}

function decodeDataUrl(text: string): Uint8Array {
  const match = /^data:[^,]*?(;base64)?,(.*)$/is.exec(text);
  if (!match) throw new SoraError('usage', '--reference is not a data URL that can be read.');
  return match[1] ? Buffer.from(match[2] ?? '', 'base64') : Buffer.from(decodeURIComponent(match[2] ?? ''), 'latin1');
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
