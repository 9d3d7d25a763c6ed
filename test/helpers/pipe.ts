/** Named pipes, where the system can make them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { tempFolder } from './temp.ts';

/** The path of a fresh one, gone when the running test ends; undefined, and said, where there is no `mkfifo`. */
export async function makePipe(): Promise<string | undefined> {
  const path = join(await tempFolder(), 'pipe');
  try {
    execFileSync('mkfifo', [path]);
    return path;
  } catch {
    // biome-ignore lint/suspicious/noConsole: what is not tested has to be said
    console.warn('not tested: this machine has no mkfifo');
    return undefined;
  }
}
