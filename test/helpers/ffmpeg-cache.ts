/** An ffmpeg with a cache, for tests of what is done with clips and videos rather than of how these are made. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ffmpegPath } from './ffmpeg.ts';
import { keptBy } from './kept.ts';
import { MADE_FOLDER } from './once.ts';
import { quickFfmpeg, writeProgram } from './quick-ffmpeg.ts';

/**
 * Converting, by `encoder`, and measuring, decoding included: what came of the same arguments and the same input before, to the
 * byte, with all that was said, also in an earlier run.
 * A video of the sandbox: a test picture that moves, of that size and length with a tone as long, unless a fault or a
 * picture is what it shows. All else is done by `real`.
 */
const scriptOf = (real: string, encoder: string, kept: string, showing: boolean): string => `#!/bin/sh
real='${real}'
quick='${encoder}'
kept='${kept}'
printed=
case "$*" in
  # What filters print is in the working folder, among whatever else is there.
  *print:file=*) if [ -z "$(ls -A)" ]; then kind=measured printed=yes; else exec "$real" "$@"; fi ;;
  *aevalsrc=*_pipe*|*_pipe*aevalsrc=*) exec "$real" "$@" ;;
  *'[spoiled]'*) exec "$real" "$@" ;;
  # Whose input is no file.
  *'-i pipe:'*) exec "$quick" "$@" ;;
  *aevalsrc=*) kind=${showing ? 'converted' : 'video'} ;;
  *'-preset veryfast'*'file:'*) kind=converted ;;
  *signalstats*pipe:1* | *pipe:3) kind=measured ;;
  *) exec "$real" "$@" ;;
esac

# At once, as ffmpeg does: who reads one of them may wait for the other.
say() {
  cat "$1.stderr" >&2 &
  [ ! -e "$1.extra" ] || cat "$1.extra" >&3 &
  cat "$1.stdout"
  wait
}

# Of a video of the sandbox without the box that makes it differ from the others.
sum() {
  if [ "$(tail -c 16 "$1" | head -c 4)" = free ]; then head -c $(($(wc -c < "$1") - 20)) "$1"; else cat "$1"; fi | cksum
}

last= size= frames= sound= words=
for word; do
  if [ $kind = video ]; then
    case $last in
      -video_size) [ -n "$size" ] || size=$word ;;
      -frames:v) frames=$word ;;
    esac
    case $word in aevalsrc=*) sound="aevalsrc=exprs=0.02*sin(2*PI*220*t):s=\${word#*:s=}" ;; esac
  else
    case $word in
      file:*) [ "$last" = -i ] && word=$(sum "\${word#file:}") || word= ;;
    esac
    words="$words $word"
  fi
  last=$word
done
for output; do :; done
output=\${output#file:}
if [ $kind = video ]; then
  # In large pixels and at a third of the rate, which is quick to encode, to decode and to measure.
  set -- -v error -f lavfi -i "testsrc2=s=320x180:r=8,scale=s=$size:flags=neighbor" -f lavfi -i "$sound" \\
    -frames:v $((frames / 3)) -c:v libx264 -preset ultrafast -crf 23 -pix_fmt yuv420p -threads 1 \\
    -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv -c:a aac -b:a 96k -ac 2 \\
    -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -movflags +faststart -f mp4 -y "file:$output"
  words=$*
  words=\${words%file:*}
fi
key=$kept/$kind-$(printf %s "$words" | cksum | tr ' ' -)

if [ ! -e "$key" ]; then
  new=$key.$$
  case "$*" in *pipe:3) exec 4>&3 3>"$new.extra" ;; esac
  "$quick" "$@" >"$new.stdout" 2>"$new.stderr" &
  child=$!
  trap 'kill -TERM $child' TERM INT HUP
  wait $child
  exit=$?
  case "$*" in *pipe:3) exec 3>&4 4>&- ;; esac
  if [ $exit -ne 0 ]; then
    say "$new"
    rm -f "$new".*
    exit $exit
  fi
  [ $kind = measured ] || cp "$output" "$new.output"
  [ -z "$printed" ] || tar -cf "$new.printed" .
  for part in stdout stderr extra printed output; do [ ! -e "$new.$part" ] || mv "$new.$part" "$key.$part"; done
  : > "$key"
else
  [ -z "$printed" ] || tar -xf "$key.printed"
fi
say "$key"
[ $kind = measured ] || cp "$key.output" "$output"
# A box that players skip: no two videos of a host have the same bytes.
[ $kind != video ] || printf '\\000\\000\\000\\024free%012d' $$ >> "$output"
`;

const cached = new Map<string, string>();

/** For SORA_FFMPEG: `real` with that cache, which has what it keeps for each `encoder` apart. */
export function cachedFfmpeg(real: string = ffmpegPath, encoder: string = quickFfmpeg(real), showing = false): string {
  const name = `${real} ${encoder} ${showing}`;
  const known = cached.get(name);
  if (known !== undefined) return known;
  const kept = folderFor(real, encoder) ?? process.env[MADE_FOLDER] ?? '';
  const path = writeProgram('ffmpeg-cache', scriptOf(real, encoder, kept, showing));
  cached.set(name, path);
  return path;
}

function folderFor(real: string, encoder: string): string | undefined {
  const kept = keptBy(real);
  if (kept === undefined) return undefined;
  const folder = join(
    kept,
    encoder === real ? 'real' : createHash('sha256').update(readFileSync(encoder)).digest('hex').slice(0, 16),
  );
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const cachedFfmpegPath: string = cachedFfmpeg();

/** The same for tests of what a video of the sandbox shows. */
export function showingFfmpeg(): string {
  return cachedFfmpeg(ffmpegPath, quickFfmpeg(), true);
}
