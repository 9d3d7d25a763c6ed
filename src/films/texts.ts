/**
 * What ffmpeg is told in files of its own formats: the list of pieces, title and chapters, subtitles. Titles and subtitles
 * may hold anything, and stay text. Pure.
 */
import { oneLine } from '../shared/text.ts';
import { ffconcatPath, ffmetadataValue, srtText, srtTime } from './escape.ts';
import type { AssemblyPlan } from './plan.ts';
import { microsecondsAt, secondsText } from './raster.ts';

/** An ffconcat list: its files lie beside it. What each lasts is said, so that no rounding adds up. */
export function concatList(
  pieces: readonly { readonly name: string; readonly frames: number }[],
  { rate }: Pick<AssemblyPlan, 'rate'>,
): string {
  let frame = 0;
  const lines = pieces.flatMap(({ name, frames }) => {
    const from = microsecondsAt(frame, rate);
    frame += frames;
    return [`file ${ffconcatPath(name)}`, `duration ${secondsText(microsecondsAt(frame, rate) - from)}`];
  });
  return ['ffconcat version 1.0', ...lines, ''].join('\n');
}

/** Long titles are for nobody, and MP4 has no room for them. */
const MAX_TITLE = 200;

/** Title and chapters in ffmpeg's own format for metadata. */
export function metadataText({ title, chapters, rate }: Pick<AssemblyPlan, 'title' | 'chapters' | 'rate'>): string {
  const named = (text: string): string => `title=${ffmetadataValue(oneLine(text, MAX_TITLE))}`;
  const marks = chapters.flatMap(({ text, from, to }) => [
    ...['[CHAPTER]', 'TIMEBASE=1/1000000', `START=${microsecondsAt(from, rate)}`, `END=${microsecondsAt(to, rate)}`],
    named(text),
  ]);
  return [';FFMETADATA1', ...(title?.trim() ? [named(title)] : []), ...marks, ''].join('\n');
}

/** Subtitles as SubRip, empty where there are none. */
export function subtitlesText({ cues, rate }: Pick<AssemblyPlan, 'cues' | 'rate'>): string {
  return cues
    .flatMap(({ text, from, to }) => (srtText(text) === '' ? [] : [{ text: srtText(text), from, to }]))
    .map(({ text, from, to }, index) => {
      const times = [from, to].map((frame) => srtTime(microsecondsAt(frame, rate) / 1_000_000));
      return [index + 1, times.join(' --> '), text, ''].join('\n');
    })
    .join('\n');
}
