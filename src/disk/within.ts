/** Whether a path stays in a folder once links are resolved: a file that others wrote names nothing outside its own. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { followLinks } from './links.ts';

/** Both are absolute, and need not be there. What a link in the folder leads to is where it leads. */
export async function isWithin(folder: string, path: string): Promise<boolean> {
  const root = await realpath(folder).catch(() => folder);
  const way = relative(root, await resolved(path));
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The path without links, of what may not be there yet. */
async function resolved(path: string): Promise<string> {
  const place = await followLinks(path).catch(() => path);
  const parent = await realpath(dirname(place)).catch(() => undefined);
  if (parent !== undefined) return join(parent, basename(place));
  return dirname(place) === place ? place : join(await resolved(dirname(place)), basename(place));
}
