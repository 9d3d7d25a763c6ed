/** The cast as a file: `character export` writes one, `character import` merges one into the store. */
import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { castClip, clipFolder, copyClip, readCast } from '../../characters/cast-file.ts';
import {
  type Cast,
  type CastCharacter,
  encodeCast,
  isClipPath,
  isPublic,
  isSameClip,
  mergeRegistrations,
} from '../../characters/cast-format.ts';
import { requireCast } from '../../characters/find.ts';
import type { CharacterStore } from '../../characters/store.ts';
import type { Context } from '../../context.ts';
import { hashFile } from '../../disk/hash.ts';
import { checkFree, createOutput, machineError, type Output } from '../../disk/publish.ts';
import { temporary } from '../../disk/temporary.ts';
import { type Character, isMade } from '../../shared/character.ts';
import { type ErrorCode, isSoraError, refuseAll, SoraError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/time.ts';
import { warnOfProviders } from '../../workspace.ts';

export interface ExportInput {
  readonly names: readonly string[];
  readonly output: string;
  readonly withClips: boolean;
  readonly force: boolean;
}

/** `sora character export [<name>...] -o <file>` */
export async function runCharacterExport(context: Context, input: ExportInput): Promise<undefined> {
  const { ui, runtime } = context;
  const store = await context.characters();
  const target = resolve(runtime.cwd, input.output);
  await checkTarget(target, input);
  const cast = await requireCast(context, input.names);
  if (cast.length === 0) {
    throw new SoraError('usage', 'The cast is empty: there is nothing to export.', {
      hint: 'Make a character: sora character create <clip> --name <name>',
    });
  }
  const folder = clipFolder(target);
  const text = encodeCast(cast, (sha256) => (input.withClips ? `${folder}/${sha256}.mp4` : undefined));
  const clips = input.withClips
    ? await clipsToCopy(store, cast, { ...input, folder: join(dirname(target), folder) })
    : [];
  await writeAll({ target, text, clips, force: input.force, clock: runtime.clock }).catch((error: unknown) => {
    throw machineError(error, target);
  });
  const hidden = cast.flatMap(({ registrations }) => registrations).filter((one) => !isPublic(one)).length;
  if (hidden > 0) ui.note(`${hidden} URLs that may be signed with a key were left out.`);
  const names = cast.map(({ name }) => name);
  ui.result({
    json: { path: target, characters: names, clips: clips.map(({ to }) => to) },
    text: `${target}: ${names.length === 1 ? names[0] : `${names.length} characters`}${input.withClips ? ', with clips' : ''}`,
    quiet: [target],
  });
}

async function checkTarget(target: string, { output, withClips, force }: ExportInput): Promise<void> {
  if (output === '-' || /[/\\]$/.test(output)) {
    throw new SoraError('usage', '-o names the file to write.', { hint: 'For example: -o cast.json' });
  }
  if (withClips && !isClipPath(clipFolder(target))) {
    throw new SoraError('usage', `${output} cannot have a folder of clips beside it.`, { hint: 'Try: -o cast.json' });
  }
  await checkFree(target, { force, example: 'cast.json' });
}

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly sha256: string;
  /** False for a clip that lies there already, whole. */
  readonly needed: boolean;
}

/** Every clip that must lie beside the file. Refuses before anything is written. */
async function clipsToCopy(
  store: CharacterStore,
  cast: readonly Character[],
  { folder, force }: { folder: string; force: boolean },
): Promise<readonly Copy[]> {
  const problems: SoraError[] = [];
  const copies = new Map<string, Copy>();
  for (const { name, master } of cast.filter(isMade)) {
    const { sha256 } = master;
    const state = await store.checkClip(sha256);
    if (state !== 'whole') problems.push(new SoraError('machine', `The clip of ${name} is ${state}.`));
    const to = join(folder, `${sha256}.mp4`);
    const there = await stat(to).catch(() => undefined);
    const needed = !there?.isFile() || (await hashFile(to)) !== sha256;
    if (there && needed && (!force || !there.isFile()))
      problems.push(new SoraError('usage', `${to} is something else than its name says.`));
    copies.set(sha256, { from: store.clipPath(sha256), to, sha256, needed });
  }
  throwAll(problems, 'Without the clips: leave out --with-clips. To replace what is there: --force');
  return [...copies.values()];
}

interface Files {
  readonly target: string;
  readonly text: string;
  readonly clips: readonly Copy[];
  readonly force: boolean;
  readonly clock: Clock;
}

/** Everything is whole before anything gets its name, and the file is the last: it never names a clip that is not there. */
async function writeAll({ target, text, clips, force, clock }: Files): Promise<void> {
  const needed = clips.filter((clip) => clip.needed);
  const folder = needed[0] && dirname(needed[0].to);
  const isNew = folder !== undefined && (await mkdir(folder, { recursive: true })) !== undefined;
  const made: Output[] = [];
  const begin = async (path: string): Promise<Output> => {
    const output = await createOutput(path, clock);
    made.push(output);
    return output;
  };
  try {
    for (const { from, to, sha256 } of needed) await copyClip(from, (await begin(to)).path, sha256, 'w');
    const file = await begin(target);
    await writeFile(file.path, text);
    // Clips are named by their content: one that has appeared in the meantime is the same.
    for (const output of made) await output.publish({ force: force || output !== file, taken: 'usage' });
  } finally {
    await Promise.allSettled(made.map((output) => output.dispose()));
    // Only where it is empty.
    if (isNew) await rmdir(folder).catch(() => undefined);
  }
}

type Did = 'added' | 'merged' | 'unchanged' | 'replaced';

interface Arrival {
  readonly entry: CastCharacter;
  /** Whole and checked; undefined where the cast has none. */
  readonly clip: string | undefined;
  readonly existing: Character | undefined;
}

/** `sora character import <file>` */
export async function runCharacterImport(
  context: Context,
  { file, force }: { file: string; force: boolean },
): Promise<undefined> {
  const { ui, runtime, paths } = context;
  // The store of this machine, whatever --cast lays over it.
  const { createCharacterStore } = await import('../../characters/store.ts');
  const store = createCharacterStore({ charactersDir: paths().characters, clipsDir: paths().clips });
  const cast = await readCast(resolve(runtime.cwd, file), { stdin: runtime.stdin, signal: runtime.signal });
  await warnOfProviders(ui, cast);
  const arrivals = await checkArrivals(store, cast, force);
  await store.sweep();
  const done: { name: string; did: Did; hasClip: boolean }[] = [];
  for (const arrival of arrivals) {
    runtime.signal.throwIfAborted();
    const { name } = arrival.entry.character;
    const did = await bringIn(store, arrival, runtime.clock.now());
    const stored = await store.find(name);
    const hasClip = stored?.master !== undefined && (await store.hasClip(stored.master.sha256));
    if (!hasClip) ui.warn(`${name} has no clip: it can be used where it is registered, and nowhere else.`);
    done.push({ name, did, hasClip });
  }
  ui.result({
    json: done,
    text: done.length === 0 ? 'The cast is empty.' : done.map(({ name, did }) => `${name}: ${did}`).join('\n'),
    quiet: done.map(({ name }) => name),
  });
}

/** Every reason against the import, before anything is changed. */
async function checkArrivals(store: CharacterStore, cast: Cast, force: boolean): Promise<readonly Arrival[]> {
  const problems: SoraError[] = [];
  const arrivals: Arrival[] = [];
  for (const entry of cast.characters) {
    const { character } = entry;
    const { name, master } = character;
    try {
      const clip = master && ((await castClip(cast, entry)) ?? (await ownClip(store, master.sha256)));
      const existing = await store.find(name);
      if (existing && !isSameClip(existing, character)) {
        if (!force) throw new SoraError('usage', `${existing.name} already exists, with another clip.`);
        if (clip === undefined)
          throw new SoraError('usage', `The cast has no clip of ${name} to replace the one here.`);
      }
      arrivals.push({ entry, clip, existing });
    } catch (error) {
      if (!isSoraError(error)) throw error;
      problems.push(error);
    }
  }
  throwAll(problems, 'Nothing was imported. Rename the character here or there, or add --force to replace it.');
  return arrivals;
}

async function ownClip(store: CharacterStore, sha256: string): Promise<string | undefined> {
  return (await store.checkClip(sha256)) === 'whole' ? store.clipPath(sha256) : undefined;
}

function throwAll(problems: readonly SoraError[], usual: string): void {
  const [first] = problems;
  if (first === undefined) return;
  const codes = new Set<ErrorCode>(problems.map(({ code }) => code));
  throw refuseAll(
    codes.size === 1 ? first.code : 'usage',
    problems.map(({ message }) => message),
    { hint: codes.has('usage') || first.hint === undefined ? usual : first.hint, cause: first },
  );
}

async function bringIn(store: CharacterStore, { entry, clip, existing }: Arrival, nowMs: number): Promise<Did> {
  const { character } = entry;
  const isSame = existing !== undefined && isSameClip(existing, character);
  const needsClip = !(isSame && isMade(existing) && (await store.hasClip(existing.master.sha256)));
  if (clip === undefined && existing === undefined) {
    if (!(await store.claim(character, { clipless: true }))) throw appeared(character.name);
    return 'added';
  }
  if (clip !== undefined && needsClip && isMade(character)) {
    const temp = temporary(await store.tempClipPath());
    try {
      await copyClip(clip, temp.path, character.master.sha256);
      // The clip of a character that had lost its own, or had none: the same bytes, or another build's of the same work.
      const name = existing && isSame ? existing.name : character.name;
      await store.keep({ ...character, name }, temp.path, { replace: existing !== undefined && !isSame });
    } finally {
      await temp.dispose();
    }
    if (!isSame) return existing ? 'replaced' : 'added';
  }
  let changed = needsClip && clip !== undefined;
  await store.update(character.name, (current) => {
    const registrations = mergeRegistrations(current.registrations, character.registrations, nowMs);
    const same = JSON.stringify(registrations) === JSON.stringify(current.registrations);
    changed ||= !same;
    return same ? current : { ...current, registrations };
  });
  return changed ? 'merged' : 'unchanged';
}

function appeared(name: string): SoraError {
  return new SoraError('usage', `${name} has appeared in the meantime.`, { hint: 'Run the command again.' });
}
