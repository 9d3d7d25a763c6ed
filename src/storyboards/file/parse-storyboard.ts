/** A storyboard out of the text of its file, with everything that is wrong with it told at once. Pure. */

import type { Storyboard } from '../storyboard.ts';
import { type BuildOptions, buildStoryboard, type FilePlace } from './build.ts';
import { readJson } from './located.ts';
import type { Problem } from './problem.ts';
import { readMarkdownFilm } from './read-markdown.ts';
import { noSuch } from './scene-links.ts';
import { readSheet, type Sheet } from './settings.ts';

export interface ParseOptions extends BuildOptions {
  /** What problems call the file; its ending tells JSON. */
  readonly name: string;
}

export interface ParsedStoryboard {
  /** Undefined where there are problems. */
  readonly storyboard?: Storyboard;
  /** The scenes as far as they can be read, whatever is wrong with the rest. */
  readonly scenes?: Storyboard['scenes'];
  /** Which quality it is, where the file has any. */
  readonly quality?: string;
  readonly qualities: readonly string[];
  readonly variants: readonly string[];
  readonly problems: readonly Problem[];
  /** In every quality and variant; some may stand here more than once. */
  readonly files: readonly FilePlace[];
}

export async function parseStoryboard(text: string, options: ParseOptions): Promise<ParsedStoryboard> {
  const { name } = options;
  const plain = (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).replaceAll(/\r\n?/g, '\n');
  const isJson = /\.json$/i.test(name) || (!/\.(?:md|markdown)$/i.test(name) && plain.trimStart().startsWith('{'));
  const located = await (isJson ? readJson(plain) : readMarkdownFilm(plain));
  // What could not be read at all would be complained of once more, as missing.
  const { sheet, problems } = located.value === undefined ? { sheet: undefined, problems: [] } : readSheet(located);
  const all = [...located.problems, ...problems];
  if (!sheet) return { qualities: [], variants: [], files: [], problems: all };
  const names = { qualities: [...sheet.qualities.keys()], variants: [...sheet.variants.keys()] };
  const strange = strangeChoice(sheet, options);
  if (strange.length > 0) return { ...names, files: [], problems: [...all, ...strange] };
  const { folder, choice } = options;
  const build = (own: Pick<BuildOptions['choice'], 'quality' | 'variant'>) =>
    buildStoryboard(sheet, located.lineOf, { folder, choice: { ...own, vars: choice.vars } });
  const built = build(choice);
  // What nobody asked for now may be wrong as well.
  const others = [
    ...names.qualities.map((quality) => build({ quality })),
    ...names.variants.map((variant) => build({ variant })),
  ];
  const told = [built, ...others];
  all.push(...told.flatMap((one) => one.problems));
  const used = new Set(told.flatMap((one) => [...one.used]));
  const declared = [sheet.film, ...sheet.qualities.values(), ...sheet.variants.values()].flatMap(({ vars }) => [
    ...(vars?.keys() ?? []),
  ]);
  const known = [...new Set([...declared, ...used])];
  for (const key of choice.vars.keys()) if (!known.includes(key)) all.push({ text: noSuch('variable', key, known) });
  const { storyboard, quality } = built;
  return {
    ...{ ...names, problems: all, files: told.flatMap(({ files }) => files) },
    scenes: storyboard.scenes,
    ...(quality !== undefined && { quality }),
    ...(all.length === 0 && { storyboard }),
  };
}

function strangeChoice({ qualities, variants }: Sheet, { choice }: ParseOptions): readonly Problem[] {
  const strange = (
    kind: 'quality' | 'variant',
    name: string | undefined,
    known: ReadonlyMap<string, unknown>,
  ): readonly Problem[] =>
    name === undefined || known.has(name) ? [] : [{ text: noSuch(kind, name, [...known.keys()]) }];
  return [...strange('quality', choice.quality, qualities), ...strange('variant', choice.variant, variants)];
}
