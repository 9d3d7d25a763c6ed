/** What goes into a request for a video at fal, by the words of its model: plain JSON in which clips and pictures are URLs. */

import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import type { NewVideo } from '../provider.ts';
import { checkSayable, ratioName, shortSideOf } from '../ratios.ts';
import { type CharacterReference, refuseLeftOut, valuesOf } from '../references.ts';
import { usableId } from '../route.ts';
import { type FalModel, inputOf } from './models.ts';

/**
 * The inputs in the order in which they are sent; `picture` is where the reference picture is, or a description of it. Throws
 * `usage` when the model cannot be asked for that.
 */
export function videoInputs(
  { id, inputs, limits, needs = [] }: FalModel,
  { prompt, seconds, size, characters }: NewVideo,
  picture: string | undefined,
): Record<string, unknown> {
  checkSayable(id, size, limits.sizes);
  refuseLeftOut(characters, 'clip-url', 'image');
  const clips = valuesOf(characters, 'clip-url');
  const portraits = characters.filter(({ mode }) => mode === 'image');
  const { clips: clipField, firstPicture, duration, ratio, resolution, withClips } = inputs;
  const refuse = (what: string, hint: string): SoraError => new SoraError('usage', `${id} takes no ${what}.`, { hint });
  if (clips.length > 0 && clipField === undefined) {
    throw refuse('clips', `Leave out ${option('character')}, or name another model with ${option('model')}.`);
  }
  const { fields, room } = picturesOf(inputs, portraits, picture);
  if (!room)
    throw refuse('picture', `Leave out ${option('reference')}, or name another model with ${option('model')}.`);
  const stills = inputOf(limits.characterInputs, 'image');
  if (
    stills?.mode === 'image' &&
    stills.stills.isRequired &&
    Object.keys(fields).length === 0 &&
    firstPicture === undefined
  ) {
    throw new SoraError('usage', `${id} makes nothing without a picture.`, {
      hint: `Add ${option('reference')} <image>, or name another model with ${option('model')}.`,
    });
  }
  const shape = ratioName(size);
  const body = {
    prompt,
    ...(clips.length > 0 && clipField !== undefined && { [clipField]: clips }),
    ...fields,
    ...(ratio && { [ratio.name]: sayable(ratio.values, shape, { id, what: 'shape' }) }),
    ...(resolution && { [resolution.name]: wordFor(resolution.values, shortSideOf(size), id) }),
    ...(duration && { [duration.name]: WRITTEN[duration.as](seconds) }),
    ...(clips.length > 0 && withClips),
  };
  const lacks = needs.find((name) => !Object.hasOwn(body, name));
  if (lacks === undefined) return body;
  throw new SoraError('usage', `${id} makes nothing without ${lacks}.`, {
    hint: `Add ${option('character')} or ${option('reference')}, or name another model with ${option('model')}. See what it takes: sora provider models fal ${id}`,
  });
}

const WRITTEN = {
  number: (seconds: number) => seconds,
  text: (seconds: number) => String(seconds),
  'text with s': (seconds: number) => `${seconds}s`,
};

/** The pictures by their fields, and whether there was a field for each. */
function picturesOf(
  { stills, elements, firstPicture }: FalModel['inputs'],
  portraits: readonly CharacterReference[],
  picture: string | undefined,
): { readonly fields: Readonly<Record<string, unknown>>; readonly room: boolean } {
  const own = portraits.flatMap(({ values }) => values);
  // Markers count pictures from the first on: those of characters come before any other.
  const isStill = picture !== undefined && firstPicture === undefined;
  const all = stills === undefined ? [] : [...own, ...(isStill ? [picture] : [])];
  const things = stills === undefined ? portraits.map(({ values }) => elementOf(values)) : [];
  const fields = {
    ...(picture !== undefined && firstPicture !== undefined && { [firstPicture]: picture }),
    ...(stills !== undefined && all.length > 0 && { [stills]: all }),
    ...(elements !== undefined && things.length > 0 && { [elements]: things }),
  };
  const hasRoom = !isStill || stills !== undefined;
  return { fields, room: hasRoom && (portraits.length === 0 || stills !== undefined || elements !== undefined) };
}

function elementOf([frontal, ...others]: readonly string[]) {
  return { frontal_image_url: frontal, ...(others.length > 0 && { reference_image_urls: others }) };
}

/** The host's own writing of a word: some are in capitals. Throws `usage` where it has none. */
function sayable(words: readonly string[], word: string, { id, what }: { id: string; what: string }): string {
  const found = words.find((one) => one.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  throw new SoraError('usage', `${id} does not make videos of the ${what} ${word}.`, {
    hint: `It makes ${words.join(', ')}: say ${option('aspect')}, or ${option('size')}.`,
  });
}

function wordFor(
  values: readonly { readonly word: string; readonly shortSide: number }[],
  side: number,
  id: string,
): string {
  const found = values.find(({ shortSide }) => shortSide === side);
  if (found) return found.word;
  throw new SoraError('usage', `${id} does not make videos whose shorter side has ${side} pixels.`, {
    hint: `It makes ${values.map(({ word }) => word).join(', ')}: say ${option('resolution')}, or ${option('size')}.`,
  });
}

/** The path of an endpoint below the queue. Throws `usage` for an id that would lead elsewhere. */
export function endpointPath(id: string): string {
  const parts = id.split('/');
  if (parts.some((part) => usableId(part) === undefined || /\s/.test(part))) {
    throw new SoraError('usage', `"${id}" is not the id of a model.`, {
      hint: 'A model is named like bytedance/seedance-2.0/reference-to-video. List them with: sora provider models fal',
    });
  }
  return parts.map(encodeURIComponent).join('/');
}
