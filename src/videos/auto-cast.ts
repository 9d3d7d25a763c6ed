/**
 * Characters that the prompt mentions and `-c` does not name: added by flag or setting, else after a question on a
 * terminal, else a warning names the flag.
 */

import { requireCharacter } from '../characters/find.ts';
import { hostTitle } from '../providers/index.ts';
import { type Provider, takesCharacters } from '../providers/provider.ts';
import { mostCharacters } from '../providers/references.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { listOf, shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { chooseSize, type SizeWish, type VideoInput } from './choose-size.ts';
import { namesInPrompt } from './prompt.ts';

/** What is wanted with those who were cast, and who they are. */
export interface Casting {
  readonly input: VideoInput;
  /** Names, in the order in which the prompt says them. */
  readonly autoCast: readonly string[];
}

export interface CastingWish {
  /** Whether those are cast whom the prompt says; the profile decides unless given. */
  readonly autoCast?: boolean | undefined;
  /** By the first character, unless it is said. */
  readonly size: SizeWish;
  /** Asks the user, where nothing is decided and somebody can be asked; undefined for no answer. */
  readonly ask?: ((question: string) => Promise<boolean | undefined>) | undefined;
}

/**
 * Casts whom the prompt says by the rules of P1, or leaves them out. Throws `usage` for more than the model takes, before
 * anybody is asked, and `interrupted` when the question is not answered.
 */
export async function castSaid(
  workspace: Workspace,
  { input, provider, model }: { input: VideoInput; provider: Provider; model: string | undefined },
  { autoCast, size, ask }: CastingWish,
): Promise<Casting> {
  const asIs: Casting = { input, autoCast: [] };
  const decided = autoCast ?? (await workspace.profile()).autoCast;
  if (decided === false) return asIs;
  const said = await saidBesides(workspace, input.prompt, input.characters);
  if (said.length === 0) return asIs;
  const { characterInputs } = await provider.limits(model, { signal: workspace.runtime.signal });
  const most = mostCharacters(characterInputs);
  const all = [...input.characters.map(({ name }) => name), ...said];
  const fits = all.length <= most;
  const takes = takesCharacters(provider, characterInputs) && most > 0;
  const asks = decided === undefined && takes && ask !== undefined;
  if (!fits && takes && (decided || asks))
    throw tooMany(all, { said, most, at: provider.backend ?? hostTitle(provider) });
  if (asks) {
    const question = `The prompt says ${listOf(said)}, of your cast. Send the video with ${said.length === 1 ? 'this character' : 'them'}?`;
    const answer = await ask(question);
    if (answer === undefined) throw new SoraError('interrupted', 'Interrupted. Nothing was sent.');
    if (!answer) return asIs;
  } else if (!decided) {
    workspace.reporter.warn(warningOf(said, { fits, most, takes, at: provider.backend ?? hostTitle(provider) }));
    return asIs;
  }
  const cast = await Promise.all(said.map((name) => requireCharacter(workspace, name)));
  const characters = [...input.characters, ...cast];
  if (!asks) workspace.reporter.note(`The prompt says ${listOf(said)}: sent with ${flagsOf(said)}.`);
  return { input: { ...input, characters, size: chooseSize(size, characters[0]) }, autoCast: said };
}

/** Names of the cast that the prompt says besides those characters, and besides what hosts call them; in its order. */
async function saidBesides(
  workspace: Workspace,
  prompt: string,
  characters: readonly { readonly name: string; readonly registrations: readonly { readonly name: string }[] }[],
): Promise<readonly string[]> {
  const known = new Set(
    characters.flatMap(({ name, registrations }) => [name, ...registrations.map((one) => one.name)]),
  );
  const { records, broken } = await (await workspace.characters()).digests();
  for (const { path, reason } of broken)
    workspace.reporter.warn(`${path} cannot be read (${reason}); whether the prompt says that character is not known.`);
  const cast = new Set(records.map(({ name }) => name));
  const text = prompt.normalize('NFC');
  // All together: the longer name of one uses up the place of another's.
  const said = [...namesInPrompt(text, [...known, ...cast])].filter((name) => cast.has(name) && !known.has(name));
  return said.toSorted((a, b) => text.indexOf(a) - text.indexOf(b));
}

function flagsOf(names: readonly string[]): string {
  return names.map((name) => shellOption('character', shellQuote(name))).join(' ');
}

const SILENCE = `${option('noAutoCast')}, or \`sora config set autoCast false\`, ends this warning.`;

function warningOf(
  said: readonly string[],
  { fits, most, takes, at }: { fits: boolean; most: number; takes: boolean; at: string },
): string {
  const who = `The prompt says ${listOf(said)}, who is in your cast, but the video is sent without ${said.length === 1 ? 'this character' : 'them'}`;
  if (!takes) return `${who}: ${at} takes no characters. ${SILENCE}`;
  const add = fits ? `add ${flagsOf(said)}` : `${at} takes ${most} in a video; choose them with ${option('character')}`;
  return `${who}: ${add}. ${SILENCE}`;
}

function tooMany(
  all: readonly string[],
  { said, most, at }: { said: readonly string[]; most: number; at: string },
): SoraError {
  const by = said.length < all.length ? `${option('character')} and the prompt name` : 'the prompt says';
  return new SoraError(
    'usage',
    `${at} takes at most ${most} characters in a video, and ${by} ${all.length}: ${listOf(all)}.`,
    {
      hint: `Choose with ${option('character')} and add ${option('noAutoCast')}, leave a name out of the prompt, or choose another model with ${option('model')}.`,
    },
  );
}
