/** MiniMax H3 behind `/v1/videos`, as vLLM-Omni and SGLang serve it: as strict as they are about what travels in a request. */
import { access, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readClip } from '../../src/sandbox/media/mp4.ts';
import { createRenderer } from '../../src/sandbox/render/render.ts';
import { showingFfmpeg } from './ffmpeg-cache.ts';
import { tempFolder } from './temp.ts';

export interface H3Host {
  readonly baseUrl: string;
  /** The fields of every create, oldest first: of a form, files by `<type, bytes>`. */
  readonly created: Readonly<Record<string, unknown>>[];
  /** Requests by method and path. */
  readonly seen: string[];
}

interface Wanted {
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly clips: readonly Buffer[];
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const SIDES: Readonly<Record<string, readonly [number, number]>> = { '16:9': [1344, 768], '9:16': [768, 1344] };

/** Lives for the length of the running test. `model` is what its list names; so many creates are answered with 500 once they are taken. */
export async function createH3Host(
  kind: 'vllm-omni' | 'sglang',
  { model = 'MiniMaxAI/MiniMax-H3', failures = 0 }: { readonly model?: string; readonly failures?: number } = {},
): Promise<H3Host> {
  const created: Record<string, unknown>[] = [];
  const seen: string[] = [];
  const wanted = new Map<string, Wanted>();
  const dir = await tempFolder();
  const renderer = createRenderer({ ffmpeg: showingFfmpeg(), workDir: dir });

  async function create(request: IncomingMessage): Promise<object> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const type = request.headers['content-type'] ?? '';
    const video = kind === 'sglang' ? await readJson(type, body) : await readMultipart(type, body);
    if (created.length <= failures) throw new Refused(500, 'Internal error.');
    const id = `video_gen_${wanted.size + 1}`;
    wanted.set(id, video);
    return { id, object: 'video', status: 'queued', model, created_at: Math.floor(Date.now() / 1000) };
  }

  async function readMultipart(type: string, body: Buffer): Promise<Wanted> {
    if (!type.startsWith('multipart/form-data')) throw new Refused(400, 'Form data is required.');
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const told = [...form].map(([name, value]) => [name, typeof value === 'string' ? value : describe(value)] as const);
    created.push(Object.fromEntries(told));
    const text = (name: string): string => {
      const value = form.get(name);
      if (typeof value !== 'string' || value === '') throw new Refused(422, `${name}: Field required`);
      return value;
    };
    if (form.has('model') && form.get('model') !== model) throw new Refused(400, `The model is ${model}.`);
    const { task, duration } = JSON.parse(text('extra_params')) as { task: string; duration: number };
    if (task !== 'ref2va' || duration !== Number(text('seconds'))) throw new Refused(400, 'Not a task of references.');
    if (text('fps') !== '24') throw new Refused(400, 'H3 makes 24 frames per second.');
    const files = form.getAll('input_references').filter((one) => typeof one !== 'string');
    const clips = files.filter((file) => file.type === 'video/mp4');
    if (files.some(({ type: of }) => of !== 'video/mp4' && !of.startsWith('image/')))
      throw new Refused(400, 'A reference is a video or an image.');
    const bytes = await Promise.all(clips.map(async (file) => Buffer.from(await file.arrayBuffer())));
    return checked({
      ...{ prompt: text('prompt'), seconds: duration, clips: bytes },
      ...{ width: Number(text('width')), height: Number(text('height')) },
    });
  }

  async function readJson(type: string, body: Buffer): Promise<Wanted> {
    if (!type.startsWith('application/json')) throw new Refused(415, 'JSON is required.');
    const fields = JSON.parse(body.toString());
    created.push(fields);
    const { prompt, task, conditions, target } = fields;
    if (task !== 'ref2va' || !Array.isArray(conditions) || typeof prompt !== 'string')
      throw new Refused(400, 'Not a task of references.');
    const sides = target?.short_edge === 768 ? SIDES[target.aspect_ratio] : undefined;
    if (!sides) throw new Refused(400, 'The target is not known.');
    const clips: Buffer[] = [];
    for (const { type: what, uri, role } of conditions) {
      if (role !== 'reference') throw new Refused(400, 'A condition has the role of a reference.');
      if (what !== 'video') continue;
      if (!isAbsolute(uri)) throw new Refused(400, `The clip ${uri} cannot be read.`);
      await access(uri).catch(() => {
        throw new Refused(400, `The clip ${uri} cannot be read.`);
      });
      clips.push(await readFile(uri));
    }
    return checked({ prompt, clips, seconds: target.duration_seconds, width: sides[0], height: sides[1] });
  }

  async function film({ prompt, clips, ...scene }: Wanted, id: string): Promise<Buffer> {
    const target = join(dir, `${id}.mp4`);
    const paths = await Promise.all(
      clips.map(async (bytes, index) => {
        const path = join(dir, `${id}-${index}.mp4`);
        await writeFile(path, bytes);
        return path;
      }),
    );
    // Whoever the prompt ties to no clip stays away.
    const names = clips.map(
      (_, index) => new RegExp(`is (.+), the character in <Video ${index + 1}>`).exec(prompt)?.[1],
    );
    const shown = paths.filter((_, index) => names[index] !== undefined);
    const parts = [{ prompt, take: 1, from: 0 }] as const;
    await renderer.video(
      { scene: { ...scene, model, parts, names: names.flatMap((name) => name ?? []) }, clips: shown },
      target,
    );
    return readFile(target);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://host');
    seen.push(`${request.method} ${pathname}`);
    const json = (body: object, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      if (pathname === '/v1/models') {
        const owned_by = kind === 'sglang' ? 'sglang' : 'vllm';
        return json({ object: 'list', data: [{ id: model, object: 'model', owned_by, root: model }] });
      }
      if (request.method === 'POST' && pathname === '/v1/videos') return json(await create(request));
      const [, , , id = '', what] = pathname.split('/');
      const video = wanted.get(id);
      if (!video) return json({ detail: 'Video not found' }, 404);
      if (what === 'content') {
        const bytes = await film(video, id);
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes.byteLength }).end(bytes);
        return;
      }
      json({ id, object: 'video', status: 'completed', progress: 100, model });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      json(
        kind === 'sglang' ? { detail: error.message } : { error: { message: error.message, code: error.status } },
        error.status,
      );
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await renderer.close();
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, created, seen };
}

function checked(wanted: Wanted): Wanted {
  const { width, height, seconds, clips } = wanted;
  if (width % 32 !== 0 || height % 32 !== 0) throw new Refused(400, 'Width and height must be multiples of 32.');
  if (!(seconds >= 4 && seconds <= 15)) throw new Refused(400, 'The duration is 4 to 15 s.');
  if (clips.length === 0 || clips.length > 3) throw new Refused(400, 'There are one to three reference videos.');
  const lengths = clips.map((bytes) => readClip(bytes)?.seconds ?? 0);
  if (lengths.some((one) => one < 2 || one > 15) || lengths.reduce((sum, one) => sum + one, 0) > 15)
    throw new Refused(400, 'A reference video lasts 2 to 15 s, all of them 15 s.');
  return wanted;
}

function describe({ type, size }: Blob): string {
  return `<${type}, ${size} bytes>`;
}
