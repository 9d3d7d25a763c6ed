/** A storyboard as a user names it: read, for the quality, the variant and the variables that are asked for, and checked. */

import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { decodeText } from '../disk/decode-text.ts';
import { readGivenText } from '../disk/given-text.ts';
import { MAX_TEXT_BYTES, readTextSync } from '../disk/read-file.ts';
import { isWithin } from '../disk/within.ts';
import { SOUND_HINT } from '../films/sound-hint.ts';
import { problemsError, SoraError, systemCode } from '../shared/errors.ts';
import { isJournalName } from '../shared/journal-name.ts';
import { option } from '../shared/options.ts';
import { shellCommand, shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type FilePlace, isUrl } from './file/build.ts';
import { type ParsedStoryboard, parseStoryboard } from './file/parse-storyboard.ts';
import { type Problem, tellProblems } from './file/problem.ts';
import type { Storyboard } from './storyboard.ts';

/** What every command of a storyboard is told of it, as it was typed. */
export interface StoryboardRequest {
  /** `-` for standard input. */
  readonly file: string;
  readonly quality?: string;
  readonly variant?: string;
  readonly vars: ReadonlyMap<string, string>;
  readonly allowOutside: boolean;
}

export interface GivenStoryboard {
  /** Absolute; undefined for standard input, beside which there is no journal. */
  readonly path: string | undefined;
  /** What messages call it. */
  readonly name: string;
  readonly storyboard: Storyboard;
  /** Which quality it is, where the file has any; the first unless asked for. */
  readonly quality?: string;
  readonly variant?: string;
  /** What else there is to ask for. */
  readonly qualities: readonly string[];
  readonly variants: readonly string[];
}

export interface ReadOptions {
  readonly stdin: () => Promise<Uint8Array>;
  /** Whether files that it names must be there. */
  readonly needsFiles: boolean;
  /** Says in a sentence what is wrong with one that is there; nothing is looked into unless given. */
  readonly lookInto?: (place: FilePlace) => Promise<string | undefined>;
  /** Told the scenes of a file with problems, before they are thrown. */
  readonly onProblems?: (scenes: Storyboard['scenes']) => Promise<void>;
}

/**
 * Throws `usage` for what cannot be read, and with every problem of the file as `<file>:<line>: <sentence>`; `clip` where nothing
 * is wrong but what files hold.
 */
export async function readStoryboard(
  { runtime }: Pick<Workspace, 'runtime'>,
  request: StoryboardRequest,
  { stdin, needsFiles, lookInto = async () => undefined, onProblems }: ReadOptions,
): Promise<GivenStoryboard> {
  const { file, quality, variant, vars, allowOutside } = request;
  const isPiped = file === '-';
  const path = isPiped ? undefined : resolve(runtime.cwd, file);
  const name = isPiped ? 'stdin' : file;
  if (path !== undefined && isJournalName(path)) {
    throw new SoraError('usage', `${file} is the journal of a storyboard, not a storyboard.`, {
      hint: 'Name the file without ".journal…": the journal is read by itself.',
    });
  }
  const given = { what: 'storyboard', name: file, maxBytes: MAX_TEXT_BYTES, signal: runtime.signal };
  const text =
    path === undefined
      ? decodeText(await stdin(), { called: 'The storyboard', file: 'film.md' })
      : await readGivenText(path, given);
  const folder = path === undefined ? runtime.cwd : dirname(path);
  const choice = { ...(quality !== undefined && { quality }), ...(variant !== undefined && { variant }), vars };
  const { problems, files, storyboard, scenes = [], ...rest } = await parseStoryboard(text, { name, folder, choice });
  const places = await placesOf(files, { folder, allowOutside, needsFiles });
  const written = [...problems, ...places.flatMap(({ problem }) => problem ?? [])];
  const held: Problem[] = [];
  for (const { place, problem } of places) {
    const text = problem || isUrl(place.file.path) ? undefined : await lookInto(place);
    if (text !== undefined) held.push({ line: place.line, text });
  }
  const all = [...written, ...held];
  if (storyboard && all.length === 0)
    return { path, name, storyboard, ...rest, ...(variant !== undefined && { variant }) };
  await onProblems?.(scenes);
  const hints = [
    ...(written.length > 0 ? ['What a storyboard may say: sora help storyboards'] : []),
    ...(held.length > 0 ? [SOUND_HINT] : []),
  ];
  throw problemsError(written.length > 0 ? 'usage' : 'clip', tellProblems(name, all), { hint: hints.join('\n') });
}

/** What can be read of a file at an absolute path, with whatever is wrong with it; undefined where there is none to read. */
export async function peekStoryboard(path: string): Promise<ParsedStoryboard | undefined> {
  const options = { name: basename(path), folder: dirname(path), choice: { vars: new Map<string, string>() } };
  try {
    return await parseStoryboard(readTextSync(path), options);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** What people put beside a storyboard may come from anybody who sends a change of it. */
async function placesOf(
  files: readonly FilePlace[],
  { folder, allowOutside, needsFiles }: { folder: string; allowOutside: boolean; needsFiles: boolean },
): Promise<readonly { readonly place: FilePlace; readonly problem?: Problem }[]> {
  const problemOf = async ({ setting, file: { name, path } }: FilePlace): Promise<string | undefined> => {
    if (isUrl(path)) return undefined;
    const shown = `"${setting}" ${JSON.stringify(name)}`;
    if (!allowOutside && !(await isWithin(folder, path)))
      return `${shown} is outside the folder of the file (${folder}); ${option('allowOutside')} allows it.`;
    return needsFiles && !(await isFile(path)) ? `${shown} does not exist, or is not a file.` : undefined;
  };
  return Promise.all(
    files.map(async (place) => {
      const text = await problemOf(place);
      return { place, ...(text !== undefined && { problem: { line: place.line, text } }) };
    }),
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/** A command about the same storyboard, as the user would type it. */
export function storyboardCommand(
  verb: string,
  { file, quality, variant, vars, allowOutside }: StoryboardRequest,
  { operands = [], words = [] }: { readonly operands?: readonly string[]; readonly words?: readonly string[] } = {},
): string {
  return shellCommand(
    `sora storyboard ${verb}`,
    [shellQuote(file), ...operands.map(shellQuote)],
    [
      ...(quality === undefined ? [] : [shellOption('quality', shellQuote(quality))]),
      ...(variant === undefined ? [] : [shellOption('variant', shellQuote(variant))]),
      ...[...vars].map(([key, value]) => shellOption('var', shellQuote(`${key}=${value}`))),
      ...(allowOutside ? [option('allowOutside')] : []),
      ...words,
    ],
  );
}
