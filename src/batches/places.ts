/** Where the files of a batch are: pictures that lines name, and where videos go. A file that others wrote names nothing outside its folder. */

import { dirname, join, relative, resolve } from 'node:path';
import { isWithin } from '../disk/within.ts';
import { fileNameOf } from '../journal/names.ts';
import { isJournalName } from '../shared/journal-name.ts';
import { option } from '../shared/options.ts';
import type { BatchLine } from './line.ts';

export interface PlaceOptions {
  /** Absolute path of the batch: what its lines say is relative to its folder. */
  readonly file: string;
  /** Absolute: a folder, or a path with `{id}` in it; `out/{id}.mp4` beside the file unless given. */
  readonly output?: string | undefined;
  readonly allowOutside: boolean;
}

export interface Places {
  /** Absolute, by the id of each line. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Of the pictures that lines name: an absolute path, or the URL. */
  readonly references: ReadonlyMap<string, string>;
  readonly problems: readonly { readonly number: number; readonly text: string }[];
}

/** Where an id's video goes that the file no longer has. */
export function placeOfId({ file, output }: Pick<PlaceOptions, 'file' | 'output'>, id: string): string {
  return fromTemplate(templateOf({ file, output }), fileNameOf(id));
}

export async function placesOf(lines: readonly BatchLine[], options: PlaceOptions): Promise<Places> {
  const { file, allowOutside } = options;
  const folder = dirname(file);
  const template = templateOf(options);
  const names = namesOf(lines);
  const outputs = new Map<string, string>();
  const references = new Map<string, string>();
  const takenBy = new Map<string, BatchLine>();
  const problems: { number: number; text: string }[] = [];

  for (const line of lines) {
    const { id, number } = line;
    const place =
      line.output === undefined
        ? fromTemplate(template, names.get(id) ?? fileNameOf(id))
        : resolve(folder, line.output.endsWith('/') ? join(line.output, `${names.get(id)}.mp4`) : line.output);
    const other = takenBy.get(place.toLowerCase());
    if (other)
      problems.push({ number, text: `its output is that of line ${other.number} too: ${relative(folder, place)}` });
    if (isReserved(place, file))
      problems.push({ number, text: `its output is the batch itself, or a journal: ${relative(folder, place)}` });
    if (line.output === '-') problems.push({ number, text: 'its output "-" is no file: name one, or leave it out.' });
    takenBy.set(place.toLowerCase(), line);
    outputs.set(id, place);
    if (line.output !== undefined && !allowOutside && !(await isWithin(folder, place))) {
      problems.push({ number, text: outside('output', line.output, folder) });
    }
    const { reference } = line;
    if (reference === undefined) continue;
    if (/^[a-z][a-z0-9+.-]+:/i.test(reference)) {
      references.set(id, reference);
      continue;
    }
    const picture = resolve(folder, reference);
    references.set(id, picture);
    if (!allowOutside && !(await isWithin(folder, picture))) {
      problems.push({ number, text: outside('reference', reference, folder) });
    }
  }
  return { outputs, references, problems };
}

/** Whether it is the batch, or has the name of a journal, which would be read as one. Both paths are absolute. */
export function isReserved(place: string, batch: string): boolean {
  return isSamePath(place, batch) || isJournalName(place);
}

/** Also where letters of both cases name one file. */
export function isSamePath(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function templateOf({ file, output }: Pick<PlaceOptions, 'file' | 'output'>): string {
  if (output === undefined) return join(dirname(file), 'out', '{id}.mp4');
  return output.includes('{id}') ? output : join(output, '{id}.mp4');
}

function fromTemplate(template: string, name: string): string {
  return template.replaceAll('{id}', name);
}

/** Of ids that differ in what a file name cannot show, each has its own name. */
function namesOf(lines: readonly BatchLine[]): ReadonlyMap<string, string> {
  const users = new Map<string, number>();
  for (const { id } of lines) {
    const name = fileNameOf(id);
    users.set(name, (users.get(name) ?? 0) + 1);
  }
  return new Map(lines.map(({ id }) => [id, fileNameOf(id, (name) => (users.get(name) ?? 0) > 1)]));
}

function outside(setting: string, text: string, folder: string): string {
  return `its ${setting} ${JSON.stringify(text)} is outside the folder of the file (${folder}); ${option('allowOutside')} allows it.`;
}
