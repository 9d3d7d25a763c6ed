/** What git is told beside a storyboard: takes are not committed, and journals of two branches are merged by keeping both sides. */
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { machineError, makeFolders } from '../../disk/atomic-write.ts';
import { readTextSync } from '../../disk/read-file.ts';
import { systemCode } from '../../shared/errors.ts';
import type { Reporter } from '../../shared/reporter.ts';

const ATTRIBUTES = '*.journal*.jsonl merge=union';

/**
 * Makes the folder of the takes, with a `.gitignore` unless something is there: who deleted that file meant it. `file` is the
 * absolute path of the storyboard. Throws `machine` when the disk is in the way; that git cannot be told how to merge is a
 * warning.
 */
export async function writeGitFiles(
  file: string,
  takesFolder: string,
  { reporter }: { readonly reporter: Pick<Reporter, 'warn'> },
): Promise<void> {
  const made = await makeFolders(takesFolder, { owner: 'user' });
  try {
    if (made !== undefined) await writeFile(join(takesFolder, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    throw machineError(error, 'write', takesFolder, 'user');
  }
  const path = join(dirname(file), '.gitattributes');
  try {
    const text = textOf(path);
    if (text.split(/\r?\n/).some((line) => line.trim() === ATTRIBUTES)) return;
    await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}${ATTRIBUTES}\n`);
  } catch (error) {
    const { message } = machineError(error, 'write', path, 'user') as Error;
    reporter.warn(`${message} For git to merge journals by keeping both sides, add this line to it: ${ATTRIBUTES}`);
  }
}

function textOf(path: string): string {
  try {
    return readTextSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}
