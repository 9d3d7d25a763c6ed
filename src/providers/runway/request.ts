/** What goes into a request for a video at Runway, by model: JSON in which clips and pictures are objects with a URI. */

import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { longOption, option } from '../../shared/options.ts';
import type { NewVideo } from '../provider.ts';
import { checkSayable, ratioName, shortSideOf } from '../ratios.ts';
import { refuseLeftOut, valuesOf } from '../references.ts';
import { type RunwayModel, runwayModel } from './models.ts';

/**
 * The body; `picture` is where the reference picture is, or a description of it. Throws `usage` when the model cannot be asked
 * for that.
 */
export function videoBody(input: NewVideo, picture: string | undefined): Record<string, unknown> {
  const { prompt, seconds, characters } = input;
  const model = runwayModel(input.model);
  const clips = valuesOf(characters, 'clip-url');
  // Markers count pictures from the first on: those of characters come before any other.
  const pictures = [...valuesOf(characters, 'image'), ...(picture === undefined ? [] : [picture])];
  if (model.limits.characterInputs.length === 0) refuseReferences(model, { characters: characters.length, picture });
  refuseLeftOut(characters, 'clip-url', 'image');
  checkUnits(prompt, model);
  return {
    model: model.id,
    promptText: prompt,
    ...shapeOf(input, model),
    duration: seconds,
    ...(clips.length > 0 && {
      referenceVideos: clips.map((uri) => ({ ...(model.hasTypedClips && { type: 'video' }), uri })),
    }),
    ...(pictures.length > 0 && { references: pictures.map((uri) => ({ uri })) }),
  };
}

function refuseReferences({ id }: RunwayModel, given: { characters: number; picture: string | undefined }): void {
  if (given.characters > 0) {
    throw new SoraError('usage', `${id} takes no references: characters would be left out of the video.`, {
      hint: `Name a model that takes them with ${option('model')} (sora provider models runway), or leave out ${longOption('character')}.`,
    });
  }
  if (given.picture !== undefined) {
    throw new SoraError('usage', `${id} takes no reference picture.`, {
      hint: `Name a model that takes one with ${option('model')} (sora provider models runway), or leave out ${option('reference')}.`,
    });
  }
}

/** The host counts UTF-16 code units, of which an emoji has two. */
function checkUnits(prompt: string, { id, limits: { promptChars } }: RunwayModel): void {
  if (prompt.length <= promptChars) return;
  throw new SoraError(
    'usage',
    `The prompt has ${prompt.length} UTF-16 code units; ${id} takes ${promptChars}, and counts an emoji as two.`,
    { hint: `Shorten it by ${prompt.length - promptChars}.` },
  );
}

function shapeOf({ size }: NewVideo, { id, shape, resolutions, limits }: RunwayModel): Record<string, string> {
  if (shape === 'pixels') return { ratio: `${size.width}:${size.height}` };
  checkSayable(id, size, limits.sizes);
  const resolution = resolutions[shortSideOf(size)];
  if (resolution === undefined) {
    throw new SoraError('usage', `${id} does not make videos of ${formatSize(size)}.`, {
      hint: `The shorter side is one of: ${Object.keys(resolutions).join(', ')}.`,
    });
  }
  return shape === 'ratio' ? { ratio: ratioName(size), resolution } : { resolution };
}
