/** The WaveSpeed dialect: routes, checks and answers of `/api/v3`. */

import type { DialectOptions, HostDialect } from '../dialect.ts';
import type { Player } from '../faults/scenario.ts';
import { bearerOf, type Dialect, type Reply, type Route, readForm, route } from '../http.ts';
import { type JobRecord, type StatusWords, statusWord } from '../jobs.ts';
import { objectOf, Refusal, schemaOf } from '../task-host/fields.ts';
import { listTasks, readCount, readTime, readWord } from '../task-host/lists.ts';
import type { ModelSpec } from '../task-host/models.ts';
import { isExpired } from '../task-host/references.ts';
import { addTask, isModeration, outputUrl, quoteTask, untilOver, viewTask } from '../task-host/tasks.ts';
import { isUploadType, UPLOAD_BYTES } from '../task-host/uploads.ts';
import { WAVESPEED_MODELS } from './models.ts';

const FIRST_BALANCE = 100;
const TICKET_MS = 3_600_000;
/** The vendor's number for a task that goes on after the request for it has ended. */
const SYNC_TIMEOUT = 5004;

export const wavespeed: HostDialect = {
  base: '/api/v3',
  mounts: ['/api/v3'],
  calls: [
    ['upload', 'POST', /^\/media\//],
    ['price', 'POST', /^\/model\/(?:price|pricing)$/],
    ['delete', 'POST', /^\/predictions\/delete$/],
    ['list', 'POST', /^\/predictions$/],
    ['create', 'POST', /^\//],
    ['status', 'GET', /^\/predictions\//],
  ],
  create: createDialect,
};

function createDialect(options: DialectOptions): Dialect {
  const { state, uploads, now, origin } = options;

  async function taskOf(id: string): Promise<JobRecord> {
    const job = await state.job(id, 'wavespeed');
    if (job && !isExpired(job.createdMs, now())) return job;
    throw new Refusal(404, `Prediction ${id.slice(0, 100)} not found.`);
  }

  function modelOf(id: unknown): ModelSpec {
    const model = WAVESPEED_MODELS.find((known) => known.id === id);
    if (model) return model;
    throw new Refusal(404, `Model ${String(id).slice(0, 100)} not found.`);
  }

  const taskObject = (job: JobRecord, nowMs: number, { skewMs }: Player) => {
    const { phase, made, told } = viewTask(job, nowMs);
    const { fail } = job.fate;
    const isOver = phase === 'done' || phase === 'failed';
    const blocked = phase === 'failed' && fail !== undefined && isModeration(fail.code);
    return {
      id: job.id,
      model: job.model,
      outputs: made ? [job.character ?? outputUrl(origin(), job, nowMs)] : [],
      urls: { get: `${origin()}/api/v3/predictions/${job.id}/result` },
      has_nsfw_contents: made ? [false] : blocked ? [true] : [],
      status: statusOf(job, nowMs),
      code: phase === 'failed' ? failureCode(fail?.code ?? '') : 0,
      // No field of this host's own: there only when a scenario wants it told.
      ...(told.progress !== undefined && { progress: told.progress }),
      created_at: new Date(job.createdMs + skewMs).toISOString(),
      error: phase === 'failed' ? (fail?.message ?? '') : '',
      timings: { inference: isOver ? job.durationMs : 0 },
    };
  };

  /** The task once it is over, or that it goes on: no request waits for ever. */
  const whenOver = async (job: JobRecord, player: Player): Promise<object> => {
    const nowMs = await untilOver(job, options);
    const task = taskObject(job, nowMs, player);
    if (nowMs >= job.createdMs + job.durationMs) return task;
    return { ...task, code: SYNC_TIMEOUT, error: `Sync mode timed out. Query the result at ${task.urls.get}.` };
  };

  const result: Route[2] = async ({ player }, id) => success(taskObject(await taskOf(id), now(), player));

  const price: Route[2] = async (request) => {
    const { model_id, inputs } = objectOf(request);
    const usd = await quoteTask(options, modelOf(model_id), inputs);
    return success({ model_id, price: usd, discounted_price: usd, currency: 'USD' });
  };

  /** The contract before that, with another name for the price. */
  const unitPrice: Route[2] = async (request) => {
    const { model_id, inputs } = objectOf(request);
    return success({ model_id, unit_price: await quoteTask(options, modelOf(model_id), inputs), currency: 'USD' });
  };

  const list: Route[2] = async (request) => {
    const { page, page_size, model, status, created_after, created_before, include_inputs, ...rest } =
      objectOf(request);
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) throw new Refusal(400, `Unknown field "${stranger.slice(0, 60)}".`);
    if (include_inputs !== undefined && typeof include_inputs !== 'boolean') {
      throw new Refusal(400, 'Field "include_inputs" must be true or false.');
    }
    const number = readCount('page', page, { least: 1, most: Number.POSITIVE_INFINITY });
    const size = readCount('page_size', page_size, { least: 1, most: 100 });
    const word = readWord('status', status);
    const query = {
      ...{ model: readWord('model', model), statuses: word === undefined ? undefined : [word] },
      ...{ fromMs: readTime('created_after', created_after), toMs: readTime('created_before', created_before) },
    };
    const { player } = request;
    const at = { host: 'wavespeed', nowMs: now(), skewMs: player.skewMs };
    const jobs = await listTasks(state, query, { ...at, statusOf: (job) => statusOf(job, at.nowMs) });
    const items = jobs.slice((number - 1) * size, number * size).map((job) => ({
      ...taskObject(job, at.nowMs, player),
      ...(include_inputs && { inputs: job.input ?? {} }),
    }));
    return success({ page: number, items });
  };

  const routes: readonly Route[] = [
    ['POST', 'predictions', list],
    [
      'POST',
      'media/uploads',
      async (request) => {
        const { filename, size, content_type } = objectOf(request);
        if (typeof filename !== 'string' || filename === '') throw new Refusal(400, 'Field "filename" is required.');
        if (typeof size !== 'number' || !Number.isInteger(size) || size <= 0) {
          throw new Refusal(400, 'Field "size" must be a whole number of bytes.');
        }
        if (size > UPLOAD_BYTES) throw new Refusal(400, 'Field "size" is more than 100 MB.');
        const contentType = uploadType('content_type', content_type);
        const ticket = await uploads.ticket({ contentType, size, untilMs: now() + TICKET_MS });
        const { url, putUrl, headers } = ticket;
        return success({ download_url: url, upload: { method: 'PUT', url: putUrl, headers } });
      },
    ],
    [
      'POST',
      'media/upload/binary',
      async (request) => {
        const file = (await readForm(request))?.file;
        if (!(file instanceof File))
          throw new Refusal(400, 'A multipart form with a file in its field "file" is needed.');
        // A part that says nothing of its type is octets.
        const type = uploadType('file', file.type === '' ? undefined : file.type);
        const url = await uploads.store(Buffer.from(await file.arrayBuffer()), type);
        return success({ type: type.split('/')[0], download_url: url, filename: file.name, size: file.size });
      },
    ],
    ['GET', 'predictions/:id/result', result],
    ['GET', 'predictions/:id', result],
    [
      'POST',
      'predictions/delete',
      async (request) => {
        const { ids } = objectOf(request);
        if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => typeof id === 'string')) {
          throw new Refusal(400, 'Field "ids" must be a list of strings.');
        }
        const jobs = await Promise.all(ids.map(taskOf));
        for (const { id } of jobs) await state.removeJob(id);
        return success({ ids });
      },
    ],
    [
      'GET',
      'balance',
      async () => {
        const paid = (await state.jobs('wavespeed')).filter((job) => viewTask(job, now()).phase !== 'failed');
        const spent = paid.reduce((sum, { cost = 0 }) => sum + cost, 0);
        return success({ balance: Math.max(0, Number((FIRST_BALANCE - spent).toFixed(6))) });
      },
    ],
    ['POST', 'model/price', price],
    ['POST', 'model/pricing', unitPrice],
    [
      'GET',
      'models',
      async () =>
        success(
          WAVESPEED_MODELS.map(({ id, fields, characterClips }) => ({
            model_id: id,
            name: id,
            type: characterClips ? 'video-to-character' : id.split('/').at(-1),
            api_schema: {
              api_schemas: [{ type: 'model_run', method: 'POST', request_schema: schemaOf(fields) }],
            },
          })),
        ),
    ],
  ];

  return {
    async answer(request) {
      try {
        const key = bearerOf(request.headers);
        if (key === undefined) throw new Refusal(401, 'Missing API key: send Authorization: Bearer <key>.');
        if (options.key !== undefined && key !== options.key) throw new Refusal(401, 'Invalid API key.');
        const reply = await route(routes, request);
        if (reply) return reply;
        if (request.method !== 'POST') throw new Refusal(404, `No route ${request.method} /${request.path.join('/')}.`);
        const model = modelOf(request.path.join('/'));
        const { enable_sync_mode, enable_base64_output, ...input } = objectOf(request);
        for (const flag of [enable_sync_mode, enable_base64_output]) {
          if (flag !== undefined && typeof flag !== 'boolean') throw new Refusal(400, 'A mode must be true or false.');
        }
        const { player } = request;
        const job = await addTask(options, { host: 'wavespeed', idKind: 'task', model, input, player });
        if (enable_sync_mode) return success(await whenOver(job, player));
        // The answer to a submit is always a task at its beginning, however short its life is.
        return success(taskObject(job, job.createdMs - 1, player));
      } catch (error) {
        if (error instanceof Refusal) return failure(error.status, error.message);
        return failure(500, `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    refusal: failure,
  };
}

const WORDS: StatusWords = {
  queued: 'created',
  running: 'processing',
  done: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

const statusOf = (job: JobRecord, nowMs: number): string => statusWord(viewTask(job, nowMs), WORDS);

/** The vendor's number: that of the fate, where it is one. */
function failureCode(code: string): number {
  return /^\d+$/.test(code) ? Number(code) : isModeration(code) ? 1200 : 1405;
}

/** Octets where nothing is said. */
function uploadType(at: string, type: unknown = 'application/octet-stream'): string {
  if (typeof type === 'string' && isUploadType(type)) return type;
  throw new Refusal(400, `Field "${at}": unsupported content type ${JSON.stringify(type ?? null).slice(0, 60)}.`);
}

function success(data: unknown): Reply {
  return { status: 200, body: { code: 200, message: 'success', data } };
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_parameters',
  401: 'unauthorized',
  404: 'not_found',
  500: 'internal_error',
};

function failure(status: number, message: string): Reply {
  return { status, body: { message, error_code: ERROR_CODES[status] ?? 'invalid_request' } };
}
