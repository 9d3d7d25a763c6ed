/** By which names a model of WaveSpeedAI takes clips and pictures, as the host publishes them in its list of models. Pure. */

import { isRecord } from '../../http/answer.ts';

export interface ReferenceFields {
  /** Lists of URLs; undefined where the model has no such input. */
  readonly clips: string | undefined;
  readonly stills: string | undefined;
}

/** What is sent where the host does not say otherwise: the names of Seedance. */
export const USUAL_FIELDS: ReferenceFields = { clips: 'reference_videos', stills: 'reference_images' };

const CLIP_FIELDS = ['reference_videos', 'reference_video_urls', 'video_urls', 'videos'];
const STILL_FIELDS = ['reference_images', 'reference_image_urls', 'image_urls', 'images'];

/** Undefined where the list does not tell the inputs of that model. */
export function publishedFields(models: unknown, id: string): ReferenceFields | undefined {
  const model = Array.isArray(models) ? models.find((one) => isRecord(one) && one.model_id === id) : undefined;
  const properties = propertiesIn(model, MOST_LEVELS);
  if (!properties) return undefined;
  const nameOf = (names: readonly string[]): string | undefined =>
    names.find((name) => Object.hasOwn(properties, name));
  return { clips: nameOf(CLIP_FIELDS), stills: nameOf(STILL_FIELDS) };
}

/** The schema of a request lies in lists and objects that differ from page to page. */
const MOST_LEVELS = 5;

function propertiesIn(value: unknown, levels: number): Readonly<Record<string, unknown>> | undefined {
  if (levels === 0 || typeof value !== 'object' || value === null) return undefined;
  const schema = isRecord(value) ? value.request_schema : undefined;
  if (isRecord(schema) && isRecord(schema.properties)) return schema.properties;
  for (const inner of Object.values(value)) {
    const found = propertiesIn(inner, levels - 1);
    if (found) return found;
  }
  return undefined;
}
