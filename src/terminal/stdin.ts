/** Standard input, whole and bounded. */
import type { Runtime } from '../context.ts';
import { SoraError } from '../shared/errors.ts';

/** Throws `usage` beyond `maxBytes`, and the signal's reason when aborted. */
export async function readStdin(runtime: Runtime, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const { stream } = runtime.stdin;
  const stop = (): void => void stream.destroy(runtime.signal.reason as Error);
  runtime.signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) {
      const part = Buffer.from(chunk as Uint8Array);
      chunks.push(part);
      bytes += part.byteLength;
      if (bytes > maxBytes)
        throw new SoraError('usage', `Standard input is longer than ${maxBytes} bytes.`, {
          hint: 'Check what is piped into the command.',
        });
    }
  } finally {
    runtime.signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks);
}
