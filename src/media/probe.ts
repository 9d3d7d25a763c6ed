/** Looks at a media file: what its headers say, and what ffmpeg makes of its first frames. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PATH_HINT, SoraError, systemCode } from '../errors.ts';
import { oneLine } from '../text.ts';
import { mergeAudio, withAudioTracks } from './audio-tracks.ts';
import { chosenTrack, readContainer } from './container.ts';
import type { Ffmpeg } from './find.ts';
import type { FirstFrames } from './first-frames.ts';
import type { MediaInfo, VideoInfo } from './info.ts';
import { containerOf, type Fields, isTruncated, readReport } from './mediainfo.ts';
import { throwIfAborted } from './process.ts';
import { openReader } from './reader.ts';
import { mergeVideo } from './video-facts.ts';

export interface ProbeOptions {
  /** Decodes the first frames, and measures what the file does not say. Without it, headers are believed. */
  readonly ffmpeg?: Ffmpeg | Promise<Ffmpeg | undefined>;
  readonly signal: AbortSignal;
}

/** Throws `usage` for what is no file, `clip` for a file that holds no media, `machine` where it may not be read. */
export async function probeMedia(path: string, { ffmpeg: asked, signal }: ProbeOptions): Promise<MediaInfo> {
  throwIfAborted(signal);
  const file = await openFile(path);
  let info: MediaInfo;
  try {
    const { size } = await file.stat();
    if (size === 0) throw new SoraError('clip', `${path} is empty.`, { hint: VIDEO_HINT });
    const header = await readContainer(file, size);
    const stream = chosenTrack(header);
    const [tracks, first] = await Promise.all([
      analyse(file, size, signal),
      firstFrames(path, asked, { stream, signal }),
    ]);
    const report = readReport(tracks, size, stream);
    if (!report) throw notMedia(path, tracks);
    const video = report.video && mergeVideo(report.video, { track: header?.tracks[stream], first });
    const truncated = header?.cut ?? (report.truncated && !ENDLESS.test(report.container));
    info = await withSound({ ...report, video, truncated }, path, { first, asked, signal });
  } finally {
    await file.close();
  }
  if (!info.video || !needsMeasuring(info.video)) return info;
  const ffmpeg = await asked;
  return ffmpeg ? measured(info, info.video, resolve(path), ffmpeg, signal) : info;
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
  const { decodeSound } = await import('./sound.ts');
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

/** Undefined where no ffmpeg is at hand, or it does not run: that is said when it is needed. */
async function firstFrames(
  path: string,
  asked: ProbeOptions['ffmpeg'],
  options: { readonly stream: number; readonly signal: AbortSignal },
): Promise<FirstFrames | undefined> {
  const ffmpeg = await asked;
  if (!ffmpeg) return undefined;
  const { decodeFirstFrames } = await import('./first-frames.ts');
  return decodeFirstFrames(path, ffmpeg, options).catch((error: unknown) => {
    if (options.signal.aborted) throw error;
    return undefined;
  });
}

/** Streams without an index: they may end anywhere. */
const ENDLESS = /^(?:MPEG-TS|BDAV|MPEG-PS|MPEG Video|AVC|HEVC)$/;

const VIDEO_HINT = 'Give a video file, such as an MP4, MOV, MKV, WebM or GIF.';

function notMedia(path: string, tracks: readonly Fields[]): SoraError {
  const container = containerOf(tracks);
  const why = isTruncated(tracks)
    ? 'is cut off: the index that says what it holds is missing'
    : container === undefined
      ? 'is not a video: no known format was found in it'
      : `is ${container} without picture or sound`;
  return new SoraError('clip', `${path} ${why}.`, {
    hint: VIDEO_HINT,
  });
}

function needsMeasuring({ seconds, fps }: VideoInfo): boolean {
  return seconds === undefined || fps === undefined;
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to is waited for. Windows has no such flag.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SoraError('usage', `There is no file ${path}.`, { hint: PATH_HINT, cause });
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
  throw new SoraError('usage', `${path} is ${stats.isDirectory() ? 'a folder, not' : 'not'} a file.`, {
    hint: VIDEO_HINT,
  });
}

async function analyse(file: FileHandle, size: number, signal: AbortSignal): Promise<readonly Fields[]> {
  const reader = await openReader();
  try {
    const report = await reader.analyzeData(size, async (length, offset) => {
      throwIfAborted(signal);
      const chunk = new Uint8Array(length);
      const { bytesRead } = await file.read(chunk, 0, length, offset);
      return chunk.subarray(0, bytesRead);
    });
    return (report.media?.track ?? []).map((track): Fields => ({ ...track }));
  } catch (cause) {
    throwIfAborted(signal);
    throw new SoraError('clip', 'The file cannot be read as media: it is damaged.', {
      hint: 'Play it to find where, or export it again from where it was made.',
      cause,
    });
  } finally {
    reader.close();
  }
}

async function measured(
  info: MediaInfo,
  video: VideoInfo,
  path: string,
  ffmpeg: Ffmpeg,
  signal: AbortSignal,
): Promise<MediaInfo> {
  const { measureVideo } = await import('./measure.ts');
  const found = await measureVideo(path, ffmpeg, { stream: video.stream, signal });
  if (!found) return info;
  if (info.container === 'GIF' && found.frames < 2) return { ...info, video: undefined, image: true };
  const { seconds, fps, frames, constantRate } = found;
  return { ...info, seconds: info.seconds ?? seconds, video: { ...video, seconds, fps, frames, constantRate } };
}
