/** The clip that comes with sora: drawn, so that it is nobody's likeness. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute. The build puts it beside the program; before a build it is where the build takes it from. */
export function sampleClip(): string {
  const built = fileURLToPath(new URL('./joe.mp4', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../../fixtures/joe.mp4', import.meta.url));
}
