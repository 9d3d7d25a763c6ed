/** The folder of `once.ts`: as long as the run, unless the environment names one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MADE_FOLDER } from './once.ts';

export function setup(): (() => void) | undefined {
  if (process.env[MADE_FOLDER]) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'sora-made-'));
  process.env[MADE_FOLDER] = folder;
  return () => {
    delete process.env[MADE_FOLDER];
    rmSync(folder, { recursive: true, force: true });
  };
}
