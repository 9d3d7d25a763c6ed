import { PROVIDERS, type ProviderName } from '../../src/providers/index.ts';
import type { NewVideo, Provider, ProviderOptions, RemoteVideo } from '../../src/providers/provider.ts';
import { createTestHttp, type TestHttp } from '../helpers/http.ts';
import { createTestServer, type Scripted, type TestServer } from '../helpers/server.ts';
import { cast, KEY } from './harness.ts';

/** What a host tells of a job. An id is JSON source, so that it may be a number of any length; `null` leaves it out. */
export interface Told {
  readonly id?: string | null;
  readonly failure?: string;
  readonly progress?: unknown;
  /** Where the finished video is. */
  readonly output?: string;
}

/** A route that not every host has. */
export interface Extra {
  /** Of the id `a/b`. */
  readonly request: string;
  readonly done: readonly Scripted[];
  /** Says that the id is not known. */
  readonly unknown: readonly Scripted[];
  /** What is looked at after that. */
  readonly after?: readonly string[];
  /** After trouble, before it is asked again: the job is looked at, and goes on. */
  readonly look?: { readonly request: string; readonly running: Scripted };
}

export interface Dialect {
  readonly name: ProviderName;
  /** Behind the server's origin. */
  readonly base: string;
  /** Below the base, of the model that is sent when none is named. */
  readonly createPath: string;
  /** Of an id as it stands in a URL. */
  pollPath(id: string): string;
  created(id: string): Scripted;
  /** 200s after which it is not known what was made. */
  readonly withoutId: readonly object[];
  job(word: string, told?: Told): Scripted;
  readonly words: { readonly running: string; readonly done: string; readonly failed: string };
  /** Where a job says no more than that it is over: what is asked next of the id as it stands in a URL, and answered. */
  readonly result?: { path(id: string): string; answer(told: Told): Scripted };
  readonly statuses: readonly (readonly [word: string, status: RemoteVideo['status']])[];
  /** Of 100; or as a share of 1, of which 1 is the whole. */
  readonly tellsProgress: boolean | 'share';
  /** Every way to say that status, the HTTP status itself first. */
  refusals(status: number, words: string): readonly Scripted[];
  /** 200s that speak of the request and not of a job. */
  readonly trouble: readonly Scripted[];
  /** The answer to a question for content that leads to a URL. */
  leadsTo(url: string): Scripted;
  readonly notReady: Scripted;
  /** What is asked after a no to the content, where the host itself may name another place. */
  readonly afterNoContent?: Scripted;
  /** What is asked of a job that is not known, where the host remembers it in another place. */
  readonly afterUnknown?: Scripted;
  readonly contentPath: (id: string) => string;
  readonly variants: boolean;
  /** Videos with characters, and what the host is asked before it is paid. */
  readonly withCharacters: readonly (Partial<NewVideo> & { readonly before?: readonly Scripted[] })[];
  /** Absent where no model takes a character by an id. */
  readonly character?: {
    /** Of the request that is paid for. */
    readonly path: string;
    /** What the host is asked before that. */
    before(store: TestServer): readonly Scripted[];
    /** From the paid request on; `character` is JSON source. */
    made(character: string): readonly Scripted[];
    /** True where an id can be looked up. */
    readonly known: boolean;
  };
  /** Where files travel by URL: a place at the store, with headers for the PUT. */
  readonly ticket?: (store: TestServer, headers?: object, place?: string) => Scripted;
  /** A PUT is signed by its address and its type alone: the ticket has no headers. */
  readonly unsigned?: true;
  /** A file is sent by a form, in which the ticket stands as fields. */
  readonly form?: true;
  readonly cancel?: Extra;
  readonly remove?: Extra;
  /** A page of videos; `next` is where the next one begins. */
  readonly page?: (videos: readonly object[], next?: string) => Scripted;
  /** Where pages are asked for, below the base, when not at `/videos`. */
  readonly listPath?: string;
  /** What follows a page of two videos of which the second is `v2`, and how that is asked for, in path or body. */
  readonly secondPage?: { readonly next: string; readonly asked: string };
}

export const FILE_URL = 'https://files.example/joe.mp4';

const json = (text: string): Scripted => ({ headers: { 'content-type': 'application/json' }, body: text });

/** JSON source of an object, from JSON sources; what is undefined or null is left out. */
function source(fields: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return `{${given.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

const written = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

function openaiJob(word: string, { id = '"v"', failure, progress }: Told = {}): Scripted {
  const error = failure === undefined ? undefined : { message: failure };
  return json(
    source({ id, object: '"video"', status: written(word), progress: written(progress), error: written(error) }),
  );
}

const NOT_FOUND: Scripted = { status: 404, body: { error: { message: 'No such video' } } };

const openai: Dialect = {
  name: 'openai',
  base: '/v1',
  createPath: '/videos',
  pollPath: (id) => `/videos/${id}`,
  created: (id) => openaiJob('queued', { id }),
  withoutId: [
    { object: 'video', status: 'queued' },
    { id: '', status: 'queued' },
    { code: 500, message: 'relay trouble' },
  ],
  job: openaiJob,
  words: { running: 'in_progress', done: 'completed', failed: 'failed' },
  statuses: [
    ['queued', 'queued'],
    ['pending', 'queued'],
    ['NOT_START', 'queued'],
    ['notstarted', 'queued'],
    ['preparing', 'queued'],
    ['in_progress', 'running'],
    ['processing', 'running'],
    ['running', 'running'],
    ['completed', 'succeeded'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['fail', 'failed'],
    ['interrupted', 'failed'],
    ['expired', 'expired'],
    ['cancelled', 'cancelled'],
    ['reticulating', 'unknown'],
  ],
  tellsProgress: true,
  refusals: (status, message) => [
    { status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } },
  ],
  trouble: [{ body: { status: 'error', message: 'relay trouble' } }, { body: { message: 'hello' } }],
  leadsTo: (location) => ({ status: 302, headers: { location } }),
  notReady: { status: 404, body: { detail: 'Generation is still in-progress' } },
  afterNoContent: NOT_FOUND,
  contentPath: (id) => `/videos/${id}/content`,
  variants: true,
  withCharacters: [{ characters: cast('char_b', 'char_a') }],
  character: {
    path: '/videos/characters',
    before: () => [],
    made: (character) => [json(character)],
    known: true,
  },
  remove: {
    request: 'DELETE /videos/a%2Fb',
    done: [{ body: { id: 'a/b', object: 'video.deleted', deleted: true } }],
    // The route may be missing instead of the video: the video itself is asked for.
    unknown: [NOT_FOUND, NOT_FOUND],
  },
  page: (videos, next) => ({
    body: { object: 'list', data: videos, last_id: next ?? null, has_more: next !== undefined },
  }),
  listPath: '/videos',
  secondPage: { next: 'v2', asked: 'after=v2' },
};

function wavespeedJob(word: string, { id = '"v"', failure, progress, output }: Told = {}): Scripted {
  const outputs = output === undefined ? [] : [output];
  const data = source({
    ...{ id, status: written(word), error: written(failure ?? ''), outputs: written(outputs) },
    progress: written(progress),
  });
  return json(`{"code":200,"message":"success","data":${data}}`);
}

const UNKNOWN_TASK: Scripted = { status: 404, body: { message: 'No such prediction.', error_code: 'not_found' } };

const wavespeed: Dialect = {
  name: 'wavespeed',
  base: '/api/v3',
  createPath: '/bytedance/seedance-2.0/text-to-video',
  pollPath: (id) => `/predictions/${id}/result`,
  created: (id) => wavespeedJob('created', { id }),
  withoutId: [
    { code: 200, data: { status: 'created' } },
    { code: 200, message: 'success', data: null },
    { code: 500, message: 'internal error' },
    { code: 1001, message: 'queue trouble' },
    { code: 408, message: 'timeout' },
  ],
  job: wavespeedJob,
  words: { running: 'processing', done: 'completed', failed: 'failed' },
  statuses: [
    ['created', 'queued'],
    ['pending', 'queued'],
    ['queued', 'queued'],
    ['starting', 'queued'],
    ['processing', 'running'],
    ['Processing', 'running'],
    ['completed', 'succeeded'],
    ['failed', 'failed'],
    ['timeout', 'failed'],
    ['interrupted', 'failed'],
    ['preparing', 'queued'],
    ['cancelled', 'cancelled'],
    ['deleted', 'cancelled'],
    ['reticulating', 'unknown'],
  ],
  tellsProgress: false,
  refusals: (status, message) => [
    { status, body: { message, error_code: 'e' } },
    { body: { code: status, message, data: null } },
  ],
  trouble: [{ body: { code: 200, message: 'success', data: {} } }, { body: { code: 1001, message: 'odd' } }],
  leadsTo: (output) => wavespeedJob('completed', { output }),
  notReady: wavespeedJob('processing'),
  contentPath: (id) => `/predictions/${id}/result`,
  variants: false,
  withCharacters: [
    { characters: cast('https://f.example/b.mp4', 'https://f.example/a.mp4') },
    { model: 'openai/sora-2/text-to-video', characters: cast('char_b', 'char_a') },
  ],
  character: {
    path: '/openai/sora-2/characters',
    before: (store) => [wavespeedTicket(store)],
    made: (character) => [
      wavespeedJob('created', { id: '"t"' }),
      json(`{"code":200,"data":{"id":"t","status":"completed","outputs":[${character}]}}`),
    ],
    known: false,
  },
  ticket: wavespeedTicket,
  remove: {
    request: 'POST /predictions/delete',
    after: ['GET /predictions/a%2Fb/result'],
    done: [{ body: { code: 200, message: 'success', data: {} } }, UNKNOWN_TASK],
    unknown: [UNKNOWN_TASK, UNKNOWN_TASK],
  },
  page: (items) => ({ body: { code: 200, message: 'success', data: { page: 1, items } } }),
  listPath: '/predictions',
  secondPage: { next: '2', asked: '"page":2,"page_size":2' },
};

function wavespeedTicket(store: TestServer, headers: object = {}, url = `${store.url}/put?sig=abc`): Scripted {
  const upload = { method: 'PUT', url, headers };
  return { body: { code: 200, message: 'success', data: { download_url: FILE_URL, upload } } };
}

function eachlabsJob(word: string, { id = '"v"', failure, progress, output }: Told = {}): Scripted {
  const complaint = failure === undefined ? null : { error_code: 'E1', error_message: failure, retryable: false };
  return json(source({ id, status: written(word), output: written(output ?? complaint), progress: written(progress) }));
}

const NO_SCHEMA: Scripted = { status: 404, body: { error: 'model not found' } };
const UNKNOWN: Scripted = { status: 404, body: { error: 'not found' } };

const eachlabs: Dialect = {
  name: 'eachlabs',
  base: '',
  createPath: '/v1/prediction',
  pollPath: (id) => `/v1/prediction/${id}`,
  created: (id) => json(source({ status: '"success"', message: '"Prediction created"', predictionID: id })),
  withoutId: [
    { status: 'success', message: 'Prediction created' },
    { status: 'success', predictionID: '' },
    { status: 'error', error: 'something' },
  ],
  job: eachlabsJob,
  words: { running: 'processing', done: 'success', failed: 'error' },
  statuses: [
    ['created', 'queued'],
    ['starting', 'queued'],
    ['processing', 'running'],
    ['success', 'succeeded'],
    ['error', 'failed'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['Canceled', 'cancelled'],
    ['reticulating', 'unknown'],
  ],
  tellsProgress: false,
  refusals: (status, error) => [{ status, body: { error, status } }],
  trouble: [
    { body: { status: 'error', error: 'upstream trouble' } },
    { body: { status: 'success', message: 'ok' } },
    { body: { message: 'hello' } },
  ],
  leadsTo: (output) => eachlabsJob('success', { output }),
  notReady: eachlabsJob('processing'),
  contentPath: (id) => `/v1/prediction/${id}`,
  variants: false,
  withCharacters: [
    { characters: cast('https://f.example/b.mp4', 'https://f.example/a.mp4') },
    { model: 'sora-2-text-to-video-pro', characters: cast('char_b', 'char_a'), before: [NO_SCHEMA] },
  ],
  character: {
    path: '/v1/prediction',
    before: (store) => [eachlabsTicket(store), NO_SCHEMA],
    made: (character) => [eachlabs.created('"t"'), json(`{"id":"t","status":"success","output":${character}}`)],
    known: false,
  },
  ticket: eachlabsTicket,
  cancel: {
    request: 'POST /v1/prediction/a%2Fb/cancel',
    done: [{ body: { status: 'success', message: 'Prediction cancelled' } }],
    unknown: [UNKNOWN],
  },
  page: (executions) => ({ body: { executions, total_count: 2, offset: 0, limit: 2 } }),
  listPath: '/v1/executions',
  secondPage: { next: '2', asked: 'limit=2&offset=2' },
};

function eachlabsTicket(store: TestServer, headers: object = {}, place = `${store.url}/put?sig=abc`): Scripted {
  const times = { expires_at: '2026-11-21T12:00:00Z' };
  return { body: { id: 'up-1', presigned_url: place, public_url: FILE_URL, ...times, required_headers: headers } };
}

const FAL_APP = '/bytedance/seedance-2.0';

function falJob(word: string, { id = '"v"', failure, progress }: Told = {}): Scripted {
  return json(source({ request_id: id, status: written(word), error: written(failure), progress: written(progress) }));
}

const NO_REQUEST: Scripted = { status: 404, body: { status: 'NOT_FOUND' } };

const fal: Dialect = {
  name: 'fal',
  base: '/fal',
  createPath: `${FAL_APP}/reference-to-video`,
  pollPath: (id) => `${FAL_APP}/requests/${id}/status`,
  created: (id) => json(source({ request_id: id, status: '"IN_QUEUE"', queue_position: '0' })),
  withoutId: [{ status: 'IN_QUEUE' }, { request_id: '', status: 'IN_QUEUE' }, { detail: 'queue trouble' }],
  job: falJob,
  words: { running: 'IN_PROGRESS', done: 'COMPLETED', failed: 'FAILED' },
  result: {
    path: (id) => `${FAL_APP}/requests/${id}`,
    answer: ({ output = FILE_URL }) => ({ body: { video: { url: output, content_type: 'video/mp4' }, seed: 1 } }),
  },
  statuses: [
    ['IN_QUEUE', 'queued'],
    ['IN_PROGRESS', 'running'],
    ['COMPLETED', 'succeeded'],
    ['FAILED', 'failed'],
    ['RETICULATING', 'unknown'],
  ],
  tellsProgress: false,
  refusals: (status, detail) => [
    { status, body: { detail } },
    { status, body: { error: { type: 'some_error', message: detail } } },
    ...(status === 400
      ? [{ status: 422, body: { detail: [{ loc: ['body', 'x'], msg: detail, type: 'value_error' }] } }]
      : []),
  ],
  trouble: [{ body: { message: 'hello' } }, { body: {} }],
  leadsTo: (url) => ({ body: { video: { url } } }),
  notReady: { status: 400, body: { detail: 'Request is still in progress' } },
  contentPath: (id) => `${FAL_APP}/requests/${id}`,
  afterNoContent: { body: { items: [], next_cursor: null, has_more: false } },
  afterUnknown: { body: { items: [], next_cursor: null, has_more: false } },
  variants: false,
  withCharacters: [{ characters: cast('https://f.example/b.mp4', 'https://f.example/a.mp4') }],
  unsigned: true,
  ticket: (store, _headers, place = `${store.url}/put?sig=abc`) => ({
    body: { upload_url: place, file_url: FILE_URL },
  }),
  cancel: {
    request: `PUT ${FAL_APP}/requests/a%2Fb/cancel`,
    done: [{ status: 202, body: { status: 'CANCELLATION_REQUESTED' } }],
    unknown: [NO_REQUEST],
  },
  page: (videos, next) => ({
    body: {
      items: (videos as readonly { id: string; status: string; prompt?: string; model?: string }[]).map((video) => ({
        ...{ request_id: video.id, endpoint_id: video.model ?? 'bytedance/seedance-2.0/reference-to-video' },
        ...{ status_code: video.status === 'COMPLETED' ? 200 : null, json_input: { prompt: video.prompt } },
      })),
      ...{ next_cursor: next ?? null, has_more: next !== undefined },
    },
  }),
  listPath: '/v1/models/requests/by-endpoint',
  secondPage: { next: 'v2', asked: 'cursor=v2' },
};

function runwayTask(word: string, { id = '"v"', failure, progress, output }: Told = {}): Scripted {
  return json(
    source({
      ...{ id, status: written(word), failure: written(failure), progress: written(progress) },
      output: output === undefined ? undefined : written([output]),
    }),
  );
}

const NO_TASK: Scripted = { status: 404, body: { error: 'A task with that id does not exist.' } };

const runway: Dialect = {
  name: 'runway',
  base: '',
  createPath: '/v1/text_to_video',
  pollPath: (id) => `/v1/tasks/${id}`,
  created: (id) => json(source({ id, estimatedCost: '{"credits":288}' })),
  withoutId: [{ estimatedCost: { credits: 288 } }, { id: '', estimatedCost: { credits: 288 } }, { error: 'trouble' }],
  job: runwayTask,
  words: { running: 'RUNNING', done: 'SUCCEEDED', failed: 'FAILED' },
  statuses: [
    ['PENDING', 'queued'],
    ['THROTTLED', 'queued'],
    ['RUNNING', 'running'],
    ['SUCCEEDED', 'succeeded'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'cancelled'],
    ['RETICULATING', 'unknown'],
  ],
  tellsProgress: 'share',
  refusals: (status, error) => [
    { status, body: { error } },
    ...(status === 400
      ? [{ status, body: { error: 'Validation failed', issues: [{ code: 'custom', path: ['x'], message: error }] } }]
      : []),
  ],
  trouble: [{ body: { message: 'hello' } }, { body: { id: 'v' } }],
  leadsTo: (output) => runwayTask('SUCCEEDED', { output }),
  notReady: runwayTask('RUNNING'),
  contentPath: (id) => `/v1/tasks/${id}`,
  variants: false,
  withCharacters: [
    { characters: cast('https://f.example/b.mp4', 'https://f.example/a.mp4') },
    { model: 'gemini_omni_flash_1.1', characters: cast('https://f.example/b.mp4') },
  ],
  form: true,
  ticket: (store, fields = { key: 'a' }, place = `${store.url}/put?sig=abc`) => ({
    body: { uploadUrl: place, fields, runwayUri: FILE_URL },
  }),
  cancel: {
    ...{ request: 'DELETE /v1/tasks/a%2Fb', done: [{ status: 204 }], unknown: [NO_TASK] },
    look: {
      request: 'GET /v1/tasks/a%2Fb',
      running: { body: { id: 'a/b', status: 'RUNNING', createdAt: '2026-11-28T10:00:00.000Z' } },
    },
  },
  remove: { request: 'DELETE /v1/tasks/a%2Fb', done: [{ status: 204 }], unknown: [NO_TASK] },
};

/** The header by which the key of a host travels. */
export function authOf({ name }: Pick<Dialect, 'name'>): string {
  const by = PROVIDERS[name].keyHeader(undefined);
  return 'scheme' in by ? `${by.scheme} ${KEY}` : KEY;
}

/** What a host answers about a job, until it is known what has come of it. */
export function told({ job, words, result }: Dialect, word: string, what: Told = {}): readonly Scripted[] {
  return [job(word, what), ...(word === words.done && result ? [result.answer(what)] : [])];
}

/** The table of the contract: every adapter that there is. */
export const DIALECTS = {
  openai,
  wavespeed,
  eachlabs,
  fal,
  runway,
  sandbox: { ...openai, name: 'sandbox' },
} as const satisfies Record<ProviderName, Dialect>;

export interface Bench extends TestHttp {
  readonly server: TestServer;
  /** Another origin, as a store is. */
  readonly store: TestServer;
  readonly provider: Provider;
  /** Milliseconds of every pause between two looks at a character in the making. */
  readonly sleeps: number[];
}

/** An adapter, as the table of providers makes it, before a scripted host and a scripted store. */
export async function setUp(
  { name, base }: Pick<Dialect, 'name' | 'base'>,
  more: Partial<ProviderOptions> & { readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown> } = {},
): Promise<Bench> {
  const [server, store] = [await createTestServer(), await createTestServer()];
  const test = createTestHttp();
  const sleeps: number[] = [];
  const options = {
    ...{ baseUrl: `${server.url}${base}`, key: KEY, backend: undefined, http: test.http },
    sleep: async (ms: number) => void sleeps.push(ms),
    ...more,
  };
  return { ...test, server, store, sleeps, provider: await PROVIDERS[name].create(options) };
}
