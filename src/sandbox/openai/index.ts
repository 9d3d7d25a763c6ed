/** OpenAI's Videos API as it was: routes, checks and answers of `/v1/videos`. */
import { readFile } from 'node:fs/promises';
import type { DialectOptions, HostDialect } from '../dialect.ts';
import { bearerOf, type Dialect, fileReply, type Incoming, type Reply, type Route, route } from '../http.ts';
import { type JobRecord, viewJob } from '../jobs.ts';
import type { ClipFacts } from '../media/mp4.ts';
import { newId } from '../state.ts';
import { characterReply, modelObject, type Telling, videoObject, videoReply } from './answers.ts';
import { ApiError, errorReply, invalidType, invalidValue, notFound } from './errors.ts';
import { type FollowUp, MODEL_IDS, readCharacter, readCreate, readFollowUp } from './params.ts';

const VARIANTS = { video: 'video/mp4', thumbnail: 'image/webp', spritesheet: 'image/jpeg' } as const;
const MOST_EXTENSIONS = 6;
const MOST_SECONDS = 120;

export const openai: HostDialect = {
  base: '/v1',
  mounts: ['/v1'],
  calls: [
    ['delete', 'DELETE', /^\/videos\/[^/]+$/],
    ['create', 'POST', /^\/videos(?:\/|$)/],
    ['list', 'GET', /^\/videos$/],
    ['status', 'GET', /^\/videos\/[^/]+$/],
    ['content', 'GET', /^\/videos\/[^/]+\/content$/],
  ],
  create: createDialect,
};

function createDialect(options: DialectOptions): Dialect {
  const { state, outputs, now } = options;

  async function addJob(request: Incoming, wish: Wish): Promise<Reply> {
    const { picture, ...record } = wish;
    const fate = request.player.fate();
    const [width, height] = fate.made?.size?.split('x').map(Number) ?? [];
    const job = await state.addJob(
      {
        ...record,
        version: 1,
        id: newId('video'),
        createdMs: now(),
        durationMs: (fate.jobSeconds ?? request.player.jobSeconds) * 1000,
        model: fate.made?.model ?? record.model,
        width: width ?? record.width,
        height: height ?? record.height,
        seconds: Number(fate.made?.seconds ?? record.seconds),
        ...(picture ? { picture: picture.type } : {}),
        fate,
      },
      picture?.bytes,
    );
    // The answer to a create is always a queued job, however short its life is.
    return videoReply(job, { nowMs: job.createdMs - 1, skewMs: request.player.skewMs });
  }

  async function jobOf(id: string): Promise<JobRecord> {
    const job = await state.job(id, 'openai');
    if (!job) throw notFound('Video', id);
    return job;
  }

  async function finishedJob(id: string): Promise<JobRecord> {
    const source = await jobOf(id);
    if (viewJob(source, now()).phase === 'done') return source;
    throw new ApiError(400, `Video '${source.id}' is not completed.`, { param: 'video', code: 'invalid_video_status' });
  }

  /** A finished video of this host's, or one that came along. */
  const sourceOf = async (video: FollowUp['video']): Promise<Source> =>
    typeof video === 'string' ? finishedJob(video) : uploaded(video);

  const handlers = {
    async create(request) {
      const { prompt, model, seconds, size, characters, picture } = await readCreate(request);
      const shown: { id: string; name: string }[] = [];
      for (const id of characters) {
        const character = await state.character(id, 'openai');
        if (!character) throw notFound('Character', id, 'characters');
        if (prompt.includes(character.name)) shown.push({ id, name: character.name });
      }
      return addJob(request, { prompt, model, seconds, ...size, shown, picture, extensions: 0 });
    },

    get: async ({ player }, id) => videoReply(await jobOf(id), { nowMs: now(), skewMs: player.skewMs }),

    async list(request) {
      const order = request.query.get('order') ?? 'desc';
      if (order !== 'asc' && order !== 'desc') throw invalidValue('order', order, ['asc', 'desc']);
      const limit = Number(request.query.get('limit') ?? 20);
      if (!Number.isInteger(limit)) throw invalidType('limit', 'an integer', request.query.get('limit'));
      if (limit < 0 || limit > 100) {
        const message = "Invalid 'limit': expected a value between 0 and 100.";
        throw new ApiError(400, message, { param: 'limit', code: 'integer_out_of_range' });
      }
      const jobs = [...(await state.jobs('openai'))];
      if (order === 'desc') jobs.reverse();
      const after = request.query.get('after');
      const from = after === null ? 0 : jobs.findIndex((job) => job.id === after) + 1;
      if (after !== null && from === 0) throw notFound('Video', after, 'after');
      const at: Telling = { nowMs: now(), skewMs: request.player.skewMs };
      const data = jobs.slice(from, from + limit).map((job) => videoObject(job, at));
      const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
      const has_more = jobs.length > from + limit;
      return { status: 200, body: { object: 'list', data, first_id, last_id, has_more } };
    },

    async delete(_request, id) {
      const job = await jobOf(id);
      const { phase } = viewJob(job, now());
      if (phase === 'queued' || phase === 'running') {
        const message = `Video '${id}' is still being generated; only finished videos can be deleted.`;
        throw new ApiError(400, message, { code: 'invalid_video_status' });
      }
      await state.removeJob(id);
      return { status: 200, body: { id, object: 'video.deleted', deleted: true } };
    },

    async content(request, id) {
      const variant = request.query.get('variant') ?? 'video';
      if (!isVariant(variant)) throw invalidValue('variant', variant, Object.keys(VARIANTS));
      const job = await jobOf(id);
      const { phase, expiresMs } = viewJob(job, now());
      if (phase === 'failed') throw new ApiError(404, `Video '${id}' failed and has no content.`);
      if (phase !== 'done') {
        throw new ApiError(404, 'Video is not ready yet, use GET /v1/videos/{video_id} to check status.');
      }
      if (expiresMs !== undefined && now() >= expiresMs) {
        throw new ApiError(404, `The content of video '${id}' has expired.`, { code: 'expired' });
      }
      return fileReply(await outputs.file(job, variant), VARIANTS[variant], request.headers);
    },

    models: async () => ({ status: 200, body: { object: 'list', data: MODEL_IDS.map(modelObject) } }),

    async model(_request, id) {
      if (MODEL_IDS.includes(id)) return { status: 200, body: modelObject(id) };
      const message = `The model '${id.slice(0, 100)}' does not exist`;
      throw new ApiError(404, message, { param: 'model', code: 'model_not_found' });
    },

    async createCharacter(request) {
      const { name, clip } = await readCharacter(request);
      const record = { version: 1, id: newId('char'), name, createdMs: now() } as const;
      await state.addCharacter(record, clip);
      return characterReply(record, request.player.skewMs);
    },

    async getCharacter({ player }, id) {
      const record = await state.character(id, 'openai');
      if (!record) throw notFound('Character', id);
      return characterReply(record, player.skewMs);
    },

    async edit(request) {
      const { prompt, model, video } = await readFollowUp(request, ['prompt', 'video', 'model']);
      return addJob(request, { ...inherited(await sourceOf(video)), ...(model !== undefined && { model }), prompt });
    },

    async extend(request) {
      const { prompt, seconds, video } = await readFollowUp(request, ['prompt', 'seconds', 'video']);
      const source = await sourceOf(video);
      const total = source.seconds + seconds;
      if (source.extensions >= MOST_EXTENSIONS || total > MOST_SECONDS) {
        const message = `A video can be extended ${MOST_EXTENSIONS} times, up to ${MOST_SECONDS} seconds in all.`;
        throw new ApiError(400, message, { param: 'video', code: 'extension_limit_reached' });
      }
      const { take = 1 } = source;
      const before = [...(source.before ?? []), { prompt: source.prompt, take, until: source.seconds }];
      const extensions = source.extensions + 1;
      const { id, picture: type } = source;
      const picture = type && id !== undefined ? { type, bytes: await readFile(state.picturePath(id)) } : undefined;
      return addJob(request, { ...inherited(source), prompt, seconds: total, extensions, before, picture });
    },

    async remix(request, id) {
      const { prompt } = await readFollowUp(request, ['prompt']);
      const source = await finishedJob(id);
      return addJob(request, { ...inherited(source), prompt, remixOf: source.id });
    },
  } satisfies Record<string, Route[2]>;

  const routes: readonly Route[] = [
    ['GET', 'models', handlers.models],
    ['GET', 'models/:id', handlers.model],
    ['POST', 'videos', handlers.create],
    ['GET', 'videos', handlers.list],
    ['POST', 'videos/characters', handlers.createCharacter],
    ['GET', 'videos/characters/:id', handlers.getCharacter],
    ['POST', 'videos/edits', handlers.edit],
    ['POST', 'videos/extensions', handlers.extend],
    ['GET', 'videos/:id', handlers.get],
    ['DELETE', 'videos/:id', handlers.delete],
    ['GET', 'videos/:id/content', handlers.content],
    ['POST', 'videos/:id/remix', handlers.remix],
  ];

  return {
    async answer(request) {
      try {
        checkKey(bearerOf(request.headers), options.key);
        const reply = await route(routes, request);
        if (reply) return reply;
        throw new ApiError(404, `Invalid URL (${request.method} /v1/${request.path.join('/')})`);
      } catch (error) {
        if (error instanceof ApiError) return errorReply(error);
        const words = error instanceof Error ? error.message : String(error);
        return errorReply(new ApiError(500, `The sandbox failed: ${words}`, { type: 'server_error' }));
      }
    },
    refusal: (status, message) => errorReply(new ApiError(status, message)),
  };
}

type Wish = Pick<
  JobRecord,
  'prompt' | 'model' | 'seconds' | 'width' | 'height' | 'shown' | 'extensions' | 'before' | 'remixOf'
> & { readonly picture?: { readonly bytes: Buffer; readonly type: NonNullable<JobRecord['picture']> } | undefined };

/** A video that another is made of. */
type Source = Pick<
  JobRecord,
  'prompt' | 'model' | 'seconds' | 'width' | 'height' | 'shown' | 'extensions' | 'before' | 'take' | 'picture'
> & { readonly id?: string };

function inherited({ model, seconds, width, height, shown, extensions }: Source): Omit<Wish, 'prompt'> {
  return { model, seconds, width, height, shown, extensions };
}

/** What stands for a video that was uploaded instead of made here: it is not looked at, but for its size and length. */
function uploaded({ seconds, width, height }: ClipFacts): Source {
  const whole = Math.max(1, Math.round(seconds));
  return { prompt: 'Your video', model: 'sora-2', seconds: whole, width, height, shown: [], extensions: 0 };
}

function isVariant(text: string): text is keyof typeof VARIANTS {
  return Object.hasOwn(VARIANTS, text);
}

function checkKey(given: string | undefined, key: string | undefined): void {
  if (given === undefined) {
    const message = "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.";
    throw new ApiError(401, message, { code: null });
  }
  // The real host repeats part of the key here; nothing that a log could keep is repeated by this one.
  if (key !== undefined && given !== key) {
    throw new ApiError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
  }
}
