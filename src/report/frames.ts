/** Frames of a video as small JPEGs, for pages that show them without a file beside. */
import { resolve } from 'node:path';
import { hashText } from '../disk/hash.ts';
import { fileUrl, untrustedInputOptions } from '../media/ffmpeg/arguments.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { PICTURE_INPUT, pictureStream, uprightFilters } from '../media/ffmpeg/picture-input.ts';
import { throwIfAborted } from '../media/ffmpeg/process.ts';
import { runProgram } from '../media/ffmpeg/run-program.ts';
import { displayedSize, videoSeconds } from '../media/info.ts';
import { convertImage, uprightImageFilters } from '../media/picture/fit.ts';
import { sniffImage, stripMetadata } from '../media/picture/formats.ts';
import { pictureFile, readPictureFile } from '../media/picture/read-picture.ts';
import { probeMedia } from '../media/probe/probe.ts';

export interface FrameRequest {
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
}

/** Pixels of the long side of a frame: enough beside others. */
const SIDE = 320;
const TIMEOUT_MS = 60_000;
const MOST_BYTES = 20_000_000;

/** Data URLs of `count` frames at even distances, fewer where it has fewer; none where it cannot be decoded. */
export async function takeJpegs(
  path: string,
  count: number,
  { ffmpeg, signal }: FrameRequest,
): Promise<readonly string[]> {
  return (await decodeJpegs(path, count, { ffmpeg, signal })).map(dataUrl);
}

/**
 * The best frames of the clip of a character: of its first and of its second half the one with the most detail, by what JPEG
 * needs for it. Blurred, dark and plain ones are small.
 */
export async function bestFrames(path: string, request: FrameRequest): Promise<readonly string[]> {
  const frames = await decodeJpegs(path, CANDIDATES, request);
  const half = Math.ceil(frames.length / 2);
  return [frames.slice(0, half), frames.slice(half)].flatMap((part) => {
    const [best] = part.toSorted((a, b) => b.length - a.length);
    return best ? [dataUrl(best)] : [];
  });
}

/**
 * A picture as it is shown, small, with the hash of its file; undefined for what is not there or is no picture that can be decoded.
 */
export async function pictureJpeg(
  path: string,
  { ffmpeg, signal }: FrameRequest,
): Promise<{ readonly url: string; readonly sha256: string } | undefined> {
  try {
    const { bytes } = await readPictureFile(await pictureFile('/', path));
    const mime = sniffImage(bytes);
    if (mime === undefined) return undefined;
    const box = [`scale=w=min(${SIDE}\\,iw):h=min(${SIDE}\\,ih):force_original_aspect_ratio=decrease:flags=area`];
    const how = { mime, upright: uprightImageFilters(bytes), box, to: 'image/jpeg', ffmpeg, signal } as const;
    return { url: dataUrl(await convertImage(stripMetadata(bytes), how)), sha256: hashText(bytes) };
  } catch {
    throwIfAborted(signal);
    return undefined;
  }
}

const CANDIDATES = 12;

function dataUrl(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}

async function decodeJpegs(
  path: string,
  count: number,
  { ffmpeg, signal }: FrameRequest,
): Promise<readonly Uint8Array[]> {
  const info = await probeMedia(path, { ffmpeg, signal }).catch(() => undefined);
  throwIfAborted(signal);
  const { video } = info ?? {};
  if (!video) return [];
  const seconds = videoSeconds(video) ?? 1;
  const { width, height } = displayedSize(video);
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const side = (pixels: number): number => Math.max(2, Math.round((pixels * scale) / 2) * 2);
  const step = seconds / count;
  const filters = [
    ...uprightFilters(video),
    `select=gte(t\\,${(step / 2).toFixed(4)}+selected_n*${step.toFixed(4)})`,
    `scale=w=${side(width)}:h=${side(height)}:flags=area:out_range=full`,
    'format=yuvj420p',
    // Without even times frames would be repeated.
    'setpts=N/(25*TB)',
    'fps=25',
  ];
  const result = await runProgram(
    ffmpeg.path,
    [
      ...[...untrustedInputOptions(), ...PICTURE_INPUT, '-v', 'error', '-i', fileUrl(resolve(path))],
      ...['-map', pictureStream(video), '-filter:v', filters.join(','), '-frames:v', String(count)],
      ...['-c:v', 'mjpeg', '-q:v', '5', '-f', 'image2pipe', 'pipe:1'],
    ],
    { signal, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES },
  );
  throwIfAborted(signal);
  return splitJpegs(result.stdout);
}

/** JPEGs that lie one behind the other: within one of ours, no end stands but its own. Pure. */
function splitJpegs(bytes: Buffer): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let from = bytes.indexOf(BEGIN); from >= 0; ) {
    const end = bytes.indexOf(END, from);
    if (end < 0) break;
    found.push(bytes.subarray(from, end + END.length));
    from = bytes.indexOf(BEGIN, end + END.length);
  }
  return found;
}

const BEGIN = Buffer.from([0xff, 0xd8, 0xff]);
const END = Buffer.from([0xff, 0xd9]);
