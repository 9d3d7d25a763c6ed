/** The vendor's own JavaScript client against the sandbox: every call that it documents for videos, and its error classes. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../../helpers/temp.ts';
import { makeClip, makePicture, rendererOf, sandbox, type TestSandbox } from '../../sandbox/harness.ts';

/** The newest major version needs a later Node than this project does. */
const NEWEST_NEEDS = 22;
const node = Number(process.versions.node.split('.')[0]);

type Library = typeof import('openai');

const KEY = 'sk-test';
const DONE = { version: 1, jobSeconds: 0 };
const VIDEO = Buffer.from('as if it were a video');

const options = (url: string) => ({ apiKey: KEY, baseURL: url, maxRetries: 0 });

describe.each<[string, () => Promise<Library>, number]>([
  ['the official client of OpenAI', () => import('openai'), 20],
  [
    'the newest official client of OpenAI',
    async () => (await import('openai-newest')) as unknown as Library,
    NEWEST_NEEDS,
  ],
])('%s', (_, load, least) => {
  describe.skipIf(node < least)('and the sandbox', () => {
    let library: Library;
    beforeAll(async () => {
      library = await load();
    });

    async function start(scenario: unknown = DONE): Promise<TestSandbox & { client: OpenAI }> {
      const on = await sandbox({ scenario, key: KEY, renderer: rendererOf(VIDEO) });
      return { ...on, client: new library.OpenAI(options(on.url)) };
    }

    const file = async (blob: Blob, name: string): Promise<File> =>
      library.toFile(Buffer.from(await blob.arrayBuffer()), name, { type: blob.type });

    it('agree on a video from its creation to its deletion', async () => {
      const { client, clock } = await start({ version: 1, jobSeconds: 10 });
      const wish = { prompt: 'A hill.', model: 'sora-2-pro', seconds: '8', size: '1280x720' } as const;
      const video = await client.videos.create(wish);
      expect(video).toMatchObject({ ...wish, object: 'video', status: 'queued', progress: 0, error: null });
      clock.ms += 5000;
      expect(await client.videos.retrieve(video.id)).toMatchObject({ id: video.id, status: 'in_progress' });
      await expect(client.videos.delete(video.id)).rejects.toBeInstanceOf(library.BadRequestError);
      await expect(client.videos.downloadContent(video.id)).rejects.toBeInstanceOf(library.NotFoundError);
      clock.ms += 5000;
      expect(await client.videos.retrieve(video.id)).toMatchObject({ status: 'completed', progress: 100 });
      expect(await client.videos.delete(video.id)).toEqual({ id: video.id, object: 'video.deleted', deleted: true });
      await expect(client.videos.retrieve(video.id)).rejects.toBeInstanceOf(library.NotFoundError);
    });

    it('agree on every variant of its content', async () => {
      const { client } = await start();
      const { id } = await client.videos.create({ prompt: 'A hill.' });
      const typeOf = async (query?: OpenAI.VideoDownloadContentParams) => {
        const response = await client.videos.downloadContent(id, query);
        expect(Buffer.from(await response.arrayBuffer())).toEqual(VIDEO);
        return response.headers.get('content-type');
      };
      expect(await typeOf()).toBe('video/mp4');
      expect(await typeOf({ variant: 'video' })).toBe('video/mp4');
      expect(await typeOf({ variant: 'thumbnail' })).toBe('image/webp');
      expect(await typeOf({ variant: 'spritesheet' })).toBe('image/jpeg');
    });

    it('agree on pages of a list, in both orders', async () => {
      const { client } = await start();
      const ids: string[] = [];
      for (let made = 0; made < 5; made += 1) ids.push((await client.videos.create({ prompt: `Hill ${made}.` })).id);
      const listed = async (query: OpenAI.VideoListParams) => {
        const found: string[] = [];
        for await (const { id } of client.videos.list(query)) found.push(id);
        return found;
      };
      expect(await listed({ limit: 2, order: 'asc' })).toEqual(ids);
      expect(await listed({ limit: 2 })).toEqual(ids.toReversed());
      const { data, has_more } = await client.videos.list({ after: ids[3] ?? '', order: 'asc' });
      expect([data.map(({ id }) => id), has_more]).toEqual([[ids[4]], false]);
    });

    it('agree on a picture as a file, as a URL, and as the id of a file that is not there', async () => {
      const { client } = await start();
      const wish = { prompt: 'A hill.', size: '720x1280' } as const;
      const picture = await makePicture('png', '720x1280', 'image/png');
      const image_url = `data:image/png;base64,${Buffer.from(await picture.arrayBuffer()).toString('base64')}`;
      for (const input_reference of [
        await file(picture, 'hill.png'),
        { image_url },
        { image_url: 'https://pictures.example/hill.png' },
      ]) {
        expect(await client.videos.create({ ...wish, input_reference })).toMatchObject({ status: 'queued' });
      }
      const other = client.videos.create({ ...wish, size: '1280x720', input_reference: { image_url } });
      await expect(other).rejects.toMatchObject({ status: 400, message: expect.stringContaining('must match') });
      const missing = client.videos.create({ ...wish, input_reference: { file_id: 'file_1' } });
      await expect(missing).rejects.toBeInstanceOf(library.NotFoundError);
    });

    it('agree on a file that is streamed from the disk, whose type has to be said', async () => {
      const { client } = await start();
      const path = join(await tempFolder(), 'joe.mp4');
      await writeFile(path, Buffer.from(await (await makeClip()).arrayBuffer()));
      const untold = client.videos.createCharacter({ name: 'Joe', video: createReadStream(path) });
      await expect(untold).rejects.toMatchObject({ status: 400, code: 'unsupported_file_mimetype' });
      const video = await library.toFile(createReadStream(path), 'joe.mp4', { type: 'video/mp4' });
      expect(await client.videos.createCharacter({ name: 'Joe', video })).toMatchObject({ name: 'Joe' });
    });

    it('agree on a character, and on a video of it by JSON: its form has no field for characters', async () => {
      const { client } = await start();
      const video = await file(await makeClip(), 'joe.mp4');
      const { id } = await client.videos.createCharacter({ name: 'Joe', video });
      expect(await client.videos.getCharacter(id ?? '')).toMatchObject({ id, name: 'Joe' });
      await expect(client.videos.getCharacter('char_1')).rejects.toBeInstanceOf(library.NotFoundError);
      const body = { prompt: 'Joe waves.', characters: [{ id }] };
      expect(await client.post('/videos', { body })).toMatchObject({ object: 'video', prompt: 'Joe waves.' });
      await expect(client.videos.create(body)).rejects.toMatchObject({ status: 400, code: 'unknown_parameter' });
    });

    it('agree on what is made of a video, and of one that comes along', async () => {
      const { client } = await start();
      const { id } = await client.videos.create({ prompt: 'A hill.', seconds: '4', size: '1280x720' });
      const clip = await file(await makeClip({ seconds: 3, size: '640x360' }), 'own.mp4');
      const facts = async (made: Promise<OpenAI.Video>) => {
        const { prompt, seconds, size, remixed_from_video_id } = await made;
        return { prompt, seconds, size, remixed_from_video_id };
      };
      const prompt = 'At night.';
      const video = { prompt, seconds: '4', size: '1280x720', remixed_from_video_id: null };
      expect(await facts(client.videos.remix(id, { prompt }))).toEqual({ ...video, remixed_from_video_id: id });
      expect(await facts(client.videos.edit({ prompt, video: { id } }))).toEqual(video);
      expect(await facts(client.videos.edit({ prompt, video: clip }))).toEqual({
        ...video,
        seconds: '3',
        size: '640x360',
      });
      const longer = { prompt, seconds: '8' } as const;
      expect(await facts(client.videos.extend({ ...longer, video: { id } }))).toEqual({ ...video, seconds: '12' });
      expect(await facts(client.videos.extend({ ...longer, video: clip }))).toEqual({
        ...{ ...video, seconds: '11', size: '640x360' },
      });
      await expect(client.videos.edit({ prompt, video: { id: 'video_1' } })).rejects.toBeInstanceOf(
        library.NotFoundError,
      );
    });

    it('agree on the models', async () => {
      const { client } = await start();
      const ids: string[] = [];
      for await (const { id, object } of client.models.list()) if (object === 'model') ids.push(id);
      expect(ids).toEqual(expect.arrayContaining(['sora-2', 'sora-2-pro']));
      expect(await client.models.retrieve('sora-2')).toEqual({
        ...{ id: 'sora-2', object: 'model', created: expect.any(Number), owned_by: 'openai' },
      });
      await expect(client.models.retrieve('sora-9')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    });

    it.each<[number, keyof Library]>([
      [400, 'BadRequestError'],
      [401, 'AuthenticationError'],
      [403, 'PermissionDeniedError'],
      [404, 'NotFoundError'],
      [409, 'ConflictError'],
      [422, 'UnprocessableEntityError'],
      [429, 'RateLimitError'],
      [500, 'InternalServerError'],
    ])('agree that %i is a %s, with the words, the code and the name of the request', async (status, name) => {
      const error = { message: 'No.', type: 'some_error', param: 'prompt', code: 'some_code' };
      const rules = [{ match: { call: 'create' }, respond: { status, body: { error } } }];
      const { client } = await start({ ...DONE, rules });
      const refused = await client.videos.create({ prompt: 'A hill.' }).catch((cause: unknown) => cause);
      expect(refused).toBeInstanceOf(library[name]);
      expect(refused).toMatchObject({
        ...{ status, type: error.type, param: error.param, code: error.code },
        ...{ message: expect.stringContaining('No.'), requestID: expect.stringMatching(/^req_/) },
      });
    });

    it('agree on the key, on a broken connection, and on what becomes of a video that fails', async () => {
      const rules = [{ match: { call: 'list' }, times: 1, reset: 'before' }];
      const jobs = [{ fail: { code: 'moderation_blocked', message: 'No likeness.' } }];
      const { client, url } = await start({ ...DONE, rules, jobs });
      await expect(client.videos.list()).rejects.toBeInstanceOf(library.APIConnectionError);
      const stranger = new library.OpenAI({ ...options(url), apiKey: 'sk-other' });
      await expect(stranger.videos.list()).rejects.toMatchObject({
        ...{ status: 401, code: 'invalid_api_key', constructor: library.AuthenticationError },
      });
      const { id } = await client.videos.create({ prompt: 'Joe.' });
      expect(await client.videos.retrieve(id)).toMatchObject({
        ...{ status: 'failed', error: { code: 'moderation_blocked', message: 'No likeness.' } },
      });
    });
  });
});
