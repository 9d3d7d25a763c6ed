/**
 * Files in the making. Whoever makes one removes it, however its work ends; but a second Ctrl-C leaves at once, and then
 * the process removes what is still listed here.
 */
import { promises, rmSync } from 'node:fs';

const unfinished = new Set<string>();

/** Lists a path until `dispose` removes what is there. */
export function temporary(path: string): { readonly path: string; dispose(): Promise<void> } {
  unfinished.add(path);
  return {
    path,
    async dispose() {
      // Of node:fs, which every start has loaded; node:fs/promises would take a millisecond of each.
      await promises.rm(path, { recursive: true, force: true });
      unfinished.delete(path);
    },
  };
}

/** For the last moment of the process. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true });
}
