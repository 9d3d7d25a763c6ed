/** Named pipes, where the system can make them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { tempFolder } from './temp.ts';

/** The path of a fresh one, gone when the running test ends; where there is no `mkfifo`, the test is skipped. */
export async function makePipe({ skip }: Pick<TestContext, 'skip'>): Promise<string> {
  const path = join(await tempFolder(), 'pipe');
  try {
    execFileSync('mkfifo', [path]);
  } catch {
    skip('there is no mkfifo');
  }
  return path;
}
