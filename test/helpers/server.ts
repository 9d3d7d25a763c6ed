import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** One request as the server saw it. */
export interface Seen {
  method: string;
  /** Path and query, undecoded. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Number of the connection it came on, from 1. */
  connection: number;
}

export interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | Buffer | object;
  /**
   * `reset`: the connection ends after the request was read. `reset-early`: before its body was read. `cut`: the answer
   * ends in the middle of its body. `hang`: no answer. `stall`: the answer stops in the middle of its body. `trickle`: behind
   * its body, spaces go on to come, a few at a time.
   */
  fault?: 'reset' | 'reset-early' | 'cut' | 'hang' | 'stall' | 'trickle';
  /** The last answer: given to every request from here on, at least to one. */
  forever?: boolean;
  /** Called when the request is there, before it is answered. */
  onRequest?: (seen: Seen) => void;
}

export interface TestServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Adds answers, given in order. Each must be used by the end of the test, and no request may come without one. */
  answer(...answers: Scripted[]): void;
  /** Answers whatever comes when nothing is scripted, as often as it comes. */
  otherwise(respond: (seen: Seen) => Scripted): void;
}

/** A real server on a free port for the length of the running test. */
export async function createTestServer(): Promise<TestServer> {
  const script: Scripted[] = [];
  const seen: Seen[] = [];
  const unexpected: string[] = [];
  let connections = 0;
  let respond: ((seen: Seen) => Scripted) | undefined;
  let lastUsed = false;
  const numbers = new WeakMap<object, number>();

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    connections += 1;
    numbers.set(socket, connections);
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.alloc(0),
      connection: numbers.get(request.socket) ?? 0,
    };
    seen.push(entry);
    const scripted = script[0]?.forever ? script[0] : script.shift();
    if (scripted?.forever) lastUsed = true;
    if (!scripted && !respond) {
      unexpected.push(`${entry.method} ${entry.path}`);
      response.writeHead(599).end();
      return;
    }
    if (scripted?.fault === 'reset-early') {
      scripted.onRequest?.(entry);
      request.socket.resetAndDestroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    entry.body = Buffer.concat(chunks);
    const answer = scripted ?? respond?.(entry) ?? {};
    answer.onRequest?.(entry);
    send(request, response, answer);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (unexpected.length > 0) throw new Error(`unexpected requests: ${unexpected.join(', ')}`);
    if (lastUsed) script.pop();
    if (script.length > 0)
      throw new Error(`${script.length} scripted answer(s) not used: ${JSON.stringify(script[0])}`);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    answer: (...answers) => void script.push(...answers),
    otherwise(next) {
      respond = next;
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Scripted): void {
  if (answer.fault === 'hang') return;
  if (answer.fault === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const { body = '' } = answer;
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = isText ? Buffer.from(body as string) : Buffer.from(JSON.stringify(body));
  response.writeHead(answer.status ?? 200, {
    'content-type': isText ? 'text/plain' : 'application/json',
    ...(answer.fault !== 'trickle' && { 'content-length': bytes.byteLength }),
    ...answer.headers,
  });
  if (answer.fault === 'trickle') {
    response.write(bytes);
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drip));
    return;
  }
  if (answer.fault === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, bytes.byteLength >> 1), () => {
    if (answer.fault === 'cut') request.socket.destroy();
  });
}

/** The same answer, compressed though nobody asked for it. */
export function gzipped({ body = '', ...answer }: Scripted): Scripted {
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  const type = isText ? {} : { 'content-type': 'application/json' };
  return {
    ...answer,
    headers: { ...type, ...answer.headers, 'content-encoding': 'gzip' },
    body: gzipSync(isText ? body : JSON.stringify(body)),
  };
}

/** A multipart body as an independent reader sees it. */
export async function readForm(seen: Seen): Promise<FormData> {
  const headers = { 'content-type': seen.headers['content-type'] ?? '' };
  return await new Response(new Uint8Array(seen.body), { headers }).formData();
}
