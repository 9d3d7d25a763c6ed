/**
 * How each character of a video travels to its model: by which of the model's inputs, as its clip or as which copy of it, and
 * why one cannot. Pure.
 */

import type { ProviderLimits } from '../providers/limits.ts';
import type { Provider } from '../providers/provider.ts';
import {
  type CharacterInput,
  type CharacterMode,
  type ClipCopy,
  type ClipFacts,
  copyName,
  countOf,
  fitClips,
  frameOf,
  mostCharacters,
} from '../providers/references.ts';
import type { Character } from '../shared/character.ts';
import { type Focus, type Framing, framingFor } from '../shared/clip.ts';
import { problemsError, SoraError } from '../shared/errors.ts';
import { type Orientation, orientationOf } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { listOf } from '../shared/text.ts';
import type { CastTarget } from './registration-target.ts';

/** What has to be known of a model. */
export interface FittedTo {
  readonly provider: Provider;
  readonly model: string | undefined;
  readonly limits: Pick<ProviderLimits, 'characterInputs'>;
  /** Of the video. */
  readonly orientation: Orientation;
  /** How clips of another shape are brought into its frame; as each was prepared unless given. */
  readonly framing?: Framing | undefined;
}

/** What `--fit` and `--focus` say; a focus alone means that the frame is filled. Throws `usage` for a focus without anything to cut. */
export function framingOf({
  fit,
  focus,
}: {
  fit?: Framing['fit'] | undefined;
  focus?: Focus | undefined;
}): Framing | undefined {
  const framing = framingFor(fit, focus);
  if (framing === 'contradiction')
    throw new SoraError(
      'usage',
      `${option('focus')} says what is kept by ${option('fit')} crop, and ${option('fit')} pad keeps all.`,
      {
        hint: 'Leave one of them out.',
      },
    );
  return framing;
}

/** Where each has to be registered for a video of that model. Throws `usage` with everything that it does not take. */
export function castTargets(
  characters: readonly Character[],
  { provider, model, limits, orientation, framing }: FittedTo,
): readonly CastTarget[] {
  const { cast, problems } = fitCast(characters, limits.characterInputs, orientation);
  if (problems.length > 0) {
    throw problemsError('usage', problems, { hint: 'Choose a model that takes them: sora provider models' });
  }
  return cast.map(({ character, input, copy: needed, because }) => ({
    character,
    target: {
      ...{ provider, orientation, mode: input.mode },
      ...copyOf(needed, framedAs({ character, input, orientation, framing })),
      ...(because.length > 0 && { because: `${model ?? 'the model'} takes ${listOf(because)}` }),
    },
  }));
}

function copyOf(...parts: readonly (ClipCopy | undefined)[]): { readonly copy?: ClipCopy } {
  const copy: ClipCopy = Object.assign({}, ...parts);
  return Object.keys(copy).length > 0 ? { copy } : {};
}

/** What of the wished framing makes a copy another than the one that would be made without it. */
function framedAs({
  character: { clip },
  input: { mode },
  orientation,
  framing,
}: Pick<FittedCharacter, 'character' | 'input'> & Pick<FittedTo, 'orientation' | 'framing'>): ClipCopy | undefined {
  if (!clip || !framing || (mode !== 'id' && mode !== 'clip-url')) return undefined;
  const isTurned = orientationOf(clip.master) !== orientation;
  const isDefault = framing.fit === clip.options.fit && !framing.focus;
  // Bars of its own can be cut off in its own orientation, too.
  const isMade = isTurned ? !isDefault : framing.fit === 'crop' && clip.master.picture !== undefined;
  return isMade ? framing : undefined;
}

/** A copy of a character's clip that a video needs. */
export interface NeededCopy {
  readonly name: string;
  /** What it is, such as `1280x720, 2.9 s`, or its orientation. */
  readonly copy: string;
  /** A clause. */
  readonly because: string;
}

/** The copies that would be made to register them. */
export function copiesFor(cast: readonly CastTarget[]): readonly NeededCopy[] {
  return cast.flatMap(({ character: { name, clip }, target }) => {
    const { copy, orientation } = target;
    const isTurned = TURNED.has(target.mode) && clip !== undefined && orientationOf(clip.master) !== orientation;
    const because = target.because ?? (isTurned ? `the video is ${orientation}` : undefined);
    return because === undefined ? [] : [{ name, copy: copyName(copy) ?? orientation, because }];
  });
}

/** The modes by which a clip travels as the video lies. */
const TURNED: ReadonlySet<CharacterMode> = new Set(['id', 'clip-url'] as const);

/** `fate` is what becomes of it, as the end of a clause. */
export function copyNote({ name, copy, because }: NeededCopy, fate: string): string {
  return `A copy of ${name}'s clip (${copy}) ${fate}: ${because}.`;
}

export interface FittedCharacter {
  readonly character: Character;
  readonly input: CharacterInput;
  /** What is made of its clip first; it travels as it is without one. */
  readonly copy?: ClipCopy;
  /** What the model takes, which the clip is not, as ends of a sentence. */
  readonly because: readonly string[];
}

export interface FittedCast {
  /** In the order given; empty where anything is wrong. */
  readonly cast: readonly FittedCharacter[];
  /** What is wrong, as sentences, with the input by which the model takes characters best. */
  readonly problems: readonly string[];
  /** No input takes so many, and they do not fit together into several. */
  readonly isTooMany: boolean;
}

/** The first input that takes all of them, else the first that takes each. Too many are fitted all the same, by the best input. */
export function fitCast(
  characters: readonly Character[],
  inputs: readonly CharacterInput[],
  orientation: Orientation,
): FittedCast {
  const fitted = { inputs, orientation };
  const tries = inputs.map((input) => fitAll(characters, input, fitted));
  const best = tries.find(
    (one, index) => one.problems.length === 0 && characters.length <= countOf(inputs[index] as CharacterInput),
  );
  const inAnyWay = best ?? fitEach(characters, fitted);
  if (inAnyWay) return { ...inAnyWay, isTooMany: false };
  const [first] = tries;
  const most = mostCharacters(inputs);
  if (first) return { ...first, isTooMany: characters.length > most };
  const none = characters.map(({ name }) => `It takes no characters: it would ignore ${name}.`);
  return { cast: [], problems: none, isTooMany: none.length > 0 };
}

/** Each by the first input that takes it; undefined where one is left over, or one input gets too many. */
function fitEach(characters: readonly Character[], fitted: Fitted): Fit | undefined {
  const { inputs } = fitted;
  const chosen = characters.map((one) => inputs.find((input) => fitAll([one], input, fitted).problems.length === 0));
  const groups = inputs.map((input) => ({ input, own: characters.filter((_, index) => chosen[index] === input) }));
  if (chosen.includes(undefined) || groups.some(({ input, own }) => own.length > countOf(input))) return undefined;
  const fits = groups.map(({ input, own }) => fitAll(own, input, fitted));
  if (fits.some(({ problems }) => problems.length > 0)) return undefined;
  const cast = fits.flatMap((fit) => fit.cast);
  return {
    cast: characters.flatMap((character) => cast.find((one) => one.character === character) ?? []),
    problems: [],
  };
}

type Fit = Omit<FittedCast, 'isTooMany'>;

/** All inputs of the model, and how the video lies. */
interface Fitted {
  readonly inputs: readonly CharacterInput[];
  readonly orientation: Orientation;
}

function fitAll(characters: readonly Character[], input: CharacterInput, { inputs, orientation }: Fitted): Fit {
  const names: string[] = characters.flatMap(({ name }) => {
    const most = input.nameChars;
    const chars = [...name].length;
    return most === undefined || chars <= most
      ? []
      : [`The name ${name} has ${chars} characters, and ${most} are allowed.`];
  });
  const asIs = characters.map((character) => ({ character, input, because: [] }));
  if (input.mode === 'image') {
    // Those of a clip show less than it does, and are taken from it only for a model that takes nothing else.
    const isLast = inputs.every(({ mode }) => mode === 'image');
    const problems = [
      ...names,
      ...characters.flatMap(({ name, clip, stills }) =>
        stills || (clip && isLast) ? [] : [`${name} has no picture${clip ? ' but its clip' : ''}.`],
      ),
    ];
    return { cast: problems.length > 0 ? [] : asIs, problems };
  }
  names.push(
    ...characters.flatMap(({ name, clip, stills, registrations }) =>
      clip || !stills || (input.mode === 'id' && registrations.length > 0)
        ? []
        : [`${name} has pictures, and no clip.`],
    ),
  );
  // A host that registers clips makes them fit itself.
  if (input.mode === 'id') return { cast: names.length > 0 ? [] : asIs, problems: names };
  const withClip = characters.filter(({ clip }) => clip !== undefined);
  const fit = fitClips(
    withClip.map((one) => (one.clip && input.mode === 'clip-inline' ? one.clip.master : factsIn(one, orientation))),
    input.clips,
  );
  const fitOf = (one: Character) => fit.clips[withClip.indexOf(one)];
  const problems = [
    ...names,
    ...characters.flatMap((one) => (fitOf(one)?.problems ?? []).map((problem) => `${one.name}'s clip is ${problem}.`)),
    ...fit.problems,
  ];
  if (problems.length > 0) return { cast: [], problems };
  return {
    problems,
    cast: asIs.map((one) => {
      const { copy, because = [] } = fitOf(one.character) ?? {};
      // As a reference it is looked at, not laid out: it may lie in any way.
      const frame = input.mode === 'clip-inline' ? undefined : turnedFrame(one.character, orientation);
      const whole: ClipCopy = { ...(frame && { size: frame }), ...copy };
      return { ...one, because, ...(Object.keys(whole).length > 0 && { copy: whole }) };
    }),
  };
}

/** What the clip would be in a video of that orientation. */
function factsIn({ clip }: Character, orientation: Orientation): ClipFacts {
  if (!clip) throw new TypeError('no clip');
  return { ...clip.master, ...turnedFrame({ clip }, orientation) };
}

/** The frame that a clip of the other orientation is laid out in: as large as it is. Undefined where it lies as the video does. */
function turnedFrame({ clip }: Pick<Character, 'clip'>, orientation: Orientation): ClipCopy['size'] {
  if (!clip || orientationOf(clip.master) === orientation) return undefined;
  const { width, height } = clip.master;
  return frameOf(Math.min(width, height) < 1080 ? 720 : 1080, orientation);
}
