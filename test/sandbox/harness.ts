/** A sandbox for one test, a client that is not ours, and clips to upload. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Renderer } from '../../src/sandbox/render/render.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { ffmpegPath, makerPath, run, words } from '../helpers/ffmpeg.ts';
import { madeOnce } from '../helpers/once.ts';
import { tempFolder } from '../helpers/temp.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly json: Json;
}

export interface Request {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string | Blob>>;
  /** As it is. */
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the key. */
  readonly bare?: true;
}

export interface TestSandbox {
  readonly url: string;
  readonly urls: Sandbox['urls'];
  readonly stateDir: string;
  /** The clock that jobs advance by. */
  readonly clock: { ms: number };
  readonly log: readonly string[];
  /** `path` is below the base URL of the OpenAI dialect, or a whole URL. */
  ask(method: string, path: string, request?: Request): Promise<Answer>;
  /** The same, and the answer's body; throws when it is no success. */
  get(method: string, path: string, request?: Request): Promise<Json>;
  /** The id of a new character. */
  character(name: string, clip?: Blob): Promise<string>;
  /** The id of a new video. */
  video(wish?: Json): Promise<string>;
  reset(): Promise<void>;
  play(scenario: unknown): void;
  close(): Promise<void>;
}

/** 2026-01-01, when nothing happens on its own. */
export const NEW_YEAR = Date.UTC(2026, 0, 1);

export const WEEK_MS = 7 * 86_400_000;

/** Jobs that are done at once, and videos that are made quickly. */
export const QUICK = { version: 1, jobSeconds: 0, jobs: Array.from({ length: 2 }, () => ({ made: { seconds: '1' } })) };
/** The size of a video unless one is asked for. */
export const LANDSCAPE = { width: 1280, height: 720 };
type Rgb = readonly [red: number, green: number, blue: number];
/** The colours of the clips that characters are made from. */
export const isMagenta = ([r, g, b]: Rgb): boolean => r > 180 && g < 90 && b > 180;
export const isLime = ([r, g, b]: Rgb): boolean => r < 90 && g > 180 && b < 90;

export async function sandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const stateDir = options.stateDir ?? (await tempFolder());
  const clock = { ms: NEW_YEAR };
  const log: string[] = [];
  const server = await startSandbox({
    ffmpeg: ffmpegPath,
    now: () => clock.ms,
    log: (line) => log.push(line),
    ...options,
    stateDir,
  });
  onTestFinished(() => server.close());

  const test: TestSandbox = {
    ...{
      url: server.url,
      urls: server.urls,
      stateDir,
      clock,
      log,
      reset: server.reset,
      play: server.play,
      close: server.close,
    },
    async ask(method, path, { json, form, body, headers, bare } = {}) {
      const data =
        form && Object.entries(form).reduce((all, [name, value]) => append(all, name, value), new FormData());
      const response = await fetch(path.startsWith('http') ? path : server.url + path, {
        method,
        headers: {
          ...(bare ? {} : { authorization: 'Bearer test' }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) }),
        ...(data ? { body: data } : {}),
        ...(body ? { body } : {}),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const isJson = response.headers.get('content-type') === 'application/json';
      return {
        status: response.status,
        headers: response.headers,
        bytes,
        json: isJson ? JSON.parse(bytes.toString()) : {},
      };
    },
    async get(method, path, request) {
      const { status, json } = await test.ask(method, path, request);
      if (status !== 200) throw new Error(`${method} ${path} ${status} ${JSON.stringify(json)}`);
      return json;
    },
    async character(name, clip) {
      const form = { name, video: clip ?? (await makeClip()) };
      return String((await test.get('POST', '/videos/characters', { form })).id);
    },
    video: async (wish) => String((await test.get('POST', '/videos', { json: { prompt: 'A hill', ...wish } })).id),
  };
  return test;
}

function append(form: FormData, name: string, value: string | Blob): FormData {
  if (typeof value === 'string') form.append(name, value);
  else form.append(name, value, 'file');
  return form;
}

export interface Clip {
  readonly size?: string;
  readonly seconds?: number;
  readonly color?: string;
  /** Further filters. */
  readonly filter?: string;
  readonly codec?: string;
  readonly output?: string;
  /** Degrees by which a player turns the picture. */
  readonly turn?: number;
}

/** Makes every file of these bytes, at once. */
export function rendererOf(bytes: Buffer): Renderer {
  const make = (target: string): Promise<void> => writeFile(target, bytes);
  return {
    video: (_plan, target) => make(target),
    thumbnail: (_video, _seconds, target) => make(target),
    spritesheet: (_video, _seconds, target) => make(target),
    close: async () => {},
  };
}

/** The path of a file of these bytes. */
export async function savedVideo(bytes: Buffer): Promise<string> {
  const path = join(await tempFolder(), 'video.mp4');
  await writeFile(path, bytes);
  return path;
}

/** A clip of one colour, 1280x720 and two seconds long unless told, as a part of a form. */
export async function makeClip(clip: Clip = {}, type = 'video/mp4'): Promise<Blob> {
  const key = createHash('sha256').update(JSON.stringify(clip)).digest('hex').slice(0, 16);
  return new Blob([await readFile(await madeOnce(`sandbox-${key}.mp4`, (path) => encode(clip, path)))], { type });
}

async function encode(clip: Clip, path: string): Promise<void> {
  const { size = '1280x720', seconds = 2, color = 'magenta', filter = 'null' } = clip;
  const { codec = 'libx264 -preset ultrafast', output = '-movflags +faststart' } = clip;
  const source = `-v error -f lavfi -i color=${color}:s=${size}:r=24:d=${seconds} -vf ${filter},format=yuv420p`;
  const upright = clip.turn === undefined ? path : `${path}.upright.mp4`;
  await run([...words(`${source} -c:v ${codec} ${output}`), upright], { path: makerPath });
  if (clip.turn === undefined) return;
  const copy = words(`-c copy -metadata:s:v:0 rotate=${clip.turn}`);
  await run(['-v', 'error', '-i', upright, ...copy, path], { path: makerPath });
}

/** A picture of one colour, as a part of a form. */
export async function makePicture(codec: 'png' | 'mjpeg' | 'libwebp', size: string, type: string): Promise<Blob> {
  const format = codec === 'png' ? 'rgb24' : codec === 'mjpeg' ? 'yuvj420p' : 'yuv420p';
  const source = `-v error -f lavfi -i color=teal:s=${size} -frames:v 1 -pix_fmt ${format} -c:v ${codec}`;
  const { stdout } = await run(words(`${source} -f ${codec === 'libwebp' ? 'webp' : 'image2pipe'} -`), {
    path: makerPath,
  });
  return new Blob([stdout], { type });
}
