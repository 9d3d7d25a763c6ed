/** What was typed to make a character of a clip: the name and the file, checked before any work. */
import { stat } from 'node:fs/promises';
import { hashFile } from '../disk/hash.ts';
import { isSoraError, PATH_HINT, SoraError, systemCode, throwProblems } from '../shared/errors.ts';
import { checkName } from './names.ts';

/** Every problem with what was typed, in one refusal; the checked name. */
export async function checkInput(path: string, typedName: string): Promise<string> {
  const problems: SoraError[] = [];
  const collect = (error: unknown): void => {
    if (!isSoraError(error, 'usage')) throw error;
    problems.push(error);
  };
  let name = '';
  try {
    name = checkName(typedName);
  } catch (error) {
    collect(error);
  }
  await requireFile(path).catch(collect);
  throwProblems(problems);
  return name;
}

async function requireFile(path: string): Promise<void> {
  const there = await stat(path).catch((cause: unknown) => {
    const isMissing = systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR';
    throw isMissing
      ? new SoraError('usage', `There is no file ${path}.`, { hint: PATH_HINT, cause })
      : new SoraError('machine', `${path} cannot be read.`, { hint: 'Check its permissions.', cause });
  });
  if (!there.isFile()) throw new SoraError('usage', `${path} is not a file.`, { hint: 'Name a video file.' });
}

export async function hashSource(path: string, signal: AbortSignal): Promise<string> {
  return hashFile(path, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new SoraError('machine', `${path} cannot be read.`, { hint: 'Check its permissions.', cause });
  });
}
