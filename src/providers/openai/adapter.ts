/** The adapter for OpenAI's `/v1/videos` and the servers that speak its format. */

import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  answerWithoutId,
  asNotFound,
  failureOf,
  hostTimeOf,
  isUnsupported,
  jsonOf,
  parseJson,
  unreadableAnswer,
} from '../../http/answer.ts';
import { formBody, type RequestBody } from '../../http/body.ts';
import { characterError, notServed, refusal } from '../../http/errors.ts';
import { checkNamedUrl, isSuccess, openWithUrlRefresh } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { isVendorUrl, type ProviderEntry } from '../entry.ts';
import type { ProviderLimits } from '../limits.ts';
import { PROMPT_CHARS, SORA_CHARACTERS } from '../models.ts';
import type { Backend, CharacterCalls, NewVideo, Provider, ProviderOptions, RemoteVideo } from '../provider.ts';
import { createRoute, pathSegment, tellRefusedCharacters } from '../route.ts';
import { stopJob } from '../stop-job.ts';
import { createH3Check, H3_LIMITS, sglangH3Fields, vllmH3Fields } from './h3.ts';
import { DEFAULT_MODEL, FAMILY, findModel } from './models.ts';
import {
  derivationRequest,
  describeFields,
  dropsCharacters,
  EXTENSIONS,
  encodeVideo,
  type VideoFields,
  videoFields,
} from './request.ts';
import { decodeCharacter, decodePage, decodeVideo, deniesDeletion, holdsError, holdsVideo, videoUrl } from './wire.ts';

export function createOpenai(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { baseUrl, backend, http, sleep = (ms, signal) => delay(ms, undefined, { signal }) } = options;
  const { name } = entry;
  const route = createRoute(entry, options);
  const { root } = route;

  const urlOf = (...path: string[]): string => [root, 'videos', ...path.map(pathSegment)].join('/');

  /** `refuse` makes the error where the operation is one that not every host has; a host that says so has done nothing. */
  async function send(
    url: string,
    body: RequestBody,
    call: Call,
    refuse?: (answer: Answer, refused: SoraError) => SoraError,
  ): Promise<Answer> {
    const answer = await route.create(url, body, call, refuse && { settles: isUnsupported });
    if (isSuccess(answer)) return answer;
    const refused = refusal(answer);
    throw withShutdownHint(refuse ? refuse(answer, refused) : refused, answer);
  }

  /** Undefined when the host does not know the video. */
  async function ask(remoteId: string, call: Call): Promise<{ answer: Answer; video: RemoteVideo } | undefined> {
    const settles = (answer: Answer): boolean => holdsVideo(answer, remoteId);
    // vLLM-Omni tells of a failed job with an error status and the video object as its body.
    const answer = asNotFound(await http.send(route.read(urlOf(remoteId), call, { settles })));
    const isHeld = settles(answer);
    if (!isHeld && answer.status === 404) return undefined;
    if (!isHeld && !isSuccess(answer)) throw refusal(answer);
    jsonOf(answer);
    const video = decodeVideo(answer, isHeld ? undefined : remoteId);
    if (video) return { answer, video };
    throw unreadableAnswer(answer, 'the video');
  }

  const getVideo = async (remoteId: string, call: Call): Promise<RemoteVideo | undefined> =>
    (await ask(remoteId, call))?.video;

  /** Where a finished video is, by its host's own word; undefined where it names no place, or cannot be asked. */
  async function namedUrl(remoteId: string, call: Call): Promise<string | undefined> {
    const said = await ask(remoteId, call).catch((error: unknown) => {
      if (call.signal.aborted) throw error;
      return undefined;
    });
    const url = said?.video.status === 'succeeded' ? videoUrl(said.answer) : undefined;
    return url === undefined ? undefined : checkNamedUrl(url, root);
  }

  const h3 = dropsCharacters(backend) ? createH3Check({ http, route }) : undefined;

  async function fieldsOf(input: NewVideo, call: Call): Promise<VideoFields> {
    if (input.characters.length === 0 || !(await h3?.runs(input.model, call))) return videoFields(input, backend);
    return backend === 'sglang' ? sglangH3Fields(input, options.clipsAt) : vllmH3Fields(input);
  }

  /** Deleting twice is deleting once, so it is repeated with patience like a read. What is only to be stopped is `sentOnce`. */
  async function remove(remoteId: string, call: Call, { sentOnce = false } = {}): Promise<boolean> {
    const kind = sentOnce ? 'create' : 'read';
    const ask = (): Promise<Answer> => http.send(route.read(urlOf(remoteId), call, { method: 'DELETE', kind }));
    let answer = await ask();
    // vLLM-Omni says so while a job is just being begun or ended.
    for (let tries = 1; backend === 'vllm-omni' && answer.status === 409 && tries < DELETE_TRIES; tries++) {
      await sleep(DELETE_PAUSE_MS, call.signal);
      answer = await ask();
    }
    if (isSuccess(answer)) {
      if (answer.text.trim() !== '') jsonOf(answer);
      if (!deniesDeletion(answer)) return true;
      throw new SoraError('refused', `${answer.host} did not delete the video: ${failureOf(answer).message}`, {
        hint: 'See what is there: sora video list --remote',
      });
    }
    // A host without this route says 404 as well, and keeps the video.
    if (asNotFound(answer).status === 404 && (await getVideo(remoteId, call)) === undefined) return false;
    throw notServed(refusal(answer), answer, 'The host may have no call that deletes videos.');
  }

  const characters: CharacterCalls = {
    isDocumented: documentsCharacters(entry, options),

    async create(input, call) {
      const body = await formBody([
        { name: 'name', value: input.name },
        { name: 'video', fileName: input.fileName, mime: 'video/mp4', content: input.clipPath },
      ]);
      await call.onSend?.();
      const answer = await send(urlOf('characters'), body, call, characterError);
      jsonOf(answer);
      return decodeCharacter(answer) ?? answerWithoutId(answer, 'character');
    },

    describe: (name) => ({
      ...{ method: 'POST', url: urlOf('characters'), contentType: 'multipart/form-data' },
      body: { name, video: '<video/mp4, the prepared clip>' },
    }),

    async get(id, call) {
      const answer = await http.send(route.read(urlOf('characters', id), call));
      if (answer.status === 404 && !isRouteMissing(answer)) return undefined;
      if (answer.status === 404 || answer.status === 405 || isUnsupported(answer)) {
        throw new SoraError('usage', `${answer.host} cannot be asked about a character.`, {
          hint: 'Its characters are known only from your cast: sora character list',
        });
      }
      if (!isSuccess(answer)) throw refusal(answer);
      jsonOf(answer);
      // Some leave the id out, but not in what is an error at heart.
      const character = decodeCharacter(answer) ?? (holdsError(answer) ? undefined : decodeCharacter(answer, id));
      if (character) return character;
      throw unreadableAnswer(answer, 'the character');
    },
  };

  return {
    name,
    baseUrl,
    backend,
    ...(!dropsCharacters(backend) && { characters }),
    limits: async (model, call) =>
      (await h3?.plansFor(model, call)) ? H3_LIMITS : limitsOf(model, backend, isVendorUrl(entry, baseUrl)),
    // vLLM-Omni and SGLang serve one model (the first refuses any other name); Azure wants a deployment's name.
    defaultModel: dropsCharacters(backend) || backend === 'azure' ? undefined : DEFAULT_MODEL,

    async describeVideo(input, call) {
      const request = await fieldsOf(input, call);
      return { method: 'POST', url: urlOf(), contentType: request.contentType, body: describeFields(request) };
    },

    async createVideo(input, call) {
      await h3?.confirm(input.model, call);
      const body = await encodeVideo(await fieldsOf(input, call));
      const answer = await tellRefusedCharacters(input, () => send(urlOf(), body, call));
      jsonOf(answer);
      return decodeVideo(answer) ?? answerWithoutId(answer, 'video');
    },

    getVideo,

    async openContent(remoteId, request, call) {
      const { variant } = request;
      // `variant=video` is refused by servers that number their variants.
      const query = variant === 'video' ? '' : `?variant=${variant}`;
      const url = `${urlOf(remoteId, 'content')}${query}`;
      return openWithUrlRefresh(http, async () => route.read(url, call), request, {
        // The host may lead to a store, by a link that runs out.
        isStore: ({ isRedirected = false }) => isRedirected,
        async elsewhere(answer) {
          if (variant !== 'video' || !(NO_CONTENT.has(answer.status) || isUnsupported(answer))) return undefined;
          const place = await namedUrl(remoteId, call);
          return place === undefined ? undefined : route.read(place, call);
        },
      });
    },

    derive: {
      // Servers that run their own models have rules of their own.
      ...(!dropsCharacters(backend) && { extensions: EXTENSIONS }),

      describe(input) {
        const { path, request } = derivationRequest(input);
        return { method: 'POST', url: urlOf(...path), contentType: request.contentType, body: describeFields(request) };
      },

      async create(input, call) {
        const { path, request } = derivationRequest(input);
        const hint = `The host no longer knows the video, or does not serve video ${input.kind}. Make a new one: sora video generate <prompt>`;
        const answer = await send(urlOf(...path), await encodeVideo(request), call, (said, refused) =>
          notServed(refused, said, hint),
        );
        jsonOf(answer);
        const made = decodeVideo(answer);
        if (made) return made;
        throw answerWithoutId(answer, 'video');
      },
    },

    async list({ limit, after }, call) {
      const query = new URLSearchParams({ limit: String(limit), order: 'desc', ...(after !== undefined && { after }) });
      const answer = await http.send(route.read(`${urlOf()}?${query}`, call));
      if (!isSuccess(answer)) throw notServed(refusal(answer), answer, 'The host may have no call that lists videos.');
      jsonOf(answer);
      const page = decodePage(answer, limit);
      const hostNow = hostTimeOf(answer);
      if (page) return { ...page, ...(hostNow !== undefined && { hostNow }) };
      throw unreadableAnswer(answer, 'its videos');
    },

    // LiteLLM has no DELETE; of the others only vLLM-Omni stops a job that is not finished.
    ...(backend !== 'litellm' && { remove: (id, call) => remove(id, call) }),
    ...(backend === 'vllm-omni' && {
      cancel: (id, call) =>
        stopJob({
          ...{ ask: () => remove(id, call, { sentOnce: true }), look: () => getVideo(id, call) },
          ...{ sleep, signal: call.signal },
        }),
    }),
  };
}

/** A 404 that is about the route: a page, or the words of FastAPI, Express, Go and the vendor. It says nothing of an id. */
function isRouteMissing(answer: Answer): boolean {
  const { message } = failureOf(answer);
  const isPage = answer.text.trim() !== '' && parseJson(answer.text) === undefined;
  return isPage || /^(?:not found|404 page not found|(?:cannot|invalid url \()(?: ?get)\b.*)$/i.test(message.trim());
}

/**
 * The vendor's own host documents characters, and the sandbox imitates it. Azure and LiteLLM speak the format but
 * document no `characters`, and a host that nobody named a backend for may be anything.
 */
function documentsCharacters(entry: ProviderEntry, { backend, baseUrl }: ProviderOptions): boolean {
  if (entry.isFree || backend === 'openai') return true;
  return backend === undefined && isVendorUrl(entry, baseUrl);
}

const DELETE_TRIES = 6;
const DELETE_PAUSE_MS = 1000;

/** How hosts say that they serve no content, or none of that video. */
const NO_CONTENT: ReadonlySet<number> = new Set([400, 404, 405, 410, 501]);

const OPENAI_HOST = 'api.openai.com';

/** Servers that run one's own model make any size and length: nothing is known, so nothing is warned about. */
function limitsOf(model: string | undefined, backend: Backend | undefined, isVendors: boolean): ProviderLimits {
  const documented = findModel(model ?? DEFAULT_MODEL);
  const { sizes, seconds } = dropsCharacters(backend) ? { sizes: [], seconds: [] } : (documented ?? FAMILY);
  return {
    characterInputs: SORA_CHARACTERS,
    promptChars: PROMPT_CHARS,
    sizeTerm: 'pixels',
    ...{ sizes, seconds, isBinding: isVendors && documented !== undefined },
  };
}

function withShutdownHint(error: SoraError, answer: Answer): SoraError {
  if (answer.host !== OPENAI_HOST) return error;
  const hint = `api.openai.com stopped serving videos on 2026-09-24. Name a compatible host with ${option('baseUrl')}.`;
  return notServed(error, answer, hint);
}
