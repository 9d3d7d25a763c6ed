/** The adapter for Runway: tasks that are begun by one call for all models, files by forms, and an account that counts. */

import { setTimeout as delay } from 'node:timers/promises';
import { isSuccess } from '../../http/ranged-content.ts';
import type { Call, HttpRequest } from '../../http/request.ts';
import { isVendorUrl, type ProviderEntry } from '../entry.ts';
import type { Provider, ProviderOptions, Reference, UploadedClip } from '../provider.ts';
import { createRoute, pathSegment } from '../route.ts';
import { stopJob } from '../stop-job.ts';
import { createTaskHost } from '../task-host.ts';
import { describePicture, pictureUrl, type UploadFile } from '../task-upload.ts';
import { RUNWAY_DEFAULT_MODEL, runwayLimits } from './models.ts';
import { videoBody } from './request.ts';
import { checkUpload, upload } from './upload.ts';
import { decodeCreated, decodeTask, decodeUsage, openAnswer, refuse, urlIn } from './wire.ts';

/** The vendor wants no task to be asked about more often. */
const LEAST_POLL_MS = 5000;

export function createRunway(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { http, sleep = (ms, signal) => delay(ms, undefined, { signal }) } = options;
  const route = createRoute(entry, options);
  const isVendors = isVendorUrl(entry, options.baseUrl);
  const url = `${route.root}/v1/text_to_video`;
  const taskUrl = (id: string): string => `${route.root}/v1/tasks/${pathSegment(id)}`;

  const uploadFile = (file: UploadFile, call: Call): Promise<UploadedClip> => upload(file, { http, route, call });

  /**
   * Stops a task that goes on, and deletes one that is over with its video: this host has one call for both. Deleting twice is
   * deleting once, and may be repeated like a read; what was to be stopped may have ended meanwhile.
   */
  async function end(id: string, call: Call, kind: HttpRequest['kind']): Promise<boolean> {
    const answer = await http.send(route.read(taskUrl(id), call, { method: 'DELETE', kind }));
    if (answer.status === 404) return false;
    if (isSuccess(answer)) return true;
    throw refuse(answer);
  }

  const { provider } = createTaskHost(
    { ...options, name: entry.name, route },
    {
      title: 'Runway',
      noun: 'task',
      taskUrl,

      async prepareVideo(input, call) {
        const picture = await pictureUrl(input.reference, (file) => uploadFile(file, call));
        return { url, body: videoBody(input, picture) };
      },
      async describeVideo(input) {
        const body = videoBody(input, describeUpload(input.reference));
        return { method: 'POST', url, contentType: 'application/json', body };
      },
      uploadClip: ({ clipPath, fileName, mime = 'video/mp4' }, call) =>
        uploadFile({ content: clipPath, mime, fileName }, call),

      open: openAnswer,
      decodeCreated,
      decode: decodeTask,
      refuse,
      urlIn,
    },
  );

  return {
    ...provider,
    limits: async (model) => runwayLimits(model, isVendors),
    defaultModel: RUNWAY_DEFAULT_MODEL,
    ...(isVendors && { leastPollMs: LEAST_POLL_MS }),
    cancelDeletes: true,
    remove: (id, call) => end(id, call, 'read'),
    cancel: (id, call) =>
      stopJob({
        ...{ ask: () => end(id, call, 'create'), look: () => provider.getVideo(id, call) },
        ...{ sleep, signal: call.signal },
      }),

    async usage(model, call) {
      const answer = await http.send(route.read(`${route.root}/v1/organization`, call));
      return decodeUsage(answer, model ?? RUNWAY_DEFAULT_MODEL);
    },
  };
}

/** What stands in a preview for the picture. Throws `usage` for one that cannot be uploaded. */
function describeUpload(reference: Reference | undefined): string | undefined {
  if (reference?.kind === 'bytes') checkUpload('The reference picture', reference.bytes.byteLength);
  return describePicture(reference);
}
