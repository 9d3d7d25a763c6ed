/** The documents of the project, as tests read them: what they say is held against the program. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HELP_TOPICS } from '../../src/help/read-topic.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Document {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

const documentAt = (path: string): Document => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') });

/** What `sora help <topic>` shows, in the order of its list. */
export const TOPIC_DOCUMENTS: readonly Document[] = HELP_TOPICS.map((topic) => documentAt(`src/help/${topic}.md`));

export const README = documentAt('README.md');

/** What coding agents are told. */
export const SKILL = documentAt('src/help/sora-cli/SKILL.md');

/** In the order in which they are read. */
export const DOCUMENTS: readonly Document[] = [
  README,
  ...TOPIC_DOCUMENTS,
  SKILL,
  ...['src/README.md', 'test/README.md', '.github/CONTRIBUTING.md'].map(documentAt),
];

/** All that is documented. */
export const EVERYTHING = DOCUMENTS.map(({ text }) => text).join('\n');

/**
 * The rows of the first table behind a text, cell by cell, of the document whose path ends so; throws where it has no such
 * text.
 */
export function tableBehind(words: string, path = ''): string[][] {
  const document = DOCUMENTS.find((one) => one.path.endsWith(path) && one.text.includes(words));
  if (!document) throw new Error(`No document has: ${words}`);
  const table = /(?:^\|.*\|\n)+/m.exec(document.text.slice(document.text.indexOf(words)))?.[0] ?? '';
  return rowsOf(table);
}

/** Of a table as it is written, cell by cell, without its head. */
function rowsOf(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** All tables of a document, cell by cell, one behind the other. */
export function tablesOf({ text }: Document): string[][] {
  return [...text.matchAll(/(?:^\|.*\|\n)+/gm)].flatMap(([table]) => rowsOf(table));
}

export interface Example {
  readonly path: string;
  /** The heading above it. */
  readonly title: string;
  readonly kind: string;
  readonly script: string;
}

/** The blocks of a document that a user would run: `apart` marks what has a test of its own, or a step of CI. */
export function examplesOf({ path, text }: Document): readonly Example[] {
  return text.split(/^#+ /m).flatMap((section) =>
    [...section.matchAll(/^```(sh|serve|apart)\n([\s\S]*?)^```$/gm)].map((match) => ({
      path,
      title: section.split('\n')[0] ?? '',
      kind: match[1] ?? '',
      script: match[2] ?? '',
    })),
  );
}
