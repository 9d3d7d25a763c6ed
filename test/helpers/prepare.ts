/** The whole way of a clip, as the commands walk it: find ffmpeg, probe, plan, prepare. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { planMedia } from '../../src/media/plan/plan.ts';
import { findFfmpeg, prepareClip } from '../../src/media/prepare.ts';
import { probeMedia } from '../../src/media/probe/probe.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { problemsError } from '../../src/shared/errors.ts';
import { ffmpegPath } from './ffmpeg.ts';
import { cachedFfmpeg } from './ffmpeg-cache.ts';

/** A folder of this test alone. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sora-media-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const found = new Map<string, ReturnType<typeof findFfmpeg>>();

/** Each is asked for its version once. */
export function findTestFfmpeg(path: string = ffmpegPath): ReturnType<typeof findFfmpeg> {
  const ffmpeg = found.get(path) ?? findFfmpeg({ SORA_FFMPEG: path });
  found.set(path, ffmpeg);
  return ffmpeg;
}

/** Prepares `source` into `outputPath`, with the ffmpeg under test and a cache unless another is given; throws as the commands do. */
export async function prepare(
  source: string,
  outputPath: string,
  options: Partial<ClipOptions> = {},
  build?: string,
): Promise<Awaited<ReturnType<typeof prepareClip>>> {
  const { signal } = new AbortController();
  const ffmpeg = await findTestFfmpeg(build ?? cachedFfmpeg(ffmpegPath, ffmpegPath));
  const start = typeof options.start === 'number' ? options.start : 0;
  const info = await probeMedia(source, { ffmpeg, start, signal });
  const plan = planMedia(info, { ...DEFAULT_CLIP_OPTIONS, ...options });
  if (plan.kind === 'reject') throw problemsError('clip', plan.issues);
  return prepareClip({ source, info, plan, ffmpeg, outputPath, signal });
}
