/** The eachlabs dialect: routes, checks and answers of `/v1/prediction`, `/v1/webhooks`, `/v1/upload/presign`, `/v1/files` and `/v1/model`. */

import type { DialectOptions, HostDialect } from '../dialect.ts';
import type { Player } from '../faults/scenario.ts';
import { bearerOf, type Dialect, type Incoming, type Reply, type Route, route } from '../http.ts';
import { type JobRecord, type StatusWords, statusWord } from '../jobs.ts';
import { objectOf, Refusal, schemaOf } from '../task-host/fields.ts';
import { listTasks, readCount, readTime } from '../task-host/lists.ts';
import { addTask, cancelTask, isModeration, outputUrl, untilOver, viewTask } from '../task-host/tasks.ts';
import { isMediaType } from '../task-host/uploads.ts';
import { EACHLABS_MODELS } from './models.ts';
import { webhookDocument, webhookOf, webhookPage } from './webhooks.ts';

/** For how long the PUT is allowed, and what is sent is kept: unless told, at least, and at most. */
const TICKET_MS = 15 * 60_000;
const KEPT_SECONDS = 180 * 86_400;
const KEPT_RANGE = [60, 365 * 86_400] as const;
const FILE_TYPES: readonly unknown[] = ['image', 'video', 'audio', 'other'];

export const eachlabs: HostDialect = {
  base: '',
  // Everything else under `/v1` is another host's.
  mounts: ['/v1/prediction', '/v1/executions', '/v1/webhooks', '/v1/upload', '/v1/files', '/v1/model'],
  calls: [
    ['upload', 'POST', /^\/v1\/upload\//],
    ['list', 'GET', /^\/v1\/executions$/],
    ['cancel', 'POST', /^\/v1\/prediction\/[^/]+\/cancel$/],
    ['create', 'POST', /^\/v1\/prediction(?:\/|$)/],
    ['status', 'GET', /^\/v1\/prediction\/[^/]+$/],
  ],
  create: createDialect,
};

function createDialect(options: DialectOptions): Dialect {
  const { state, uploads, now, origin } = options;

  async function predictionOf(id: string): Promise<JobRecord> {
    const job = await state.job(id, 'eachlabs');
    if (job) return job;
    throw new Refusal(404, `Prediction ${id.slice(0, 100)} not found.`);
  }

  function checkKey({ headers }: Incoming): void {
    const own = headers['x-api-key'];
    const key = bearerOf(headers) ?? (typeof own === 'string' && own !== '' ? own : undefined);
    if (key === undefined) throw new Refusal(401, 'Missing API key.');
    if (options.key !== undefined && key !== options.key) throw new Refusal(401, 'Invalid API key.');
  }

  function predictionObject(job: JobRecord): object {
    const { made, told } = viewTask(job, now());
    const url = `${origin()}/v1/prediction/${job.id}`;
    return {
      id: job.id,
      input: job.input ?? {},
      status: statusOf(job, now()),
      // No field of this host's own: there only when a scenario wants it told.
      ...(told.progress !== undefined && { progress: told.progress }),
      output: outputOf(job),
      logs: null,
      metrics: {
        predict_time: made ? job.durationMs / 1000 : 0,
        cost: made ? (job.cost ?? 0) : 0,
      },
      urls: { cancel: `${url}/cancel`, get: url },
    };
  }

  function webhookObject(job: JobRecord, { skewMs }: Player): object {
    const { phase } = viewTask(job, now());
    const isOver = phase !== 'queued' && phase !== 'running';
    const { urls: _urls, ...payload } = predictionObject(job) as { urls: unknown };
    return webhookDocument(job, { payload, isOver, skewMs });
  }

  /** What came of it: a file, a character, or a complaint. */
  function outputOf(job: JobRecord): unknown {
    const { phase, made } = viewTask(job, now());
    if (made) return job.character ?? outputUrl(origin(), job, now());
    const { fail } = job.fate;
    return phase === 'failed'
      ? { error_code: fail?.code ?? '', error_message: fail?.message ?? '', retryable: false }
      : null;
  }

  /** Without its inputs, as this host lists it. */
  function execution(job: JobRecord, { skewMs }: Player): object {
    const { made, completedMs } = viewTask(job, now());
    const timeOf = (ms: number | undefined): string | null =>
      ms === undefined ? null : new Date(ms + skewMs).toISOString();
    return {
      ...{ id: job.id, model: job.model, requested_model: null, status: statusOf(job, now()) },
      ...{ workflow_id: null, workflow_execution_id: null },
      execution_cost: made ? (job.cost ?? 0) : 0,
      run_time: made ? job.durationMs / 1000 : 0,
      ...{ created_at: timeOf(job.createdMs), started_at: timeOf(job.createdMs), completed_at: timeOf(completedMs) },
      output: outputOf(job),
    };
  }

  const list: Route[2] = async ({ query, player }) => {
    const stranger = [...query.keys()].find((name) => !LIST_FIELDS.has(name));
    if (stranger !== undefined) throw new Refusal(400, `Unknown query parameter "${stranger.slice(0, 60)}".`);
    const limit = readCount('limit', Number(query.get('limit') ?? 20), { least: 1, most: 100 });
    const offset = readCount('offset', Number(query.get('offset') ?? 0), { least: 0, most: Number.POSITIVE_INFINITY });
    const wanted = {
      ...{ model: query.get('model') ?? undefined, statuses: query.get('status')?.split(',') },
      ...{ fromMs: readTime('from', query.get('from')), toMs: readTime('to', query.get('to')) },
    };
    const at = { host: 'eachlabs', nowMs: now(), skewMs: player.skewMs };
    // Nothing here is run by a workflow.
    const isOfWorkflow = query.has('workflow_id') || query.has('workflow_execution_id');
    const found = await listTasks(state, wanted, { ...at, statusOf: (job) => statusOf(job, at.nowMs) });
    const classes = query.get('error_classification')?.split(',');
    const odd = classes?.find((name) => !CLASSES.includes(name));
    if (odd !== undefined) throw new Refusal(400, `Unknown error classification "${odd.slice(0, 60)}".`);
    const isOfClass = (job: JobRecord): boolean =>
      classes === undefined || (viewTask(job, at.nowMs).phase === 'failed' && classes.includes(classOf(job)));
    const jobs = isOfWorkflow ? [] : found.filter(isOfClass);
    const executions = jobs.slice(offset, offset + limit).map((job) => execution(job, player));
    return { status: 200, body: { executions, total_count: jobs.length, offset, limit } };
  };

  async function begin(request: Incoming): Promise<JobRecord> {
    const { model: slug, input, ...rest } = objectOf(request);
    // `version` is from before slugs named models alone, and is ignored.
    for (const [name, value] of Object.entries(rest)) {
      if (!CREATE_TEXTS.has(name)) throw new Refusal(400, `Unknown field "${name.slice(0, 60)}".`);
      if (typeof value !== 'string') throw new Refusal(400, `Field "${name}" must be a string.`);
    }
    const model = EACHLABS_MODELS.find(({ id }) => id === slug);
    if (!model) throw new Refusal(404, `Model ${String(slug).slice(0, 100)} not found.`);
    const webhook = webhookOf(rest.webhook_url);
    const job = await addTask(options, {
      ...{ host: 'eachlabs', idKind: 'prediction', model, input, player: request.player },
    });
    if (webhook === undefined) return job;
    const told = { ...job, webhook };
    await state.changeJob(told);
    return told;
  }

  const create: Route[2] = async (request) => {
    const { id } = await begin(request);
    return { status: 200, body: { status: 'success', message: 'Prediction created', predictionID: id } };
  };

  const routes: readonly Route[] = [
    ['GET', 'v1/executions', list],
    ['POST', 'v1/prediction', create],
    ['POST', 'v1/prediction/', create],
    [
      'POST',
      'v1/prediction/run',
      async (request) => {
        const job = await begin(request);
        await untilOver(job, options);
        const status = statusOf(job, now());
        const { fail } = job.fate;
        const error = status === 'error' ? (fail?.message ?? '') : '';
        const body = { status, message: `Prediction ${status}`, predictionID: job.id, output: outputOf(job), error };
        return { status: 200, body };
      },
    ],
    [
      'GET',
      'v1/prediction/:id',
      async (_request, id) => ({ status: 200, body: predictionObject(await predictionOf(id)) }),
    ],
    [
      'POST',
      'v1/prediction/:id/cancel',
      async (_request, id) => {
        await cancelTask(options, await predictionOf(id));
        return { status: 200, body: { status: 'success', message: 'Prediction cancelled' } };
      },
    ],
    [
      'GET',
      'v1/webhooks',
      async (request) => {
        const body = webhookPage(request, await state.jobs('eachlabs'), (job) => webhookObject(job, request.player));
        return { status: 200, body };
      },
    ],
    [
      'GET',
      'v1/webhooks/:id',
      async ({ player }, id) => {
        const job = await state.job(id, 'eachlabs');
        if (job?.webhook === undefined) throw new Refusal(404, 'webhook not found');
        return { status: 200, body: webhookObject(job, player) };
      },
    ],
    [
      'DELETE',
      'v1/files/:id',
      async (_request, id) => {
        if (!FILE_ID.test(id)) throw new Refusal(400, 'invalid argument');
        const upload = await state.upload(id);
        if (upload && upload.storedMs === undefined) throw new Refusal(409, 'conflict');
        // What is gone already is deleted, too.
        if (upload) await state.removeUpload(id);
        return { status: 204, body: '' };
      },
    ],
    [
      'POST',
      'v1/upload/presign',
      async (request) => {
        const { content_type, file_type = 'other', expires_in_seconds: kept = KEPT_SECONDS } = objectOf(request);
        if (typeof content_type !== 'string' || !isMediaType(content_type)) {
          const given = JSON.stringify(content_type ?? null).slice(0, 60);
          throw new Refusal(400, `Field "content_type": unsupported type ${given}.`);
        }
        if (!FILE_TYPES.includes(file_type)) {
          throw new Refusal(400, `Field "file_type" must be one of ${FILE_TYPES.join(', ')}.`);
        }
        if (!Number.isInteger(kept)) throw new Refusal(400, 'Field "expires_in_seconds" must be a whole number.');
        const [least, most] = KEPT_RANGE;
        const keepMs = Math.min(most, Math.max(least, Number(kept))) * 1000;
        const ticket = { contentType: content_type, untilMs: now() + TICKET_MS, keepMs };
        const { id, putUrl, url, headers } = await uploads.ticket(ticket);
        const expires_at = new Date(now() + keepMs + request.player.skewMs).toISOString();
        const body = { id, presigned_url: putUrl, public_url: url, expires_at, required_headers: headers };
        return { status: 200, body };
      },
    ],
  ];

  const publicRoutes: readonly Route[] = [
    [
      'GET',
      'v1/model',
      async ({ query }) => {
        const slug = query.get('slug') ?? '';
        if (slug === '') throw new Refusal(400, 'The slug parameter is required.');
        const model = EACHLABS_MODELS.find(({ id }) => id === slug);
        if (!model) throw new Refusal(404, `Model ${slug.slice(0, 100)} not found.`);
        const output_type = model.characterClips ? 'object' : 'string';
        const body = { slug, title: slug, version: '0.0.1', output_type, request_schema: schemaOf(model.fields) };
        return { status: 200, body };
      },
    ],
  ];

  return {
    async answer(request) {
      try {
        const open = await route(publicRoutes, request);
        if (open) return open;
        checkKey(request);
        const reply = await route(routes, request);
        if (reply) return reply;
        throw new Refusal(404, `No route ${request.method} /${request.path.join('/')}.`);
      } catch (error) {
        if (error instanceof Refusal) return refusal(error.status, error.message);
        return refusal(500, `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    refusal,
  };
}

/** Of a file of this sandbox, or a UUID, as the host's own are. */
const FILE_ID = /^(?:upload_[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const CREATE_TEXTS: ReadonlySet<string> = new Set(['version', 'webhook_url', 'webhook_secret']);

const LIST_FIELDS: ReadonlySet<string> = new Set([
  ...['limit', 'offset', 'model', 'status', 'workflow_id', 'workflow_execution_id', 'from', 'to'],
  'error_classification',
]);

/** What a failure is put down to. */
const CLASSES: readonly string[] = [
  ...['content_moderation', 'execution_timeout', 'invalid_user_input', 'invalid_model_config', 'provider_auth'],
  ...['provider_error', 'provider_rate_limit', 'provider_unavailable', 'internal_error', 'unknown'],
];

function classOf({ fate: { fail } }: JobRecord): string {
  return isModeration(fail?.code ?? '') ? 'content_moderation' : 'provider_error';
}

const WORDS: StatusWords = {
  queued: 'created',
  running: 'processing',
  done: 'success',
  failed: 'error',
  cancelled: 'cancelled',
};

const statusOf = (job: JobRecord, nowMs: number): string => statusWord(viewTask(job, nowMs), WORDS);

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
};

function refusal(status: number, details: string): Reply {
  return { status, body: { error: TITLES[status] ?? 'Error', status, details } };
}
