/** All bytes out of a file, a pipe or another stream, bounded in bytes and in time. */
import { constants, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { withDeadline } from '../shared/deadline.ts';
import { systemCode } from '../shared/errors.ts';
import { readBytesSync } from './read-file.ts';

export interface Bounds {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of what a user names as a file, which may be a pipe: `<(command)` is one. Throws an Error that says what is wrong
 * with it, without a full stop, the signal's reason, and the system's error where it cannot be opened.
 */
export async function readFileOrPipe(
  path: string,
  bounds: Bounds,
): Promise<{ readonly bytes: Buffer; readonly isPipe: boolean }> {
  if ((await stat(path)).isFIFO()) return { bytes: await readPipe(path, bounds), isPipe: true };
  try {
    return { bytes: readBytesSync(path, bounds.maxBytes), isPipe: false };
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EFTYPE' || code === 'ENXIO') throw new Error('it is neither a file nor a pipe', { cause });
    if (code === 'ERR_FS_FILE_TOO_LARGE') throw new Error('it is too large', { cause });
    throw cause;
  }
}

/**
 * What is written into the pipe at `path`, to its end. Throws an Error that says which bound was broken, the signal's
 * reason, and the system's error when it cannot be opened.
 */
export async function readPipe(path: string, bounds: Bounds): Promise<Buffer> {
  const { Socket } = await import('node:net');
  // Without waiting for a writer: a thread that is stuck in open() could not be given up.
  const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return readStream(new Socket({ fd, readable: true, writable: false }), bounds);
}

/** The rest of a stream. Throws as `readPipe` does. */
export async function readStream(stream: Readable, { maxBytes, timeoutMs, signal }: Bounds): Promise<Buffer> {
  return withDeadline(timeoutMs, signal, async (limited) => {
    const stop = (): void => void stream.destroy(limited.reason as Error);
    if (limited.aborted) stop();
    limited.addEventListener('abort', stop, { once: true });
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
      if (limited.aborted) throw new Error(`it did not end within ${timeoutMs / 1000} s`, { cause: error });
      throw error;
    }
    return Buffer.concat(chunks);
  });
}
