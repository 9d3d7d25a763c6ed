/** EFFECT: a whole text out of a pipe or another stream, bounded in bytes and in time. */
import { constants, open } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Bounds {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long the other end of a named pipe may take to be opened. */
const WRITER_MS = 5_000;

/**
 * What is written into the pipe at `path`, to its end. Throws an Error that says which bound was broken, the signal's
 * reason, and the system's error when it cannot be opened.
 */
export async function readPipe(path: string, bounds: Bounds): Promise<string> {
  const { Socket } = await import('node:net');
  const startedAt = Date.now();
  for (;;) {
    // Without waiting for a writer: a thread that is stuck in open() could not be given up.
    const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const left = bounds.timeoutMs - (Date.now() - startedAt);
    const text = await readStream(new Socket({ fd, readable: true, writable: false }), { ...bounds, timeoutMs: left });
    if (text !== '' || Date.now() - startedAt >= Math.min(WRITER_MS, bounds.timeoutMs)) return text;
    await sleep(50, undefined, bounds.signal && { signal: bounds.signal });
  }
}

/** The rest of a stream. Throws as `readPipe` does. */
export async function readStream(stream: Readable, { maxBytes, timeoutMs, signal }: Bounds): Promise<string> {
  const timeout = AbortSignal.timeout(Math.max(timeoutMs, 0));
  const ends = AbortSignal.any([timeout, ...(signal ? [signal] : [])]);
  const stop = (): void => void stream.destroy(ends.reason as Error);
  ends.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      const part = Buffer.from(chunk as Uint8Array);
      bytes += part.byteLength;
      if (bytes > maxBytes) throw new Error('it is too large');
      chunks.push(part);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new Error(`it did not end within ${bounded(timeoutMs)}`, { cause: error });
    throw error;
  } finally {
    ends.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function bounded(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
