/** A stand-in for video hosts on the loopback interface: strict where they are strict, with its memory on disk. */

import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { baseUrls, callOf, createDialects, type DialectName } from './dialects.ts';
import type { Fault } from './faults/rule.ts';
import { type Player, playScenario } from './faults/scenario.ts';
import { type Dialect, type Reply, readBody, send } from './http.ts';
import { parseJson, readRegular } from './read.ts';
import { createOutputs } from './render/outputs.ts';
import { createRenderer, type Renderer } from './render/render.ts';
import { openState } from './state.ts';
import { createReferences } from './task-host/references.ts';
import { createUploads } from './task-host/uploads.ts';

export interface SandboxOptions {
  /** Characters, jobs and videos live here; several sandboxes may share it. */
  readonly stateDir: string;
  /** Path of ffmpeg. */
  readonly ffmpeg: string;
  /** 0, or none, takes a free one. */
  readonly port?: number;
  /** The one key that is accepted; without it, any that is not empty. */
  readonly key?: string;
  /** Parsed JSON, described in scenario.ts. */
  readonly scenario?: unknown;
  /** Milliseconds since the epoch: what jobs advance by. */
  readonly now?: () => number;
  /** One line per answer; no keys in it. */
  readonly log?: (line: string) => void;
  /** Waits for the delays of a scenario; rejects when aborted. Real time unless given. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Makes the videos in place of ffmpeg. */
  readonly renderer?: Renderer;
  /** The whole environment of ffmpeg; without it ffmpeg inherits ours. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Sandbox {
  /** The base URL of the OpenAI dialect: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  /** What stands in place of each host's own base URL. */
  readonly urls: Readonly<Record<DialectName, string>>;
  /** Forgets characters, jobs, videos, and how far the scenarios have been played. */
  reset(): Promise<void>;
  /** Plays another scenario from here on; jobs keep the fate that they were made with. Throws ScenarioError. */
  play(scenario: unknown): void;
  /** Drops connections, kills renders, and resolves when nothing is left running. */
  close(): Promise<void>;
}

/** Throws ScenarioError on a bad scenario, and the system's error when the port or the folder cannot be had. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { stateDir, ffmpeg, now = Date.now, log = () => {}, env, key } = options;
  const sleep = options.sleep ?? ((ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }));
  let scenario = options.scenario;
  let player = playScenario(scenario);
  const named = new Map<string, { text: string; player: Player }>();
  const state = await openState(stateDir);
  const renderer = options.renderer ?? createRenderer({ ffmpeg, workDir: state.workDir, ...(env ? { env } : {}) });
  const outputs = createOutputs(state, renderer);
  let origin = '';
  const places = { state, outputs, now, origin: () => origin };
  const references = createReferences(places);
  const uploads = createUploads(places);
  const closing = new AbortController();
  // Each request that is delayed listens to it for as long, and Node warns of more than ten at once.
  setMaxListeners(0, closing.signal);
  const pause = (ms: number): Promise<unknown> => sleep(ms, closing.signal);
  const dialects = createDialects({ ...places, references, uploads, key, sleep: pause });

  const open = new Set<Promise<void>>();

  /** The scenario of the header, kept for as long as its file stays the same. */
  async function playerOf(request: IncomingMessage): Promise<Player> {
    const path = request.headers['x-sandbox-scenario'];
    if (typeof path !== 'string') return player;
    const text = readRegular(path).toString();
    const known = named.get(path);
    if (known?.text === text) return known.player;
    const started = playScenario(parseJson(text));
    named.set(path, { text, player: started });
    return started;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = `req_${randomUUID().replaceAll('-', '')}`;
    const { method = 'GET' } = request;
    const started = performance.now();
    const note = (outcome: number | string): void => {
      // Whoever holds a token may write.
      const url = request.url?.replace(/([?&]token=)[^&]*/, '$1***');
      log(`${method} ${url} ${outcome} ${Math.round(performance.now() - started)} ms ${requestId}`);
    };
    // The date is the sandbox's own, so that a test may travel in time.
    response.sendDate = false;
    const date = (skewMs: number): void => void response.setHeader('date', new Date(now() + skewMs).toUTCString());
    date(0);
    response.setHeader('x-request-id', requestId);

    const target = targetOf(request.url ?? '/');
    const { dialect, base, isMounted } = dialects.at(target?.path ?? []);
    const refuse = (status: number, message: string): Promise<void> => {
      note(status);
      return send(response, dialect.refusal(status, message));
    };
    if (!target) return refuse(400, 'The URL of the request cannot be read.');
    let played: Player;
    try {
      played = await playerOf(request);
    } catch (error) {
      return refuse(
        400,
        `x-sandbox-scenario cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const call = callOf(method, target.pathname);
    const fault = played.fault({ method, path: belowOf(target, base), call }) ?? {};
    if (fault.delayMs !== undefined) await pause(fault.delayMs);
    date(played.skewMs);
    const reset = (): void => {
      note('reset');
      request.socket.resetAndDestroy();
    };
    if (fault.reset === 'before') return reset();

    const body = await readBody(request);
    if (!body) return refuse(413, 'The request is larger than 100 MB.');
    let reply: Reply | undefined;
    if (fault.respond === undefined || fault.applyFirst) {
      const { query } = target;
      const path = target.path.slice(base);
      reply = isMounted
        ? await dialect.answer({ method, path, query, headers: request.headers, body, player: played })
        : dialect.refusal(404, `Invalid URL (${method} ${target.pathname})`);
    }
    if (fault.reset === 'after') return reset();
    if (fault.respond) reply = scripted(fault.respond, dialect);
    if (!reply) return;
    note(reply.status);
    const headers = { ...reply.headers, ...lowerCased(fault.headers) };
    await send(response, { ...reply, headers }, { ...fault, pause });
  }

  const server = createServer((request, response) => {
    const work = serve(request, response)
      // Only a connection that is gone gets here: everything else has been answered.
      .catch(() => void response.destroy())
      .finally(() => open.delete(work));
    open.add(work);
  });
  // Node's five seconds are the pace at which clients poll: a connection would often go while it is being used again.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  const urls = baseUrls(origin);

  return {
    url: urls.openai,
    urls,
    async reset() {
      await state.reset();
      player = playScenario(scenario);
      named.clear();
    },
    play(next) {
      player = playScenario(next);
      scenario = next;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      closing.abort();
      await renderer.close();
      server.closeAllConnections();
      await Promise.all(open);
      await closed;
    },
  };
}

/** An answer of the scenario's own; an error without a body is told as the host tells errors. */
function scripted({ status, headers = {}, body }: NonNullable<Fault['respond']>, dialect: Dialect): Reply {
  if (body !== undefined || status < 400) return { status, headers: lowerCased(headers), body: body ?? '' };
  const told = dialect.refusal(status, `${STATUS_CODES[status] ?? 'Error'} (as the scenario has it)`);
  return { ...told, headers: { ...told.headers, ...lowerCased(headers) } };
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

type Target = NonNullable<ReturnType<typeof targetOf>>;

/** `/v1/videos/x?y=z` in parts; undefined when it is malformed. */
function targetOf(url: string) {
  try {
    const { pathname, searchParams, search } = new URL(url, 'http://127.0.0.1');
    const path = pathname.slice(1).split('/').map(decodeURIComponent);
    return { path, query: searchParams, pathname, search };
  } catch {
    return undefined;
  }
}

/** What a scenario calls it: everything behind the base URL. */
function belowOf({ pathname, search }: Target, base: number): string {
  return `/${pathname
    .split('/')
    .slice(base + 1)
    .join('/')}${search}`;
}
