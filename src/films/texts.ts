/**
 * What ffmpeg is told in files of its own formats: the list of pieces, title and chapters, subtitles. Titles and subtitles
 * may hold anything, and stay text. Pure.
 */
import { clean, oneLine } from '../shared/text.ts';
import type { FilmPlan, Span } from './plan.ts';
import { microsecondsAt, secondsText } from './raster.ts';

/** An ffconcat list: its files lie beside it. What each lasts is said, so that no rounding adds up. */
export function concatList(
  pieces: readonly { readonly name: string; readonly frames: number }[],
  { rate }: Pick<FilmPlan, 'rate'>,
): string {
  let frame = 0;
  const lines = pieces.flatMap(({ name, frames }) => {
    const from = microsecondsAt(frame, rate);
    frame += frames;
    return [`file ${name}`, `duration ${secondsText(microsecondsAt(frame, rate) - from)}`];
  });
  return ['ffconcat version 1.0', ...lines, ''].join('\n');
}

/** Long titles are for nobody, and MP4 has no room for them. */
const MAX_TITLE = 200;

/** Title and chapters in ffmpeg's own format for metadata. */
export function metadataText({ title, chapters, rate }: Pick<FilmPlan, 'title' | 'chapters' | 'rate'>): string {
  const named = (text: string): string => `title=${metadataValue(oneLine(text, MAX_TITLE))}`;
  const marks = chapters.flatMap(({ text, from, to }) => [
    ...['[CHAPTER]', 'TIMEBASE=1/1000000', `START=${microsecondsAt(from, rate)}`, `END=${microsecondsAt(to, rate)}`],
    named(text),
  ]);
  return [';FFMETADATA1', ...(title?.trim() ? [named(title)] : []), ...marks, ''].join('\n');
}

function metadataValue(text: string): string {
  return text.replace(/[=;#\\\n]/g, '\\$&');
}

/** Keeps letters apart for programs and shows nothing. */
const WORD_JOINER = '\u2060';

/** Subtitles as SubRip. */
export function subtitlesText(cues: readonly Span[], { rate }: Pick<FilmPlan, 'rate'>): string {
  return cues
    .map(({ text, from, to }, index) => {
      const times = [from, to].map((frame) => cueTime(microsecondsAt(frame, rate)));
      return [index + 1, times.join(' --> '), cueText(text), ''].join('\n');
    })
    .join('\n');
}

/**
 * SubRip has no escapes: readers take `<i>` and `{\an8}` for markup, `\N` for a new line, an empty line for the end, and
 * `-->` for times. A joiner of words keeps these from being read as more than text.
 */
export function cueText(text: string): string {
  return clean(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/[<{\\](?=\S)|--(?=>)/g, `$&${WORD_JOINER}`);
}

/** `00:01:02,345` */
function cueTime(microseconds: number): string {
  const whole = Math.round(microseconds / 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const clock = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60].map(two).join(':');
  return `${clock},${String(whole % 1000).padStart(3, '0')}`;
}
