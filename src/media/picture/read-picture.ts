/** Pictures as users name them: files that can be read, up to a bound. */

import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { openRegular } from '../../disk/read-file.ts';
import { PATH_HINT, SoraError } from '../../shared/errors.ts';

/** Of a picture, before it is made smaller. */
export const MAX_PICTURE_BYTES = 64_000_000;

/** The absolute path of a picture. Throws `usage` for one that is not there, is no file or is too large; `hint` says what else may be named. */
export async function pictureFile(
  cwd: string,
  text: string,
  hint = 'Name a JPEG, PNG or WebP picture.',
): Promise<string> {
  const path = resolve(cwd, text);
  const there = await stat(path).catch((cause: unknown) => {
    throw new SoraError('usage', `There is no picture ${path}.`, { hint: PATH_HINT, cause });
  });
  if (!there.isFile()) throw new SoraError('usage', `${path} is not a file.`, { hint });
  if (there.size > MAX_PICTURE_BYTES)
    throw new SoraError('usage', `${path} is larger than ${MAX_PICTURE_BYTES / 1_000_000} MB.`, {
      hint: 'Use a smaller picture: 2000 pixels are more than any model uses.',
    });
  return path;
}

/** Throws `machine` where it cannot be read. */
export async function readPictureFile(
  path: string,
): Promise<{ readonly bytes: Uint8Array; readonly fileName: string }> {
  try {
    const file = await openRegular(path);
    return { bytes: await file.readFile().finally(() => file.close()), fileName: basename(path) };
  } catch (cause) {
    throw new SoraError('machine', `${path} cannot be read.`, { hint: 'Check its permissions.', cause });
  }
}
