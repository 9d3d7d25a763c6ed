/** MediaInfo, which reads what a file says of itself. */
import { createRequire } from 'node:module';
import type { MediaInfo } from 'mediainfo.js';
import { SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';

const require = createRequire(import.meta.url);

/** How much of a file is read at once, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/** A fresh instance, to be closed. Throws `machine` where it does not load. */
export async function openReader(): Promise<MediaInfo<'object'>> {
  try {
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
