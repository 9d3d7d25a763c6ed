/** Where the temporary files of a run are quickest. */

import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What all tests of a run have at one time takes a twentieth of it. */
const ROOM_BYTES = 4_000_000_000;

/**
 * A new folder in memory: on a disk, a test that makes and removes a home of a hundred files waits for each of them, and
 * every record that is flushed. Undefined where there is none, too little room, or nothing there may be executed.
 */
export function makeFolderInMemory(memory = '/dev/shm'): string | undefined {
  let folder: string | undefined;
  try {
    accessSync(memory, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < ROOM_BYTES) return undefined;
    folder = mkdtempSync(join(memory, 'sora-'));
    // Some programs of the tests run as another user; what is in it is its maker's alone, as in any temporary folder.
    chmodSync(folder, 0o1777);
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    const { status } = spawnSync(program);
    rmSync(status === 0 ? program : folder, { recursive: true });
    return status === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}
