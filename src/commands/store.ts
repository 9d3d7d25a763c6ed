/** Where things are kept, and whether they are whole. */
import { basename, join } from 'node:path';
import type { Outdated } from '../characters/outdated.ts';
import type { Context } from '../context.ts';
import type { BrokenRecord } from '../disk/records.ts';
import { type Character, isMade } from '../shared/character.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';

/** `sora store path` */
export async function runStorePath({ ui, paths }: Context): Promise<undefined> {
  const folders = {
    settings: paths().config,
    characters: paths().characters,
    clips: paths().clips,
    jobs: paths().jobs,
    sandbox: paths().sandbox,
  };
  ui.result({
    json: folders,
    text: Object.entries(folders)
      .map(([name, path]) => `${name.padEnd(10)}  ${path}`)
      .join('\n'),
    quiet: Object.values(folders),
  });
}

/** `sora store check`: exits 12 when something is broken; deletes nothing. `settings` says whether settings and keys count. */
export async function runStoreCheck(context: Context, { settings = true } = {}): Promise<undefined> {
  const { ui } = context;
  const store = await context.characters();
  const characters = await store.list();
  const jobs = await (await context.jobs()).list();
  const problems = [...(settings ? await brokenSettings(context) : []), ...characters.broken, ...jobs.broken].map(
    ({ path, reason }): BrokenRecord => ({ path, reason }),
  );
  const remarks: string[] = [];
  const { outdatedNote } = await import('../characters/outdated.ts');
  const old: ({ readonly name: string } & Outdated)[] = [];
  for (const character of characters.records) {
    const { name, master, clipless } = character;
    const changed = await outdatedByItsSource(context, character);
    if (changed) {
      old.push({ name, ...changed });
      remarks.push(outdatedNote(character, changed));
    }
    if (!master || (clipless && !(await store.hasClip(master.sha256)))) {
      remarks.push(`${name} has no clip: it can be used where it is registered, and nowhere else`);
      continue;
    }
    const state = await store.checkClip(master.sha256);
    if (state !== 'whole')
      problems.push({ path: store.clipPath(master.sha256), reason: `the clip of ${name} is ${state}` });
  }
  const orphans = await store.orphanClips();
  const counts = { characters: characters.records.length, jobs: jobs.records.length };
  const report = { ...counts, problems, remarks, outdated: old, orphanClips: orphans };
  ui.result({
    json: report,
    prose: true,
    text: [
      `${counted(report.characters, 'character')}, ${counted(report.jobs, 'job')}: ${problems.length === 0 ? 'all whole.' : `${counted(problems.length, 'problem')}.`}`,
      ...problems.map(({ path, reason }) => `  ${path}: ${reason}`),
      ...remarks.map((remark) => `  ${remark}`),
      ...orphans.map((path) => `  ${path}: no character needs this clip`),
    ].join('\n'),
    quiet: problems.map(({ path }) => path),
  });
  if (problems.length === 0) return;
  throw new SoraError(
    'machine',
    `The store has ${problems.length === 1 ? 'a broken file' : `${problems.length} broken files`}.`,
    {
      hint: 'Nothing was deleted. Restore the files from a backup, or remove them by hand.',
    },
  );
}

/** Whether the clip would differ today. Where nobody could tell without the source, that is looked at if it lies in this folder. */
async function outdatedByItsSource(context: Context, character: Character): Promise<Outdated | undefined> {
  const { outdated } = await import('../characters/outdated.ts');
  const known = outdated(character);
  if (!known || known.mayDiffer.length === 0 || !isMade(character)) return known;
  const { source } = character;
  const { signal } = context.runtime;
  const path = join(context.runtime.cwd, basename(source.fileName));
  const { hashFile } = await import('../disk/hash.ts');
  if ((await hashFile(path, signal).catch(() => undefined)) !== source.sha256) return known;
  const { probeMedia } = await import('../media/probe/probe.ts');
  const { sourceFacts } = await import('../media/source-facts.ts');
  const ffmpeg = await context.ffmpeg().catch(() => undefined);
  // Headers alone do not tell what the earlier rules missed.
  const looked = ffmpeg && (await probeMedia(path, { ffmpeg, signal }).catch(() => undefined));
  const facts = looked && sourceFacts(looked);
  return facts ? outdated(character, facts) : known;
}

/** Of the files with settings and keys, those that cannot be used. */
async function brokenSettings({ paths, runtime }: Context): Promise<readonly BrokenRecord[]> {
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

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
