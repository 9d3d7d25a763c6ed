/** The folders of a run: that of its temporary files, that of `once.ts` unless the environment names one, and that of `kept.ts`. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEPT_FOLDER } from './kept.ts';
import { MADE_FOLDER } from './once.ts';
import { makeFolderInMemory } from './quick-folder.ts';

const KEPT_ROOT = fileURLToPath(new URL('../../node_modules/.sora-test-kept', import.meta.url));
/** What is kept is in folders of so much time each, of which the last two stay: nothing is taken from a run that is going on. */
const PERIOD_MS = 7 * 86_400_000;

function makeKeptFolder(): string | undefined {
  const period = Math.floor(Date.now() / PERIOD_MS);
  const folder = join(KEPT_ROOT, String(period));
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(KEPT_ROOT))
      if (Number(name) < period - 1) rmSync(join(KEPT_ROOT, name), { recursive: true, force: true });
    return folder;
  } catch {
    return undefined;
  }
}

export function setup(): () => void {
  const folders: string[] = [];
  const inherited = {
    ...{ TMPDIR: process.env.TMPDIR, [MADE_FOLDER]: process.env[MADE_FOLDER] },
    [KEPT_FOLDER]: process.env[KEPT_FOLDER],
  };
  const use = (variable: string, folder: string | undefined): void => {
    if (folder === undefined) return;
    folders.push(folder);
    process.env[variable] = folder;
  };
  if (!inherited.TMPDIR) use('TMPDIR', makeFolderInMemory());
  if (!inherited[MADE_FOLDER]) use(MADE_FOLDER, mkdtempSync(join(tmpdir(), 'sora-made-')));
  const kept = makeKeptFolder();
  if (!inherited[KEPT_FOLDER] && kept !== undefined) process.env[KEPT_FOLDER] = kept;
  return () => {
    for (const [variable, value] of Object.entries(inherited)) {
      if (value === undefined) delete process.env[variable];
      else process.env[variable] = value;
    }
    for (const folder of folders.toReversed()) rmSync(folder, { recursive: true, force: true });
  };
}
