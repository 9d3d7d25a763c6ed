/** The adapter for fal: a queue for every model, whose results are asked for in a question of their own, and files by URL. */

import { hostTimeOf } from '../../http/answer.ts';
import type { Call } from '../../http/request.ts';
import { isSoraError } from '../../shared/errors.ts';
import { counted, trimEnd } from '../../shared/text.ts';
import { isVendorUrl, type ProviderEntry } from '../entry.ts';
import type { JobCall, Provider, ProviderOptions, RemoteVideo, UploadedClip } from '../provider.ts';
import { createRoute, pathSegment } from '../route.ts';
import { createTaskHost, type RemoteTask } from '../task-host.ts';
import { describePicture, pictureUrl, type UploadFile } from '../task-upload.ts';
import { createModels } from './known-models.ts';
import { FAL_DEFAULT_MODEL, FAL_MODELS, factsOf } from './models.ts';
import { appOf, falPlaces } from './places.ts';
import { estimate } from './price.ts';
import { endpointPath, videoInputs } from './request.ts';
import { UPLOAD_DAYS, upload } from './upload.ts';
import {
  decodeCancel,
  decodeCreated,
  decodePage,
  decodeResult,
  decodeStatus,
  isFinalResult,
  type ListedRequest,
  openAnswer,
  refuse,
  urlIn,
} from './wire.ts';

const DAY_MS = 86_400_000;

export function createFal(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { http, uploadDays = UPLOAD_DAYS } = options;
  const route = createRoute(entry, options);
  const { root } = route;
  const places = falPlaces(root);
  const at = (url: string) => createRoute(entry, { ...options, url });
  const [storage, platform] = [at(places.storage), at(places.platform)];
  const models = createModels({ http, platform, cache: options.documents });
  const urlOf = (model = FAL_DEFAULT_MODEL): string => `${root}/${endpointPath(model)}`;

  const uploadFile = (file: UploadFile, call: Call): Promise<UploadedClip> =>
    upload(file, { http, route: storage, call, root: places.storage, days: uploadDays });

  async function listed(query: Readonly<Record<string, string>>, call: JobCall) {
    const wish = new URLSearchParams({ endpoint_id: call.model ?? FAL_DEFAULT_MODEL, expand: 'payloads', ...query });
    const answer = await http.send(platform.read(`${places.platform}/models/requests/by-endpoint?${wish}`, call));
    return { ...decodePage(answer), hostNow: hostTimeOf(answer) };
  }

  async function findListed(id: string, call: JobCall): Promise<ListedRequest | undefined> {
    const { items } = await listed({ request_id: id, limit: '10' }, call);
    return items.find(({ video }) => video.id === id);
  }

  /** A request of which the queue knows nothing any more, as the list has it; undefined where that has none, or is not served. */
  async function findForgotten(id: string, call: JobCall): Promise<RemoteVideo | undefined> {
    const found = await findListed(id, call).catch((error: unknown) => {
      if (!isSoraError(error, 'refused')) throw error;
      return undefined;
    });
    return found?.video.status === 'succeeded' ? fromList(found, found.video).video : found?.video;
  }

  /**
   * What has come of a request. `video` is what its state has told; without it, the request itself may not be known. A result
   * that is gone is read from the list, and where that has none either, it is told as paid and gone: it has not failed.
   */
  async function readResult(id: string, call: JobCall, video?: RemoteVideo): Promise<RemoteTask | undefined> {
    const answer = await http.send(route.read(requestUrl(id, call), call, { settles: isFinalResult }));
    const known = decodeResult(answer, video ?? { id, status: 'succeeded', remoteStatus: 'COMPLETED' });
    if (known === 'gone') {
      const found = await findListed(id, call);
      if (!found && !video) return undefined;
      return fromList(found, video ?? { id, status: 'succeeded', remoteStatus: 'COMPLETED' });
    }
    if (known) return known;
    // What gave the request up may answer like an outage for ever: the list knows that it is over.
    const found = answer.status >= 500 ? await findListed(id, call).catch(unlessInterrupted) : undefined;
    if (found?.video.failure) return { video: { ...found.video, id } };
    throw refuse(answer);
  }

  /** Of the request itself, without what is asked of it. */
  const requestUrl = (id: string, call: JobCall): string =>
    trimEnd(host.urlOf(id, call).replace(/[?#].*$/, ''), '/').replace(/\/status$/, '');

  const host = createTaskHost(
    { ...options, name: entry.name, route },
    {
      title: 'fal',
      noun: 'request',
      keeps: 'for 1 hour, large results for 6 minutes',
      taskUrl: (id, model = FAL_DEFAULT_MODEL) =>
        `${root}/${endpointPath(appOf(model))}/requests/${pathSegment(id)}/status`,

      async prepareVideo(input, call) {
        const model = await models.get(input.model, call);
        const picture = await pictureUrl(input.reference, (file) => uploadFile(file, call));
        return { url: urlOf(input.model), body: videoInputs(model, input, picture) };
      },
      async describeVideo(input, call) {
        const body = videoInputs(await models.get(input.model, call), input, describePicture(input.reference));
        return { method: 'POST', url: urlOf(input.model), contentType: 'application/json', body };
      },
      uploadClip: ({ clipPath, fileName, mime = 'video/mp4' }, call) =>
        uploadFile({ content: clipPath, mime, fileName }, call),

      open: openAnswer,
      decodeCreated,
      decode: decodeStatus,
      readResult,
      refuse,
      urlIn,
    },
  );

  return {
    ...host.provider,
    ...(host.provider.clips && {
      clips: { ...host.provider.clips, isPublicFor: counted(uploadDays, 'day') },
    }),
    async limits(model, call) {
      const known = await models.get(model, call);
      // Of what the host itself publishes, nothing else is taken.
      const isOwn = !FAL_MODELS.some(({ id }) => id === known.id);
      return { ...known.limits, isBinding: isOwn || isVendorUrl(entry, options.baseUrl) };
    },
    defaultModel: FAL_DEFAULT_MODEL,

    // The queue forgets what is over; that it does is no failure, and what was made may be there yet.
    getVideo: async (id, call) => (await host.provider.getVideo(id, call)) ?? findForgotten(id, call),

    async describeModel(id, call) {
      const { inputs, ...model } = await models.get(id, call);
      return { ...factsOf({ inputs, ...model }), inputs };
    },

    price: (input, call) =>
      estimate(input.model ?? FAL_DEFAULT_MODEL, input, {
        ...{ http, platform, call, get: () => models.get(input.model, call) },
      }),

    listsBy: 'model',
    async list({ limit, after, sinceMs, model }, call) {
      const query = {
        limit: String(Math.min(limit, 100)),
        ...(sinceMs !== undefined && { start: new Date(sinceMs - DAY_MS).toISOString() }),
        ...(after !== undefined && { cursor: after }),
      };
      const { items, next, hostNow } = await listed(query, { ...call, model });
      return {
        videos: items.map(({ video }) => video),
        ...(next !== undefined && { next }),
        ...(hostNow !== undefined && { hostNow }),
      };
    },

    async cancel(id, call) {
      const url = `${requestUrl(id, call)}/cancel`;
      // Stopping twice is stopping once, so it is repeated with patience like a read.
      return decodeCancel(await http.send(route.read(url, call, { method: 'PUT' })));
    },
  };
}

/** What the list says of a request whose result is gone. */
function fromList(found: ListedRequest | undefined, video: RemoteVideo): RemoteTask {
  if (found?.video.failure) return { video: { ...found.video, id: video.id } };
  if (found?.output !== undefined && urlIn(found.output) !== undefined) {
    return { video: { ...video, ...found.video, id: video.id, status: 'succeeded' }, output: found.output };
  }
  return { video: { ...video, status: 'expired', failure: { message: PAID_AND_GONE, policy: false } } };
}

const PAID_AND_GONE =
  'It was made and is paid for, but its result is gone: fal keeps a result for 1 hour, and a large one for 6 minutes.';

function unlessInterrupted(error: unknown): undefined {
  if (!isSoraError(error) || error.code === 'interrupted' || error.code === 'terminated') throw error;
  return undefined;
}
