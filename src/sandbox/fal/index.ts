/** The fal dialect: a queue whose requests end as completed whatever came of them, public files, and the platform beside it. */

import type { DialectOptions, HostDialect } from '../dialect.ts';
import { type Dialect, type Incoming, type Reply, type Route, readObject, route } from '../http.ts';
import type { JobRecord } from '../jobs.ts';
import { parseJson } from '../read.ts';
import { newId } from '../state.ts';
import { Refusal } from '../task-host/fields.ts';
import { publicOrigin } from '../task-host/references.ts';
import { addTask, isModeration, outputUrl, viewTask } from '../task-host/tasks.ts';
import { isUploadType } from '../task-host/uploads.ts';
import { appOf, FAL_MODELS, type FalModel } from './models.ts';
import { endpointOf, INVALID, isModelsOwn, jobIdOf, keyRoutes, openRoutes, requestIdOf } from './platform.ts';

const BASE = '/fal';
const TICKET_MS = 3_600_000;
/** For how long a result can be had; its files live longer. */
const RESULT_MS = 3_600_000;
/** A file whose uploader has not said for how long is kept for good. */
const FOR_EVER_MS = 100 * 365 * 86_400_000;

export const fal: HostDialect = {
  base: BASE,
  mounts: [BASE],
  calls: [
    ['upload', 'POST', /^\/storage\/upload\//],
    ['price', 'POST', /^\/v1\/models\/pricing\/estimate$/],
    ['create', 'POST', /^\/[^/]+\/[^/]+/],
    ['cancel', 'PUT', /\/requests\/[^/]+\/cancel$/],
    ['list', 'GET', /^\/v1\/models\/requests\//],
    ['status', 'GET', /^\/[^/]+\/[^/]+\/requests\/[^/]+(?:\/status)?$/],
  ],
  create: createDialect,
};

function createDialect(options: DialectOptions): Dialect {
  const { state, uploads, now, origin } = options;

  function checkKey({ headers }: Incoming): void {
    const key = /^Key +(\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (key === undefined) throw new Refusal(401, 'Authentication is required to access this application.');
    if (options.key !== undefined && key !== options.key) {
      throw new Refusal(401, 'No user found for Key ID and Secret');
    }
  }

  /** A request is known below the app that it was sent to, and nowhere else. */
  async function requestOf(app: string, id: string): Promise<JobRecord> {
    const job = await state.job(jobIdOf(id), 'fal');
    if (job && appOf(endpointOf(job)) === app && now() < job.createdMs + 90 * 86_400_000) return job;
    throw new Refusal(404, 'Request not found.');
  }

  const urlsOf = (job: JobRecord) => {
    const url = `${origin()}${BASE}/${appOf(endpointOf(job))}/requests/${requestIdOf(job)}`;
    return { response_url: url, status_url: `${url}/status`, cancel_url: `${url}/cancel` };
  };

  /** Any input is taken into the queue: what is wrong with it is found by the model, and told as its result. */
  async function submit(request: Incoming, model: FalModel): Promise<Reply> {
    const input = readObject(request);
    if (!input) throw new Refusal(400, 'The body must be a JSON object.');
    const { player } = request;
    const job = await addTask(options, { host: 'fal', idKind: 'request', model, input, player }).catch(
      (error: unknown) => {
        if (!(error instanceof Refusal)) throw error;
        const createdMs = now();
        return state.addJob({
          ...{ version: 1, id: newId('request'), host: 'fal', createdMs, durationMs: player.jobSeconds * 1000 },
          ...{ prompt: String(input.prompt ?? ''), model: model.id, width: 0, height: 0, seconds: 0 },
          ...{ shown: [], extensions: 0, fate: { fail: { code: INVALID, message: error.message } }, input },
        });
      },
    );
    return {
      status: 200,
      body: {
        ...{ status: 'IN_QUEUE', request_id: requestIdOf(job), queue_position: await positionOf(job) },
        ...urlsOf(job),
      },
    };
  }

  /** How many wait before it. */
  async function positionOf({ sequence }: JobRecord): Promise<number> {
    const jobs = await state.jobs('fal');
    return jobs.filter((job) => job.sequence < sequence && viewTask(job, now()).phase === 'queued').length;
  }

  async function status(job: JobRecord, { query }: Incoming): Promise<Reply> {
    const { phase, told } = viewTask(job, now());
    const isOver = phase !== 'queued' && phase !== 'running';
    const { fail } = job.fate;
    const common = {
      ...{ request_id: requestIdOf(job), ...urlsOf(job) },
      ...(query.get('logs') === '1' && { logs: [] }),
      // No field of this host's own: there only when a scenario wants it told.
      ...(told.progress !== undefined && { progress: told.progress }),
    };
    if (phase === 'queued') {
      const queue = { status: told.status ?? 'IN_QUEUE', queue_position: await positionOf(job) };
      return { status: 202, body: { ...queue, ...common } };
    }
    if (!isOver) return { status: 202, body: { status: told.status ?? 'IN_PROGRESS', ...common } };
    // What the model itself says of its failure is told as its result alone.
    const error =
      phase === 'cancelled'
        ? { error: 'Request was cancelled by the client', error_type: 'client_cancelled' }
        : fail && !isModelsOwn(fail.code)
          ? { error: fail.message, error_type: fail.code }
          : {};
    const metrics = { inference_time: job.durationMs / 1000 };
    return { status: 200, body: { status: told.status ?? 'COMPLETED', ...common, metrics, ...error } };
  }

  function result(job: JobRecord): Reply {
    const { phase, made, completedMs = 0 } = viewTask(job, now());
    const { fail, keepSeconds } = job.fate;
    if (phase === 'queued' || phase === 'running' || (phase === 'done' && !made)) {
      throw new Refusal(400, 'Request is still in progress');
    }
    if (phase === 'cancelled') return failed(499, 'client_cancelled', 'Request was cancelled by the client');
    if (now() >= completedMs + (keepSeconds === undefined ? RESULT_MS : keepSeconds * 1000)) {
      throw new Refusal(404, 'Request not found.');
    }
    if (fail && isModelsOwn(fail.code)) {
      const type = isModeration(fail.code) ? 'content_policy_violation' : 'value_error';
      const at = /Field "(\w+)/.exec(fail.message)?.[1] ?? 'prompt';
      return {
        status: 422,
        body: { detail: [{ loc: ['body', at], msg: fail.message, type, input: job.input?.[at] }] },
      };
    }
    if (fail) return failed(500, fail.code, fail.message);
    return { status: 200, body: outputOf(job) };
  }

  const outputOf = (job: JobRecord) => {
    const url = outputUrl(publicOrigin(origin()), job, now());
    if (FAL_MODELS.find(({ id }) => id === endpointOf(job))?.isBareOutput) return { video_url: url };
    return { video: { url, content_type: 'video/mp4', file_name: `${requestIdOf(job)}.mp4` }, seed: job.sequence };
  };

  async function cancel(job: JobRecord): Promise<Reply> {
    const { phase } = viewTask(job, now());
    if (phase === 'queued') {
      await state.removeJob(job.id);
      return { status: 200, body: { status: 'OK' } };
    }
    if (phase !== 'running') return { status: 400, body: { status: 'ALREADY_COMPLETED' } };
    await state.changeJob({ ...job, cancelledMs: now() });
    return { status: 202, body: { status: 'CANCELLATION_REQUESTED' } };
  }

  /** `owner/app/requests/id`, and what is asked of it. Undefined where the path is none of a request. */
  async function ofRequest(request: Incoming): Promise<Reply | undefined> {
    const [owner, app, word, id = '', what, ...rest] = request.path;
    if (word !== 'requests') {
      const isBelowModel = request.path.includes('requests') && request.method !== 'POST';
      if (isBelowModel) throw new Refusal(405, 'Method Not Allowed');
      return undefined;
    }
    const asked = `${request.method} ${what ?? ''}`;
    if (rest.length > 0 || !['GET status', 'GET ', 'PUT cancel'].includes(asked)) {
      throw new Refusal(405, 'Method Not Allowed');
    }
    const job = await requestOf(`${owner}/${app}`, id).catch((error: unknown) => {
      if (asked === 'PUT cancel' && error instanceof Refusal) return undefined;
      throw error;
    });
    if (!job) return { status: 404, body: { status: 'NOT_FOUND' } };
    if (asked === 'PUT cancel') return cancel(job);
    return asked === 'GET status' ? status(job, request) : result(job);
  }

  const storage: Route = [
    'POST',
    'storage/upload/initiate',
    async (request) => {
      const { content_type: contentType, file_name: fileName } = readObject(request) ?? {};
      if (typeof fileName !== 'string' || fileName === '') throw new Refusal(422, 'Field "file_name" is required.');
      if (typeof contentType !== 'string' || !isUploadType(contentType)) {
        throw new Refusal(
          422,
          `Field "content_type": unsupported ${JSON.stringify(contentType ?? null).slice(0, 60)}.`,
        );
      }
      if (request.query.get('storage_type') !== 'fal-cdn-v3') throw new Refusal(422, 'Unknown "storage_type".');
      const publicMs = lifetimeOf(request);
      const { putUrl, url } = await uploads.ticket({ contentType, untilMs: now() + TICKET_MS, publicMs });
      return { status: 200, body: { upload_url: putUrl, file_url: url } };
    },
  ];

  const withKey = [storage, ...keyRoutes({ ...options, outputOf })];
  return {
    async answer(request) {
      try {
        const open = await route(openRoutes, request);
        if (open) return open;
        checkKey(request);
        const reply = (await route(withKey, request)) ?? (await ofRequest(request)) ?? (await submitTo(request));
        return { ...reply, headers: { 'x-fal-request-id': newId('trace'), ...reply.headers } };
      } catch (error) {
        const isPlatform = request.path[0] === 'v1';
        if (!(error instanceof Refusal)) {
          return refusal(500, `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
        }
        return isPlatform ? platformRefusal(error) : refusal(error.status, error.message);
      }
    },
    refusal,
  };

  async function submitTo(request: Incoming): Promise<Reply> {
    const id = request.path.join('/');
    const model = FAL_MODELS.find((known) => known.id === id);
    if (!model) throw new Refusal(404, `Application "${id.slice(0, 100)}" not found`);
    if (request.method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
    return submit(request, model);
  }
}

/** Both headers, of which the two official clients send one each, have to say the same. */
function lifetimeOf({ headers }: Incoming): number {
  const said = ['x-fal-object-lifecycle', 'x-fal-object-lifecycle-preference'].flatMap((name) => {
    const text = headers[name];
    return typeof text === 'string' ? [secondsIn(name, text)] : [];
  });
  const [first, second = first] = said;
  if (first !== second) throw new Refusal(422, 'The two headers of the object lifecycle contradict each other.');
  return first ? first * 1000 : FOR_EVER_MS;
}

function secondsIn(name: string, text: string): number | undefined {
  try {
    const { expiration_duration_seconds: seconds } = Object(parseJson(text)) as Record<string, unknown>;
    if (seconds === null) return undefined;
    if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0) return seconds;
  } catch {
    // No JSON.
  }
  throw new Refusal(422, `The header ${name} must be {"expiration_duration_seconds": N}.`);
}

function failed(status: number, type: string, detail: string): Reply {
  return {
    status,
    headers: { 'x-fal-error-type': type, 'x-fal-retryable': 'false' },
    body: { detail, error_type: type },
  };
}

function refusal(status: number, detail: string): Reply {
  return { status, body: { detail } };
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'validation_error',
  401: 'authorization_error',
  404: 'not_found',
};

function platformRefusal({ status, message }: Refusal): Reply {
  const error = { type: TYPES[status] ?? 'server_error', message, docs_url: 'https://docs.fal.ai' };
  return { status, body: { error } };
}
