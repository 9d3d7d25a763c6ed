/** A host that works, and whose every text is hostile: the sandbox behind a proxy that rewrites what it says. */
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Renderer } from '../../src/sandbox/render/render.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { makeClip, rendererOf } from '../sandbox/harness.ts';
import { ffmpegPath } from './ffmpeg.ts';
import { variablesAt } from './hosts.ts';
import { tempFolder } from './temp.ts';

/** Clears the screen, sets the title, begins a line of its own, turns the writing direction, and ends a C string. */
export const POISON = '\u001b[2J\u001b]0;owned\u0007\r\nerror: all is well\u202e\u009b31m\u0000\u2028';

export interface HostileOptions {
  /** What becomes of a text in an answer; its key is given. */
  readonly text: (value: string, key: string) => string;
  /** Every request is answered with this status and a refusal in the words of all dialects. */
  readonly refuse?: number;
  /** Bytes that are no UTF-8 stand in each text. */
  readonly invalid?: boolean;
}

export interface HostileHost {
  /** The variables that point each provider at it. */
  readonly env: Readonly<Record<string, string>>;
  /** How many it was sent. */
  requests(): number;
}

const NO_UTF8 = 'NO-UTF-8';

export async function createHostileHost(options: HostileOptions): Promise<HostileHost> {
  const sandbox = await startSandbox({
    stateDir: await tempFolder(),
    ffmpeg: ffmpegPath,
    renderer: { ...rendererOf(Buffer.alloc(0)), video: makeFilm },
    scenario: { version: 1, jobSeconds: 0 },
  });
  const inner = new URL(sandbox.url).origin;
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sandbox.close();
  });

  let requests = 0;
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const hostile = { 'x-request-id': 'req_1\u009b31m', 'content-type': 'application/json' };
    if (options.refuse !== undefined) {
      const text = options.text('No.', 'message');
      const error = { message: text, code: text, type: text, param: text };
      const body = { error, code: options.refuse, message: text, detail: text, status: text, request_id: text };
      response.writeHead(options.refuse, hostile).end(bytesOf(body));
      return;
    }
    const answer = await fetch(`${inner}${cured(request.url ?? '/')}`, {
      method: request.method ?? 'GET',
      headers: passed(request),
      ...(chunks.length > 0 && { body: curedBody(Buffer.concat(chunks).toString('latin1').replaceAll(outer, inner)) }),
    });
    const type = answer.headers.get('content-type') ?? '';
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!type.includes('json')) {
      response.writeHead(answer.status, { 'content-type': type }).end(bytes);
      return;
    }
    response.writeHead(answer.status, hostile).end(bytesOf(poisoned(JSON.parse(bytes.toString()), '')));
  }

  function poisoned(value: unknown, key: string): unknown {
    if (typeof value === 'string') return options.text(value.replaceAll(inner, outer), key);
    if (Array.isArray(value)) return value.map((item) => poisoned(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, name)]));
  }

  function bytesOf(json: unknown): Buffer {
    const text = Buffer.from(JSON.stringify(json)).toString('latin1');
    return Buffer.from(options.invalid ? text.replaceAll(NO_UTF8, '\u00ff\u00fe\u00c0') : text, 'latin1');
  }

  return {
    requests: () => requests,
    env: variablesAt(outer, 'sk-hostile-host'),
  };
}

/** Of one colour, as large and as long as was asked for. */
const makeFilm: Renderer['video'] = async ({ scene: { width, height, seconds } }, target) => {
  const film = await makeClip({ size: `${width}x${height}`, seconds });
  await writeFile(target, Buffer.from(await film.arrayBuffer()));
};

/** A text of a field, with everything bad behind it; for `invalid`, with bytes that are no UTF-8 too. */
export function withPoison(value: string): string {
  return `${value}${POISON}${NO_UTF8}`;
}

/** What our client sends back, such as an id, as the sandbox knows it. */
function cured(text: string): string {
  return [withPoison(''), `${POISON}\ufffd\ufffd\ufffd`].reduce(
    (rest, bad) => rest.replaceAll(encodeURIComponent(bad), ''),
    text,
  );
}

function curedBody(body: string): Uint8Array<ArrayBuffer> {
  const bad = [withPoison(''), `${POISON}\ufffd\ufffd\ufffd`].flatMap((text) => [
    JSON.stringify(text).slice(1, -1),
    text,
  ]);
  const text = bad.reduce((rest, one) => rest.replaceAll(Buffer.from(one).toString('latin1'), ''), body);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** What a request says of itself, and what storage was told to expect with an upload. */
function passed({ headers }: IncomingMessage): Record<string, string> {
  const kept = /^(authorization|api-key|x-api-key|content-type|accept|range|x-.*)$/;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && kept.test(name) ? [[name, value]] : [],
    ),
  );
}
