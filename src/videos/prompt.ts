/**
 * Which characters a prompt says, and how the others are put into it. Pure.
 *
 * Hosts tie an id to a character only when its name stands in the prompt verbatim; the id alone is not enough (OpenAI's
 * guide on characters, PROTOCOLS section 1 of the design). So a name is searched as a word, in Unicode's terms.
 */

import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { listOf } from '../shared/text.ts';

const WORD = /[\p{Letter}\p{Number}\p{Mark}_]/u;
/** Scripts written without spaces between words: a name there touches its neighbours. */
const UNSPACED =
  /[\p{Script_Extensions=Han}\p{Script_Extensions=Hiragana}\p{Script_Extensions=Katakana}\p{Script_Extensions=Hangul}\p{Script_Extensions=Thai}\p{Script_Extensions=Lao}\p{Script_Extensions=Khmer}\p{Script_Extensions=Myanmar}]/u;

/** A private-use character keeps a place taken, and is neither a letter nor part of any name. */
const TAKEN = '\ue000';

/** The names that stand in the prompt as words. The longest is looked for first and uses up its place. */
export function namesInPrompt(prompt: string, names: readonly string[]): ReadonlySet<string> {
  let text = prompt.normalize('NFC');
  const said = new Set<string>();
  for (const name of [...new Set(names)].sort((a, b) => b.length - a.length)) {
    const wanted = name.normalize('NFC');
    const parts: string[] = [];
    let from = 0;
    for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, Math.max(from, at + 1))) {
      if (!standsAlone(text, at, { end: at + wanted.length, isTakenBefore: at === from && from > 0 })) continue;
      said.add(name);
      parts.push(text.slice(from, at), TAKEN.repeat(wanted.length));
      from = at + wanted.length;
    }
    text = parts.join('') + text.slice(from);
  }
  return said;
}

export interface NamedPrompt {
  /** NFC; what is sent. */
  readonly prompt: string;
  /** The names that were added, in the order given. */
  readonly injected: readonly string[];
}

/**
 * Puts the names that are not said into one leading sentence: `Featuring Joe and Mia. <prompt>`.
 * With `inject` false it throws `usage` instead, naming them.
 */
export function nameCharacters(prompt: string, names: readonly string[], { inject = true } = {}): NamedPrompt {
  const text = prompt.normalize('NFC');
  const said = namesInPrompt(text, names);
  const injected = [...new Set(names)].filter((name) => !said.has(name));
  if (injected.length === 0) return { prompt: text, injected };
  if (!inject) {
    throw new SoraError(
      'usage',
      `The prompt does not say ${listOf(injected)}, and ${option('noInject')} forbids adding it.`,
      {
        hint: `Write the name exactly as it was given to \`sora character create\`, or drop ${option('noInject')}.`,
      },
    );
  }
  // Names that read as one ("A", "B" and a third called "A and B") need a sentence each.
  const candidates = [featuring(listOf(injected)), injected.map(featuring).join(' ')];
  for (const lead of candidates) {
    const named = text === '' ? lead : `${lead} ${text}`;
    if (namesInPrompt(named, names).size === new Set(names).size) return { prompt: named, injected };
  }
  throw new SoraError('usage', `${listOf(injected)} cannot be told apart in one prompt.`, {
    hint: 'Rename one of them: sora character rename <name> <new>',
  });
}

/** What a model calls a character that it is shown. */
export interface Pointer {
  readonly name: string;
  /** The place of its clip or picture; undefined where the name alone has to do. */
  readonly marker: string | undefined;
  /** Those of its other pictures. */
  readonly others?: readonly string[];
  /** The model's own word for who is shown there. */
  readonly subject?: string | undefined;
}

/**
 * For models that take clips or pictures themselves: says which name each of them stands for, in the order in which they are
 * sent. A marker that the prompt uses already is left to it.
 */
export function pointToCharacters(prompt: string, pointers: readonly Pointer[]): string {
  const sentences = pointers.flatMap(({ name, marker, subject, others = [] }) => {
    if (marker === undefined || says(prompt, marker)) return [];
    const character = `the character in ${listOf([marker, ...others])}.`;
    return subject === undefined ? `${name} is ${character}` : `${subject} is ${name}, ${character}`;
  });
  return [prompt, ...sentences].join(' ');
}

/** Whether that marker stands in the prompt, and not the beginning of a higher number. */
function says(prompt: string, marker: string): boolean {
  const parts = prompt.split(marker);
  return parts.slice(1).some((rest) => !/^\d/.test(rest));
}

function featuring(names: string): string {
  return `Featuring ${names}${/[.。．]$/u.test(names) ? '' : '.'}`;
}

function standsAlone(
  text: string,
  start: number,
  { end, isTakenBefore }: { end: number; isTakenBefore: boolean },
): boolean {
  return (
    isBoundary(isTakenBefore ? TAKEN : codePointBefore(text, start), codePointAt(text, start)) &&
    isBoundary(codePointAt(text, end), codePointBefore(text, end))
  );
}

function isBoundary(outside: string, inside: string): boolean {
  return !WORD.test(outside) || UNSPACED.test(outside) || UNSPACED.test(inside);
}

function codePointAt(text: string, index: number): string {
  const point = text.codePointAt(index);
  return point === undefined ? '' : String.fromCodePoint(point);
}

function codePointBefore(text: string, index: number): string {
  return index === 0 ? '' : ([...text.slice(Math.max(0, index - 2), index)].at(-1) ?? '');
}
