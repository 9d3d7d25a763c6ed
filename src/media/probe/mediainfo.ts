/** MediaInfo, which reads what a file says of itself. */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { MediaInfo } from 'mediainfo.js';
import { SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';

const require = createRequire(import.meta.url);

/** How much of a file is read at once, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * V8 compiles a WebAssembly function a second time, with its optimizing compiler, once about this many bytes of it have
 * run. By default (1.8 to 13 million) that takes several times as long as reading a clip without it; the loops over a file of
 * hundreds of megabytes are still optimized.
 */
const TIERING_BUDGET_BYTES = 500_000_000;

/** A fresh instance, to be closed. Throws `machine` where it does not load. */
export async function openReader(): Promise<MediaInfo<'object'>> {
  try {
    // Read by V8 when a module is compiled.
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET_BYTES}`);
    const { default: createMediaInfo } = await import('mediainfo.js');
    return await createMediaInfo({
      format: 'object',
      chunkSize: CHUNK_BYTES,
      // The code may be bundled; its WebAssembly is where the package is, in the very version that the code was made for.
      locateFile: (name) => require.resolve(`mediainfo.js/${name}`),
    });
  } catch (cause) {
    const why = oneLine(cause instanceof Error ? cause.message : String(cause));
    throw new SoraError('machine', `mediainfo.js does not load: ${why}`, { hint: 'Install sora again.', cause });
  }
}

/** Instances that nobody uses: to load and to warm up one takes several times as long as to read a file with it. */
const IDLE: MediaInfo<'object'>[] = [];

/** One instance for `work` alone, used before or fresh. One that failed is not used again. Throws as `openReader`, and what `work` throws. */
export async function withReader<R>(work: (reader: MediaInfo<'object'>) => Promise<R>): Promise<R> {
  const reader = IDLE.pop() ?? (await openReader());
  try {
    const result = await work(reader);
    IDLE.push(reader);
    return result;
  } catch (error) {
    reader.close();
    throw error;
  }
}
