/** What fal's platform tells beside the queue: models and their schemas without a key; requests and prices with one. */
import { type Incoming, type Reply, type Route, readObject } from '../http.ts';
import { type JobRecord, WEEK_MS } from '../jobs.ts';
import { isObject, Refusal, schemaOf } from '../task-host/fields.ts';
import { isModeration, type TaskOptions, viewTask } from '../task-host/tasks.ts';
import { FAL_MODELS, type FalModel } from './models.ts';

export interface PlatformOptions extends TaskOptions {
  outputOf(job: JobRecord): object;
}

const DAY_MS = 86_400_000;
const MOST_LISTED = 100;

/** A request's id as the host tells it, a UUID, and as it is kept. */
export function requestIdOf({ id }: Pick<JobRecord, 'id'>): string {
  return id.replace(/^request_(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Where a request was sent: who makes it is told nobody. */
export function endpointOf({ askedModel, model }: JobRecord): string {
  return askedModel ?? model;
}

export function jobIdOf(requestId: string): string {
  return `request_${requestId.replaceAll('-', '')}`;
}

export const openRoutes: readonly Route[] = [
  [
    'GET',
    'v1/models',
    async ({ query }) => {
      const ids = idsIn(query);
      const found = FAL_MODELS.filter(({ id }) => ids.length === 0 || ids.includes(id));
      const missing = ids.find((id) => !found.some((model) => model.id === id));
      if (missing !== undefined) throw new Refusal(404, `Endpoint "${missing.slice(0, 100)}" not found.`);
      const withSchema = query.getAll('expand').includes('openapi-3.0');
      return {
        status: 200,
        body: {
          models: found.map((model) => ({
            endpoint_id: model.id,
            metadata: { display_name: model.id, category: 'video-to-video', status: 'active' },
            ...(withSchema && { openapi: openApiOf(model) }),
          })),
          ...{ next_cursor: null, has_more: false },
        },
      };
    },
  ],
];

export function keyRoutes(options: PlatformOptions): readonly Route[] {
  return [
    ['GET', 'v1/models/requests/by-endpoint', (request) => listRequests(options, request)],
    [
      'GET',
      'v1/models/pricing',
      async ({ query }) => {
        const prices = idsIn(query).map((id) => {
          const { unit } = modelOf(id);
          return { endpoint_id: id, unit_price: unit.usd, unit: unit.of, currency: 'USD' };
        });
        return { status: 200, body: { prices, next_cursor: null, has_more: false } };
      },
    ],
    [
      'POST',
      'v1/models/pricing/estimate',
      async (request) => {
        const { estimate_type: type, endpoints } = readObject(request) ?? {};
        if (type !== 'unit_price') throw new Refusal(400, 'Only "unit_price" is estimated here.');
        if (!isObject(endpoints)) throw new Refusal(400, 'Field "endpoints" must be an object.');
        const costs = Object.entries(endpoints).map(([id, wish]) => {
          const quantity = isObject(wish) ? wish.unit_quantity : undefined;
          if (typeof quantity !== 'number' || !(quantity > 0)) throw new Refusal(400, 'A "unit_quantity" is missing.');
          return modelOf(id).unit.usd * quantity;
        });
        const total = Number(costs.reduce((sum, cost) => sum + cost, 0).toFixed(6));
        return { status: 200, body: { estimate_type: type, total_cost: total, currency: 'USD' } };
      },
    ],
  ];
}

/** Newest first. What still waits in the queue is not among them. */
async function listRequests({ state, now, outputOf }: PlatformOptions, { query, player }: Incoming): Promise<Reply> {
  const endpoint = query.get('endpoint_id');
  if (!endpoint) throw new Refusal(400, 'Query parameter "endpoint_id" is required.');
  const one = query.get('request_id');
  const limit = Number(query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw new Refusal(400, `Query parameter "limit" must be 1 to ${MOST_LISTED}.`);
  }
  const from = momentIn(query, 'start') ?? now() - (one === null ? DAY_MS : 90 * DAY_MS);
  const to = momentIn(query, 'end') ?? Number.POSITIVE_INFINITY;
  const wanted = query.get('status');
  const all = (await state.jobs('fal'))
    .map((job) => ({ job, view: viewTask(job, now()) }))
    .filter(({ job, view }) => endpointOf(job) === endpoint && view.phase !== 'queued')
    .filter(({ job }) => job.createdMs >= from && job.createdMs < to)
    .filter(({ job }) => one === null || requestIdOf(job) === one)
    .filter(({ job, view }) => wanted === null || wordOf(codeOf(job, view.phase)) === wanted)
    .toReversed();
  const cursor = query.get('cursor');
  const page = cursor === null ? 1 : Number(Buffer.from(cursor, 'base64').toString());
  if (!Number.isInteger(page) || page < 1) throw new Refusal(400, 'Query parameter "cursor" is none of ours.');
  const shown = all.slice((page - 1) * limit, page * limit);
  const hasMore = all.length > page * limit;
  const withPayloads = query.getAll('expand').includes('payloads');
  const time = (ms: number): string => new Date(ms + player.skewMs).toISOString();
  return {
    status: 200,
    body: {
      items: shown.map(({ job, view: { phase, completedMs } }) => {
        const code = codeOf(job, phase);
        const isKept = withPayloads && code === 200 && now() < (completedMs ?? 0) + WEEK_MS;
        return {
          ...{ request_id: requestIdOf(job), endpoint_id: endpointOf(job) },
          ...{ sent_at: time(job.createdMs), started_at: time(job.createdMs + 1) },
          ...{ ended_at: completedMs === undefined ? null : time(completedMs), status_code: code },
          ...(completedMs !== undefined && { duration: job.durationMs / 1000 }),
          ...(withPayloads && { json_input: job.input ?? null, json_output: isKept ? outputOf(job) : null }),
        };
      }),
      next_cursor: hasMore ? Buffer.from(String(page + 1)).toString('base64') : null,
      has_more: hasMore,
    },
  };
}

/** The code of a job whose inputs its model refuses. */
export const INVALID = 'invalid_input';

/** Found by the model in what it was given, and not by what runs it. */
export function isModelsOwn(code: string): boolean {
  return code === INVALID || isModeration(code);
}

function codeOf({ fate: { fail } }: JobRecord, phase: string): number | null {
  if (phase === 'cancelled') return 499;
  if (phase === 'failed') return fail && isModelsOwn(fail.code) ? 422 : 500;
  return phase === 'done' ? 200 : null;
}

function wordOf(code: number | null): string | undefined {
  if (code === null) return undefined;
  return code < 300 ? 'success' : code < 500 ? 'user_error' : 'error';
}

function momentIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Refusal(400, `Query parameter "${name}" is no date.`);
  return ms;
}

function modelOf(id: string): FalModel {
  const model = FAL_MODELS.find((known) => known.id === id);
  if (model) return model;
  throw new Refusal(404, `Endpoint "${id.slice(0, 100)}" not found.`);
}

function idsIn(query: URLSearchParams): readonly string[] {
  return query.getAll('endpoint_id').flatMap((text) => text.split(',').filter(Boolean));
}

/** As the host writes it: inputs by reference, behind the path of the endpoint. */
function openApiOf({ id, fields }: FalModel) {
  const name = `${id.replace(/(?:^|[^a-zA-Z0-9]+)(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, '')}Input`;
  const json = (schema: object) => ({ content: { 'application/json': { schema } } });
  const queued = { type: 'object', properties: { request_id: { type: 'string' } } };
  return {
    openapi: '3.0.4',
    info: { title: `Queue OpenAPI for ${id}`, version: '1.0.0' },
    components: { schemas: { [name]: schemaOf(fields), QueueStatus: queued } },
    paths: {
      [`/${id}`]: {
        post: {
          requestBody: { required: true, ...json({ $ref: `#/components/schemas/${name}` }) },
          responses: { 200: { description: 'Queued.', ...json({ $ref: '#/components/schemas/QueueStatus' }) } },
        },
      },
    },
    servers: [{ url: 'https://queue.fal.run' }],
  };
}
