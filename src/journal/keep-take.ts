/** A take's file from where it first lies whole to its own name: first the line, then the name. */
import { existsSync, statSync } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { makeFolders } from '../disk/atomic-write.ts';
import { hashFile } from '../disk/hash.ts';
import { createOutput, outputWriteError, type Publishing, publishFile } from '../disk/publish.ts';
import type { VideoFacts } from '../media/verify/downloaded.ts';
import { isSoraError, SoraError, systemCode } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import type { Job, Remote } from '../shared/job.ts';
import type { Clock } from '../shared/time.ts';
import { findMismatch } from '../videos/mismatch.ts';
import type { Workspace } from '../workspace.ts';
import type { Take } from './fold.ts';
import type { Done } from './lines.ts';
import type { TakeLedger } from './take-ledger.ts';

export interface KeptTake {
  readonly done: Done;
  /** Absolute. */
  readonly path: string;
}

export interface KeepOptions {
  readonly take: Take;
  /** Absolute. */
  readonly wanted: string;
  /** Whose video was saved there a moment ago. */
  readonly job?: Remote | undefined;
  /** What is in the file, where it was looked at a moment ago. */
  readonly facts?: VideoFacts | undefined;
}

/**
 * Writes down that a take is done and gives its file its name: `wanted`, absolute, or the next free one beside it. Nothing that
 * is there is replaced. Undefined when no whole video lies where the take's file first lies, nor where a line says that it was
 * moved to.
 */
export async function keepTake(
  workspace: Workspace,
  ledger: TakeLedger,
  { take, wanted, job: given, facts: known }: KeepOptions,
): Promise<KeptTake | undefined> {
  const named = await ownFile(workspace, ledger, take);
  const first = named?.path ?? ledger.placeOf(take.file);
  // Of what was fetched just now another process may have moved the file already: its line tells.
  if (!given && !existsSync(first)) return undefined;
  const facts = named?.facts ?? known ?? (await factsOf(workspace, first));
  const { signal } = workspace.runtime;
  const job = given ?? succeeded(await ledger.jobs(), take);
  await makeFolders(dirname(wanted), { owner: 'user' });
  return ledger.journal.exclusively(async (reading) => {
    const before = (await ledger.takes(take.scene, reading)).find(({ key }) => key === take.key)?.done;
    const told = before && ledger.placeOf(before.file);
    const there = told !== undefined && (ledger.mayHold(told) || existsSync(told)) ? told : undefined;
    if (before && there !== undefined && existsSync(there) && (await hashFile(there, signal)) === before.sha256) {
      // Another process has fetched it as well, and was first.
      if (there !== first) await rm(first, { force: true });
      return { done: before, path: there };
    }
    if (!facts || !existsSync(first)) return undefined;
    const sha256 = await hashFile(first, signal);
    const { size: bytes } = await stat(first);
    const isSame = before?.sha256 === sha256;
    const others = new Set(
      reading.lines.flatMap((line) => (line.line === 'done' && line.key !== take.key ? [line.file] : [])),
    );
    const { path, isThere } = named
      ? { path: first, isThere: true }
      : there !== undefined && !existsSync(there)
        ? { path: there, isThere: false }
        : await placeFor(ledger, wanted, { others, sha256, bytes });
    const cost = job?.cost?.actualUsd ?? before?.cost;
    const drift = mismatchOf(take, facts, job);
    const done: Done =
      before && isSame && there === path
        ? before
        : {
            ...{
              v: 1,
              at: timeAfter(before, ledger.now()),
              key: take.key,
              line: 'done',
              file: ledger.pathOf(path),
              sha256,
              bytes,
            },
            ...facts,
            ...(cost !== undefined && { cost }),
            ...(drift.length > 0 && { mismatch: drift }),
          };
    if (done !== before) await ledger.journal.append(done);
    if (!isThere) await moveTo(workspace, first, path);
    else if (path !== first) await rm(first, { force: true });
    return { done, path };
  });
}

/** The newest line of a take counts: one that takes the place of another is later, whatever clock wrote that. */
function timeAfter(before: Done | undefined, now: string): string {
  if (!before || Date.parse(before.at) < Date.parse(now)) return now;
  return new Date(Date.parse(before.at) + 1).toISOString();
}

/**
 * The file of a take whose line was written and whose name was not, given that name, by this process or another one. False when
 * it is not there, or not what the line says.
 */
export async function finishRename(workspace: Workspace, ledger: TakeLedger, { done, file }: Take): Promise<boolean> {
  const first = ledger.placeOf(file);
  if (!done) return false;
  const place = ledger.placeOf(done.file);
  return ledger.journal.exclusively(async () => {
    if (existsSync(place)) return true;
    if (!ledger.mayHold(place)) return false;
    if (!existsSync(first) || (await hashFile(first, workspace.runtime.signal)) !== done.sha256) return false;
    await makeFolders(dirname(place), { owner: 'user' });
    await moveTo(workspace, first, place);
    return true;
  });
}

async function moveTo({ runtime }: Workspace, first: string, place: string): Promise<void> {
  const how = { force: false, taken: 'unverified' } as const;
  try {
    await publishFile(first, place, how);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw outputWriteError(error, place);
    await copyTo(first, { place, how, clock: runtime.clock });
  }
  await rm(first, { force: true });
}

/** Onto another disk, where a file cannot be moved: whole under its name, or not at all. */
async function copyTo(
  first: string,
  { place, how, clock }: { place: string; how: Publishing; clock: Clock },
): Promise<void> {
  const output = await createOutput(place, clock);
  try {
    await copyFile(first, output.path);
    await output.publish(how);
  } catch (error) {
    throw outputWriteError(error, place);
  } finally {
    await output.dispose();
  }
}

/** What this home knows of the take's video: the model that made it stands in no line. */
function succeeded(jobs: readonly Job[], { key, remoteId }: Take): Remote | undefined {
  return jobs.findLast(
    (job): job is Remote => job.key === key && job.status === 'succeeded' && job.remoteId === remoteId,
  );
}

/** `x.mp4`, or `x-2.mp4` and so on where a file of something else lies there, or is to lie there; and whether it is there already. */
async function placeFor(
  ledger: TakeLedger,
  wanted: string,
  { others, sha256, bytes }: { others: ReadonlySet<string>; sha256: string; bytes: number },
): Promise<{ readonly path: string; readonly isThere: boolean }> {
  const { dir, name, ext } = parse(wanted);
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : `${dir}/${name}-${number}${ext}`;
    if (others.has(ledger.pathOf(path))) continue;
    const there = statSync(path, { throwIfNoEntry: false });
    if (!there) return { path, isThere: false };
    // The same bytes are the file itself, of which a journal was lost.
    if (there.isFile() && there.size === bytes && (await hashFile(path)) === sha256) return { path, isThere: true };
  }
}

/** What lies whole under the name that is this take's alone, of one whose lines do not say that it is done. */
async function ownFile(
  workspace: Workspace,
  ledger: TakeLedger,
  take: Take,
): Promise<{ readonly path: string; readonly facts: VideoFacts } | undefined> {
  const path = take.done ? undefined : ledger.ownPlace(take);
  if (path === undefined || !existsSync(path)) return undefined;
  const facts = await factsOf(workspace, path);
  return facts && { path, facts };
}

/** In which ways the file is not what was asked for, by the job where it is known, else by the lines. */
function mismatchOf(take: Take, facts: VideoFacts, job: Remote | undefined): readonly string[] {
  if (job) return findMismatch(job, facts);
  const size = parseSize(take.size ?? '');
  if (!size || take.seconds === undefined) return [];
  return findMismatch({ request: { prompt: '', size, seconds: take.seconds, characters: [] } }, facts);
}

async function factsOf({ runtime }: Workspace, path: string): Promise<VideoFacts | undefined> {
  const { verifyDownload } = await import('../media/verify/downloaded.ts');
  try {
    return await verifyDownload(path, runtime.signal);
  } catch (error) {
    if (runtime.signal.aborted) throw error;
    if (isSoraError(error) || !existsSync(path)) return undefined;
    throw new SoraError('machine', `${path} cannot be read.`, { hint: 'Check its permissions.', cause: error });
  }
}
