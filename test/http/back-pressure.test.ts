import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createTestHttp } from '../helpers/http.ts';

const SIZE = 96 * 2 ** 20;
/** Of which the two ends of a connection keep some megabytes, whoever reads. */
const MOST_AHEAD = 24 * 2 ** 20;

/** A host that sends zeros for as long as anybody takes them, and how many have left. */
async function createZeros(): Promise<{ url: string; sent: () => number }> {
  const piece = Buffer.alloc(2 ** 20);
  let sent = 0;
  const pour = (socket: Socket): void => {
    while (sent < SIZE) {
      sent += piece.length;
      if (!socket.write(piece)) return void socket.once('drain', () => pour(socket));
    }
    socket.end();
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: ${SIZE}\r\nconnection: close\r\n\r\n`,
      );
      pour(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent };
}

/** Until nothing has left for a long time, in turns of the event loop. */
async function standstill(sent: () => number): Promise<void> {
  for (let still = 0, before = -1; still < 300; still = sent() === before ? still + 1 : 0) {
    before = sent();
    await setImmediate();
  }
}

it.each(['itself', 'a proxy'])(
  'reads no further from %s while what came lies unread, and then to the end',
  async (what) => {
    const { url, sent } = await createZeros();
    const isProxy = what === 'a proxy';
    const { http } = createTestHttp({ allowHttp: true, proxy: isProxy ? { http: url } : {} });
    const { signal } = new AbortController();
    const request = { method: 'GET', kind: 'read', url: isProxy ? 'http://videos.example/' : url, signal } as const;
    const answer = await http.open(request);
    if (!('body' in answer)) throw new Error('no stream');
    let received = 0;
    let longest = 0;
    let pieces = 0;
    for await (const chunk of answer.body) {
      received += chunk.byteLength;
      longest = Math.max(longest, chunk.byteLength);
      pieces += 1;
      if (pieces > 10) continue;
      await standstill(sent);
      expect(sent() - received).toBeLessThan(MOST_AHEAD);
    }
    expect(received).toBe(SIZE);
    expect(longest).toBeLessThan(2 ** 20);
  },
);
