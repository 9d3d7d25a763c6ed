/** What a host of `/v1/videos` says, for scripted servers, and what a home holds that has talked to it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { hashFile } from '../../src/disk/hash.ts';
import type { Character, CharacterWithClip, Registration } from '../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS, PLAN_VERSION } from '../../src/shared/clip.ts';
import type { Job } from '../../src/shared/job.ts';
import { newJobId } from '../../src/videos/jobs/record.ts';
import { makerPath, run, words } from './ffmpeg.ts';
import { createTestContext, type RuntimeOptions, START, type TestContext } from './runtime.ts';
import { changeRecord, idOfHost, type JobFields, keepSample, sampleJob } from './samples.ts';
import { createTestServer, type Scripted, type TestServer } from './server.ts';

export const KEY = 'sk-test-1234567890';

/** What `makeVideo` makes, and what the jobs of `addJob` ask for. */
export const VIDEO_SIZE = { width: 64, height: 36 };

/** A context that talks to a scripted host, which wants a key. */
export async function withHost(
  globals: Parameters<typeof createTestContext>[0] = {},
  { env, ...options }: RuntimeOptions = {},
): Promise<TestContext & { server: TestServer; baseUrl: string }> {
  const server = await createTestServer();
  const baseUrl = `${server.url}/v1`;
  const variables = { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: KEY, ...env };
  return { ...(await createTestContext(globals, { ...options, env: variables })), server, baseUrl };
}

/** The video object of the protocol. */
export function videoObject(status: string, more: object = {}): Scripted & { body: object } {
  return {
    body: { id: 'video_1', object: 'video', status, model: 'sora-2', seconds: '1', size: '64x36', ...more },
  };
}

/** A JSON error as OpenAI writes it. */
export function refusal(status: number, code: string, message = 'No.'): Scripted {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}

/** A page of the host's list, newest first, and what its clock says. */
export function videoList(videos: readonly object[], hostNow: number): Scripted {
  const data = videos.map((video) => ({ ...videoObject('queued').body, ...video }));
  return { headers: { date: new Date(hostNow).toUTCString() }, body: { object: 'list', data, has_more: false } };
}

/** What a host without a list says. */
export const NO_LIST: Scripted = refusal(404, 'not_found');

/** The answer to a download. */
export function content(body: Buffer, headers: Record<string, string> = {}): Scripted {
  return { headers: { 'content-type': 'video/mp4', ...headers }, body };
}

let video: Promise<Buffer> | undefined;

/** A real MP4: one second of 64x36, with a sound. */
export function makeVideo(): Promise<Buffer> {
  video ??= encodeVideo();
  return video;
}

/** The same with nonsense in the middle of its pictures: every box as it was, of the same length. */
export function damaged(film: Buffer, nonsense = 0xff): Buffer {
  const start = film.indexOf('mdat') + 4;
  const third = Math.floor((film.readUInt32BE(start - 8) - 8) / 3);
  return Buffer.from(film).fill(nonsense, start + third, start + 2 * third);
}

async function encodeVideo(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sora-video-'));
  const path = join(folder, 'video.mp4');
  try {
    const sources = words('-v error -f lavfi -i testsrc=s=64x36:r=10:d=1 -f lavfi -i sine=d=1');
    await run([...sources, ...words('-pix_fmt yuv420p -c:v libx264 -c:a aac'), path], { path: makerPath });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

let made = 0;

/** A stored job, younger than those stored before; of the scripted host unless `fields` say otherwise. */
export async function addJob({ context }: TestContext, fields: JobFields & { baseUrl: string }): Promise<Job> {
  made += 1;
  const at = new Date(START - 3_600_000 + made * 1000).toISOString();
  const job = sampleJob(
    newJobId(START - 3_600_000 + made * 1000, () => 0.5),
    {
      ...idOfHost(made, fields),
      request: { prompt: 'Joe waves.', model: 'sora-2', seconds: 1, size: VIDEO_SIZE, characters: [] },
      createdAt: at,
      updatedAt: at,
      ...fields,
    },
  );
  return (await context.jobs()).create(job);
}

/** A stored character that counts as made from that file, without the work of making it. */
export async function addMadeFrom({ context }: TestContext, name: string, path: string): Promise<Character> {
  const store = await context.characters();
  const source = { fileName: basename(path), sha256: await hashFile(path) };
  const made = { source, options: DEFAULT_CLIP_OPTIONS, planVersion: PLAN_VERSION };
  await keepSample(store, name);
  return store.update(name, (current) => changeRecord(current, made));
}

/** A stored character whose clip is no film; with an id at `baseUrl` where that is given. */
export async function addCharacter(
  { context }: TestContext,
  name: string,
  { baseUrl, hostName = name }: { baseUrl?: string; hostName?: string } = {},
): Promise<CharacterWithClip> {
  const store = await context.characters();
  const character = await keepSample(store, name);
  if (baseUrl === undefined) return character;
  const registration: Registration = {
    provider: 'openai',
    baseUrl,
    orientation: 'landscape',
    kind: 'id',
    value: `char_${name}`,
    name: hostName,
    createdAt: new Date(START).toISOString(),
  };
  return { ...character, ...(await store.update(name, (current) => ({ ...current, registrations: [registration] }))) };
}
