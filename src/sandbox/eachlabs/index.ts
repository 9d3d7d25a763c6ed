/** The eachlabs dialect: routes, checks and answers of `/v1/prediction`, `/v1/upload/presign` and `/v1/model`. */

import type { DialectOptions, HostDialect } from '../dialect.ts';
import { bearerOf, type Dialect, type Incoming, type Reply, type Route, route } from '../http.ts';
import type { JobRecord } from '../jobs.ts';
import { objectOf, Refusal, schemaOf } from '../task-host/fields.ts';
import { addTask, cancelTask, outputUrl, viewTask } from '../task-host/tasks.ts';
import { isMediaType } from '../task-host/uploads.ts';
import { EACHLABS_MODELS } from './models.ts';

const TICKET_SECONDS = 3600;

export const eachlabs: HostDialect = {
  base: '',
  // Everything else under `/v1` is another host's.
  mounts: ['/v1/prediction', '/v1/upload', '/v1/model'],
  calls: [
    ['upload', 'POST', /^\/v1\/upload\//],
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

  function predictionReply(job: JobRecord): Reply {
    const { phase, made, told } = viewTask(job, now());
    const { fail } = job.fate;
    const words = {
      queued: 'created',
      running: 'processing',
      done: 'success',
      failed: 'error',
      cancelled: 'cancelled',
    };
    const failure = {
      error_code: fail?.code ?? '',
      error_message: fail?.message ?? '',
      retryable: false,
    };
    const url = `${origin()}/v1/prediction/${job.id}`;
    return {
      status: 200,
      body: {
        id: job.id,
        input: job.input ?? {},
        status: told.status ?? words[phase],
        // No field of this host's own: there only when a scenario wants it told.
        ...(told.progress !== undefined && { progress: told.progress }),
        output: made ? (job.character ?? outputUrl(origin(), job, now())) : phase === 'failed' ? failure : null,
        logs: null,
        metrics: {
          predict_time: made ? job.durationMs / 1000 : 0,
          cost: made ? (job.cost ?? 0) : 0,
        },
        urls: { cancel: `${url}/cancel`, get: url },
      },
    };
  }

  const routes: readonly Route[] = [
    [
      'POST',
      'v1/prediction',
      async (request) => {
        const { model: slug, input, webhook_url, ...rest } = objectOf(request);
        const [stranger] = Object.keys(rest);
        if (stranger !== undefined) throw new Refusal(400, `Unknown field "${stranger.slice(0, 60)}".`);
        if (webhook_url !== undefined && typeof webhook_url !== 'string') {
          throw new Refusal(400, 'Field "webhook_url" must be a string.');
        }
        const model = EACHLABS_MODELS.find(({ id }) => id === slug);
        if (!model) throw new Refusal(404, `Model ${String(slug).slice(0, 100)} not found.`);
        const { id } = await addTask(options, {
          host: 'eachlabs',
          idKind: 'prediction',
          model,
          input,
          player: request.player,
        });
        return { status: 200, body: { status: 'success', message: 'Prediction created', predictionID: id } };
      },
    ],
    ['GET', 'v1/prediction/:id', async (_request, id) => predictionReply(await predictionOf(id))],
    [
      'POST',
      'v1/prediction/:id/cancel',
      async (_request, id) => {
        await cancelTask(options, await predictionOf(id));
        return { status: 200, body: { status: 'success', message: 'Prediction cancelled' } };
      },
    ],
    [
      'POST',
      'v1/upload/presign',
      async (request) => {
        const { content_type, file_type, expires_in_seconds = TICKET_SECONDS } = objectOf(request);
        if (typeof content_type !== 'string' || !isMediaType(content_type)) {
          const given = JSON.stringify(content_type ?? null).slice(0, 60);
          throw new Refusal(400, `Field "content_type": unsupported type ${given}.`);
        }
        if (typeof file_type !== 'string' || file_type === '') throw new Refusal(400, 'Field "file_type" is required.');
        if (typeof expires_in_seconds !== 'number' || !(expires_in_seconds > 0)) {
          throw new Refusal(400, 'Field "expires_in_seconds" must be a number above 0.');
        }
        const untilMs = now() + expires_in_seconds * 1000;
        const { id, putUrl, url, headers } = await uploads.ticket({ contentType: content_type, untilMs });
        const expires_at = new Date(untilMs + request.player.skewMs).toISOString();
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
        const model = EACHLABS_MODELS.find(({ id }) => id === slug);
        if (!model) throw new Refusal(404, `Model ${slug.slice(0, 100)} not found.`);
        return { status: 200, body: { slug, title: slug, request_schema: schemaOf(model.fields) } };
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

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
};

function refusal(status: number, details: string): Reply {
  return { status, body: { error: TITLES[status] ?? 'Error', status, details } };
}
