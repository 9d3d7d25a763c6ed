/** Every refusal in the source, as it stands there: its code, its sentence and its hint. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPTION_NAMES, type OptionName, option } from '../../src/shared/options.ts';

export interface Refusal {
  /** `commands/config.ts:60` */
  readonly where: string;
  /** `usage`, or the expression that chooses the code. */
  readonly code: string;
  /** As written: a literal with its quotes, or an expression. */
  readonly message: string;
  /** Undefined where none is given. */
  readonly hint: string | undefined;
}

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** All but the sandbox, which refuses in the words of the hosts: texts by their files. */
function sources(): (readonly [file: string, text: string])[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('sandbox/'))
    .toSorted()
    .map((file) => [file, readFileSync(`${src}/${file}`, 'utf8')]);
}

export function findRefusals(): Refusal[] {
  return sources().flatMap(([file, text]) => refusalsIn(file, text));
}

/**
 * One line for each refusal, wherever it stands: its code and its sentence, in which expressions are `{}`; and one for each
 * function that makes or decides refusals, for each time that it is called. Sorted.
 */
export function refusalLines(): string[] {
  const texts = sources().map(([, text]) => text);
  const calls = helpersIn(texts).flatMap((name) => {
    const called = new RegExp(`(?<![\\w.'])(?<!function )${name}\\(`, 'g');
    return texts.flatMap((text) => [...text.matchAll(called)].map(() => `${name}()`));
  });
  return [...findRefusals().map(lineOf), ...calls].toSorted();
}

function isOptionName(name: string): name is OptionName {
  return OPTION_NAMES.some((one) => one === name);
}

function lineOf({ code, message }: Refusal): string {
  const named = message.replaceAll(/\$\{option\('(\w+)'\)\}/g, (whole, name: string) =>
    isOptionName(name) ? option(name) : whole,
  );
  const said = /^['"`]/.test(named) ? named.slice(1, -1).replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}') : '{}';
  return `${/^\w+$/.test(code) ? code : '{}'}: ${said}`;
}

/** Functions that return an error or never return, by what they say of it, and those that refuse, check or require, by their names. */
export function helpersIn(texts: readonly string[]): string[] {
  const names = texts.flatMap((text) =>
    [...text.matchAll(/\bfunction (\w+)(?:<[^(]*>)?\(|\bconst (\w+) = (?:async )?\(/g)].flatMap((match) => {
      const [head, named, arrow] = match;
      const name = named ?? arrow ?? '';
      if (named !== undefined && /^(?:refuse|check|require)[A-Z]/.test(name)) return [name];
      const returned = text.slice(endOfArguments(text, match.index + head.length)).match(/^\): ([^{=;]+)/)?.[1] ?? '';
      return /^(?:Promise<)?(?:SoraError\b|never\b)/.test(returned) ? [name] : [];
    }),
  );
  return [...new Set(names)];
}

export function refusalsIn(file: string, text: string): Refusal[] {
  return [...text.matchAll(/(?:new SoraError|(?<!function )\brefuseAll)\(/g)].map((match) => {
    const from = match.index + match[0].length;
    const [code = '', message = '', options = ''] = splitArguments(text, from);
    return {
      where: `${file}:${text.slice(0, from).split('\n').length}`,
      code: /^'(\w+)'$/.exec(code)?.[1] ?? code,
      message,
      hint: hintIn(options),
    };
  });
}

/** A hint of its own, or options that come from elsewhere and may bring one. */
function hintIn(options: string): string | undefined {
  if (options === '') return undefined;
  if (!options.startsWith('{')) return options;
  const fields = splitArguments(`${options.slice(1, -1)})`, 0);
  return fields.find((field) => /^hint\b/.test(field) || /^\.\.\.(?:options$|.*hint)/s.test(field));
}

/** The arguments of a call whose parenthesis was opened before `from`, white space folded. */
function splitArguments(text: string, from: number): string[] {
  const found: string[] = [];
  let start = from;
  let depth = 0;
  const take = (end: number): void => {
    const part = text
      .slice(start, end)
      .replace(/^\s*\/\/.*$/gm, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (part !== '') found.push(part);
    start = end + 1;
  };
  for (let index = from; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === "'" || char === '"' || char === '`') index = endOfString(text, index);
    else if (text.startsWith('//', index)) index = text.indexOf('\n', index);
    else if ('([{'.includes(char)) depth += 1;
    else if (depth > 0 && ')]}'.includes(char)) depth -= 1;
    else if (depth === 0 && char === ',') take(index);
    else if (depth === 0 && char === ')') {
      take(index);
      break;
    }
  }
  return found;
}

/** The index of the parenthesis that closes the one before `from`. */
function endOfArguments(text: string, from: number): number {
  let depth = 0;
  for (let index = from; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === "'" || char === '"' || char === '`') index = endOfString(text, index);
    else if ('([{'.includes(char)) depth += 1;
    else if (depth > 0 && ')]}'.includes(char)) depth -= 1;
    else if (char === ')') return index;
  }
  return text.length;
}

/** The index of the quote that ends the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  const quote = text[from];
  for (let index = from + 1; index < text.length; index++) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === quote) return index;
    else if (quote === '`' && text.startsWith('${', index)) {
      let depth = 1;
      for (index += 2; depth > 0 && index < text.length; index++) {
        const char = text[index] ?? '';
        if (char === "'" || char === '"' || char === '`') index = endOfString(text, index);
        else if (char === '{') depth += 1;
        else if (char === '}') depth -= 1;
      }
      index -= 1;
    }
  }
  return text.length;
}
