/** Where a path leads: a rename would put a file in place of a link, and not of what the link leads to. */
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { systemCode } from '../shared/errors.ts';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * The path, without links, that writing to an absolute `path` would write to; neither it nor its folder need be there.
 * Throws the system's error, which is `ELOOP` for links that lead to themselves, and one of code `EFTYPE` for an open file of
 * a process (`/dev/stdout`, `/dev/fd/3`), which looks like a link and has no place of its own.
 */
export async function followLinks(path: string): Promise<string> {
  let at = path;
  for (let followed = 0; followed <= MAX_LINKS; followed += 1) {
    if (['', '.', '..'].includes(basename(at))) return realpath(at).catch(absent(resolve(at)));
    const folder = await realpath(dirname(at)).catch(absent(dirname(at)));
    if (/^\/dev\/fd$|^\/proc\/.*\/fd$/.test(folder)) throw coded('EFTYPE', 'It is an open file of a process.');
    const place = join(folder, basename(at));
    const target = await readlink(place).catch(absent(undefined));
    if (target === undefined) return place;
    // Not resolved as text: `..` after a link to a folder is beside where that leads.
    at = isAbsolute(target) ? target : `${folder}/${target}`;
  }
  throw coded('ELOOP', 'Its links lead to themselves.');
}

/** For what is not there, or is there and no link (`EINVAL`; Windows says `UNKNOWN` of some). */
function absent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'UNKNOWN'].includes(systemCode(error) ?? '')) return value;
    throw error;
  };
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
