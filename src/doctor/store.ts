/** Whether what is kept on this machine is whole: settings, keys, characters with their clips, jobs. Deletes nothing. */

import { basename, join } from 'node:path';
import type { Outdated } from '../characters/outdated.ts';
import type { BrokenRecord } from '../disk/listing.ts';
import { type Character, filesOf } from '../shared/character.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { counted } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';

export interface StoreReport {
  /** How many can be read. */
  readonly characters: number;
  readonly jobs: number;
  /** Files that cannot be used. */
  readonly problems: readonly BrokenRecord[];
  /** What works, and not as well as it could: a sentence each, without a full stop. */
  readonly remarks: readonly string[];
  /** Characters whose clip would differ if it was prepared now. */
  readonly outdated: readonly ({ readonly name: string } & Outdated)[];
  /** Clips, pictures and consents that no character needs. */
  readonly orphanClips: readonly string[];
}

/** `settings`: whether the files with settings and keys count. */
export async function checkStore(
  workspace: Workspace,
  { settings = true }: { readonly settings?: boolean } = {},
): Promise<StoreReport> {
  const store = await workspace.characters();
  const characters = await store.list();
  const jobs = await (await workspace.jobs()).list();
  const problems = [...(settings ? await brokenSettings(workspace) : []), ...characters.broken, ...jobs.broken].map(
    ({ path, reason }): BrokenRecord => ({ path, reason }),
  );
  const remarks: string[] = [];
  const { outdatedNote } = await import('../characters/outdated.ts');
  const { lackOf, nounOf } = await import('../characters/lack.ts');
  const old: ({ readonly name: string } & Outdated)[] = [];
  for (const character of characters.records) {
    const changed = await outdatedByItsSource(workspace, character);
    if (changed) {
      old.push({ name: character.name, ...changed });
      remarks.push(outdatedNote(character, changed));
    }
    const lack = await lackOf(store, character);
    if (lack !== undefined) {
      remarks.push(lack);
      continue;
    }
    for (const file of filesOf(character)) {
      const state = await store.checkFile(file);
      if (state !== 'whole')
        problems.push({ path: store.filePath(file), reason: `the ${nounOf(file)} of ${character.name} is ${state}` });
    }
  }
  const orphans = await store.orphanFiles();
  const counts = { characters: characters.records.length, jobs: jobs.records.length };
  return { ...counts, problems, remarks, outdated: old, orphanClips: orphans };
}

/** What is wrong, for whoever needs a whole store; undefined where nothing is. */
export function storeError({ problems }: StoreReport, hint: string): SoraError | undefined {
  if (problems.length === 0) return undefined;
  const count = problems.length === 1 ? 'a broken file' : `${problems.length} broken files`;
  return new SoraError('machine', `The store has ${count}.`, { hint });
}

/** The report in one line. */
export function storeSummary({ characters, jobs, problems }: StoreReport): string {
  const state = problems.length === 0 ? 'all whole.' : `${counted(problems.length, 'problem')}.`;
  return `${counted(characters, 'character')}, ${counted(jobs, 'job')}: ${state}`;
}

/** Whether the clip would differ today. Where nobody could tell without the source, that is looked at if it lies in this folder. */
async function outdatedByItsSource(workspace: Workspace, character: Character): Promise<Outdated | undefined> {
  const { outdated } = await import('../characters/outdated.ts');
  const { clip } = character;
  const known = clip && outdated(clip);
  if (!known || known.mayDiffer.length === 0) return known;
  const { source } = clip;
  const { signal } = workspace.runtime;
  const path = join(workspace.runtime.cwd, basename(source.fileName));
  const { hashFile } = await import('../disk/hash.ts');
  if ((await hashFile(path, signal).catch(() => undefined)) !== source.sha256) return known;
  const { probeMedia } = await import('../media/probe/probe.ts');
  const { sourceFacts } = await import('../media/source-facts.ts');
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  // Headers alone do not tell what the earlier rules missed.
  const looked = ffmpeg && (await probeMedia(path, { ffmpeg, signal }).catch(() => undefined));
  const facts = looked && sourceFacts(looked);
  return facts ? outdated(clip, facts) : known;
}

/** Of the files with settings and keys, those that cannot be used. */
async function brokenSettings({ paths, runtime }: Workspace): Promise<readonly BrokenRecord[]> {
  const { keysPath, readKeys } = await import('../settings/keys.ts');
  const { readSettings, settingsPath } = await import('../settings/settings.ts');
  const { config } = paths();
  const looks = [
    { path: settingsPath(config), read: () => readSettings(config) },
    { path: keysPath(config), read: () => readKeys(config, runtime) },
  ];
  const broken: BrokenRecord[] = [];
  for (const { path, read } of looks) {
    try {
      await read();
    } catch (error) {
      if (!isSoraError(error)) throw error;
      // The sentence names the file, as the list does.
      const [, reason = error.message] =
        error.message
          .split(path)
          .at(-1)
          ?.split(/: (.*)\.$/) ?? [];
      broken.push({ path, reason });
    }
  }
  return broken;
}
