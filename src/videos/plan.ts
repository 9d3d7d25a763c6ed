/** The plan of a video: its whole request before anything leaves or is paid for. Asks no host. */

import { requireCharacter } from '../characters/find.ts';
import { castTargets, copiesFor, copyNote } from '../characters/fit-cast.ts';
import { withPictures } from '../characters/pictures/cast-pictures.ts';
import { inlineClip, refuseClipless } from '../characters/register.ts';
import type { NamedRegistration } from '../characters/register-cast.ts';
import {
  type CastTarget,
  type Known,
  type RegistrationTarget,
  registrationAt,
} from '../characters/registration-target.ts';
import type { ProviderLimits } from '../providers/limits.ts';
import type { NewVideo, Provider } from '../providers/provider.ts';
import { type CharacterMode, copyName, markerAt } from '../providers/references.ts';
import { SoraError } from '../shared/errors.ts';
import { orientationOf } from '../shared/geometry.ts';
import type { VideoRequest } from '../shared/job.ts';
import type { Workspace } from '../workspace.ts';
import { type FittedInput, fitInput, type VideoInput } from './choose-size.ts';
import { fingerprintOf } from './jobs/fingerprint.ts';
import { nameCharacters, type Pointer, pointToCharacters } from './prompt.ts';
import { type ReadReference, readReference } from './reference-image.ts';

/** What is wanted, and of which host. */
export interface VideoOrder {
  readonly input: VideoInput;
  readonly provider: Provider;
  readonly model: string | undefined;
  /** Whether the names of the characters are put into the prompt. */
  readonly inject: boolean;
  /** It is only shown: nothing is written for it. */
  readonly isPreview?: boolean;
}

/** The same in terms of what the model makes. */
export interface FittedOrder extends VideoOrder {
  readonly input: FittedInput;
}

/** A request, ready to leave once nobody is missing. */
export interface RequestPlan {
  readonly video: NewVideo;
  readonly request: VideoRequest;
  /** The names that were put into the prompt. */
  readonly injected: readonly string[];
  readonly fingerprint: string;
}

export interface VideoPlan extends RequestPlan {
  readonly order: FittedOrder;
  /** Of its model. */
  readonly limits: ProviderLimits;
  /** Its characters, and where each has to be registered. */
  readonly cast: readonly CastTarget[];
  /** Those of them whom the host does not know yet: placeholders stand for them in the request. */
  readonly missing: readonly CastTarget[];
  readonly reference: ReadReference | undefined;
}

/** A character as the host knows it, or will know it. */
type KnownAs = Pick<Known, 'name' | 'value' | 'values'>;

/**
 * Plans with what is known of the characters now. Throws `usage` for names, lengths, characters without a clip and those that
 * the model does not take, what `readReference` throws, and what the adapter says of a request that its model cannot be asked
 * for.
 */
export async function planVideo(workspace: Workspace, wanted: VideoOrder): Promise<VideoPlan> {
  const { provider, model } = wanted;
  const call = { signal: workspace.runtime.signal };
  const limits = await provider.limits(model, call);
  const input = fitInput(wanted.input, limits);
  const order = { ...wanted, input };
  const targets = castTargets(input.characters, {
    provider,
    model,
    limits,
    orientation: orientationOf(input.size),
    framing: input.framing,
  });
  const others = input.reference === undefined ? 0 : 1;
  const cast = await withPictures(workspace, targets, { limits, model, others, isKept: wanted.isPreview !== true });
  const nowMs = workspace.runtime.clock.now();
  refuseClipless(cast, nowMs);
  const known = await Promise.all(
    cast.map(
      async ({ character, target }) =>
        (await inlineClip(workspace, character, target)) ?? registrationAt(character, target, nowMs),
    ),
  );
  const expected = cast.map(
    ({ character: { name }, target }, index): KnownAs => known[index] ?? placeholder(name, target),
  );
  // What it refuses is refused before a picture is read.
  requestOf(order, expected, { limits, cast, reference: undefined });
  const { reference: source, size } = input;
  const reference = source === undefined ? undefined : await readReference(workspace, source, size);
  const missing = cast.filter((_, index) => known[index] === undefined);
  const plan = {
    ...requestOf(order, expected, { limits, cast, reference }),
    ...{ order, limits, cast, missing, reference },
  };
  await provider.describeVideo(plan.video, call);
  return plan;
}

/** The same with the characters as they are now. */
export async function planAnew(workspace: Workspace, order: VideoOrder): Promise<VideoPlan> {
  const { input } = order;
  const characters = await Promise.all(input.characters.map(({ name }) => requireCharacter(workspace, name)));
  return planVideo(workspace, { ...order, input: { ...input, characters } });
}

/** The registrations that plans miss, each once. */
export function missingOf(plans: readonly VideoPlan[]): readonly NamedRegistration[] {
  const all = new Map<string, NamedRegistration>();
  for (const { missing } of plans) {
    for (const { character, target } of missing) {
      const { orientation, mode, copy } = target;
      all.set(JSON.stringify([character.name, orientation, mode, copyName(copy)]), { name: character.name, target });
    }
  }
  return [...all.values()];
}

/** What would be made of clips to register whom plans miss, a sentence for each copy. */
export function copyNotes(plans: readonly VideoPlan[]): readonly string[] {
  const copies = copiesFor(plans.flatMap(({ missing }) => missing));
  return [...new Set(copies.map((copy) => copyNote(copy, 'would be made and uploaded')))];
}

/**
 * The plan with what the host knows all its characters as, those that were known before included, in their order. Throws
 * `usage` as `planVideo` does, and TypeError for another number of them: some would be left out of the video in silence.
 */
export function completePlan(plan: VideoPlan, known: readonly KnownAs[]): VideoPlan {
  if (known.length !== plan.cast.length)
    throw new TypeError(`a plan of ${plan.cast.length} characters is completed with ${known.length} registrations`);
  return { ...plan, ...requestOf(plan.order, known, plan), missing: [] };
}

function requestOf(
  { input, provider, model, inject }: FittedOrder,
  known: readonly KnownAs[],
  { limits, cast, reference }: Pick<VideoPlan, 'limits' | 'cast' | 'reference'>,
): RequestPlan {
  const { size, seconds } = input;
  const named = nameCharacters(input.prompt, apart(known), { inject });
  const { injected } = named;
  const prompt = pointToCharacters(named.prompt, pointersTo(known, cast, limits));
  checkLength(prompt, limits);
  const request: VideoRequest = {
    prompt,
    ...(model !== undefined && { model }),
    seconds,
    size,
    characters: known.map(({ name, value, values = [value] }, index) => {
      const mode = cast[index]?.target.mode;
      if (mode === 'image') return { name, value, mode, values };
      return { name, value, ...(mode === 'clip-inline' && { mode }) };
    }),
    ...(reference && { reference: reference.record }),
  };
  const characters = known.map(({ value, values = [value] }, index) => ({
    ...{ mode: cast[index]?.target.mode ?? 'id', values },
  }));
  return {
    video: { prompt, model, seconds, size, characters, reference: reference?.reference },
    request,
    injected,
    fingerprint: fingerprintOf({ provider: provider.name, baseUrl: provider.baseUrl, request }),
  };
}

const PLACEHOLDERS = {
  id: (name) => `<id of ${name}, once it is registered>`,
  'clip-url': (name) => `<URL of ${name}'s clip, once it is uploaded>`,
  'clip-inline': (name) => `<video/mp4, ${name}'s clip>`,
  image: (name) => `<URL of ${name}'s picture, once it is uploaded>`,
} satisfies Record<CharacterMode, (name: string) => string>;

function placeholder(name: string, { mode, pictures = [] }: RegistrationTarget): KnownAs {
  const value = PLACEHOLDERS[mode](name);
  if (pictures.length < 2) return { name, value };
  const values = pictures.map((_, index) => `<URL of ${name}'s picture ${index + 1}, once it is uploaded>`);
  return { name, value: values[0] ?? value, values };
}

/** What the prompt calls each: clips and pictures are counted for themselves, in the order in which they are sent. */
function pointersTo(
  known: readonly KnownAs[],
  cast: readonly CastTarget[],
  { characterInputs }: ProviderLimits,
): readonly Pointer[] {
  const counts = new Map<CharacterMode, number>();
  return known.map(({ name, values }, index) => {
    const mode = cast[index]?.target.mode ?? 'id';
    const input = characterInputs.find((one) => one.mode === mode);
    const at = counts.get(mode) ?? 0;
    const count = mode === 'image' ? (values?.length ?? 1) : 1;
    counts.set(mode, at + count);
    const others = Array.from(
      { length: count - 1 },
      (_, other) => markerAt(input?.marker, at + other + 1) ?? [],
    ).flat();
    const pointer = { name, marker: markerAt(input?.marker, at), subject: markerAt(input?.subject, at) };
    return others.length > 0 ? { ...pointer, others } : pointer;
  });
}

/** The names that the host knows; two characters of one name there cannot be told apart in a prompt. */
function apart(cast: readonly KnownAs[]): readonly string[] {
  const names = cast.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new SoraError('usage', `The host knows two of these characters as ${twice}; a prompt cannot tell them apart.`, {
    hint: 'Make one of them again under another name: sora character create <clip> --name <name>',
  });
}

function checkLength(prompt: string, { promptChars }: ProviderLimits): void {
  const chars = [...prompt].length;
  if (chars <= promptChars) return;
  throw new SoraError('usage', `The prompt has ${chars} characters with the names in it; ${promptChars} are allowed.`, {
    hint: `Shorten it by ${chars - promptChars}.`,
  });
}
