/** One file from a host to its place: resumed when it is cut, checked before anybody sees it, published in one step. */

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashFile } from '../disk/hash.ts';
import { followLinks } from '../disk/links.ts';
import { createPartFile, FOLDER_PREFIX, type PartFile, sweepOrphanFolders, sweepOrphans } from '../disk/part-file.ts';
import { outputWriteError, publishFile, stdoutError } from '../disk/publish.ts';
import { makeTemporaryFolder, temporaryFileError } from '../disk/temporary-folder.ts';
import type { Content, Entity } from '../http/ranged-content.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import type { VideoMeasurements } from '../media/judge/video-look.ts';
import type { DownloadedFacts, VideoFacts } from '../media/verify/downloaded.ts';
import type { JobCall, Provider } from '../providers/provider.ts';
import { isSoraError, SoraError, systemCode } from '../shared/errors.ts';
import type { Variant } from '../shared/job.ts';
import { option } from '../shared/options.ts';
import { oneLine } from '../shared/text.ts';
import type { Clock } from '../shared/time.ts';

export interface DownloadRequest {
  readonly provider: Provider;
  readonly remoteId: string;
  /** What its record knows of where it is asked about. */
  readonly place?: Omit<JobCall, 'signal'>;
  readonly variant: Variant;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Absolute path of the file to make; without one the bytes go to `stream`, after they were verified. */
  readonly target?: string;
  readonly force?: boolean;
  readonly stream?: Writable;
  /** Decodes a video before anybody has it. Without one, and where it resolves to nothing, the container must do. */
  readonly ffmpeg?: Promise<Ffmpeg | undefined>;
  /** Measures what a video shows while it is decoded. */
  readonly isMeasured?: boolean;
  onProgress?(bytes: number, totalBytes: number | undefined): void;
  /** The file is here, and is looked at. */
  onCheck?(): void;
  /** It is damaged, and is fetched once more. */
  onDamage?(damage: string): void;
  /** Why an attempt brought nothing, before it is tried again. */
  onTrouble?(error: SoraError): void;
}

export interface DownloadedFile {
  /** Undefined when it went to a stream. */
  readonly path: string | undefined;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Of a video. */
  readonly facts?: VideoFacts;
  /** Of a video: whether its pictures and its sound were decoded. */
  readonly decoded?: boolean;
  /** Of a video, where that was asked for and an ffmpeg is here. */
  readonly seen?: VideoMeasurements;
}

/** Attempts in a row that brought nothing new. */
const ATTEMPTS = 5;

const UNKNOWN: Entity = { etag: undefined };

interface Progress {
  /** Bytes written so far. */
  held: number;
  /** Of what they are. */
  entity: Entity;
  /** Whether the next attempt may go on from there. */
  isResumable: boolean;
  /** Over what is held. */
  hash: Hash;
}

/** A file that has come, not yet in its place. */
interface Fetched extends DownloadedFile, DownloadedFacts {
  readonly path: string;
}

/**
 * Throws `unverified` when the file cannot be had whole, `machine` when it cannot be written. Leaves nothing behind then, but
 * for a video that is damaged each time: that is kept beside its target, under a name that says so.
 */
export async function downloadContent(request: DownloadRequest): Promise<DownloadedFile> {
  const { target, stream, signal } = request;
  const place = target === undefined ? undefined : await placeOf(target);
  const made = place === undefined ? await makeTemporaryFolder(FOLDER_PREFIX) : undefined;
  const folder = made?.path ?? dirname(place ?? '');
  const parts: PartFile[] = [];
  const makePart = async (): Promise<string> => {
    const part = await createPartFile(folder, request.clock);
    if (parts.push(part) === 1) await (place === undefined ? sweepOrphanFolders(part) : sweepOrphans(folder, part));
    return part.path;
  };
  try {
    const { path, damage, ...file } = await fetchSound(makePart, request);
    if (damage !== undefined) throw await damagedError({ path, damage, ...file }, place);
    if (place !== undefined) await publish(path, place, request.force === true, file);
    else if (stream) await pour(path, stream, signal);
    return { ...file, path: target };
  } catch (error) {
    throw (await wasRemoved(error, { folder, part: parts.at(-1) }))
      ? lostError(error)
      : target === undefined
        ? temporaryFileError(error)
        : outputWriteError(error, target);
  } finally {
    for (const part of parts) await part.dispose();
    await made?.dispose();
  }
}

/** Where a link leads, so that what is made is on the same disk and the link stays. */
async function placeOf(target: string): Promise<string> {
  return followLinks(target).catch((error: unknown) => {
    throw outputWriteError(error, target);
  });
}

/** What comes damaged is fetched once more: what brought it may be to blame. It is better than nothing where that fails. */
async function fetchSound(makePart: () => Promise<string>, request: DownloadRequest): Promise<Fetched> {
  const first = await fetchFile(await makePart(), request);
  if (first.damage === undefined) return first;
  request.onDamage?.(first.damage);
  try {
    return await fetchFile(await makePart(), request, first);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return first;
  }
}

/** With an `earlier` file, the same bytes are not looked at again. */
async function fetchFile(path: string, request: DownloadRequest, earlier?: Fetched): Promise<Fetched> {
  const filled = await fill(path, request);
  if (earlier?.sha256 === filled.sha256) return { ...earlier, path };
  request.onCheck?.();
  const { checkDownloaded } = await import('../media/verify/downloaded.ts');
  const { variant, ffmpeg, signal, isMeasured = false } = request;
  return { path, ...filled, ...(await checkDownloaded(path, { variant, ffmpeg, signal, isMeasured })) };
}

async function damagedError({ path, damage, ...file }: Fetched, target: string | undefined): Promise<SoraError> {
  const kept = target === undefined ? undefined : await keepAside(path, target, file);
  const where = kept === undefined ? '' : ` What arrived is kept: ${kept}`;
  return new SoraError('unverified', `The host sent a damaged video; ffmpeg says: ${damage}.${where}`, {
    hint:
      target === undefined
        ? `Nothing was written to stdout. Name a file with ${option('output')} to keep what arrived.`
        : kept === undefined
          ? `It could not be kept beside that file either. Name another with ${option('output')}.`
          : 'Play it to see how much is lost.',
  });
}

/** Where it is kept, whole or not at all: beside what it should have been, and never over anything. */
async function keepAside(
  path: string,
  target: string,
  file: { readonly bytes: number; readonly sha256: string },
): Promise<string | undefined> {
  const { dir, name, ext } = parse(target);
  for (const mark of ['damaged', `damaged-${file.sha256.slice(0, 8)}`]) {
    const aside = join(dir, `${name}.${mark}${ext}`);
    const done = publish(path, aside, false, file).then(
      () => true,
      () => false,
    );
    if (await done) return aside;
  }
  return undefined;
}

/** Two commands may wait for one job: where the other has put the same bytes, everything is as it should be. */
async function publish(
  path: string,
  target: string,
  force: boolean,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
): Promise<void> {
  await publishFile(path, target, { force, taken: 'unverified' }).catch(async (error: unknown) => {
    const there = await lstat(target).catch(() => undefined);
    if (there?.isFile() && there.size === bytes && (await hashFile(target)) === sha256) return;
    throw error;
  });
}

/** Whether it is the unfinished file that is missing: a process that was stopped for a while looks like a dead one. */
async function wasRemoved(
  error: unknown,
  { folder, part }: { folder: string; part: PartFile | undefined },
): Promise<boolean> {
  const isThere = (path: string): Promise<boolean> => lstat(path).then(Boolean, () => false);
  return systemCode(error) === 'ENOENT' && part !== undefined && !(await isThere(part.path)) && (await isThere(folder));
}

function lostError(cause: unknown): SoraError {
  return new SoraError('unverified', 'The unfinished download was removed while this process was suspended.', {
    hint: 'Run the same command again.',
    cause,
  });
}

async function fill(path: string, request: DownloadRequest): Promise<{ bytes: number; sha256: string }> {
  const { clock, signal } = request;
  const file = await open(path, 'r+');
  const state: Progress = { held: 0, entity: UNKNOWN, isResumable: true, hash: createHash('sha256') };
  try {
    for (let fruitless = 0, most = 0; ; ) {
      try {
        await fetchRest(file, state, request);
        break;
      } catch (error) {
        fruitless = state.held > most ? 1 : fruitless + 1;
        most = Math.max(most, state.held);
        // It may be the range that the host cannot serve, whatever it says.
        if (fruitless > 2) state.isResumable = false;
        if (signal.aborted || fruitless === ATTEMPTS || !isSoraError(error, 'network')) throw error;
        request.onTrouble?.(error);
        await clock.sleep(250 * 2 ** fruitless, signal);
      }
    }
    await file.sync();
    return { bytes: state.held, sha256: state.hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function fetchRest(file: FileHandle, state: Progress, request: DownloadRequest): Promise<void> {
  const { provider, remoteId, variant, signal, place } = request;
  const wish = { variant, offset: state.isResumable ? state.held : 0, ...state.entity };
  const content = await provider.openContent(remoteId, wish, { ...place, signal });
  try {
    await append(file, state, content, request);
  } finally {
    content.discard();
  }
}

async function append(
  file: FileHandle,
  state: Progress,
  content: Content,
  { variant, onProgress }: DownloadRequest,
): Promise<void> {
  refuseWrongType(content, variant);
  if (content.offset !== state.held && content.offset !== 0) {
    throw new SoraError('unverified', 'The host resumed the download at the wrong place.');
  }
  if (content.offset === 0) {
    // The host begins again, or has other bytes now: what is held is worth nothing.
    await file.truncate(0);
    state.held = 0;
    state.hash = createHash('sha256');
  }
  state.isResumable = !content.isCoded;
  const before = content.offset === 0 ? UNKNOWN : state.entity;
  // A part need not repeat what the whole said of itself.
  state.entity = {
    etag: content.etag ?? before.etag,
    lastModified: content.lastModified ?? before.lastModified,
    totalBytes: content.totalBytes ?? before.totalBytes,
  };
  for await (const chunk of content.body) {
    await writeAll(file, chunk, state.held);
    state.held += chunk.byteLength;
    state.hash.update(chunk);
    onProgress?.(state.held, content.totalBytes);
  }
  if (content.totalBytes !== undefined && state.held !== content.totalBytes) {
    throw new SoraError('network', `The download ended after ${state.held} of ${content.totalBytes} bytes.`);
  }
  if (state.held === 0) throw new SoraError('unverified', 'The host sent an empty file.');
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, written, chunk.byteLength - written, position + written);
    written += bytesWritten;
  }
}

function refuseWrongType({ contentType }: Content, variant: Variant): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^text\/|json|html|xml/.test(type)) {
    throw new SoraError('unverified', `The host sent ${oneLine(type, 60)} instead of a ${variant}.`);
  }
}

async function pour(path: string, stream: Writable, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(path), stream, { end: false, signal });
  } catch (error) {
    throw signal.aborted ? error : stdoutError(error);
  }
}
