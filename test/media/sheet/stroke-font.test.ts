import { describe, expect, it } from 'vitest';
import { hasStrokes, writablePart, writeText } from '../../../src/media/sheet/stroke-font.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const UNKNOWN = writeText('\u674e');

describe('writeText', () => {
  it.each(PRINTABLE.filter((char) => char !== ' '))('knows %s', (char) => {
    const { lines, width } = writeText(char);
    expect(lines).not.toEqual(UNKNOWN.lines);
    expect(lines.length).toBeGreaterThan(0);
    for (const [x, y] of lines.flat()) {
      expect(x).toBeGreaterThanOrEqual(-0.5);
      expect(x).toBeLessThanOrEqual(width + 0.5);
      expect(y).toBeGreaterThanOrEqual(-1);
      expect(y).toBeLessThanOrEqual(13.5);
    }
  });

  it('draws no two of them alike', () => {
    const shapes = PRINTABLE.filter((char) => char !== ' ').map((char) => JSON.stringify(writeText(char).lines));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('sets letters side by side', () => {
    const [a, b] = [writeText('a'), writeText('ab')];
    expect(b.lines.length).toBeGreaterThan(a.lines.length);
    expect(b.width).toBeGreaterThan(a.width + writeText('b').width);
    expect(writeText('').width).toBe(0);
  });

  it('puts accents over letters, higher over capitals, however they are written down', () => {
    const top = (text: string): number =>
      Math.min(
        ...writeText(text)
          .lines.flat()
          .map(([, y]) => y),
      );
    expect(writeText('\u00e9')).toEqual(writeText('e\u0301'));
    expect(top('\u00e9')).toBeLessThan(top('e'));
    expect(top('\u00c9')).toBeLessThan(0);
    expect(writeText('\u00e9').width).toBe(writeText('e').width);
  });

  it.each(['ß', 'ø', 'Ł', 'đ', 'Đ', 'ı', 'œ', 'Œ'])('knows %s of the Latin alphabet', (char) => {
    expect(writeText(char).lines).not.toEqual(UNKNOWN.lines);
    expect(writeText(char).lines.length).toBeGreaterThan(0);
  });

  it('draws a box for what it does not know, and nothing for a mark that it does not know', () => {
    expect(UNKNOWN.lines).toHaveLength(1);
    expect(writeText('a\u0489')).toEqual(writeText('a'));
  });
});

describe('what can be written', () => {
  it.each([
    ['Zoë Łukasz 7', true, 'Zoë Łukasz 7'],
    ['Joe \u{1f600} ★', false, 'Joe'],
    ['\u{1f468}\u200d\u{1f467} & Mia', false, '& Mia'],
    ['Nguyễn Thị Ậ', false, 'Nguyễn Thị Ậ'],
    ['ジョー', false, undefined],
    ['Joe ジョー', false, undefined],
    ['Joe ٣', false, undefined],
    ['★', false, undefined],
  ])('of %s is all: %s, without its symbols %s', (text, all, part) => {
    expect(hasStrokes(text)).toBe(all);
    expect(writablePart(text)?.normalize()).toBe(part);
  });
});
