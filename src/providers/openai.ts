/** The adapter for OpenAI's `/v1/videos` and the servers that speak its format. */
import { SoraError, type SoraErrorOptions } from '../errors.ts';
import { type Answer, failureOf, jsonOf, maybeDone } from './answer.ts';
import { formBody } from './body.ts';
import type { HttpRequest, StreamedAnswer } from './http.ts';
import { refusal } from './http-errors.ts';
import type { ProviderOptions } from './index.ts';
import { CHARACTERS_PER_VIDEO, DEFAULT_MODEL, FAMILY, PROMPT_CHARS } from './models.ts';
import { describeFields, dropsCharacters, encodeVideo, videoFields } from './openai-request.ts';
import { decodeCharacter, decodeVideo, holdsVideo } from './openai-wire.ts';
import type { Auth } from './origins.ts';
import type { Backend, Call, Content, Provider, ProviderLimits, ProviderName, Variant } from './provider.ts';

export interface OpenaiOptions extends ProviderOptions {
  readonly name: ProviderName;
}

export function createOpenai(options: OpenaiOptions): Provider {
  const { name, baseUrl, backend, http } = options;
  const root = (options.url ?? baseUrl).replace(/\/+$/, '');
  const auth = authFor(options, root);

  const urlOf = (...path: string[]): string => [root, 'videos', ...path.map(encodeURIComponent)].join('/');
  const get = (url: string, call: Call, more: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    kind: 'read',
    url,
    auth,
    signal: call.signal,
    ...more,
  });

  async function create(url: string, body: HttpRequest['body'], call: Call): Promise<Answer> {
    const answer = await http.send({ method: 'POST', kind: 'create', url, auth, body, signal: call.signal });
    if (isSuccess(answer)) return answer;
    throw withShutdownHint(refusal(answer), answer);
  }

  return {
    name,
    baseUrl,
    backend,
    takesCharacters: takesCharacters(options, root),
    limits: limitsOf(backend),
    // vLLM-Omni and SGLang serve one model (the first refuses any other name); Azure wants a deployment's name.
    defaultModel: dropsCharacters(backend) || backend === 'azure' ? undefined : DEFAULT_MODEL,

    async createCharacter(input, call) {
      if (dropsCharacters(backend)) {
        throw new SoraError('usage', `A ${backend} server keeps no characters.`, {
          hint: 'Use a host that takes characters; the clip stays in your cast.',
        });
      }
      const body = await formBody([
        { name: 'name', value: input.name },
        { name: 'video', fileName: input.fileName, mime: 'video/mp4', content: input.clipPath },
      ]);
      const answer = await create(urlOf('characters'), body, call);
      jsonOf(answer);
      return decodeCharacter(answer) ?? withoutId(answer, 'character');
    },

    async getCharacter(id, call) {
      const answer = await http.send(get(urlOf('characters', id), call));
      if (answer.status === 404) return undefined;
      if (!isSuccess(answer)) throw refusal(answer);
      jsonOf(answer);
      return decodeCharacter(answer, id);
    },

    describeVideo(input) {
      const request = videoFields(input, backend);
      return { method: 'POST', url: urlOf(), contentType: request.contentType, body: describeFields(request) };
    },

    async createVideo(input, call) {
      const answer = await create(urlOf(), await encodeVideo(videoFields(input, backend)), call);
      jsonOf(answer);
      return decodeVideo(answer) ?? withoutId(answer, 'video');
    },

    async getVideo(remoteId, call) {
      const settles = (answer: Answer): boolean => holdsVideo(answer, remoteId);
      // vLLM-Omni tells of a failed job with an error status and the video object as its body.
      const answer = await http.send(get(urlOf(remoteId), call, { settles }));
      if (settles(answer)) return decodeVideo(answer);
      if (answer.status === 404) return undefined;
      if (!isSuccess(answer)) throw refusal(answer);
      jsonOf(answer);
      const video = decodeVideo(answer, remoteId);
      if (video) return video;
      throw new SoraError('network', `${answer.host} said nothing about the video: ${failureOf(answer).message}`);
    },

    async openContent(remoteId, { variant, offset, etag }, call) {
      // `variant=video` is refused by servers that number their variants.
      const query = variant === 'video' ? '' : `?variant=${variant}`;
      const url = `${urlOf(remoteId, 'content')}${query}`;
      if (offset > 0) {
        const answer = await http.open(get(url, call, { headers: rangeHeaders(offset, etag) }));
        if ('body' in answer) {
          const content = contentOf(answer);
          if (content.offset === 0 || continues(content, offset, etag)) return content;
          // A part, but not of the same bytes, or not from where it was asked.
          answer.discard();
        } else if (answer.status !== 416) throw contentRefusal(answer, variant);
      }
      const answer = await http.open(get(url, call));
      if (!('body' in answer)) throw contentRefusal(answer, variant);
      const content = contentOf(answer);
      if (content.offset === 0) return content;
      answer.discard();
      throw new SoraError('refused', `The host sent a part of the ${variant} although the whole was asked for.`, {
        hint: 'Download it again later.',
      });
    },
  };
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function authFor({ key, backend }: OpenaiOptions, root: string): Auth | undefined {
  if (key === undefined || !URL.canParse(root)) return undefined;
  const { origin } = new URL(root);
  if (backend === 'azure') return { header: 'api-key', value: key, origin };
  return { header: 'authorization', value: `Bearer ${key}`, origin };
}

/**
 * The vendor's own host documents characters, and the sandbox imitates it. Azure and LiteLLM speak the format but
 * document no `characters`, and a host that nobody named a backend for may be anything: those earn a warning.
 */
function takesCharacters({ name, backend }: OpenaiOptions, root: string): Provider['takesCharacters'] {
  if (dropsCharacters(backend)) return 'no';
  if (name === 'sandbox' || backend === 'openai') return 'yes';
  return backend === undefined && URL.canParse(root) && new URL(root).host === OPENAI_HOST ? 'yes' : 'unknown';
}

const OPENAI_HOST = 'api.openai.com';

/** Servers that run one's own model make any size and length: nothing is known, so nothing is warned about. */
function limitsOf(backend: Backend | undefined): ProviderLimits {
  const known = dropsCharacters(backend) ? { sizes: [], seconds: [] } : FAMILY;
  return { promptChars: PROMPT_CHARS, characters: CHARACTERS_PER_VIDEO, sizes: known.sizes, seconds: known.seconds };
}

/** A create that succeeded without saying what it made: it may have been paid for. */
function withoutId(answer: Answer, thing: 'character' | 'video'): never {
  const body = answer.redact(answer.text.replace(/\s+/g, ' ').trim().slice(0, 400));
  throw maybeDone(`${answer.host} answered ${answer.status} without the ${thing}'s id: ${body}`, answer.requestId);
}

function withShutdownHint(error: SoraError, answer: Answer): SoraError {
  const gone = answer.status === 404 || answer.status === 405 || answer.status === 410;
  if (!gone || answer.host !== OPENAI_HOST) return error;
  const { message, requestId } = error;
  return new SoraError('refused', message, {
    hint: 'api.openai.com stopped serving videos on 2026-09-24. Name a compatible host with --base-url.',
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** If-Range takes strong tags only; a weak one is compared afterwards. */
function rangeHeaders(offset: number, etag: string | undefined): Record<string, string> {
  const strong = etag !== undefined && !etag.startsWith('W/');
  return { range: `bytes=${offset}-`, ...(strong ? { 'if-range': etag } : {}) };
}

/** Offset and total of what was opened. A 206 that does not say where it begins has the offset NaN: nothing fits it. */
function contentOf({ status, headers, body }: StreamedAnswer): Content {
  const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const total = status === 206 ? range?.[2] : headers['content-length'];
  return {
    body,
    contentType: headers['content-type'],
    offset: status === 206 ? Number(range?.[1] ?? Number.NaN) : 0,
    totalBytes: total !== undefined && /^\d+$/.test(total) ? Number(total) : undefined,
    etag: headers.etag,
  };
}

function continues(content: Content, offset: number, etag: string | undefined): boolean {
  return content.offset === offset && (etag === undefined || content.etag === undefined || content.etag === etag);
}

function contentRefusal(answer: Answer, variant: Variant): SoraError {
  const hint = (text: string): SoraErrorOptions => ({
    hint: text,
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
  });
  const { message } = failureOf(answer);
  if (answer.status === 404) {
    const sentence = `${answer.host} has no ${variant} for this id, or not yet, or no more: ${message}`;
    return new SoraError('refused', sentence, hint('Hosts keep videos for a short time. Look with: sora video status'));
  }
  if (!isSuccess(answer)) return refusal(answer);
  return new SoraError('refused', `${answer.host} sent no ${variant} but ${message}`, hint('Try again later.'));
}
