/** The adapters and the sandbox were written apart: here they meet, over real HTTP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOST_NAMES, PROVIDERS } from '../../../src/providers/index.ts';
import type { NewVideo, Provider } from '../../../src/providers/provider.ts';
import { decode } from '../../helpers/ffmpeg.ts';
import { firstModel } from '../../helpers/hosts.ts';
import { createTestHttp } from '../../helpers/http.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { call, cast, failureOf, KEY, textOf, VIDEO, WHOLE } from '../../providers/harness.ts';
import { makeClip, sandbox, type TestSandbox } from '../../sandbox/harness.ts';

/** A second of about the smallest picture that the sandbox can label. */
const TINY = { made: { size: '320x180', seconds: '1' } };

/** The first model of every host that takes the id of a character, and the first that takes its clip. */
const TABLE = await Promise.all(
  HOST_NAMES.map(async (name) => ({
    ...{ name, model: await firstModel(name, 'id'), clips: await firstModel(name, 'clip-url') },
  })),
);

describe.each(TABLE)('$name and the sandbox', ({ name, model, clips }) => {
  async function start(): Promise<{ on: TestSandbox; provider: Provider; clipPath: string }> {
    const scenario = { version: 1, jobSeconds: 0, jobs: [TINY, TINY, TINY] };
    const on = await sandbox({ scenario, key: KEY });
    const options = { baseUrl: on.urls[name], backend: undefined, http: createTestHttp().http };
    const sleep = async (): Promise<void> => {};
    const provider = await PROVIDERS[name].create({ ...options, key: KEY, ...{ sleep } });
    const clipPath = join(await tempFolder(), 'clip.mp4');
    await writeFile(clipPath, Buffer.from(await (await makeClip()).arrayBuffer()));
    return { on, provider, clipPath };
  }

  async function make(provider: Provider, wish: Pick<NewVideo, 'model' | 'characters'>): Promise<string> {
    const { id, status } = await provider.createVideo({ ...VIDEO, ...wish, seconds: 4 }, call);
    expect(status).toBe('queued');
    expect(await provider.getVideo(id, call)).toMatchObject({ id, status: 'succeeded' });
    return id;
  }

  /** A host says no to a request, or takes it and lets it fail: never does it make something else. */
  async function refusalOf(provider: Provider, wish: NewVideo) {
    const asked = provider.createVideo(wish, call);
    const begun = await asked.catch(() => undefined);
    if (begun) return (await provider.getVideo(begun.id, call))?.failure?.message;
    const { code, message } = await failureOf(asked);
    return code === 'refused' ? message : undefined;
  }

  /** Down to the last frame, whole and resumed. */
  async function download(provider: Provider, id: string): Promise<void> {
    const content = await provider.openContent(id, WHOLE, call);
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.body) chunks.push(chunk);
    const video = Buffer.concat(chunks);
    expect(content).toMatchObject({ contentType: 'video/mp4', offset: 0, totalBytes: video.byteLength });
    const rest = await provider.openContent(id, { ...WHOLE, offset: 100, etag: content.etag }, call);
    expect(rest).toMatchObject({ offset: 100, totalBytes: video.byteLength, etag: content.etag });
    expect(await textOf(rest)).toBe(video.subarray(100).toString());
    const path = join(await tempFolder(), 'video.mp4');
    await writeFile(path, video);
    const { frames, complaints } = await decode(path);
    expect([frames.length, complaints]).toEqual([24, '']);
  }

  it('agree from the clip of a character to the last frame of a video', async () => {
    const { provider, clipPath } = await start();
    const made = await provider.characters?.create({ name: 'Joe', clipPath, fileName: 'joe.mp4' }, call);
    if (model !== undefined) expect(made).toEqual({ id: expect.stringMatching(/\w/), name: 'Joe' });
    const id = await make(provider, { model, characters: made ? cast(made.id) : [] });
    await download(provider, id);
    // At hosts of tasks the character is one as well.
    if (provider.list) expect((await provider.list({ limit: 10 }, call)).videos[0]).toMatchObject({ id });
    if (provider.remove) {
      expect(await provider.remove(id, call)).toBe(true);
      expect(await provider.getVideo(id, call)).toBeUndefined();
    }
    if (clips !== undefined) {
      const uploaded = await provider.clips?.upload({ clipPath, fileName: 'joe.mp4' }, call);
      await make(provider, { model: clips, characters: cast(uploaded?.url ?? '') });
    }
  });

  it('agree on what is refused, and on what is not known', async () => {
    const { on, provider } = await start();
    const wish = { ...VIDEO, model, seconds: 4 };
    const unknown = cast(model === undefined ? 'https://files.example/unknown.mp4' : 'char_unknown');
    expect(await refusalOf(provider, { ...wish, characters: unknown })).toMatch(/./);
    expect((await failureOf(provider.createVideo({ ...wish, model: 'no-such-model' }, call))).code).toBe('refused');
    expect(await provider.getVideo('video_unknown', call)).toBeUndefined();
    expect((await failureOf(provider.openContent('video_unknown', WHOLE, call))).code).toBe('refused');
    if (provider.cancel) expect(await provider.cancel('video_unknown', call)).toBe(false);
    if (provider.remove) expect(await provider.remove('video_unknown', call)).toBe(false);
    const options = { baseUrl: on.urls[name], backend: undefined, http: createTestHttp().http };
    const stranger = await PROVIDERS[name].create({ ...options, key: `${KEY}-wrong` });
    expect((await failureOf(stranger.createVideo(wish, call))).code).toBe('auth');
    expect((await failureOf(stranger.getVideo('video_unknown', call))).code).toBe('auth');
  });
});
