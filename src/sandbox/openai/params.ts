/** What the Videos API accepted, field by field. Every function throws ApiError. Pure. */

import { type Incoming, readForm } from '../http.ts';
import { type ClipFacts, readClip } from '../media/mp4.ts';
import { readPicture } from '../media/picture.ts';
import { parseJson } from '../read.ts';
import type { PictureType } from '../render/render.ts';
import { ApiError, invalidType, invalidValue, missing, unknownParameter } from './errors.ts';

/** A body's fields; a file where a multipart part had a file name. */
export type Params = Readonly<Record<string, unknown>>;

export interface CreateParams {
  readonly prompt: string;
  readonly model: string;
  readonly seconds: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly characters: readonly string[];
  readonly picture: { readonly bytes: Buffer; readonly type: PictureType } | undefined;
}

const SECONDS = ['4', '8', '12', '16', '20'] as const;
const BASE_SIZES = ['720x1280', '1280x720', '1024x1792', '1792x1024'] as const;
const PRO_SIZES = [...BASE_SIZES, '1080x1920', '1920x1080'] as const;
const SIZES: Readonly<Record<string, readonly string[]>> = {
  'sora-2': BASE_SIZES,
  'sora-2-2025-10-06': BASE_SIZES,
  'sora-2-2025-12-08': BASE_SIZES,
  'sora-2-pro': PRO_SIZES,
  'sora-2-pro-2025-10-06': PRO_SIZES,
};
const DATA_URL_CHARS = 20_971_520;

export const MODEL_IDS: readonly string[] = Object.keys(SIZES);

function isMultipart(request: Incoming): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
}

export function readJson(request: Incoming): Params {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    const type = request.headers['content-type'] ?? 'none';
    throw new ApiError(400, `Unsupported content type: '${type}'. This API endpoint takes 'application/json'.`);
  }
  let value: unknown;
  try {
    value = parseJson(request.body.toString('utf8'));
  } catch {
    throw new ApiError(400, 'We could not parse the JSON body of your request.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError(400, 'The JSON body of your request must be an object.');
  }
  return value as Params;
}

export async function readMultipart(request: Incoming): Promise<Params> {
  const params = await readForm(request);
  if (!params) throw new ApiError(400, 'Could not parse multipart form.');
  return params;
}

export async function readCreate(request: Incoming): Promise<CreateParams> {
  const multipart = isMultipart(request);
  const params = multipart ? await readMultipart(request) : readJson(request);
  const known = ['prompt', 'model', 'seconds', 'size', 'input_reference', ...(multipart ? FORM_REFERENCES : [])];
  // Undocumented in a form, and refused here rather than dropped: a character that goes missing costs a video.
  allow(params, multipart ? known : [...known, 'characters']);
  const prompt = readPrompt(params);
  const model = optionalText(params, 'model') ?? 'sora-2';
  const sizes = Object.hasOwn(SIZES, model) ? SIZES[model] : undefined;
  if (!sizes) throw invalidValue('model', model, Object.keys(SIZES));
  const size = optionalText(params, 'size') ?? '720x1280';
  if (!sizes.includes(size)) throw invalidValue('size', size, sizes);
  const [width = 0, height = 0] = size.split('x').map(Number);
  const picture = await readReference(referenceIn(params), multipart);
  if (picture && (picture.width !== width || picture.height !== height)) {
    throw new ApiError(400, 'Inpaint image must match the requested width and height');
  }
  const characters = readCharacters(params.characters);
  return { prompt, model, seconds: readSeconds(params) ?? 4, size: { width, height }, characters, picture };
}

/** What the official clients put into a form for `input_reference: {image_url}` and `{file_id}`. */
const FORM_REFERENCES = ['input_reference[image_url]', 'input_reference[file_id]'];

/** The reference of JSON, or the same out of the fields of a form. */
function referenceIn(params: Params): unknown {
  const [image_url, file_id] = FORM_REFERENCES.map((name) => params[name]);
  if (image_url !== undefined) return { image_url };
  return file_id === undefined ? params.input_reference : { file_id };
}

export interface FollowUp {
  readonly prompt: string;
  readonly seconds: number;
  readonly model: string | undefined;
  /** The id of a video, or what is in one that came along. */
  readonly video: string | ClipFacts;
}

/** For edits, extensions and remixes: exactly these fields, as JSON or in a form (`video[id]`). */
export async function readFollowUp(
  request: Incoming,
  fields: readonly ('prompt' | 'seconds' | 'video' | 'model')[],
): Promise<FollowUp> {
  const multipart = isMultipart(request);
  const { 'video[id]': formId, ...rest } = multipart ? await readMultipart(request) : readJson(request);
  const params = formId === undefined ? rest : { ...rest, video: { id: formId } };
  allow(params, fields);
  const prompt = readPrompt(params);
  const seconds = readSeconds(params);
  const model = optionalText(params, 'model');
  if (model !== undefined && !MODEL_IDS.includes(model)) throw invalidValue('model', model, MODEL_IDS);
  if (fields.includes('seconds') && seconds === undefined) throw missing('seconds');
  const video = fields.includes('video') ? await readVideo(params.video) : '';
  return { prompt, seconds: seconds ?? 0, model, video };
}

async function readVideo(video: unknown): Promise<FollowUp['video']> {
  if (video === undefined) throw missing('video');
  if (video instanceof Blob) return (await readMp4(video)).facts;
  const id = typeof video === 'object' && video !== null && 'id' in video ? video.id : undefined;
  if (typeof id !== 'string') throw invalidType('video', 'an object with an id', video);
  return id;
}

async function readMp4(video: Blob): Promise<{ bytes: Buffer; facts: ClipFacts }> {
  if (video.type !== 'video/mp4') throw badMimetype('video', video.type, ['video/mp4']);
  const bytes = Buffer.from(await video.arrayBuffer());
  const facts = readClip(bytes);
  if (facts) return { bytes, facts };
  const message = 'The video could not be read as an MP4 file.';
  throw new ApiError(400, message, { param: 'video', code: 'invalid_video' });
}

/** Name and clip of a new character, the clip looked at. */
export async function readCharacter(request: Incoming): Promise<{ name: string; clip: Buffer }> {
  if (!isMultipart(request)) {
    throw new ApiError(400, "Unsupported content type. This API endpoint takes 'multipart/form-data'.");
  }
  const params = await readMultipart(request);
  allow(params, ['video', 'name']);
  const name = requiredText(params, 'name');
  const length = Array.from(name).length;
  if (length > 80) throw tooLong('name', 80, length);
  const { video } = params;
  if (video === undefined) throw missing('video');
  if (!(video instanceof Blob)) throw invalidType('video', 'a file', video);
  const { bytes, facts } = await readMp4(video);
  const problem = clipProblem(facts);
  if (problem) throw new ApiError(400, problem.message, { param: 'video', code: problem.code });
  return { name, clip: bytes };
}

function clipProblem(facts: ClipFacts): { message: string; code: string } | undefined {
  const { width, height, codec } = facts;
  if (codec !== 'avc1' && codec !== 'avc3') {
    return { message: `Unsupported video codec '${codec}'. The video must be H.264.`, code: 'unsupported_codec' };
  }
  const outside = [facts.seconds, facts.videoSeconds].find((seconds) => seconds < 2 || seconds > 4);
  if (outside !== undefined) {
    const message = `The video must be between 2 and 4 seconds long, but it is ${Number(outside.toFixed(3))} seconds.`;
    return { message, code: 'invalid_video_duration' };
  }
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (long * 9 !== short * 16) {
    const message = `The video must be 16:9 or 9:16, but it is ${width}x${height}.`;
    return { message, code: 'invalid_video_aspect_ratio' };
  }
  if (short >= 720 && short <= 1080) return undefined;
  const message = `The video must be between 720p and 1080p, but it is ${width}x${height}.`;
  return { message, code: 'invalid_video_size' };
}

function allow(params: Params, known: readonly string[]): void {
  const stranger = Object.keys(params).find((name) => !known.includes(name));
  if (stranger !== undefined) throw unknownParameter(stranger.replace(/\[.*/s, ''));
}

function optionalText(params: Params, name: string): string | undefined {
  const value = params[name];
  if (value !== undefined && typeof value !== 'string') throw invalidType(name, 'a string', value);
  return value;
}

function requiredText(params: Params, name: string): string {
  const value = optionalText(params, name);
  if (value === undefined) throw missing(name);
  if (value.trim() === '') {
    const message = `Invalid '${name}': empty string. Expected a string with minimum length 1.`;
    throw new ApiError(400, message, { param: name, code: 'empty_string' });
  }
  return value;
}

function readPrompt(params: Params): string {
  const prompt = requiredText(params, 'prompt');
  const length = Array.from(prompt).length;
  if (length > 32_000) throw tooLong('prompt', 32_000, length);
  return prompt;
}

function tooLong(param: string, maximum: number, length: number): ApiError {
  const message = `Invalid '${param}': string too long. Expected a string with maximum length ${maximum}, but got a string with length ${length} instead.`;
  return new ApiError(400, message, { param, code: 'string_above_max_length' });
}

function readSeconds(params: Params): number | undefined {
  const { seconds } = params;
  if (seconds === undefined) return undefined;
  const known = SECONDS.map((entry) => `'${entry}'`).join(', ');
  if (typeof seconds !== 'string') throw invalidType('seconds', `one of ${known}`, seconds);
  if (!SECONDS.some((entry) => entry === seconds)) throw invalidValue('seconds', seconds, SECONDS);
  return Number(seconds);
}

function readCharacters(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidType('characters', 'an array of objects', value);
  if (value.length > 2) {
    const message = `Invalid 'characters': array too long. Expected an array with maximum length 2, but got an array with length ${value.length} instead.`;
    throw new ApiError(400, message, { param: 'characters', code: 'array_above_max_length' });
  }
  return value.map((entry: unknown, index) => {
    const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
    if (typeof id !== 'string') throw invalidType(`characters[${index}]`, 'an object with an id', entry);
    return id;
  });
}

const MIMETYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;

async function readReference(value: unknown, multipart: boolean) {
  if (value === undefined) return undefined;
  if (multipart && (value instanceof Blob || typeof value === 'string')) {
    if (!(value instanceof Blob)) throw invalidType('input_reference', 'a file', value);
    return readImage(Buffer.from(await value.arrayBuffer()), value.type);
  }
  if (typeof value !== 'object' || value === null) throw invalidType('input_reference', 'an object', value);
  if ('file_id' in value) throw new ApiError(404, 'No such File object.', { param: 'input_reference.file_id' });
  const url = 'image_url' in value ? value.image_url : undefined;
  if (typeof url !== 'string') throw invalidType('input_reference.image_url', 'a string', url);
  if (url.length > DATA_URL_CHARS) throw tooLong('input_reference.image_url', DATA_URL_CHARS, url.length);
  // The sandbox never goes out to the network: a picture elsewhere is taken on trust and a drawn backdrop stands for it.
  if (/^https?:\/\/[^/]/i.test(url)) return undefined;
  const data = /^data:([\w/+.-]+);base64,([A-Za-z0-9+/=]+)$/.exec(url);
  if (!data) {
    const message = 'Invalid image URL: expected an http(s) URL or a base64-encoded data URL.';
    throw new ApiError(400, message, { param: 'input_reference.image_url', code: 'invalid_image_url' });
  }
  return readImage(Buffer.from(data[2] ?? '', 'base64'), data[1] ?? '');
}

function readImage(bytes: Buffer, mimetype: string) {
  if (!MIMETYPES.some((known) => known === mimetype)) throw badMimetype('input_reference', mimetype, MIMETYPES);
  const facts = readPicture(bytes);
  if (!facts) {
    throw new ApiError(400, 'The image could not be read.', { param: 'input_reference', code: 'invalid_image' });
  }
  return { bytes, ...facts };
}

function badMimetype(param: string, mimetype: string, supported: readonly string[]): ApiError {
  const known = supported.map((entry) => `'${entry}'`).join(', ');
  const message = `Invalid file '${param}': unsupported mimetype ('${mimetype || 'application/octet-stream'}'). Supported file formats are ${known}.`;
  return new ApiError(400, message, { param, code: 'unsupported_file_mimetype' });
}
