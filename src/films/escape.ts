/** Texts and names of a film as the formats that films are exported in read them back. JSON (OTIO) escapes by itself. Pure. */

import { clean } from '../shared/text.ts';

/** Zero width, and no place where a line may be broken. */
const JOINER = '\u2060';

/**
 * A value of an ffmetadata file, behind `title=`: it ends at a line feed that is not escaped, and `=`, `;`, `#` and `\` mean
 * something to the format. Control characters are left out: NUL would end the file. Newer builds take the line feed after any
 * `\` for an escaped one, so that an invisible character stands behind one at the end.
 */
export function ffmetadataValue(text: string): string {
  return clean(text)
    .replaceAll(/[\\=;#\n]/g, '\\$&')
    .replace(/\\$/, `\\${JOINER}`);
}

/**
 * The text of an SRT cue: an empty line would end it and `-->` would begin another, and players read `<b>`, `{\an8}` and `\N`
 * as styles. Where something would be read so, an invisible character stands in between. Empty for a text that says nothing.
 */
export function srtText(text: string): string {
  const lines = clean(text).split('\n');
  const shown = lines.map((line) => line.trim()).filter((line) => line !== '');
  return shown
    .join('\n')
    .replaceAll('-->', `--${JOINER}>`)
    .replaceAll(/[<\\]|\{(?=\\)/g, `$&${JOINER}`);
}

/** `01:02:03,456`, rounded to milliseconds. */
export function srtTime(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const whole = Math.floor(ms / 1000);
  const clock = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((value) => part(value, 2));
  return `${clock.join(':')},${part(ms % 1000, 3)}`;
}

/**
 * A path in a file of ffmpeg's concat demuxer, in its quotes. Throws an Error for one with a line feed or NUL, which the format
 * cannot say.
 */
export function ffconcatPath(path: string): string {
  if (/[\n\r\0]/.test(path)) throw new Error('ffconcat has no way to write a line feed in a path');
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
