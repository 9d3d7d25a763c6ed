/** How a file that lies beside another is named in it: in pages, and in timelines for editors. */
import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** From a folder to a file, both absolute; a whole URL where they are on two drives. `%`, `#`, `?` and `:` are parts of names. */
export function relativeUrl(folder: string, file: string): string {
  const way = relative(folder, file);
  if (resolve(way) === way) return pathToFileURL(file).href;
  return way.toWellFormed().split(sep).map(encodeURIComponent).join('/');
}
