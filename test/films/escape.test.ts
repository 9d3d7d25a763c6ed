import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ffconcatPath, ffmetadataValue, srtText, srtTime } from '../../src/films/escape.ts';
import { clean } from '../../src/shared/text.ts';
import { run } from '../helpers/ffmpeg.ts';
import { tempFolder } from '../helpers/temp.ts';

/** What the formats read as something, and what people write. */
const PIECES = [
  ...['=', ';', '#', '\\', '\n', '\r\n', "'", '"', '-->', '->', '<b>', '</b>', '{\\an8}', '{', '}', '\\N', '\\n'],
  ...['[CHAPTER]', 'TIMEBASE=1/1', ';FFMETADATA1', '1', '00:00:01,000 --> 00:00:02,000', '\0', '\u001b[31m', '\u202e'],
  ...['Joe', 'ジョー', '“her”', ' ', '\t', '%', 'ü', '🎬', '<', '>', '&', '\\{'],
];
const text = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'grapheme', maxLength: 4 })), {
  maxLength: 8,
});
const texts = (count: number): readonly string[] =>
  fc.sample(text, { numRuns: count, seed: 20 }).map((parts) => parts.join(''));

/** The values of `title` in a file of ffmetadata, in their order. */
function titlesOf(metadata: string): readonly string[] {
  const lines = metadata.match(/(?:\\[\s\S]|[^\\\n])+/g) ?? [];
  return lines.flatMap((line) => (line.startsWith('title=') ? [line.slice(6).replaceAll(/\\([\s\S])/g, '$1')] : []));
}

describe('a text of a storyboard', () => {
  it('is the title of a chapter for ffmpeg, whatever is in it', async () => {
    const titles = ['\\', 'a\\', '[CHAPTER]\n[CHAPTER]', ...texts(200)];
    const chapters = titles.map(
      (title, at) => `[CHAPTER]\nTIMEBASE=1/1\nSTART=${at}\nEND=${at + 1}\ntitle=${ffmetadataValue(title)}\n`,
    );
    const input = Buffer.from(`;FFMETADATA1\n${chapters.join('')}`);
    const args = ['-f', 'ffmetadata', '-i', 'pipe:0', '-f', 'ffmetadata', '-'];
    const { stdout } = await run(args, { input });
    expect(stdout.toString().match(/(?<!\\\n)^\[CHAPTER\]$/gm)?.length).toBe(titles.length);
    const bare = (one: string): string => one.replace(/\u2060$/, '');
    expect(titlesOf(stdout.toString()).map(bare)).toEqual(titles.map(clean));
  });

  it('is one cue of subtitles for ffmpeg, without a style, whatever is in it', async () => {
    const shown = texts(200).filter((one) => srtText(one) !== '');
    const cues = shown.map((one, at) => `${at + 1}\n${srtTime(at)} --> ${srtTime(at + 0.5)}\n${srtText(one)}\n\n`);
    const { stdout } = await run(['-f', 'srt', '-i', 'pipe:0', '-f', 'srt', '-'], {
      input: Buffer.from(cues.join('')),
    });
    const read = stdout.toString().split(/\n\n(?=\d+\n\d\d:)/);
    const bare = (one: string): string => one.replaceAll(/[\u2060\s]+/g, '');
    expect(read.map((one) => bare(one.replace(/^\d+\n.*\n/, '')))).toEqual(shown.map((one) => bare(clean(one))));
  });

  it('leaves a plain subtitle as it is, without empty lines', () => {
    expect(srtText('Joe: “That is her boat.”\n\n  Mia: {No}\n')).toBe('Joe: “That is her boat.”\nMia: {No}');
    expect(srtText(' \n\r\n')).toBe('');
  });

  it.each([
    [0, '00:00:00,000'],
    [3723.4567, '01:02:03,457'],
    [59.9996, '00:01:00,000'],
    [360_000, '100:00:00,000'],
  ])('stands at %d s as %s', (seconds, shown) => {
    expect(srtTime(seconds)).toBe(shown);
  });
});

describe('a path', () => {
  it('is found by the concat demuxer, whatever is in it', async () => {
    const folder = await tempFolder();
    const made = join(folder, 'made.mp4');
    await run(['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=10:d=0.2', '-c:v', 'mpeg4', made]);
    const names = [`it's.mp4`, `'.mp4`, 'a #\\;=x.mp4', ' two  .mp4', '水.mp4', "''''.mp4"];
    for (const name of names) await copyFile(made, join(folder, name));
    const list = ['ffconcat version 1.0', ...names.map((name) => `file ${ffconcatPath(join(folder, name))}`), ''];
    await writeFile(join(folder, 'list.txt'), list.join('\n'));
    const { stderr } = await run(['-f', 'concat', '-safe', '0', '-i', join(folder, 'list.txt'), '-f', 'null', '-']);
    expect([...stderr.matchAll(/frame= *(\d+)/g)].at(-1)?.[1]).toBe(String(2 * names.length));
  });

  it('with a line feed is refused for the concat demuxer', () => {
    expect(() => ffconcatPath('a\nfile b')).toThrow('line feed');
  });
});
