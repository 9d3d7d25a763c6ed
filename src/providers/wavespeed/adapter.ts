/** The adapter for WaveSpeedAI: every piece of work is a task, characters too, and files travel by URL. */
import { isRecord } from '../../http/answer.ts';
import { jsonBody } from '../../http/body.ts';
import type { Call } from '../../http/request.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { isVendorUrl, type ProviderEntry } from '../entry.ts';
import type { NewVideo, Provider, ProviderOptions, UploadedClip } from '../provider.ts';
import { createRoute, pathSegment } from '../route.ts';
import { createTaskHost, type RemoteTask } from '../task-host.ts';
import { countOf, listRefusal, taskPage, wishIn } from '../task-list.ts';
import { describePicture, pictureUrl, type UploadFile } from '../task-upload.ts';
import { CHARACTERS_MODEL, WAVESPEED_DEFAULT_MODEL, wavespeedLimits, wavespeedModel } from './models.ts';
import { modelPath, videoInputs } from './request.ts';
import { publishedFields, type ReferenceFields, USUAL_FIELDS } from './schema.ts';
import { upload } from './upload.ts';
import { characterIn, decodeTask, failedTask, openEnvelope, refusalOf, urlIn, withCodeAsStatus } from './wire.ts';

export function createWavespeed(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { http } = options;
  const route = createRoute(entry, options);
  const { root } = route;
  const urlOf = (model: string): string => `${root}/${modelPath(model)}`;
  const modelOf = (input: NewVideo): string => input.model ?? WAVESPEED_DEFAULT_MODEL;

  const uploadFile = (file: UploadFile, call: Call): Promise<UploadedClip> => upload(file, { http, route, call });

  /** Asks for the names of the inputs where no page says them; the usual ones where the host does not tell. */
  async function fieldsFor(input: NewVideo, call: Call): Promise<ReferenceFields> {
    if (!sendsByOpenNames(input)) return USUAL_FIELDS;
    try {
      const answer = await http.send(route.read(`${root}/models`, call));
      return publishedFields(openEnvelope(answer), modelOf(input)) ?? USUAL_FIELDS;
    } catch (error) {
      if (isSoraError(error, 'interrupted') || isSoraError(error, 'terminated')) throw error;
      return USUAL_FIELDS;
    }
  }

  const { readTask, provider } = createTaskHost(
    { ...options, name: entry.name, route },
    {
      title: 'WaveSpeedAI',
      noun: 'task',
      keeps: 'for 7 days',
      taskUrl: (id) => `${root}/predictions/${pathSegment(id)}/result`,

      async prepareVideo(input, call) {
        const fields = await fieldsFor(input, call);
        const picture = await pictureUrl(input.reference, (file) => uploadFile(file, call));
        return { url: urlOf(modelOf(input)), body: videoInputs(input, picture, fields) };
      },
      async describeVideo(input) {
        const body = videoInputs(input, describePicture(input.reference));
        const note = `WaveSpeedAI does not document by which names ${modelOf(input)} takes clips and pictures: when it is sent, the host's own schema is asked, and its names are used.`;
        return {
          ...{ method: 'POST', url: urlOf(modelOf(input)), contentType: 'application/json', body },
          ...(sendsByOpenNames(input) && { note }),
        };
      },
      uploadClip: ({ clipPath, fileName, mime = 'video/mp4' }, call) =>
        uploadFile({ content: clipPath, mime, fileName }, call),
      async prepareCharacter({ name, clipUrl }) {
        return { url: urlOf(CHARACTERS_MODEL), body: { video: clipUrl, name } };
      },
      describeCharacter: (name) => ({
        ...{ method: 'POST', url: urlOf(CHARACTERS_MODEL), contentType: 'application/json' },
        body: { video: '<URL of the clip, once it is uploaded>', name },
      }),

      statusOf: withCodeAsStatus,
      open: openEnvelope,
      decodeCreated: decodeTask,
      decode: decodeTask,
      decodeFailed: failedTask,
      refuse: refusalOf,
      urlIn: (outputs) => (Array.isArray(outputs) ? urlIn(outputs[0]) : undefined),
      characterIn: (outputs) => (Array.isArray(outputs) ? characterIn(outputs[0]) : undefined),
    },
  );

  return {
    ...provider,
    limits: async (model) => wavespeedLimits(model, isVendorUrl(entry, options.baseUrl)),
    defaultModel: WAVESPEED_DEFAULT_MODEL,

    async price(input, call) {
      const inputs = videoInputs(input, describePicture(input.reference));
      const body = jsonBody({ model_id: modelOf(input), inputs });
      // Nothing is made, so it is repeated like a read.
      const answer = await http.send(route.read(`${root}/model/price`, call, { method: 'POST', body }));
      return priceIn(openEnvelope(answer));
    },

    async list({ limit, after }, call) {
      const page = countOf(after, 1);
      const body = jsonBody({ page, page_size: limit, include_inputs: true });
      // Nothing is made, so it is repeated like a read.
      const answer = await http.send(route.read(`${root}/predictions`, call, { method: 'POST', body }));
      const refused = listRefusal(answer, refusalOf);
      if (refused) throw refused;
      const data = openEnvelope(answer);
      return taskPage(answer, isRecord(data) ? data.items : data, {
        ...{ limit, next: String(page + 1) },
        decode: (item) => {
          const video = decodeTask(item, answer)?.video;
          return video && { ...video, ...wishIn(item.inputs ?? item.input) };
        },
      });
    },

    async remove(remoteId, call) {
      const body = jsonBody({ ids: [remoteId] });
      // Deleting twice is deleting once, so it is repeated like a read.
      const answer = await http.send(route.read(`${root}/predictions/delete`, call, { method: 'POST', body }));
      const gone = withCodeAsStatus(answer).status === 404;
      if (!gone) openEnvelope(answer);
      const after = await readTask(remoteId, call);
      if (!after || isDeleted(after)) return !gone;
      throw new SoraError('refused', `The host kept the video: it still calls it ${after.video.remoteStatus}.`, {
        hint: 'Try again later; the host deletes videos by itself after 7 days.',
      });
    },
  };
}

/** Whether something is in the request whose field has no documented name. */
function sendsByOpenNames({ model, characters, reference }: NewVideo): boolean {
  return wavespeedModel(model).asksSchema === true && (characters.length > 0 || reference !== undefined);
}

/** Dollars: with the discount where there is one. A zero, or another currency, says nothing about what will be paid. */
function priceIn(data: unknown): number | undefined {
  if (!isRecord(data)) return undefined;
  const { currency } = data;
  if (typeof currency === 'string' && currency !== '' && currency.toUpperCase() !== 'USD') return undefined;
  return [data.discounted_price, data.price]
    .filter((value) => typeof value === 'number' || typeof value === 'string')
    .map(Number)
    .find((usd) => Number.isFinite(usd) && usd > 0);
}

/** A host may keep the name of a task whose files are gone. */
function isDeleted({ video }: RemoteTask): boolean {
  return video.remoteStatus.toLowerCase() === 'deleted';
}
