/** Sources of tests that take long to make and are changed by nobody: each is made once in a run, by whoever asks first. */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder they are in; kept from one run to the next where the environment names it. Set by `once.setup.ts`. */
export const MADE_FOLDER = 'SORA_TEST_MADE';

const making = new Map<string, Promise<string>>();

/** The path of a file, or of a folder, that is read and never written to. `name` says all that decides its contents; `make` writes it, in a folder that it may litter. */
export function madeOnce(name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const known = making.get(name) ?? makeIn(process.env[MADE_FOLDER] ?? '', name, make);
  making.set(name, known);
  return known;
}

async function makeIn(root: string, name: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const kept = join(root, name);
  if (existsSync(kept)) return kept;
  const folder = await mkdtemp(join(root, '.making-'));
  const path = join(folder, name);
  await make(path);
  // Two workers may have made it: it is whole at any moment, and the same. A folder takes no other's place.
  await rename(path, kept).catch((error: unknown) => {
    if (!existsSync(kept)) throw error;
  });
  await rm(folder, { recursive: true });
  return kept;
}
