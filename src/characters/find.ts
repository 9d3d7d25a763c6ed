/** A character by what the user typed, and the document that shows it. */

import type { Character } from '../shared/character.ts';
import { isSoraError, SoraError, throwProblems } from '../shared/errors.ts';
import { nearest, shellOption, shellPhrase, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { type Outdated, outdated } from './outdated.ts';
import { type CharacterJson, characterJson } from './record.ts';

const SEE_CAST = 'See the cast: sora character list';

/** Its record, and where its clip lies and what of that would differ now, where it has one. */
export interface CharacterDocument extends CharacterJson {
  readonly clipPath?: string;
  readonly outdated?: Outdated;
}

export async function characterDocument(workspace: Workspace, character: Character): Promise<CharacterDocument> {
  const document = characterJson(character);
  if (!character.clip) return document;
  const clipPath = (await workspace.characters()).clipPath(character.clip.master.sha256);
  const old = outdated(character.clip);
  return { ...document, clipPath, ...(old && { outdated: old }) };
}

/** Throws `usage` for a name that is not in the cast, with the nearest one that is; `mayBeNew` where making it would serve as well. */
export async function requireCharacter(
  workspace: Workspace,
  name: string,
  { mayBeNew = false }: { readonly mayBeNew?: boolean } = {},
): Promise<Character> {
  if (name.trim() === '') {
    throw new SoraError('usage', 'The name of a character is empty.', { hint: SEE_CAST });
  }
  const store = await workspace.characters();
  const found = await store.find(name);
  if (found) return found;
  const { records } = await store.list();
  const close = nearest(
    name,
    records.map((one) => one.name),
  );
  const make = `Make one: sora character create <clip> ${shellOption('name', shellPhrase(name))}`;
  const other = mayBeNew || records.length === 0 ? make : SEE_CAST;
  throw new SoraError('usage', `There is no character "${name}".`, {
    hint: close === undefined ? (severalIn(name) ?? other) : `Did you mean ${close}?`,
  });
}

/** Of a list in one argument: how several characters are named. */
function severalIn(name: string): string | undefined {
  const names = name.split(',').map((one) => one.trim());
  if (names.length < 2 || names.includes('')) return undefined;
  const options = names.map((one) => shellOption('character', shellQuote(one)));
  return `For several characters, repeat the option: ${options.join(' ')}`;
}

/** Those that were named; without names, the whole cast. Throws `usage` with every unknown name, `machine` when a record is broken. */
export async function requireCast(workspace: Workspace, names: readonly string[]): Promise<readonly Character[]> {
  if (names.length === 0) {
    const { records, broken } = await (await workspace.characters()).list();
    if (broken[0] === undefined) return records;
    // Whoever asks for the whole cast is not served by a part of it.
    throw new SoraError(
      'machine',
      `Some characters of the cast cannot be read: ${broken[0].path} (${broken[0].reason}).`,
      {
        hint: 'Name the characters to use. To see everything that is broken: sora store check',
      },
    );
  }
  const found = new Map<string, Character>();
  const problems: SoraError[] = [];
  for (const name of names) {
    try {
      const character = await requireCharacter(workspace, name);
      found.set(character.name, character);
    } catch (error) {
      if (!isSoraError(error, 'usage')) throw error;
      problems.push(error);
    }
  }
  throwProblems(problems);
  return [...found.values()];
}
