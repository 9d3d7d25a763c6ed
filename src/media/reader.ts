/** MediaInfo, which reads what a file says of itself. */
import { createRequire } from 'node:module';
import type { MediaInfo } from 'mediainfo.js';

const require = createRequire(import.meta.url);

/** How much of a file is read at once, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/** A fresh instance, to be closed. Rejects with whatever its WebAssembly could not be loaded for. */
export async function openReader(): Promise<MediaInfo<'object'>> {
  const { default: createMediaInfo } = await import('mediainfo.js');
  return createMediaInfo({
    format: 'object',
    chunkSize: CHUNK_BYTES,
    // The code may be bundled; its WebAssembly is where the package is.
    locateFile: (name) => require.resolve(`mediainfo.js/${name}`),
  });
}
