/** YAML and JSON as plain values that know their lines. Pure. */
import type { Document, ErrorCode, Node, Scalar } from 'yaml';
import { parseBoundedJson } from '../../shared/json.ts';
import { oneLine } from '../../shared/text.ts';
import type { Problem } from './problem.ts';

export type Path = readonly (string | number)[];

export interface Located {
  /** Undefined where the text could not be read. */
  readonly value?: unknown;
  readonly problems: readonly Problem[];
  /** Of what stands at a path, or of what it would be in; in a longer text, of the line with that part. */
  lineOf(path: Path, part?: string): number | undefined;
}

/** What is longer is no front matter; what reads YAML takes ever longer for it. */
const MOST_CHARS = 100_000;
const MOST_ALIASES = 100;
const MOST_LEVELS = 100;

/**
 * YAML whose scalars are texts as they are written: `title: 12` is "12", and `de: no` is "no". `firstLine` is that of the text
 * in its file.
 */
export async function readFrontMatter(text: string, firstLine: number): Promise<Located> {
  if (text.length > MOST_CHARS) {
    const problem = { line: firstLine, text: `the front matter has more than ${MOST_CHARS / 1000} kB.` };
    return { problems: [problem], lineOf: () => firstLine };
  }
  const { document, problems, lineOf } = await parse(text, firstLine, 'failsafe');
  if (document === undefined || problems.length > 0) return { problems, lineOf };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES }) || {};
    if (typeof value === 'object' && !Array.isArray(value)) return { value, problems, lineOf };
    return { problems: [{ line: firstLine, text: 'the front matter is not a list of names and values.' }], lineOf };
  } catch {
    return { problems: [{ line: firstLine, text: 'the aliases of the front matter stand for too much.' }], lineOf };
  }
}

/** JSON, whose lines are found by reading it as YAML, which it is too. */
export async function readJson(text: string): Promise<Located> {
  let value: unknown;
  try {
    value = parseBoundedJson(text, MOST_LEVELS);
  } catch (error) {
    const text = `${(error as Error).message.replace(/^it/, 'the file')}.`;
    return { problems: [{ text }], lineOf: () => undefined };
  }
  const { problems, lineOf } = await parse(text, 1, 'json');
  return { value, problems, lineOf };
}

/** What people run into, in their words. */
const REASONS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it stands in quotes.',
  TAB_AS_INDENT: 'lines are indented by spaces, not by tabs.',
  MULTIPLE_DOCS: 'the front matter has one document.',
};

interface Parsed {
  readonly document?: Document.Parsed;
  readonly problems: readonly Problem[];
  lineOf(path: Path): number | undefined;
}

async function parse(text: string, firstLine: number, schema: 'failsafe' | 'json'): Promise<Parsed> {
  const yaml = await import('yaml');
  const counter = new yaml.LineCounter();
  const at = (offset = 0): { line: number; column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: line + firstLine - 1, column: col };
  };
  const tooDeep: Parsed = {
    problems: [{ line: firstLine, text: 'the text is nested too deeply.' }],
    lineOf: () => firstLine,
  };
  try {
    // Keys that stand there twice are found here, in a time that does not grow with their square.
    const document = yaml.parseDocument(text, {
      ...{ schema, lineCounter: counter, prettyErrors: false, uniqueKeys: false, stringKeys: true },
    });
    const problems: Problem[] = [...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
      ...at(pos[0]),
      text: REASONS[code] ?? `${message.charAt(0).toLowerCase()}${message.slice(1)}.`,
    }));
    // The parser tells so by one of its errors, where it has run out of stack.
    if (document.errors.some(({ message }) => /call stack/i.test(message))) return tooDeep;
    yaml.visit(document, {
      Map(_, { items }) {
        const seen = new Map<unknown, number>();
        for (const { key } of items) {
          if (!yaml.isScalar(key)) continue;
          const { line } = at(key.range?.[0]);
          const first = seen.get(key.value);
          if (first !== undefined) problems.push({ line, text: twice(String(key.value), first) });
          seen.set(key.value, first ?? line);
        }
      },
      Scalar(_, { type, comment, range, value }) {
        // "Chapter #1" would be "Chapter".
        if (type !== 'PLAIN' || comment == null || /^[\s#]/.test(comment)) return;
        const shown = JSON.stringify(oneLine(`${value} #${comment}`, 60));
        problems.push({ ...at(range?.[0]), text: `" #" begins a comment: put the value in quotes, as ${shown}.` });
      },
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return;
        problems.push({ ...at(alias.range?.[0]), text: `there is no anchor "&${alias.source}" before this alias.` });
      },
    });
    return { document, problems, lineOf: (path) => at(offsetOf(yaml, document, path)).line };
  } catch {
    return tooDeep;
  }
}

/** Where the last part of the path begins that is there. */
function offsetOf({ isAlias, isMap, isSeq }: Yaml, document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find(({ key }) => (key as Partial<Scalar>).value === part) : undefined;
    const begin = pair ? pair.key : isSeq(node) ? node.items[Number(part)] : undefined;
    const [start] = (begin as Partial<Node> | undefined)?.range ?? [];
    if (start === undefined) break;
    offset = start;
    node = pair ? pair.value : begin;
  }
  return offset;
}

type Yaml = typeof import('yaml');

export function twice(name: string, firstLine: number): string {
  return `"${oneLine(name, 60)}" stands there twice; see line ${firstLine}.`;
}
