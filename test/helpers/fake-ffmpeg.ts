/** Programs that stand in for ffmpeg and misbehave in one way. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '../../src/media/ffmpeg/find.ts';
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
