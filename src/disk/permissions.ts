/** Whether others on this machine may read or change a file. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { shellQuote } from '../shared/text.ts';
import { machineError } from './atomic-write.ts';

/**
 * What others may do to a file that is there, one sentence each, ending in the command that stops it. None on Windows,
 * which has no such permissions to look at.
 */
export async function permissionWarnings(path: string, platform: string): Promise<readonly string[]> {
  if (platform === 'win32') return [];
  const folder = dirname(path);
  try {
    const [file, around] = [await stat(path), await stat(folder)];
    const verb = (file.mode & 0o022) !== 0 ? 'read or change' : 'read';
    return [
      ...((file.mode & 0o077) === 0
        ? []
        : [`Others on this machine may ${verb} ${path}. Run: chmod 600 ${shellQuote(path)}`]),
      // Who may write to the folder may put another file in place of this one, unless the folder is sticky as /tmp is.
      ...((around.mode & 0o022) === 0 || (around.mode & 0o1000) !== 0
        ? []
        : [`Others on this machine may replace ${path}. Run: chmod 700 ${shellQuote(folder)}`]),
    ];
  } catch (error) {
    throw machineError(error, 'read', path);
  }
}
