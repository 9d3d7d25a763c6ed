/**
 * Registry of temporary paths, removed on a forced exit (the second Ctrl-C). Otherwise whoever made one removes it; the
 * files that users asked for are made and swept by part-file.ts.
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

/** How long a child that was killed a moment ago may take to be gone. */
const CHILD_GONE_MS = 50;

/**
 * For the last moment of the process. Removes twice: a child that is being killed may still be inside the call that makes
 * its file.
 */
export function removeUnfinished(): void {
  if (unfinished.size === 0) return;
  const remove = (): void => {
    for (const path of unfinished) rmSync(path, { recursive: true, force: true });
  };
  remove();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CHILD_GONE_MS);
  remove();
}
