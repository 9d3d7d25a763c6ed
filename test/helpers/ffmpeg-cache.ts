/** An ffmpeg with a cache, for tests of what is done with clips and videos rather than of how these are made. */
import { ffmpegPath } from './ffmpeg.ts';
import { quickFfmpeg, writeProgram } from './quick-ffmpeg.ts';

/**
 * Converting, by the quick one, and measuring: what came of the same arguments and the same input before, to the byte, with
 * all that was said.
 * A video of the sandbox: one of that size and length, whatever it shows, unless a fault is what it shows. All else is done by the ffmpeg under test.
 */
const SCRIPT = `#!/bin/sh
real='${ffmpegPath}'
quick='${quickFfmpeg()}'
kept=$(dirname "$0")
case "$*" in
  # More files than its output, in the working folder.
  *print:file=*) exec "$real" "$@" ;;
  *aevalsrc=*_pipe*|*_pipe*aevalsrc=*) exec "$real" "$@" ;;
  *'[spoiled]'*) exec "$real" "$@" ;;
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

key=$kind last= size= words=
for word; do
  if [ $kind = video ]; then
    case $last in
      -video_size) [ -n "$size" ] || key="$key-\${size:=$word}" ;;
      -frames:v) key="$key-$word" ;;
    esac
  else
    case $word in
      file:*) [ "$last" = -i ] && word=$(cksum < "\${word#file:}") || word= ;;
    esac
    words="$words $word"
  fi
  last=$word
done
for output; do :; done
output=\${output#file:}
[ $kind = video ] || key=$key-$(printf %s "$words" | cksum | tr ' ' -)
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

/** For SORA_FFMPEG. What it keeps lasts as long as the run. */
export const cachedFfmpegPath: string = writeProgram('ffmpeg-cache', SCRIPT);
