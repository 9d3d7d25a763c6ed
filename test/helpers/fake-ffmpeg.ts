/** Programs that stand in for ffmpeg: some misbehave in one way, one costs less. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '../../src/media/ffmpeg/find.ts';
import { ffmpegPath } from './ffmpeg.ts';
import { tempFolder } from './temp.ts';

/** A shell script in a folder of its own, named `ffmpeg`. */
export async function fakeFfmpeg(script: string): Promise<Ffmpeg> {
  const path = join(await tempFolder(), 'ffmpeg');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return { path, version: 'fake', source: 'SORA_FFMPEG' };
}

/** What `-version` prints. */
export function versionText(version: string, lavc: string): string {
  return `ffmpeg version ${version} Copyright (c) the FFmpeg developers\\nlibavutil      56. 1.100 / 56. 1.100\\nlibavcodec     ${lavc} / ${lavc}\\n`;
}

/** Says what `sora doctor` asks of ffmpeg, at a hundredth of the cost; only what came is decoded by a real one. Nothing here encodes. */
export async function writeStandIn(path: string): Promise<string> {
  const script = `#!/bin/sh
case "$*" in
  *-version*) echo 'ffmpeg version 5.1.6 Copyright (c) the FFmpeg developers'; echo 'libavcodec     59. 37.100 / 59. 37.100' ;;
  *encoder=libx264*) echo 'Encoder libx264 [libx264 H.264]:' ;;
  *-filters*) echo ' ... zscale            V->V       Apply.'; echo ' T.. blurdetect        V->V       Blurdetect.' ;;
  *-decoders*) echo ' V....D libvpx-vp9           libvpx VP9' ;;
  *'-f null -') exec '${ffmpegPath}' "$@" ;;
esac
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}
