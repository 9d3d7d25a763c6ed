/** What goes into a request for a video at WaveSpeedAI, by model: plain JSON in which pictures and clips are URLs. */

import { SoraError } from '../../shared/errors.ts';
import { formatSize, type Size } from '../../shared/geometry.ts';
import { longOption, option } from '../../shared/options.ts';
import type { NewVideo } from '../provider.ts';
import { checkSayable, ratioName, shortSideOf } from '../ratios.ts';
import { mostCharacters, refuseLeftOut, valuesOf } from '../references.ts';
import { usableId } from '../route.ts';
import { WAVESPEED_DEFAULT_MODEL, type WavespeedModel, wavespeedModel } from './models.ts';
import { type ReferenceFields, USUAL_FIELDS } from './schema.ts';

/**
 * The inputs in the order in which they are sent; `picture` is where the reference picture is, or a description of it.
 * Throws `usage` when the model cannot be asked for that.
 */
export function videoInputs(
  input: NewVideo,
  picture: string | undefined,
  fields: ReferenceFields = USUAL_FIELDS,
): Record<string, unknown> {
  const model = wavespeedModel(input.model);
  if (picture !== undefined && model.picture === 'none') {
    throw new SoraError('usage', `${model.id} takes no reference picture.`, {
      hint: `Use ${option('model')} ${model.id.replace('text-to-video', 'image-to-video')}, or leave out ${option('reference')}.`,
    });
  }
  if (picture === undefined && model.picture === 'required') {
    throw new SoraError('usage', `${model.id} begins with a picture, and none is given.`, {
      hint: `Add ${option('reference')} <image>, or use ${option('model')} ${model.id.replace('image-to-video', 'text-to-video')}.`,
    });
  }
  if (input.characters.length > 0 && mostCharacters(model.limits.characterInputs) === 0) {
    throw new SoraError('usage', `${model.id} takes no characters: they would be left out of the video.`, {
      hint: `Use ${option('model')} ${model.id.replace('image-to-video', 'text-to-video')}, or leave out ${longOption('character')}.`,
    });
  }
  if (model.words === 'sora') return soraInputs(input, model, picture);
  return referenceInputs(input, model, { picture, fields });
}

/** The path of a model below the base URL. Throws `usage` for an id that would lead elsewhere. */
export function modelPath(id: string): string {
  const parts = id.split('/');
  if (parts.some((part) => usableId(part) === undefined || /\s/.test(part))) {
    throw new SoraError('usage', `"${id}" is not the id of a model.`, {
      hint: 'A model is named like bytedance/seedance-2.0/text-to-video. List them with: sora provider models',
    });
  }
  return parts.map(encodeURIComponent).join('/');
}

function soraInputs(input: NewVideo, model: WavespeedModel, picture: string | undefined): Record<string, unknown> {
  const { prompt, seconds, size, characters } = input;
  refuseLeftOut(characters, 'id');
  // The picture says the shape, and nothing says how large.
  if (model.picture === 'required' && model.resolutions.length === 0) checkSayable(model.id, size, model.limits.sizes);
  const shape =
    model.picture === 'required'
      ? // The picture's own shape is the video's.
        model.resolutions.length === 0
        ? {}
        : { resolution: resolutionOf(size, model) }
      : { size: `${size.width}*${size.height}` };
  return {
    prompt,
    ...(picture === undefined ? {} : { image: picture }),
    ...shape,
    duration: seconds,
    ...(characters.length === 0 ? {} : { characters: valuesOf(characters, 'id').map((id) => ({ id })) }),
  };
}

function referenceInputs(
  input: NewVideo,
  model: WavespeedModel,
  { picture, fields }: { picture: string | undefined; fields: ReferenceFields },
): Record<string, unknown> {
  const { prompt, seconds, size, characters } = input;
  checkSayable(model.id, size, model.limits.sizes);
  refuseLeftOut(characters, 'clip-url', 'image');
  const clips = valuesOf(characters, 'clip-url');
  // Markers count pictures from the first on: those of characters come before any other.
  const pictures = [...valuesOf(characters, 'image'), ...(picture === undefined ? [] : [picture])];
  return {
    prompt,
    ...listField(clips, { name: fields.clips, what: 'clips', model }),
    ...listField(pictures, { name: fields.stills, what: 'pictures', model }),
    aspect_ratio: ratioName(size),
    resolution: resolutionOf(size, model),
    duration: seconds,
  };
}

/** Throws `refused` where the model has no input for what would then be left out of the video. */
function listField(
  urls: readonly string[],
  { name, what, model }: { name: string | undefined; what: string; model: WavespeedModel },
): Readonly<Record<string, readonly string[]>> {
  if (urls.length === 0) return {};
  if (name !== undefined) return { [name]: urls };
  throw new SoraError('refused', `The host's own schema of ${model.id} has no field for ${what}. Nothing was sent.`, {
    hint: `Use a model that takes them, such as ${WAVESPEED_DEFAULT_MODEL}.`,
  });
}

/** The host's own word for the shorter side. */
function resolutionOf(size: Size, model: WavespeedModel): string {
  const shortSide = shortSideOf(size);
  const found = model.resolutions.find((resolution) => resolution.shortSide === shortSide);
  if (found) return found.name;
  const sides = model.resolutions.map((resolution) => `${resolution.shortSide} (${resolution.name})`).join(', ');
  throw new SoraError('usage', `${model.id} does not make videos of ${formatSize(size)}.`, {
    hint: `The shorter side is one of: ${sides}.`,
  });
}
