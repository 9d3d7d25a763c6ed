/** The Runway dialect: routes, checks and answers of `/v1/text_to_video`, `/v1/image_to_video`, `/v1/tasks`, `/v1/uploads` and `/v1/organization`. */

import type { DialectOptions, HostDialect } from '../dialect.ts';
import { bearerOf, type Dialect, type Incoming, type Reply, type Route, route } from '../http.ts';
import { type JobRecord, type StatusWords, statusWord } from '../jobs.ts';
import { objectOf, Refusal } from '../task-host/fields.ts';
import type { ModelSpec } from '../task-host/models.ts';
import { publicOrigin, type References } from '../task-host/references.ts';
import { addTask, isModeration, outputUrl, viewTask } from '../task-host/tasks.ts';
import { RUNWAY_MODELS, RUNWAY_PICTURE_MODELS } from './models.ts';

const BASE = '/runway';
const VERSION = '2024-11-06';
const DAY_MS = 86_400_000;
const TICKET_MS = 3_600_000;
const FIRST_CREDITS = 100_000;
/** Of one model; what is beyond is throttled. */
const MOST_AT_ONCE = 3;
const MOST_A_DAY = 1000;
const DATA_URL_CHARS = 5 * 1024 * 1024;

export const runway: HostDialect = {
  base: BASE,
  mounts: [BASE],
  calls: [
    ['upload', 'POST', /^\/v1\/uploads$/],
    ['create', 'POST', /^\/v1\/(?:text|image)_to_video$/],
    ['status', 'GET', /^\/v1\/tasks\/[^/]+$/],
    ['delete', 'DELETE', /^\/v1\/tasks\/[^/]+$/],
  ],
  create: createDialect,
};

function createDialect(options: DialectOptions): Dialect {
  const { state, uploads, now, origin } = options;
  const references = ownReferences(options);

  function checkHeaders({ headers }: Incoming): void {
    const key = bearerOf(headers);
    if (key === undefined) throw new Refusal(401, 'You did not provide an API key.');
    if (options.key !== undefined && key !== options.key)
      throw new Refusal(401, 'The API key you provided is invalid.');
    if (headers['x-runway-version'] === undefined) throw new Refusal(400, 'The header X-Runway-Version is required.');
    if (headers['x-runway-version'] !== VERSION) {
      throw new Refusal(400, `X-Runway-Version must be ${VERSION}.`);
    }
  }

  async function taskOf(id: string): Promise<JobRecord> {
    const job = await state.job(id, 'runway');
    if (job && job.deletedMs === undefined) return job;
    throw new Refusal(404, 'A task with that id does not exist.');
  }

  function taskObject(job: JobRecord): object {
    const nowMs = now();
    const view = viewTask(job, nowMs);
    const { phase, made, progress, told } = view;
    const { fail } = job.fate;
    const isHeld = phase === 'queued' && nowMs < job.createdMs + (job.heldMs ?? 0);
    const status = statusWord(view, isHeld ? { ...WORDS, queued: 'THROTTLED' } : WORDS);
    const isOver = phase !== 'queued' && phase !== 'running';
    return {
      ...{ id: job.id, createdAt: new Date(job.createdMs).toISOString(), status },
      ...(isOver ? { cost: { credits: chargeOf(job, nowMs) } } : { estimatedCost: { credits: mostCreditsOf(job) } }),
      ...((phase === 'running' || told.progress !== undefined) && { progress: (told.progress ?? progress) / 100 }),
      ...(fail && phase === 'failed' && { failure: fail.message, failureCode: failureCodeOf(fail.code) }),
      // Each answer has another link: it is signed for a day.
      ...(made && { output: [outputUrl(publicOrigin(origin()), job, nowMs, DAY_MS / 1000)] }),
    };
  }

  /** So many milliseconds until fewer than may run at once are running. */
  async function heldFor(model: ModelSpec): Promise<number> {
    const nowMs = now();
    const ends = (await state.jobs('runway'))
      .filter((job) => job.model === model.id && !isOver(job, nowMs))
      .map(({ createdMs, durationMs }) => createdMs + durationMs)
      .toSorted((a, b) => b - a);
    return (ends[MOST_AT_ONCE - 1] ?? nowMs) - nowMs;
  }

  async function account(): Promise<{ readonly credits: number; madeToday(model: string): number }> {
    const nowMs = now();
    const jobs = await state.jobs('runway');
    const today = Math.floor(nowMs / DAY_MS);
    return {
      credits: FIRST_CREDITS - jobs.reduce((sum, job) => sum + chargeOf(job, nowMs), 0),
      madeToday: (model) =>
        jobs.filter((job) => job.model === model && Math.floor(job.createdMs / DAY_MS) === today).length,
    };
  }

  const createOf =
    (models: readonly ModelSpec[]): Route[2] =>
    async (request) => {
      const { model: id, ...input } = objectOf(request);
      const model = models.find((known) => known.id === id);
      if (!model) throw new Refusal(400, `Field "model" must be one of ${models.map((one) => one.id).join(', ')}.`);
      const { credits, madeToday } = await account();
      if (madeToday(model.id) >= MOST_A_DAY)
        throw new Refusal(429, 'You have reached your daily task limit for this model.');
      const wish = { host: 'runway', idKind: 'task', model, input, player: request.player } as const;
      const job = await addTask({ ...options, references }, { ...wish, heldMs: await heldFor(model) });
      if (mostCreditsOf(job) > credits) {
        await state.removeJob(job.id);
        throw new Refusal(400, 'You do not have enough credits to run this task.');
      }
      return { status: 200, body: { id: job.id, estimatedCost: { credits: mostCreditsOf(job) } } };
    };

  const upload: Route[2] = async (request) => {
    const { filename, type, ...rest } = objectOf(request);
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) throw new Refusal(400, `Field "${stranger.slice(0, 60)}" is not known.`);
    if (type !== 'ephemeral') throw new Refusal(400, 'Field "type" must be "ephemeral".');
    const contentType =
      typeof filename === 'string' ? MEDIA[filename.split('.').at(-1)?.toLowerCase() ?? ''] : undefined;
    if (typeof filename !== 'string' || filename.length < 3 || filename.length > 255 || contentType === undefined) {
      throw new Refusal(400, 'Field "filename" must have 3 to 255 characters, and end as a media file does.');
    }
    const { id, url, fields } = await uploads.form({ contentType, untilMs: now() + TICKET_MS, keepMs: DAY_MS });
    return { status: 200, body: { uploadUrl: url, fields, runwayUri: `${SCHEME}${id}` } };
  };

  const remove: Route[2] = async (_request, id) => {
    const job = await taskOf(id);
    const nowMs = now();
    const stopped = isOver(job, nowMs) ? {} : { cancelledMs: nowMs };
    await state.changeJob({ ...job, ...stopped, deletedMs: nowMs });
    return { status: 204, body: '' };
  };

  const organization: Route[2] = async () => {
    const { credits, madeToday } = await account();
    const ids = [...RUNWAY_MODELS, ...RUNWAY_PICTURE_MODELS].map(({ id }) => id);
    const byModel = <T>(of: (id: string) => T) => Object.fromEntries(ids.map((id) => [id, of(id)]));
    return {
      status: 200,
      body: {
        creditBalance: credits,
        tier: {
          maxMonthlyCreditSpend: FIRST_CREDITS,
          models: byModel(() => ({ maxConcurrentGenerations: MOST_AT_ONCE, maxDailyGenerations: MOST_A_DAY })),
        },
        usage: { models: byModel((id) => ({ dailyGenerations: madeToday(id) })) },
      },
    };
  };

  const routes: readonly Route[] = [
    ['POST', 'v1/text_to_video', createOf(RUNWAY_MODELS)],
    ['POST', 'v1/image_to_video', createOf(RUNWAY_PICTURE_MODELS)],
    ['POST', 'v1/uploads', upload],
    ['GET', 'v1/organization', organization],
    ['GET', 'v1/tasks/:id', async (_request, id) => ({ status: 200, body: taskObject(await taskOf(id)) })],
    ['DELETE', 'v1/tasks/:id', remove],
  ];

  return {
    async answer(request) {
      try {
        checkHeaders(request);
        const reply = await route(routes, request);
        if (reply) return reply;
        throw new Refusal(404, `Cannot ${request.method} /${request.path.join('/')}`);
      } catch (error) {
        if (error instanceof Refusal) return refusal(error.status, error.message);
        return refusal(500, `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    refusal,
  };
}

const SCHEME = 'runway://';

/** What the host reads: its own uploads, data URLs that are not too large, and https elsewhere. */
function ownReferences({ references, origin }: DialectOptions): References {
  const read = async <T>(at: string, url: string, open: (to: string) => Promise<T>): Promise<T> => {
    if (url.startsWith('data:') && url.length > DATA_URL_CHARS) {
      throw new Refusal(400, `Field "${at}": data URIs must be at most 5 MB.`);
    }
    if (!/^(?:runway|https|data):/.test(url)) {
      throw new Refusal(400, `Field "${at}" must be an HTTPS URL, a Runway upload URI or a data URI.`);
    }
    if (!url.startsWith(SCHEME)) return open(url);
    const own = `${origin()}/files/${url.slice(SCHEME.length)}`;
    return open(own).catch((error: unknown) => {
      throw error instanceof Refusal ? new Refusal(error.status, error.message.replaceAll(own, url)) : error;
    });
  };
  return {
    clip: ({ at, url }) => read(at, url, (to) => references.clip({ at, url: to })),
    picture: ({ at, url }) => read(at, url, (to) => references.picture({ at, url: to })),
  };
}

const MEDIA: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
};

const WORDS: StatusWords = {
  queued: 'PENDING',
  running: 'RUNNING',
  done: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

function isOver(job: JobRecord, nowMs: number): boolean {
  const { phase } = viewTask(job, nowMs);
  return phase !== 'queued' && phase !== 'running';
}

function creditsOf({ cost = 0 }: JobRecord): number {
  return Math.round(cost * 100);
}

/** What may be charged at most. */
function mostCreditsOf({ cost, mostCost = cost }: JobRecord): number {
  return Math.round((mostCost ?? 0) * 100);
}

/** What is charged until now: what has failed is given back, but for what moderation has stopped. */
function chargeOf(job: JobRecord, nowMs: number): number {
  const { phase } = viewTask(job, nowMs);
  const isLost = phase === 'failed' && !failureCodeOf(job.fate.fail?.code ?? '').startsWith('SAFETY');
  return phase === 'cancelled' || isLost ? 0 : creditsOf(job);
}

/** A scenario's own code where it is one of this host's. */
function failureCodeOf(code: string): string {
  if (/^[A-Z]+(?:\.[A-Z0-9_]+)*$/.test(code)) return code;
  return isModeration(code) ? 'SAFETY.INPUT.TEXT' : 'INTERNAL.BAD_OUTPUT.CODE01';
}

function refusal(status: number, error: string): Reply {
  const field = /^(?:Unknown f|F)ield "([^"]+)":? ?(.*)$/s.exec(error);
  if (status !== 400 || !field) return { status, body: { error } };
  const [, path = '', message = ''] = field;
  const issues = [{ code: 'custom', path: path.split(/[.[\]]+/).filter(Boolean), message }];
  return { status, body: { error: 'Validation of body failed', issues, docUrl: 'https://docs.dev.runwayml.com/api' } };
}
