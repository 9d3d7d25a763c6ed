/** What goes into a request of `/v1/videos`, by backend: one description from which both the body and its preview are made. */

import { basename } from 'node:path';
import { type FormPart, formBody, jsonBody, type RequestBody } from '../../http/body.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { longOption } from '../../shared/options.ts';
import type { ExtensionLimits } from '../limits.ts';
import type { Backend, NewDerivation, NewVideo, Reference, WireRequest } from '../provider.ts';
import { refuseLeftOut, valuesOf } from '../references.ts';
import { DATA_URL_CHARS } from './models.ts';

/** A request before it is encoded: pictures are still pictures. */
export interface VideoFields {
  readonly contentType: WireRequest['contentType'];
  readonly fields: Readonly<Record<string, unknown>>;
}

type Picture = Extract<Reference, { kind: 'bytes' }>;

/** A file that travels in a form, read while it is sent. */
export interface FilePart {
  readonly path: string;
  readonly mime: string;
  readonly fileName: string;
}

/** Servers that drop `characters` without a word. */
export function dropsCharacters(backend: Backend | undefined): backend is 'vllm-omni' | 'sglang' {
  return backend === 'vllm-omni' || backend === 'sglang';
}

/**
 * The fields in the order in which they are sent. Throws `usage` when the backend takes no characters or the picture
 * is too large to travel in JSON.
 */
export function videoFields(input: NewVideo, backend: Backend | undefined): VideoFields {
  const { reference, characters } = input;
  if (characters.length > 0 && dropsCharacters(backend)) {
    throw new SoraError('usage', `A ${backend} server takes no characters: it would leave them out of the video.`, {
      hint: `Leave out ${longOption('character')}, or name a host that takes characters.`,
    });
  }
  refuseLeftOut(characters, 'id');
  const isFile = reference?.kind === 'bytes' && characters.length === 0 && backend !== 'json';
  const isForm = backend === 'vllm-omni' || isFile;
  const fields = {
    prompt: input.prompt,
    ...(input.model === undefined ? {} : { model: input.model }),
    // A string on the wire, by the protocol.
    seconds: String(input.seconds),
    size: formatSize(input.size),
    ...(characters.length === 0 ? {} : { characters: valuesOf(characters, 'id').map((id) => ({ id })) }),
    ...(reference === undefined ? {} : referenceField(reference, isForm, backend)),
  };
  return { contentType: isForm ? 'multipart/form-data' : 'application/json', fields };
}

function referenceField(reference: Reference, isForm: boolean, backend: Backend | undefined): Record<string, unknown> {
  const picture = reference.kind === 'url' ? reference.url : reference;
  if (!isForm) {
    const chars = reference.kind === 'url' ? reference.url.length : dataUrlChars(reference);
    if (chars > DATA_URL_CHARS && (reference.kind === 'bytes' || reference.url.startsWith('data:'))) {
      throw new SoraError(
        'usage',
        `The reference picture takes ${chars} characters as a data URL; ${DATA_URL_CHARS} are allowed.`,
        {
          hint: 'Use a smaller picture: a JPEG of the video’s own size is enough.',
        },
      );
    }
    // These declare it as a string, and decode no object.
    return { input_reference: backend === 'sglang' || backend === 'json' ? picture : { image_url: picture } };
  }
  if (reference.kind === 'bytes') return { input_reference: reference };
  // vLLM-Omni's form takes a URL in a JSON field of another name.
  return { image_reference: JSON.stringify({ image_url: reference.url }) };
}

/** The vendor's rules for extensions. */
export const EXTENSIONS: ExtensionLimits = { leastSeconds: 4, mostSeconds: 20, times: 6, totalSeconds: 120 };

/** Where a video that is made from another one is asked for, below `/videos`, and with which fields. */
export function derivationRequest({ kind, videoId, prompt, seconds }: NewDerivation): {
  readonly path: readonly string[];
  readonly request: VideoFields;
} {
  const json = (fields: VideoFields['fields']): VideoFields => ({ contentType: 'application/json', fields });
  switch (kind) {
    case 'extend':
      return {
        path: ['extensions'],
        // A string on the wire, as in every create.
        request: json({ prompt, ...(seconds !== undefined && { seconds: String(seconds) }), video: { id: videoId } }),
      };
    case 'edit':
      return { path: ['edits'], request: json({ prompt, video: { id: videoId } }) };
    case 'remix':
      return { path: [videoId, 'remix'], request: json({ prompt }) };
  }
}

/** The body itself. */
export async function encodeVideo({ contentType, fields }: VideoFields): Promise<RequestBody> {
  if (contentType === 'application/json')
    return jsonBody(mapPictures(fields, (file) => (isPicture(file) ? dataUrl(file) : '')));
  return formBody(
    Object.entries(fields).flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one: unknown) => partOf(name, one)) : [partOf(name, value)],
    ),
  );
}

function partOf(name: string, value: unknown): FormPart {
  if (isPicture(value)) return { name, fileName: value.fileName, mime: value.mime, content: value.bytes };
  if (isFilePart(value)) return { name, fileName: value.fileName, mime: value.mime, content: value.path };
  return { name, value: String(value) };
}

/** The body as a person may read it: pictures are described. */
export function describeFields({ fields }: VideoFields): Record<string, unknown> {
  return mapPictures(fields, (file) =>
    isPicture(file) ? `<${file.mime}, ${file.bytes.byteLength} bytes>` : `<${file.mime}, ${basename(file.path)}>`,
  );
}

function mapPictures(
  fields: Readonly<Record<string, unknown>>,
  map: (file: Picture | FilePart) => string,
): Record<string, unknown> {
  const walk = (value: unknown): unknown => {
    if (isPicture(value) || isFilePart(value)) return map(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner)]));
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, walk(value)]));
}

function isPicture(value: unknown): value is Picture {
  return typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array;
}

function isFilePart(value: unknown): value is FilePart {
  return typeof value === 'object' && value !== null && 'path' in value && 'mime' in value;
}

function dataUrl(picture: Picture): string {
  return `data:${picture.mime};base64,${Buffer.from(picture.bytes).toString('base64')}`;
}

function dataUrlChars(picture: Picture): number {
  return `data:${picture.mime};base64,`.length + 4 * Math.ceil(picture.bytes.byteLength / 3);
}
