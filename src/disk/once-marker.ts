/** Notices that are shown once per installation, agreed between processes by marker files. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../shared/errors.ts';
import { ensureFolder } from './atomic-write.ts';
import { hashText } from './hash.ts';

/** The same of a notice of that kind about a host. */
export function firstTimeOf(stateDir: string, kind: string, baseUrl: string): Promise<boolean> {
  return firstTime(stateDir, `${kind}-${hashText(baseUrl).slice(0, 16)}`);
}

/** True for one caller only, and whenever that cannot be remembered: said twice is better than never. */
export async function firstTime(stateDir: string, notice: string): Promise<boolean> {
  if (!/^[a-z0-9-]+$/.test(notice)) throw new TypeError(`Not a notice: ${JSON.stringify(notice)}`);
  const folder = join(stateDir, 'notices');
  try {
    await ensureFolder(folder);
    const marker = await open(join(folder, notice), 'wx', 0o600);
    await marker.close();
    return true;
  } catch (error) {
    return systemCode(error) !== 'EEXIST';
  }
}
