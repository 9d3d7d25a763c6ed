/** The adapter for eachlabs: predictions of models that are named by slugs, and uploads by presigned URLs. */

import { isRecord } from '../../http/answer.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { isVendorUrl, type ProviderEntry } from '../entry.ts';
import type { NewVideo, Provider, ProviderOptions, Reference, UploadedClip } from '../provider.ts';
import { preferredMode, valuesOf } from '../references.ts';
import { createRoute, pathSegment } from '../route.ts';
import { createTaskHost } from '../task-host.ts';
import { countOf, listRefusal, taskPage } from '../task-list.ts';
import { describePicture, pictureUrl, type UploadFile } from '../task-upload.ts';
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
import { checkUpload, upload } from './upload.ts';
import {
  characterIn,
  decodeCreated,
  decodeExecution,
  decodePrediction,
  openAnswer,
  refuse,
  schemaFields,
  videoUrlIn,
} from './wire.ts';

export function createEachlabs(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { http } = options;
  const route = createRoute(entry, options);
  const { root } = route;
  const predictionUrl = `${root}/v1/prediction`;

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

  const uploadFile = (file: UploadFile, call: Call): Promise<UploadedClip> => upload(file, { http, route, call });

  /** Throws `refused` where the schema shows that the model would drop the characters without a word. */
  async function characterFieldFor(input: NewVideo, call: Call): Promise<CharacterField | undefined> {
    const model = eachlabsModel(input.model);
    const { length } = valuesOf(input.characters, 'id', 'clip-url');
    const pictured = input.characters.length - length;
    if (input.characters.length === 0 || !leavesCharactersOpen(model)) return undefined;
    const schema = await schemaOf(model.slug, call);
    if (!schema) return undefined;
    const field = length === 0 ? undefined : characterField(schema, preferredMode(model.characterInputs), length);
    const isTold = (length === 0 || field) && (pictured === 0 || Object.hasOwn(schema, model.picture));
    if (isTold) return field;
    const count = field ? pictured : length || pictured;
    const message = `The host's own schema of ${model.slug} has no field for ${count} character(s). Nothing was sent.`;
    throw new SoraError('refused', message, {
      hint: `Use a model that takes them, such as ${EACHLABS_DEFAULT_MODEL}, or leave out ${option('character')}.`,
    });
  }

  const { provider } = createTaskHost(
    { ...options, name: entry.name, route },
    {
      title: 'eachlabs',
      noun: 'prediction',
      taskUrl: (id) => `${predictionUrl}/${pathSegment(id)}`,

      async prepareVideo(input, call) {
        const field = await characterFieldFor(input, call);
        const picture = await pictureUrl(input.reference, (file) => uploadFile(file, call));
        return { url: predictionUrl, body: videoBody(input, { picture, field }) };
      },
      async describeVideo(input) {
        const model = eachlabsModel(input.model);
        const isOpen = input.characters.length > 0 && leavesCharactersOpen(model);
        return {
          method: 'POST',
          url: predictionUrl,
          contentType: 'application/json',
          body: videoBody(input, { picture: describeUpload(input.reference) }),
          ...(isOpen && {
            note: `${UNPUBLISHED} of ${model.slug} that take characters: when it is sent, the host's own schema is asked, and its names are used.`,
          }),
        };
      },
      uploadClip: ({ clipPath, fileName, mime = 'video/mp4' }, call) =>
        uploadFile({ content: clipPath, mime, fileName }, call),
      async prepareCharacter({ name, clipUrl }, call) {
        const schema = await schemaOf(CHARACTER_MODEL, call);
        const body = { model: CHARACTER_MODEL, input: characterInput(schema, clipUrl, name) };
        return { url: predictionUrl, body };
      },
      describeCharacter: (name) => ({
        ...{ method: 'POST', url: predictionUrl, contentType: 'application/json' },
        body: {
          model: CHARACTER_MODEL,
          input: characterInput(undefined, '<URL of the clip, once it is uploaded>', name),
        },
        note: `${UNPUBLISHED} of ${CHARACTER_MODEL}: when it is sent, the host's own schema is asked, and its names are used.`,
      }),

      open: openAnswer,
      decodeCreated,
      decode: decodePrediction,
      refuse,
      urlIn: videoUrlIn,
      characterIn,
    },
  );

  return {
    ...provider,
    limits: async (model) => eachlabsLimits(model, isVendorUrl(entry, options.baseUrl)),
    defaultModel: EACHLABS_DEFAULT_MODEL,

    async list({ limit, after }, call) {
      const offset = countOf(after, 0);
      const answer = await http.send(route.read(`${root}/v1/executions?limit=${limit}&offset=${offset}`, call));
      const refused = listRefusal(answer, refuse);
      if (refused) throw refused;
      const body = openAnswer(answer);
      const page = taskPage(answer, isRecord(body) ? (body.executions ?? body.data) : body, {
        ...{ limit, next: String(offset + limit) },
        decode: (item) => decodeExecution(item, answer)?.video,
      });
      return { ...page, promptsElsewhere: true };
    },

    async cancel(remoteId, call) {
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

/** What stands in a preview for the picture. Throws `usage` for one that cannot be uploaded. */
function describeUpload(reference: Reference | undefined): string | undefined {
  if (reference?.kind === 'bytes') checkUpload('The reference picture', reference.bytes.byteLength);
  return describePicture(reference);
}
