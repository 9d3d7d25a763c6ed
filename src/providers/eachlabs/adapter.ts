/** The adapter for eachlabs: predictions of models that are named by slugs, and uploads by presigned URLs. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  ambiguousCreate,
  answerWithoutId,
  isUnsupported,
  jsonOf,
  unreadableAnswer,
} from '../../http/answer.ts';
import { jsonBody, type RequestBody, rawBody } from '../../http/body.ts';
import { characterError } from '../../http/errors.ts';
import { checkNamedUrl, isSuccess, openLinked } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { urlExists } from '../../http/url-exists.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import type { ProviderEntry } from '../entry.ts';
import type { NewVideo, Provider, ProviderOptions, Reference, RemoteCharacter, RemoteVideo } from '../provider.ts';
import { createRoute, pathSegment } from '../route.ts';
import {
  CHARACTER_MODEL,
  type CharacterField,
  characterField,
  characterInput,
  EACHLABS_DEFAULT_MODEL,
  eachlabsLimits,
  eachlabsModel,
  leavesCharactersOpen,
  type ModelSchema,
  videoBody,
} from './models.ts';
import { checkUpload, uploadTo } from './upload.ts';
import {
  characterIn,
  characterRefusal,
  decodeCreated,
  decodePrediction,
  type Prediction,
  refuse,
  schemaFields,
  videoUrlIn,
} from './wire.ts';

const FIRST_POLL_MS = 1000;
const SLOWEST_POLL_MS = 10_000;
const LONGEST_WAIT_MS = 15 * 60_000;

export function createEachlabs(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { baseUrl, http, sleep = (ms, signal) => delay(ms, undefined, { signal }) } = options;
  // Examples of this host name the base URL with and without its version.
  const route = createRoute(entry, options);
  const root = route.root.replace(/\/v1$/, '');
  const predictionUrl = `${root}/v1/prediction`;

  /** Starts a prediction: this is what costs money. */
  async function create(body: object, call: Call): Promise<RemoteVideo> {
    const answer = await route.create(predictionUrl, jsonBody(body), call);
    if (!isSuccess(answer)) throw refuse(answer);
    return createdBy(answer);
  }

  async function createCharacter(body: object, call: Call): Promise<RemoteVideo> {
    const answer = await route.create(predictionUrl, jsonBody(body), call, { settles: isUnsupported });
    if (!isSuccess(answer)) throw characterError(answer, refuse(answer));
    return createdBy(answer);
  }

  function createdBy(answer: Answer): RemoteVideo {
    jsonOf(answer);
    return decodeCreated(answer) ?? answerWithoutId(answer, 'prediction');
  }

  /** Undefined when the host does not know the id. */
  async function ask(id: string, call: Call): Promise<Prediction | undefined> {
    const answer = await http.send(route.read(`${predictionUrl}/${pathSegment(id)}`, call));
    if (answer.status === 404) return undefined;
    if (!isSuccess(answer)) throw refuse(answer);
    jsonOf(answer);
    const prediction = decodePrediction(answer, id);
    if (prediction) return prediction;
    throw unreadableAnswer(answer, 'the prediction');
  }

  /** Every input of a model by its name; undefined when the host does not tell. It asks for no key, and gets none. */
  async function schemaOf(slug: string, call: Call): Promise<ModelSchema | undefined> {
    try {
      const url = `${root}/v1/model?slug=${encodeURIComponent(slug)}`;
      const answer = await http.send(route.read(url, call, { keyless: true }));
      return isSuccess(answer) ? schemaFields(answer) : undefined;
    } catch (error) {
      if (isSoraError(error, 'interrupted')) throw error;
      return undefined;
    }
  }

  const upload = (body: RequestBody, call: Call): Promise<string> => uploadTo(body, { http, route, root, call });

  async function uploadClip(clipPath: string, call: Call): Promise<string> {
    return await upload(await rawBody('video/mp4', clipPath), call);
  }

  /**
   * Once a character's prediction exists, every way to lose sight of it is `pending`, and names its id. One that was
   * begun by an earlier command is asked at once, and is undefined when the host does not know it.
   */
  async function waitForCharacter(id: string, call: Call, { isEarlier = false } = {}): Promise<Prediction | undefined> {
    const lost = (why: string, cause?: unknown): SoraError =>
      new SoraError('pending', `The character is being made by the prediction ${id} of eachlabs, but ${why}`, {
        hint: 'It continues at the host.',
        ...(cause === undefined ? {} : { cause }),
      });
    let isUnseen = isEarlier;
    let waitedMs = 0;
    for (let ms = FIRST_POLL_MS; waitedMs < LONGEST_WAIT_MS; ms = Math.min(ms * 1.5, SLOWEST_POLL_MS)) {
      try {
        if (!isEarlier || waitedMs > 0) await sleep(ms, call.signal);
        const prediction = await ask(id, call);
        if (!prediction && isUnseen) return undefined;
        isUnseen = false;
        if (prediction && isFinal(prediction)) return prediction;
      } catch (error) {
        if (call.signal.aborted) throw lost('the wait was interrupted.', error);
        // One bad answer never ends a wait that is paid for; a definite no, such as a key that was withdrawn, does.
        if (!isSoraError(error, 'network')) throw lost('the host would not say what became of it.', error);
      }
      waitedMs += ms;
    }
    throw lost(`it was not ready after ${LONGEST_WAIT_MS / 60_000} minutes.`);
  }

  /** Throws `refused` where the schema shows that the model would drop the characters without a word. */
  async function characterFieldFor(input: NewVideo, call: Call): Promise<CharacterField | undefined> {
    const model = eachlabsModel(input.model);
    const { length } = input.characters;
    if (length === 0 || !leavesCharactersOpen(model)) return undefined;
    const schema = await schemaOf(model.slug, call);
    if (!schema) return undefined;
    const field = characterField(schema, model.characterMode, length);
    if (field) return field;
    const message = `The host's own schema of ${model.slug} has no field for ${length} character(s). Nothing was sent.`;
    throw new SoraError('refused', message, {
      hint: `Use a model that takes them, such as ${EACHLABS_DEFAULT_MODEL}, or leave out -c.`,
    });
  }

  async function outputOf(remoteId: string, call: Call): Promise<string> {
    const prediction = await ask(remoteId, call);
    const url = prediction?.video.status === 'succeeded' ? videoUrlIn(prediction.output) : undefined;
    if (url !== undefined) return checkNamedUrl(url, root);
    const why = !prediction
      ? 'does not know this id'
      : prediction.video.status === 'succeeded'
        ? 'names no video in what the prediction made'
        : `says that the prediction is not ready: ${prediction.video.remoteStatus}`;
    throw new SoraError('refused', `eachlabs ${why}.`, { hint: 'Look with: sora video status' });
  }

  return {
    name: entry.name,
    baseUrl,
    backend: undefined,
    takesCharacters: 'yes',
    limits: eachlabsLimits,
    defaultModel: EACHLABS_DEFAULT_MODEL,

    async resumeCharacter(taskId, call) {
      const prediction = await waitForCharacter(taskId, call, { isEarlier: true });
      return prediction && characterOf(taskId, prediction);
    },

    async createCharacter(input, call) {
      const clipUrl = await uploadClip(input.clipPath, call);
      const schema = await schemaOf(CHARACTER_MODEL, call);
      const body = { model: CHARACTER_MODEL, input: characterInput(schema, clipUrl, input.name) };
      await call.onSend?.();
      const { id } = await createCharacter(body, call);
      await call.onPending?.(id);
      const prediction = await waitForCharacter(id, call);
      if (!prediction) throw new Error('a prediction of this call is waited for until it is known');
      return characterOf(id, prediction);
    },

    describeCharacter: (name) => ({
      ...{ method: 'POST', url: predictionUrl, contentType: 'application/json' },
      body: {
        model: CHARACTER_MODEL,
        input: characterInput(undefined, '<URL of the clip, once it is uploaded>', name),
      },
      note: `${UNPUBLISHED} of ${CHARACTER_MODEL}: when it is sent, the host's own schema is asked, and its names are used.`,
    }),

    async getCharacter() {
      throw new SoraError('usage', 'eachlabs cannot be asked about a character.', {
        hint: 'Its ids are known from when they were made. Make the character again from its clip with: sora character sync',
      });
    },

    async uploadClip(input, call) {
      // `expires_at` is until when the PUT is allowed, not how long the file is kept: nothing is claimed about that.
      return { url: await uploadClip(input.clipPath, call) };
    },

    hasClip: (url, { signal }) => urlExists(url, { http, root, signal }),

    describeVideo(input) {
      const model = eachlabsModel(input.model);
      const isOpen = input.characters.length > 0 && leavesCharactersOpen(model);
      return {
        method: 'POST',
        url: predictionUrl,
        contentType: 'application/json',
        body: videoBody(input, { picture: describePicture(input.reference) }),
        ...(isOpen && {
          note: `${UNPUBLISHED} of ${model.slug} that take characters: when it is sent, the host's own schema is asked, and its names are used.`,
        }),
      };
    },

    async createVideo(input, call) {
      // Refuses what cannot be served before a picture is uploaded.
      videoBody(input, { picture: describePicture(input.reference) });
      const field = await characterFieldFor(input, call);
      const { reference } = input;
      const picture =
        reference?.kind === 'bytes'
          ? await upload(await rawBody(reference.mime, reference.bytes), call)
          : reference?.url;
      return create(videoBody(input, { picture, field }), call);
    },

    async getVideo(remoteId, call) {
      return (await ask(remoteId, call))?.video;
    },

    async openContent(remoteId, request, call) {
      if (request.variant !== 'video') {
        throw new SoraError('usage', `eachlabs makes no ${request.variant}.`, { hint: 'Leave out --variant.' });
      }
      return openLinked(http, async () => route.read(await outputOf(remoteId, call), call), request);
    },

    async cancelVideo(remoteId, call) {
      // Stopping twice is stopping once, so it is repeated with patience like a read.
      const url = `${predictionUrl}/${pathSegment(remoteId)}/cancel`;
      const answer = await http.send(route.read(url, call, { method: 'POST' }));
      if (answer.status === 404) return false;
      if (isSuccess(answer)) return true;
      throw refuse(answer);
    },
  };
}

const UNPUBLISHED = 'eachlabs does not publish the fields';

/** Throws why the prediction has failed; `ambiguous` when it made a character and does not say which. */
function characterOf(id: string, { video, output }: Prediction): RemoteCharacter {
  if (video.status !== 'succeeded') throw characterRefusal(video.failure, video.remoteStatus);
  const character = characterIn(output);
  if (character) return character;
  throw ambiguousCreate(`The prediction ${id} of eachlabs has succeeded without naming the character's id.`);
}

function isFinal({ video }: Prediction): boolean {
  return ['succeeded', 'failed', 'cancelled', 'expired'].includes(video.status);
}

/** What stands in a preview for the picture. Throws `usage` for one that cannot be uploaded. */
function describePicture(reference: Reference | undefined): string | undefined {
  if (reference?.kind !== 'bytes') return reference?.url;
  checkUpload('The reference picture', reference.bytes.byteLength);
  return `<${reference.mime}, ${reference.bytes.byteLength} bytes, uploaded first>`;
}
