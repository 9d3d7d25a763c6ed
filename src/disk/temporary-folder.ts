/** Folders among the system's temporary files, which are removed when the work in them ends. */
import { promises } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSoraError, SoraError, systemCode } from '../shared/errors.ts';
import { reasonFor } from './system-reason.ts';
import { temporary } from './temporary.ts';

/** Makes one, removed by `dispose` and on a forced exit. Throws `machine`, which says what to set. */
export async function makeTemporaryFolder(
  prefix: string,
): Promise<{ readonly path: string; dispose(): Promise<void> }> {
  const path = await promises.mkdtemp(join(tmpdir(), prefix)).catch((error: unknown) => {
    throw temporaryFileError(error);
  });
  return temporary(path);
}

/** What the disk refused of a temporary file, as an error for people; any other error as it is. */
export function temporaryFileError(error: unknown): unknown {
  const code = systemCode(error);
  // Node's own errors, such as that of an abort, have codes with an underscore.
  if (isSoraError(error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const [reason] = reasonFor(code);
  return new SoraError('machine', `Temporary files cannot be written to ${tmpdir()}: ${reason}.`, {
    hint: 'Set TMPDIR (on Windows: TEMP) to a folder that can be written to and has room.',
    cause: error,
  });
}
