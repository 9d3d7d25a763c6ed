/** A workflow of GitHub Actions, as much of it as our recipe uses: read, and run on this machine. */

export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Maps, lists, `|` blocks and plain or quoted scalars; throws for anything else. All scalars are strings. */
export function readYaml(source: string): Yaml {
  const lines = source.split('\n').flatMap((text): Line[] => {
    const indent = text.search(/\S/);
    return indent < 0 ? [] : [{ indent, text: text.slice(indent) }];
  });
  let at = 0;
  const scalar = (text: string): Yaml => {
    if (/^\[.*\]$/.test(text)) return text.slice(1, -1).split(', ');
    const [, quoted] = /^"([^"\\]*)"$/.exec(text) ?? [];
    if (quoted === undefined && /^["'{&*!>%@`]|: | #/.test(text)) throw new Error(`Not read here: ${text}`);
    return quoted ?? text;
  };
  const value = (text: string, indent: number): Yaml => {
    if (text === '|') return block(indent);
    if (text !== '') return scalar(text);
    const next = lines[at];
    return next && next.indent > indent ? node(next.indent) : '';
  };
  const block = (indent: number): string => {
    const inside: Line[] = [];
    for (let line = lines[at]; line && line.indent > indent; line = lines[at]) {
      inside.push(line);
      at += 1;
    }
    const least = Math.min(...inside.map((line) => line.indent));
    return inside.map((line) => `${' '.repeat(line.indent - least)}${line.text}\n`).join('');
  };
  const node = (indent: number): Yaml => {
    if (lines[at]?.text.startsWith('- ')) {
      const list: Yaml[] = [];
      for (let line = lines[at]; line?.indent === indent && line.text.startsWith('- '); line = lines[at]) {
        // What follows the dash is the first line of the item, two further in.
        lines[at] = { indent: indent + 2, text: line.text.slice(2) };
        list.push(/^[\w-]+:( |$)/.test(line.text.slice(2)) ? node(indent + 2) : scalar(line.text.slice(2)));
        if (typeof list.at(-1) === 'string') at += 1;
      }
      return list;
    }
    const map: Record<string, Yaml> = {};
    for (let line = lines[at]; line?.indent === indent; line = lines[at]) {
      const [, key, rest] = /^([\w-]+):(?: (.*))?$/.exec(line.text) ?? [];
      if (key === undefined || Object.hasOwn(map, key)) throw new Error(`Not read here: ${line.text}`);
      at += 1;
      map[key] = value(rest ?? '', indent);
    }
    return map;
  };
  const read = node(0);
  if (at < lines.length) throw new Error(`Not read here: ${lines[at]?.text}`);
  return read;
}

export interface Step {
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly needs?: string;
  readonly if?: string;
  readonly 'timeout-minutes': string;
  readonly strategy?: { readonly 'fail-fast': string; readonly matrix: { readonly shard: readonly string[] } };
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly on: Readonly<Record<string, Yaml>>;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What GitHub knows of a run: `github.run_id`, `secrets.NAME`, `matrix.shard`; what is not there is empty. */
export type Known = Readonly<Record<string, string>>;

/** With every `${{ }}` replaced: names, `'texts'`, `==`, `&&` and `||`, as GitHub evaluates them. */
export function fill(text: string, known: Known): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_all, expression: string) => evaluate(expression, known));
}

export function evaluate(expression: string, known: Known): string {
  const atom = (word: string): string => /^'(.*)'$/.exec(word)?.[1] ?? known[word] ?? '';
  const equal = (part: string): string => {
    const [left = '', right] = part.split(' == ').map(atom);
    return right === undefined ? left : left === right ? 'true' : '';
  };
  const all = (part: string): string =>
    part
      .split(' && ')
      .map(equal)
      .reduce((left, right) => left && right);
  return expression
    .split(' || ')
    .map(all)
    .reduce((left, right) => left || right);
}
