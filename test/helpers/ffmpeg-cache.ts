/** An ffmpeg with a cache, for tests of what is done with clips and videos rather than of how these are made. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ffmpegPath } from './ffmpeg.ts';
import { keptBy } from './kept.ts';
import { MADE_FOLDER } from './once.ts';
import { quickFfmpeg, writeProgram } from './quick-ffmpeg.ts';

/**
 * Converting, by `encoder`, and measuring: what came of the same arguments and the same input before, to the byte, with all
 * that was said, also in an earlier run.
 * A video of the sandbox: one of that size and length of this run, whatever it shows, unless a fault is what it shows. All else is done by `real`.
 */
const scriptOf = (real: string, encoder: string, made: string, kept: string): string => `#!/bin/sh
real='${real}'
quick='${encoder}'
kept='${kept}'
case "$*" in
  # More files than its output, in the working folder.
  *print:file=*) exec "$real" "$@" ;;
  *aevalsrc=*_pipe*|*_pipe*aevalsrc=*) exec "$real" "$@" ;;
  *'[spoiled]'*) exec "$real" "$@" ;;
  # Whose input is no file.
  *'-i pipe:'*) exec "$quick" "$@" ;;
  *aevalsrc=*) kind=video ;;
  *'-preset veryfast'*'file:'*) kind=converted ;;
  *signalstats*pipe:1*) kind=measured ;;
  *) exec "$real" "$@" ;;
esac

# At once, as ffmpeg does: who reads one of them may wait for the other.
say() {
  cat "$1.stderr" >&2 &
  cat "$1.stdout"
  wait
}

# Of a video of the sandbox without the box that makes it differ from the others.
sum() {
  if [ "$(tail -c 16 "$1" | head -c 4)" = free ]; then head -c $(($(wc -c < "$1") - 20)) "$1"; else cat "$1"; fi | cksum
}

key=$kind last= size= words=
for word; do
  if [ $kind = video ]; then
    case $last in
      -video_size) [ -n "$size" ] || key="$key-\${size:=$word}" ;;
      -frames:v) key="$key-$word" ;;
    esac
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
if [ $kind = video ]; then kept='${made}'; else key=$key-$(printf %s "$words" | cksum | tr ' ' -); fi
key=$kept/$key

if [ ! -e "$key" ]; then
  new=$key.$$
  "$quick" "$@" >"$new.stdout" 2>"$new.stderr" &
  child=$!
  trap 'kill -TERM $child' TERM INT HUP
  wait $child
  exit=$?
  if [ $exit -ne 0 ]; then
    say "$new"
    rm -f "$new".*
    exit $exit
  fi
  [ $kind = measured ] || cp "$output" "$new.output"
  for part in stdout stderr output; do [ ! -e "$new.$part" ] || mv "$new.$part" "$key.$part"; done
  : > "$key"
fi
say "$key"
[ $kind = measured ] || cp "$key.output" "$output"
# A box that players skip: no two videos of a host have the same bytes.
[ $kind != video ] || printf '\\000\\000\\000\\024free%012d' $$ >> "$output"
`;

const cached = new Map<string, string>();

/** For SORA_FFMPEG: `real` with that cache, which has what it keeps for each `encoder` apart. */
export function cachedFfmpeg(real: string = ffmpegPath, encoder: string = quickFfmpeg(real)): string {
  const known = cached.get(`${real} ${encoder}`);
  if (known !== undefined) return known;
  const made = process.env[MADE_FOLDER] ?? '';
  const path = writeProgram('ffmpeg-cache', scriptOf(real, encoder, made, folderFor(real, encoder) ?? made));
  cached.set(`${real} ${encoder}`, path);
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
