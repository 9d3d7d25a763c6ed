/** Looks at a media file: what its headers say, and what ffmpeg makes of its first frames. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { isSoraError, PATH_HINT, SoraError, systemCode } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import type { FfmpegProgram } from '../ffmpeg/find.ts';
import { throwIfAborted } from '../ffmpeg/process.ts';
import { type MediaInfo, withTimeline } from '../info.ts';
import { MAX_SECONDS } from '../limits.ts';
import { mergeAudio, withAudioTracks } from '../plan/audio-tracks.ts';
import { chosenTrack, readContainer } from './container.ts';
import type { FirstFrames } from './first-frames.ts';
import { withReader } from './mediainfo.ts';
import { containerOf, type Fields, isTruncated, readReport } from './report.ts';
import { atOneTime, type Timeline } from './timeline.ts';
import { mergeVideo } from './video-facts.ts';

export interface ProbeOptions {
  /** Decodes the first frames and reads the time stamps. Without it, headers are believed. */
  readonly ffmpeg?: FfmpegProgram | Promise<FfmpegProgram | undefined> | undefined;
  /** Told what ffmpeg printed of itself when it decoded the first frames, while the rest is still read. */
  readonly onBanner?: (printed: string) => void;
  /** Seconds into the file: the part whose time stamps are read. The beginning unless given. */
  readonly start?: number;
  readonly signal: AbortSignal;
}

/** Throws `usage` for what is no file, `clip` for a file that holds no media, `machine` where it may not be read or ffmpeg hangs. */
export async function probeMedia(path: string, options: ProbeOptions): Promise<MediaInfo> {
  const { ffmpeg, start = 0, signal, onBanner } = options;
  throwIfAborted(signal);
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    if (size === 0) throw new SoraError('clip', `${path} is empty.`, { hint: VIDEO_HINT });
    const header = await readContainer(file, size);
    const stream = chosenTrack(header);
    const clip = { path: resolve(path), ffmpeg, stream, signal };
    const [first, listed, tracks] = await Promise.all([
      firstFrames(clip, onBanner),
      timelineOfPart(clip, BEGINNING),
      // Once ffmpeg is started: this keeps the thread busy for as long as that takes.
      nextTurn().then(() => analyse(file, size, signal)),
    ]);
    const report = readReport(tracks, size, stream);
    if (!report) throw notMedia(path, tracks);
    const video =
      report.video && mergeVideo(report.video, { container: report.container, track: header?.tracks[stream], first });
    const truncated = header?.cut ?? (report.truncated && !ENDLESS.test(report.container));
    const motionPhoto = report.image && (await hidesVideo(file, size));
    const info = await withSound({ ...report, video, truncated, motionPhoto }, path, { first, asked: ffmpeg, signal });
    if (!video) return info;
    const timeline = isEnough(info, listed) ? listed : ((await timelineOfPart(clip, { from: 0 })) ?? listed);
    const isTimeless = header?.tracks[stream]?.timeless;
    const known = timeline ? timed(info, isTimeless ? atOneTime(timeline) : timeline) : info;
    return await probePart(path, known, { ffmpeg, start, signal });
  } finally {
    await file.close();
  }
}

/** The same clip with the time stamps around another second of it, where they are not known yet. */
export async function probePart(
  path: string,
  info: MediaInfo,
  { ffmpeg, start = 0, signal }: ProbeOptions,
): Promise<MediaInfo> {
  const part = partAt(start);
  if (!part || !info.timeline || info.timeline.isComplete) return info;
  const timeline = await timelineOfPart({ path: resolve(path), ffmpeg, stream: info.timeline.stream, signal }, part);
  return timeline ? withTimeline(info, timeline) : info;
}

interface Clip {
  /** Absolute. */
  readonly path: string;
  readonly ffmpeg: ProbeOptions['ffmpeg'];
  readonly stream: number;
  readonly signal: AbortSignal;
}

interface Part {
  readonly from: number;
  readonly seconds?: number;
}

/** Of a long clip, only the time stamps of the part that may be used are read. */
const BEGINNING: Required<Part> = { from: 0, seconds: 12 };
/** Before a part that is far from the beginning, so that two keyframes are among them. */
const LOOKBACK_SECONDS = 25;

/** Undefined where the beginning is enough. */
function partAt(start: number): Part | undefined {
  const end = start + MAX_SECONDS + 1;
  if (end <= BEGINNING.seconds) return undefined;
  const from = Math.max(0, Math.floor(start - LOOKBACK_SECONDS));
  return { from, seconds: end + 2 - from };
}

/** Undefined where no ffmpeg is at hand, or it finds no picture. */
async function timelineOfPart({ path, signal, ...clip }: Clip, part: Part): Promise<Timeline | undefined> {
  const ffmpeg = await clip.ffmpeg;
  if (!ffmpeg) return undefined;
  const { readTimeline } = await import('./packets.ts');
  return readTimeline(path, { ffmpeg, stream: clip.stream, signal, ...part });
}

/** Whether that is all that is needed: headers that tell no length, and pictures that stand for long, want the whole. */
function isEnough({ video, seconds = 0 }: MediaInfo, timeline: Timeline | undefined): boolean {
  if (timeline?.isComplete) return seconds <= BEGINNING.seconds;
  return video?.seconds !== undefined && video.fps !== undefined;
}

function timed(info: MediaInfo, timeline: Timeline): MediaInfo {
  if (info.container === 'GIF' && timeline.isComplete && timeline.times.length < 2)
    return { ...info, video: undefined, image: true };
  return withTimeline(info, timeline);
}

const SOUND_SECONDS = 1;

/** Which of several tracks can be decoded is tried, in the order in which players would take them. */
async function withSound(
  info: MediaInfo,
  path: string,
  { first, asked, signal }: { first: FirstFrames | undefined; asked: ProbeOptions['ffmpeg']; signal: AbortSignal },
): Promise<MediaInfo> {
  const ffmpeg = await asked;
  const listed = first?.streams.filter(({ kind }) => kind === 'audio') ?? [];
  if (!first || !ffmpeg || first.streams.length === 0) return info;
  let found = withAudioTracks(info, mergeAudio(info.audioTracks, listed));
  const { decodeSound } = await import('../ffmpeg/sound.ts');
  while (found.audio && found.audioTracks.length > 1) {
    const { audio } = found;
    const heard = await decodeSound({ source: path, audio, start: 0, seconds: SOUND_SECONDS }, ffmpeg, { signal });
    if (typeof heard !== 'string') break;
    found = withAudioTracks(
      found,
      found.audioTracks.map((one) => (one === audio ? { ...one, decodable: false } : one)),
    );
  }
  return found;
}

/** After all that can be done at once. */
function nextTurn(): Promise<void> {
  return new Promise((done) => void setImmediate(done));
}

/** Undefined where no ffmpeg is at hand. */
async function firstFrames(
  { path, stream, signal, ...clip }: Clip,
  onBanner: ProbeOptions['onBanner'],
): Promise<FirstFrames | undefined> {
  const ffmpeg = await clip.ffmpeg;
  if (!ffmpeg) return undefined;
  const { decodeFirstFrames } = await import('./first-frames.ts');
  const found = await decodeFirstFrames(path, ffmpeg, { stream, signal });
  onBanner?.(found.printed);
  return found;
}

const MAX_PHOTO_BYTES = 64 * 1024 * 1024;

/** A video stands behind the picture, as an MP4 of its own or in a box (`mpvd`). */
async function hidesVideo(file: FileHandle, bytes: number): Promise<boolean> {
  const buffer = Buffer.alloc(Math.min(bytes, MAX_PHOTO_BYTES));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  const photo = buffer.subarray(0, bytesRead);
  return photo.includes('mpvd', 16, 'latin1') || photo.includes('ftyp', 16, 'latin1');
}

/** Streams without an index: they may end anywhere. */
const ENDLESS = /^(?:MPEG-TS|BDAV|MPEG-PS|MPEG Video|AVC|HEVC)$/;

const VIDEO_HINT = 'Give a video file, such as an MP4, MOV, MKV, WebM or GIF.';

function notMedia(path: string, tracks: readonly Fields[]): SoraError {
  const container = containerOf(tracks);
  if (isTruncated(tracks))
    return new SoraError('clip', `${path} is cut off: the index that says what it holds is missing.`, {
      hint: 'Its recording, copy or download is incomplete: do that again.',
    });
  const why =
    container === undefined
      ? 'is not a video: no known format was found in it'
      : `is ${container} without picture or sound`;
  return new SoraError('clip', `${path} ${why}.`, { hint: VIDEO_HINT });
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to is waited for. Windows has no such flag.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SoraError('usage', `There is no file ${path}.`, {
        hint: basename(path) === '-' ? 'A clip cannot come from standard input: save it to a file first.' : PATH_HINT,
        cause,
      });
    if (code === 'ENAMETOOLONG')
      throw new SoraError('usage', `There is no file ${oneLine(path, 120)}: its name is too long.`, {
        hint: PATH_HINT,
        cause,
      });
    if (code === 'EISDIR')
      throw new SoraError('usage', `${path} is a folder, not a file.`, { hint: VIDEO_HINT, cause });
    throw new SoraError('machine', `${path} cannot be read: ${oneLine(String(code ?? cause))}.`, {
      hint: 'Check its permissions.',
      cause,
    });
  }
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  if (stats.isDirectory()) throw new SoraError('usage', `${path} is a folder, not a file.`, { hint: VIDEO_HINT });
  throw new SoraError(
    'usage',
    `${path} is not a file: a clip is read more than once, and cannot come from a pipe or a device.`,
    {
      hint: 'Save it to a file first, and give that.',
    },
  );
}

async function analyse(file: FileHandle, size: number, signal: AbortSignal): Promise<readonly Fields[]> {
  // One for all reads: what is read has been copied before the next one.
  let chunk = new Uint8Array(0);
  try {
    const report = await withReader((reader) =>
      reader.analyzeData(size, async (length, offset) => {
        throwIfAborted(signal);
        if (chunk.length < length) chunk = new Uint8Array(length);
        const { bytesRead } = await file.read(chunk, 0, length, offset);
        return chunk.subarray(0, bytesRead);
      }),
    );
    return (report.media?.track ?? []).map((track): Fields => ({ ...track }));
  } catch (cause) {
    throwIfAborted(signal);
    if (isSoraError(cause, 'machine')) throw cause;
    throw new SoraError('clip', 'The file cannot be read as media: it is damaged.', {
      hint: 'Play it to find where, or export it again from where it was made.',
      cause,
    });
  }
}
