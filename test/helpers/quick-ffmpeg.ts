/**
 * An ffmpeg that encodes in a third of the time, for tests of which pictures and which sound are in a master, where and when,
 * rather than of how these are compressed. What the program's own arguments make is tested in `masters/timing`,
 * `masters/matrix-streams`, `masters/picture-colour` and `slow/media/prepare`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ffmpegPath } from './ffmpeg.ts';
import { MADE_FOLDER } from './once.ts';

/** The quality that most of the tests need: at the program's own, ultrafast writes so many bits that it is the slower one. */
const CRF = 22;

/** x264 takes its fastest preset, and fewer bits; everything else is as it was asked for. */
const script = (real: string): string => `#!/bin/sh
case "$*" in *'-preset veryfast'*) ;; *) exec '${real}' "$@" ;; esac
last=
for word; do
  shift
  case "$last $word" in
    '-preset veryfast') set -- "$@" ultrafast ;;
    '-crf 15') set -- "$@" ${CRF} ;;
    '-threads 4') set -- "$@" 1 ;;
    *) set -- "$@" "$word" ;;
  esac
  last=$word
done
exec '${real}' "$@"
`;

/** For SORA_FFMPEG: that build, made quick. */
export function quickFfmpeg(real: string = ffmpegPath): string {
  return writeProgram('quick-ffmpeg', script(real));
}

/** A script that is named `ffmpeg`, in a folder of its own that lasts as long as the run. */
export function writeProgram(name: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const folder = join(process.env[MADE_FOLDER] ?? '', `${name}-${hash}`);
  const path = join(folder, 'ffmpeg');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o755 });
  renameSync(unfinished, path);
  return path;
}
