/** One file from a host to its place: resumed when it is cut, checked before anybody sees it, published in one step. */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, lstat, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from './domain.ts';
import type { VideoFacts } from './drift.ts';
import { isSoraError, SoraError, systemCode } from './errors.ts';
import { hashFile } from './hash.ts';
import { sniffImage } from './media/image.ts';
import type { Content, Provider, Variant } from './providers/provider.ts';
import { machineError, publishFile } from './publish.ts';
import { temporary } from './temporary.ts';
import { oneLine } from './text.ts';

export interface DownloadRequest {
  readonly provider: Provider;
  readonly remoteId: string;
  readonly variant: Variant;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Absolute path of the file to make; without one the bytes go to `stream`, after they were verified. */
  readonly target?: string;
  readonly force?: boolean;
  readonly stream?: Writable;
  onProgress?(bytes: number, totalBytes: number | undefined): void;
}

export interface DownloadedFile {
  /** Undefined when it went to a stream. */
  readonly path: string | undefined;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Of a video. */
  readonly facts: VideoFacts | undefined;
}

/** Attempts in a row that brought nothing new. */
const ATTEMPTS = 5;

interface Progress {
  /** Bytes written so far. */
  held: number;
  etag: string | undefined;
  /** Over what is held. */
  hash: Hash;
}

/** Throws `unverified` when the file cannot be had whole, `machine` when it cannot be written; leaves nothing behind then. */
export async function downloadContent(request: DownloadRequest): Promise<DownloadedFile> {
  const folder = request.target === undefined ? await temporaryFolder() : dirname(request.target);
  if (request.target !== undefined) await sweepParts(folder);
  const made = temporary(
    join(folder, `.sora-${Math.floor(request.clock.now()).toString(36)}-${randomBytes(4).toString('hex')}.part`),
  );
  try {
    const filled = await fill(made.path, request);
    const facts = await verify(made.path, request);
    if (request.target !== undefined) await publish(made.path, request.target, request.force === true, filled);
    else if (request.stream) await pour(made.path, request.stream, request.signal);
    return { path: request.target, ...filled, facts };
  } catch (error) {
    throw machineError(error, request.target ?? folder);
  } finally {
    await made.dispose();
    if (request.target === undefined) await rm(folder, { recursive: true, force: true });
  }
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

/** What `downloadContent` calls its unfinished files. */
const PART_NAME = /^\.sora-[0-9a-z]{8,}-[0-9a-f]{8}\.part$/;
const DAY_MS = 86_400_000;

/** Removes what killed downloads left beside their targets more than a day ago. Never fails. */
async function sweepParts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!PART_NAME.test(name)) continue;
    const path = join(folder, name);
    const there = await lstat(path).catch(() => undefined);
    if (there?.isFile() && Date.now() - there.mtimeMs > DAY_MS) await rm(path, { force: true }).catch(() => {});
  }
}

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sora-')).catch((error: unknown) => {
    throw machineError(error, tmpdir());
  });
}

async function fill(path: string, request: DownloadRequest): Promise<{ bytes: number; sha256: string }> {
  const { clock, signal } = request;
  const file = await open(path, 'wx', 0o644);
  const state: Progress = { held: 0, etag: undefined, hash: createHash('sha256') };
  try {
    for (let fruitless = 0, most = 0; ; ) {
      try {
        await fetchRest(file, state, request);
        break;
      } catch (error) {
        fruitless = state.held > most ? 1 : fruitless + 1;
        most = Math.max(most, state.held);
        if (signal.aborted || fruitless === ATTEMPTS || !isSoraError(error, 'network')) throw error;
        await clock.sleep(250 * 2 ** fruitless, signal);
      }
    }
    await file.sync();
    return { bytes: state.held, sha256: state.hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function fetchRest(
  file: FileHandle,
  state: Progress,
  { provider, remoteId, variant, signal, onProgress }: DownloadRequest,
): Promise<void> {
  const content = await provider.openContent(remoteId, { variant, offset: state.held, etag: state.etag }, { signal });
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
  // A part need not repeat the tag; the bytes are still those of the tag that was asked for.
  state.etag = content.etag ?? (content.offset === 0 ? undefined : state.etag);
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

async function verify(path: string, { variant, signal }: DownloadRequest): Promise<VideoFacts | undefined> {
  if (variant !== 'video') {
    const file = await open(path);
    try {
      const head = new Uint8Array(64);
      await file.read(head, 0, head.length, 0);
      if (sniffImage(head) === undefined)
        throw new SoraError('unverified', `What the host sent as ${variant} is not a picture.`);
    } finally {
      await file.close();
    }
    return undefined;
  }
  return verifyVideo(path, signal);
}

/** Reads the container of a saved video. Throws `unverified` when it is not whole or not a video. */
export async function verifyVideo(path: string, signal: AbortSignal): Promise<VideoFacts> {
  await checkWhole(path);
  const { probeMedia } = await import('./media/probe.ts');
  const info = await probeMedia(path, { signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw new SoraError('unverified', 'What the host sent is not a video that can be read.', { cause });
  });
  if (!info.video) throw new SoraError('unverified', 'What the host sent has no picture.');
  return { width: info.video.width, height: info.video.height, seconds: info.seconds ?? info.video.seconds ?? 0 };
}

/** An MP4 is whole when its boxes fill it exactly and both the index (moov) and the media (mdat) are there. ISO/IEC 14496-12, 4.2. */
async function checkWhole(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const header = new DataView(new ArrayBuffer(16));
    const kinds = new Set<string>();
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(header, 0, 16, at);
      const kind = String.fromCharCode(...new Uint8Array(header.buffer, 4, 4));
      // WebM and other containers have no boxes; their reader has to find out.
      if (at === 0 && kind !== 'ftyp') return;
      const short = header.getUint32(0);
      const length = short === 1 ? Number(header.getBigUint64(8)) : short === 0 ? size - at : short;
      if (bytesRead < 8 || length < 8 || at + length > size) throw new SoraError('unverified', 'The video is cut off.');
      kinds.add(kind);
      at += length;
    }
    if (!kinds.has('moov') || !(kinds.has('mdat') || kinds.has('moof')))
      throw new SoraError('unverified', 'The video is not complete.');
  } finally {
    await file.close();
  }
}

async function pour(path: string, stream: Writable, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(path), stream, { end: false, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const code = systemCode(error) ?? '';
    if (code !== 'EPIPE' && !code.startsWith('ERR_STREAM_')) throw machineError(error, 'stdout');
    throw new SoraError('unverified', 'The reader of stdout went away before it had the whole file.', { cause: error });
  }
}
