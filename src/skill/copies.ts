/** Where agents look for skills, and the copies of ours there. Nothing else of theirs is read or written. */

import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { makeFolders } from '../disk/atomic-write.ts';
import { followLinks } from '../disk/links.ts';
import { writeOutput } from '../disk/publish.ts';
import { readTextSync } from '../disk/read-file.ts';
import { reasonFor } from '../disk/system-reason.ts';
import { SKILL_NAME } from '../help/read-skill.ts';
import { isSoraError, problemsError, SoraError, systemCode } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { currentSkill, judgeCopy, type SkillCopy } from './skill.ts';

/** Of a project, or of the home folder: each agent reads one of them. */
const FOLDERS = ['.claude', '.agents'] as const;

/** Ours has 4 KB; what is larger was not written by us. */
const MAX_BYTES = 1_000_000;

export interface InstalledSkill {
  /** Absolute. */
  readonly path: string;
  readonly state: 'written' | 'current' | 'updated' | 'replaced';
}

export interface InstallOptions {
  /** For all projects of this user, instead of the current folder. */
  readonly user: boolean;
  /** Replace copies that were changed by hand. */
  readonly force: boolean;
}

/**
 * Writes a copy for each kind of agent; both, or neither where one is refused: throws `usage` for a copy that was changed, for
 * what is no file, and for a link that leads out of the folder; `machine` where nothing can be written.
 */
export async function installSkill(
  { runtime }: Pick<Workspace, 'runtime'>,
  { user, force }: InstallOptions,
): Promise<readonly InstalledSkill[]> {
  const base = user ? runtime.homeDir : runtime.cwd;
  if (base === undefined) {
    throw new SoraError('machine', 'This user has no home folder.', {
      hint: 'Install it into the folder of a project: sora skill install',
    });
  }
  const copies: { path: string; place: string; copy: SkillCopy | undefined }[] = [];
  for (const path of pathsIn(base)) {
    const place = await placeOf(base, path);
    copies.push({ path, place, copy: copyAt(place, path) });
  }
  const changed = copies.filter(({ copy }) => copy?.state === 'changed');
  if (changed.length > 0 && !force) {
    const problems = changed.map(({ path }) => `${path} was changed since sora wrote it, or is not from sora.`);
    throw problemsError('usage', problems, {
      hint: `Nothing was written. Compare it with ours (sora skill), then add ${option('force')} to replace it.`,
    });
  }
  const installed: InstalledSkill[] = [];
  for (const { path, place, copy } of copies) {
    if (copy?.state !== 'current') await write(place, runtime.clock);
    installed.push({ path, state: STATES[copy?.state ?? 'absent'] });
  }
  return installed;
}

const STATES = {
  absent: 'written',
  current: 'current',
  outdated: 'updated',
  changed: 'replaced',
} as const satisfies Record<SkillCopy['state'] | 'absent', InstalledSkill['state']>;

export interface FoundSkill {
  readonly path: string;
  readonly copy: SkillCopy;
  /** Whether it is in the home folder, for all projects. */
  readonly user: boolean;
}

/** The copies in the current folder and in the home folder. What cannot be read, or lies elsewhere by a link, is left out. */
export async function findSkills({ runtime }: Pick<Workspace, 'runtime'>): Promise<readonly FoundSkill[]> {
  const bases = [
    { base: runtime.cwd, user: false },
    ...(runtime.homeDir === undefined || runtime.homeDir === runtime.cwd
      ? []
      : [{ base: runtime.homeDir, user: true }]),
  ];
  const found: FoundSkill[] = [];
  for (const { base, user } of bases) {
    for (const path of pathsIn(base)) {
      try {
        const copy = copyAt(await placeOf(base, path), path);
        if (copy) found.push({ path, copy, user });
      } catch (error) {
        if (!isSoraError(error)) throw error;
      }
    }
  }
  return found;
}

function pathsIn(base: string): readonly string[] {
  return FOLDERS.map((folder) => join(base, folder, 'skills', SKILL_NAME, 'SKILL.md'));
}

/** Where a path below `base` leads; its folders need not be there. Throws `usage` where links lead out of `base`. */
async function placeOf(base: string, path: string): Promise<string> {
  try {
    const root = await realpath(base);
    let at = root;
    for (const part of relative(base, path).split(sep)) {
      at = await followLinks(join(at, part));
      if (!at.startsWith(root.endsWith(sep) ? root : root + sep)) {
        throw new SoraError('usage', `${path} is in another folder: a link leads to ${at}.`, {
          hint: 'Nothing was written. Remove the link, or put the skill there yourself: sora skill > SKILL.md',
        });
      }
    }
    return at;
  } catch (error) {
    throw unusable(error, path);
  }
}

/** Undefined where nothing is. */
function copyAt(place: string, path: string): SkillCopy | undefined {
  try {
    return judgeCopy(readTextSync(place, MAX_BYTES));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (systemCode(error) === 'ERR_FS_FILE_TOO_LARGE') return { state: 'changed' };
    throw unusable(error, path);
  }
}

async function write(place: string, clock: Workspace['runtime']['clock']): Promise<void> {
  try {
    await makeFolders(dirname(place));
    await writeOutput(place, currentSkill().markdown, { force: true, taken: 'usage', clock });
  } catch (error) {
    throw unusable(error, place);
  }
}

function unusable(error: unknown, path: string): unknown {
  if (isSoraError(error) && error.code !== 'machine') return error;
  // How files are published is said of `-o`, which there is none of here.
  const cause = isSoraError(error) ? error.cause : error;
  const code = systemCode(cause);
  if (code === undefined) return error;
  return new SoraError('machine', `${path} cannot be used: ${reasonFor(code)[0]}.`, {
    hint: 'Choose a folder that can be written to, or put the skill where you want it: sora skill > SKILL.md',
    cause,
  });
}
