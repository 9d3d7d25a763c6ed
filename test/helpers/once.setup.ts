/** The folders of a run: that of its temporary files, and that of `once.ts` unless the environment names one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MADE_FOLDER } from './once.ts';
import { makeFolderInMemory } from './quick-folder.ts';

export function setup(): () => void {
  const folders: string[] = [];
  const inherited = { TMPDIR: process.env.TMPDIR, [MADE_FOLDER]: process.env[MADE_FOLDER] };
  const use = (variable: keyof typeof inherited, folder: string | undefined): void => {
    if (folder === undefined) return;
    folders.push(folder);
    process.env[variable] = folder;
  };
  if (!inherited.TMPDIR) use('TMPDIR', makeFolderInMemory());
  if (!inherited[MADE_FOLDER]) use(MADE_FOLDER, mkdtempSync(join(tmpdir(), 'sora-made-')));
  return () => {
    for (const [variable, value] of Object.entries(inherited)) {
      if (value === undefined) delete process.env[variable];
      else process.env[variable] = value;
    }
    for (const folder of folders.toReversed()) rmSync(folder, { recursive: true, force: true });
  };
}
