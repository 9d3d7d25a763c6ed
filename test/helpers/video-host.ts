/** A fast host of `/v1/videos` that remembers what it was asked for, for tests of what is lost and what is paid twice. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Where in an exchange the host is. A listener may keep it there by a promise. */
export type Moment = 'head' | 'created' | 'answering' | 'answered' | 'poll' | 'half';

export interface HostedVideo {
  readonly id: string;
  readonly prompt: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  polls: number;
}

export interface VideoHost {
  readonly baseUrl: string;
  /** Everything that was ever created, oldest first. */
  readonly videos: HostedVideo[];
  /** The names of all characters that were ever created, oldest first. */
  readonly characters: string[];
  /** Requests by method and path, without ids. */
  readonly counts: Map<string, number>;
  /** Calls `listener` at that moment of requests about that prompt; of the whole host unless given. */
  at(moment: Moment, prompt: string | undefined, listener: () => unknown): void;
}

export interface VideoHostOptions {
  readonly film: Buffer;
  /** Questions that are answered with `in_progress` before a job is done. */
  readonly polls?: number;
  /** False: the list is answered with 404. */
  readonly lists?: boolean;
}

/** Lives for the length of the running test. */
export async function createVideoHost({ film, polls = 1, lists = true }: VideoHostOptions): Promise<VideoHost> {
  const videos: HostedVideo[] = [];
  const characters: string[] = [];
  const counts = new Map<string, number>();
  const listeners: { moment: Moment; prompt: string | undefined; listener: () => unknown }[] = [];
  const reach = async (moment: Moment, prompt: string | undefined): Promise<void> => {
    for (const one of listeners) {
      if (one.moment === moment && (one.prompt === undefined || prompt === undefined || one.prompt === prompt)) {
        await one.listener();
      }
    }
  };

  const objectOf = (video: HostedVideo): object => {
    const isDone = video.polls > polls;
    return {
      ...{ id: video.id, object: 'video', prompt: video.prompt, model: 'sora-2', seconds: '1', size: '64x36' },
      ...{ status: isDone ? 'completed' : 'in_progress', progress: isDone ? 100 : video.polls * 10 },
      created_at: Math.floor(video.createdMs / 1000),
    };
  };
  const json = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  async function create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await reach('head', undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (request.url?.endsWith('/characters')) {
      const name = /name="name"\s+([^\r]+)/.exec(body)?.[1] ?? '';
      characters.push(name);
      await reach('created', undefined);
      return answer(response, { id: `char_${characters.length}`, object: 'character', name }, undefined);
    }
    const { prompt } = JSON.parse(body) as { prompt: string };
    const video = { id: `video_${videos.length + 1}`, prompt, createdMs: Date.now(), polls: 0 };
    videos.push(video);
    await reach('created', prompt);
    await answer(response, objectOf(video), prompt);
  }

  async function answer(response: ServerResponse, object: object, prompt: string | undefined): Promise<void> {
    const text = JSON.stringify(object);
    response.once('finish', () => void reach('answered', prompt));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length >> 1));
    await reach('answering', prompt);
    response.end(text.slice(text.length >> 1));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://host');
    const [, , , id, what] = pathname.split('/');
    const key = `${request.method} /videos${id === undefined ? '' : '/:id'}${what === undefined ? '' : `/${what}`}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (request.method === 'POST') return create(request, response);
    if (id === undefined) {
      if (!lists) return json(response, 404, { error: { message: 'Not found.' } });
      return json(response, 200, { object: 'list', data: videos.toReversed().map(objectOf), has_more: false });
    }
    if (id === 'characters') {
      const name = characters[Number(what?.replace('char_', '')) - 1];
      if (name === undefined) return json(response, 404, { error: { message: 'No such character.' } });
      return json(response, 200, { id: what, object: 'character', name });
    }
    const video = videos.find((one) => one.id === id);
    if (!video) return json(response, 404, { error: { message: 'No such video.' } });
    if (request.method === 'DELETE') {
      await reach('created', video.prompt);
      return json(response, 200, { id, object: 'video.deleted', deleted: true });
    }
    if (what === undefined) {
      video.polls += 1;
      await reach('poll', video.prompt);
      return json(response, 200, objectOf(video));
    }
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.byteLength, etag: `"${id}"` });
    response.write(film.subarray(0, film.byteLength >> 1));
    await reach('half', video.prompt);
    response.end(film.subarray(film.byteLength >> 1));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    baseUrl,
    videos,
    characters,
    counts,
    at: (moment, prompt, listener) => void listeners.push({ moment, prompt, listener }),
  };
}
