/**
 * An alphabet of strokes, because `drawtext` needs a font and not every machine has one. Capitals are 10 units high and
 * stand on the line y = 10. A letter is its width and a path: M moves, L draws a line, Q a curve with one control point.
 */
export type Point = readonly [x: number, y: number];

export interface StrokeText {
  readonly width: number;
  /** Curves are broken into lines. */
  readonly lines: readonly (readonly Point[])[];
}

const BOWL = 'M5.6 6.6Q5.6 3.2 2.8 3.2Q0 3.2 0 6.6Q0 10 2.8 10Q5.6 10 5.6 6.6';
const RING = 'M4 0Q0 0 0 5Q0 10 4 10Q8 10 8 5Q8 0 4 0';
const ARCH = 'M0 6.2Q.2 3.2 2.8 3.2Q5.2 3.2 5.2 6L5.2 10';
const DOT = 'M0 9.9L0 10';

const ALPHABET: Readonly<Record<string, readonly [width: number, path: string]>> = {
  A: [8, 'M0 10L4 0L8 10M1.4 6.6L6.6 6.6'],
  B: [6.6, 'M0 0L0 10L3.6 10Q6.6 10 6.6 7.4Q6.6 4.8 3.6 4.8L0 4.8M0 0L3.3 0Q6 0 6 2.4Q6 4.8 3.3 4.8'],
  C: [7.4, 'M7.4 1.8Q6.2 0 4 0Q0 0 0 5Q0 10 4 10Q6.2 10 7.4 8.2'],
  D: [7.2, 'M0 0L0 10L2.8 10Q7.2 10 7.2 5Q7.2 0 2.8 0L0 0'],
  E: [5.6, 'M5.6 0L0 0L0 10L5.6 10M0 4.8L5 4.8'],
  F: [5.6, 'M5.6 0L0 0L0 10M0 4.8L5 4.8'],
  G: [7.6, 'M7.4 1.8Q6.2 0 4 0Q0 0 0 5Q0 10 4 10Q7.6 10 7.6 5.6L4.4 5.6'],
  H: [7, 'M0 0L0 10M7 0L7 10M0 4.8L7 4.8'],
  I: [0, 'M0 0L0 10'],
  J: [4.6, 'M4.6 0L4.6 7.2Q4.6 10 2.2 10Q.3 10 0 8.2'],
  K: [6.6, 'M0 0L0 10M6.4 0L0 6M2.4 3.8L6.6 10'],
  L: [5.4, 'M0 0L0 10L5.4 10'],
  M: [8.6, 'M0 10L0 0L4.3 7L8.6 0L8.6 10'],
  N: [7, 'M0 10L0 0L7 10L7 0'],
  O: [8, RING],
  P: [6.4, 'M0 10L0 0L3.4 0Q6.4 0 6.4 2.7Q6.4 5.4 3.4 5.4L0 5.4'],
  Q: [8, `${RING}M5 7.4L8 10.6`],
  R: [6.6, 'M0 10L0 0L3.4 0Q6.4 0 6.4 2.7Q6.4 5.4 3.4 5.4L0 5.4M3.4 5.4L6.6 10'],
  S: [6.2, 'M6 1.7Q5.2 0 3.1 0Q.3 0 .3 2.5Q.3 4.4 3.1 4.9Q6.2 5.4 6.2 7.5Q6.2 10 3.1 10Q.8 10 0 8.1'],
  T: [7, 'M0 0L7 0M3.5 0L3.5 10'],
  U: [7, 'M0 0L0 6.4Q0 10 3.5 10Q7 10 7 6.4L7 0'],
  V: [8, 'M0 0L4 10L8 0'],
  W: [11, 'M0 0L2.75 10L5.5 1L8.25 10L11 0'],
  X: [7.2, 'M0 0L7.2 10M7.2 0L0 10'],
  Y: [7.2, 'M0 0L3.6 4.8L7.2 0M3.6 4.8L3.6 10'],
  Z: [6.6, 'M0 0L6.6 0L0 10L6.6 10'],
  a: [5.6, `M5.6 3.4L5.6 10${BOWL}`],
  b: [5.6, `M0 0L0 10${BOWL}`],
  c: [5, 'M5 4.5Q4.3 3.2 2.7 3.2Q0 3.2 0 6.6Q0 10 2.7 10Q4.3 10 5 8.7'],
  d: [5.6, `M5.6 0L5.6 10${BOWL}`],
  e: [5.5, 'M0 6.5L5.5 6.5Q5.5 3.2 2.8 3.2Q0 3.2 0 6.6Q0 10 2.8 10Q4.5 10 5.2 8.7'],
  f: [3.5, 'M3.6 .1Q1.4 -.3 1.4 2.2L1.4 10M0 3.4L3.4 3.4'],
  g: [5.6, `${BOWL}M5.6 3.4L5.6 10.4Q5.6 13.2 2.8 13.2Q1 13.2 .3 12`],
  h: [5.2, `M0 0L0 10${ARCH}`],
  i: [0, 'M0 3.4L0 10M0 .6L0 .7'],
  j: [1.6, 'M1.6 3.4L1.6 11Q1.6 13.2 0 13.1M1.6 .6L1.6 .7'],
  k: [5, 'M0 0L0 10M4.8 3.4L0 7.6M1.9 6L5 10'],
  l: [1.2, 'M0 0L0 8.4Q0 10 1.3 10'],
  m: [8.6, 'M0 3.4L0 10M0 6Q.2 3.2 2.3 3.2Q4.3 3.2 4.3 5.8L4.3 10M4.3 6Q4.5 3.2 6.6 3.2Q8.6 3.2 8.6 5.8L8.6 10'],
  n: [5.2, `M0 3.4L0 10${ARCH}`],
  o: [5.6, BOWL],
  p: [5.6, `M0 3.4L0 13.2${BOWL}`],
  q: [5.6, `M5.6 3.4L5.6 13.2${BOWL}`],
  r: [3.2, 'M0 3.4L0 10M0 6.4Q.2 3.1 3.2 3.3'],
  s: [4.6, 'M4.4 4.4Q3.9 3.2 2.3 3.2Q.3 3.2 .3 4.9Q.3 6.2 2.3 6.5Q4.6 6.8 4.6 8.2Q4.6 10 2.3 10Q.6 10 0 8.7'],
  t: [3.3, 'M1.3 1L1.3 8Q1.3 10 3.3 9.8M0 3.4L3.2 3.4'],
  u: [5.2, 'M0 3.4L0 7.2Q0 10 2.4 10Q5 10 5.2 7M5.2 3.4L5.2 10'],
  v: [5.4, 'M0 3.4L2.7 10L5.4 3.4'],
  w: [8, 'M0 3.4L2 10L4 4.2L6 10L8 3.4'],
  x: [5, 'M0 3.4L5 10M5 3.4L0 10'],
  y: [5.4, 'M0 3.4L2.8 9.8M5.4 3.4L2.6 10.4Q1.6 13 0 13'],
  z: [4.8, 'M0 3.4L4.8 3.4L0 10L4.8 10'],
  0: [6, 'M3 0Q0 0 0 5Q0 10 3 10Q6 10 6 5Q6 0 3 0'],
  1: [5, 'M.8 2L3.2 0L3.2 10'],
  2: [6, 'M.3 2.6Q.5 0 3.1 0Q5.8 0 5.8 2.7Q5.8 4.6 3.4 6.8L0 10L6 10'],
  3: [6, 'M.3 1.8Q1 0 3 0Q5.6 0 5.6 2.4Q5.6 4.8 2.6 4.8Q6 4.8 6 7.4Q6 10 3 10Q.6 10 0 8'],
  4: [6, 'M4.6 10L4.6 0L0 7L6 7'],
  5: [6, 'M5.4 0L1 0L.6 4.6Q1.6 3.8 3 3.8Q6 3.8 6 6.9Q6 10 3 10Q.8 10 0 8.3'],
  6: [6, 'M5.2 .9Q4.4 0 3.2 0Q0 0 0 5.8Q0 10 3 10Q6 10 6 6.9Q6 4 3.1 4Q.4 4 .1 6.6'],
  7: [6, 'M0 0L6 0L2.2 10'],
  8: [6, 'M3 4.7Q.4 4.7 .4 2.35Q.4 0 3 0Q5.6 0 5.6 2.35Q5.6 4.7 3 4.7Q0 4.7 0 7.35Q0 10 3 10Q6 10 6 7.35Q6 4.7 3 4.7'],
  9: [6, 'M.8 9.1Q1.6 10 2.8 10Q6 10 6 4.2Q6 0 3 0Q0 0 0 3.1Q0 6 2.9 6Q5.6 6 5.9 3.4'],
  '.': [0, DOT],
  ',': [0.6, 'M.6 9.8L0 11.8'],
  ':': [0, `M0 4.4L0 4.5${DOT}`],
  ';': [0.6, 'M.6 4.4L.6 4.5M.6 9.8L0 11.8'],
  '!': [0, `M0 0L0 6.8${DOT}`],
  '?': [4.8, 'M0 2Q.3 0 2.4 0Q4.8 0 4.8 2.2Q4.8 3.6 3.4 4.6Q2.4 5.4 2.4 6.8M2.4 9.9L2.4 10'],
  '-': [3.2, 'M0 6L3.2 6'],
  '–': [5, 'M0 6L5 6'],
  '—': [8, 'M0 6L8 6'],
  _: [5.6, 'M0 11.6L5.6 11.6'],
  '/': [4.4, 'M4.4 -.6L0 11.4'],
  '\\': [4.4, 'M0 -.6L4.4 11.4'],
  '|': [0, 'M0 -.6L0 12'],
  '(': [2, 'M2 -.8Q0 1.6 0 5.2Q0 8.8 2 11.2'],
  ')': [2, 'M0 -.8Q2 1.6 2 5.2Q2 8.8 0 11.2'],
  '[': [2, 'M2 -.8L0 -.8L0 11.2L2 11.2'],
  ']': [2, 'M0 -.8L2 -.8L2 11.2L0 11.2'],
  '{': [2.6, 'M2.6 -.8Q1.2 -.8 1.2 1.4L1.2 3.6Q1.2 5.2 0 5.2Q1.2 5.2 1.2 6.8L1.2 9Q1.2 11.2 2.6 11.2'],
  '}': [2.6, 'M0 -.8Q1.4 -.8 1.4 1.4L1.4 3.6Q1.4 5.2 2.6 5.2Q1.4 5.2 1.4 6.8L1.4 9Q1.4 11.2 0 11.2'],
  '`': [1.4, 'M0 0L1.4 1.8'],
  "'": [0, 'M0 0L0 2.6'],
  '’': [0.6, 'M.6 0L0 2.4'],
  '"': [2, 'M0 0L0 2.6M2 0L2 2.6'],
  '+': [5.2, 'M0 6L5.2 6M2.6 3.4L2.6 8.6'],
  '=': [5.2, 'M0 4.8L5.2 4.8M0 7.4L5.2 7.4'],
  '×': [4, 'M0 4.2L4 8.2M4 4.2L0 8.2'],
  '*': [4, 'M2 0L2 4.4M.1 1.1L3.9 3.3M3.9 1.1L.1 3.3'],
  '#': [6.4, 'M2.2 0L1.2 10M5.2 0L4.2 10M.4 3.4L6.4 3.4M0 6.8L6 6.8'],
  '%': [
    8,
    'M7 0L1 10M1.6 0Q0 0 0 2Q0 4 1.6 4Q3.2 4 3.2 2Q3.2 0 1.6 0M6.4 6Q4.8 6 4.8 8Q4.8 10 6.4 10Q8 10 8 8Q8 6 6.4 6',
  ],
  '&': [7, 'M7 10L1.6 3.6Q.6 2.2 .9 1.4Q1.3 0 2.8 0Q4.6 0 4.6 1.8Q4.6 3.4 2 4.8Q0 6 0 7.6Q0 10 2.8 10Q5.6 10 6.4 6'],
  '@': [
    8.2,
    'M6.2 3.4L6 6.4Q6.1 7.4 6.8 7.4Q8.2 7.2 8.2 4.8Q8.2 0 4.2 0Q0 0 0 5.2Q0 10.6 4.4 10.6Q5.6 10.6 6.6 10M6.1 5Q5.8 3.2 4.2 3.2Q2.2 3.2 2.2 5.6Q2.2 7.4 3.8 7.4Q5.6 7.4 6.1 5',
  ],
  $: [6.2, 'M6 2.2Q5.2 1 3.1 1Q.3 1 .3 3Q.3 4.8 3.1 5.1Q6.2 5.5 6.2 7.2Q6.2 9.2 3.1 9.2Q.8 9.2 0 7.7M3.1 -.6L3.1 10.8'],
  '<': [4.8, 'M4.8 3.2L0 6L4.8 8.8'],
  '>': [4.8, 'M0 3.2L4.8 6L0 8.8'],
  '~': [5.2, 'M0 6.6Q1.2 4.6 2.6 6Q4 7.4 5.2 5.4'],
  '^': [4.4, 'M0 3.4L2.2 0L4.4 3.4'],
  '·': [0, 'M0 6L0 6.1'],
  '…': [5.2, 'M0 9.9L0 10M2.6 9.9L2.6 10M5.2 9.9L5.2 10'],
  ' ': [2.4, ''],
  ß: [5.4, 'M0 10L0 2.8Q0 0 2.6 0Q5 0 5 2.2Q5 3.6 3.6 4.4Q3 4.9 3.8 5.5Q5.4 6.6 5.4 8Q5.4 10 3.2 10Q2.2 10 1.8 9.6'],
  ø: [5.6, `${BOWL}M5 3L.6 10.2`],
  Ø: [8, `${RING}M7 -.4L1 10.4`],
  æ: [
    9,
    'M4.5 6.5L9 6.5Q9 3.2 6.8 3.2Q4.5 3.2 4.5 6.6Q4.5 10 6.8 10Q8.2 10 8.8 8.7M4.5 6.6Q4.5 3.2 2.2 3.2Q0 3.2 0 6.6Q0 10 2.2 10Q4.5 10 4.5 6.6',
  ],
  Æ: [10, 'M10 0L5 0L5 10L10 10M5 4.8L9.4 4.8M5 0L0 10M1.8 6.6L5 6.6'],
  ł: [2.4, 'M1.2 0L1.2 10M0 6.2L2.4 4.4'],
  Ł: [6.4, 'M1 0L1 10L6.4 10M0 6.4L3.6 3.8'],
  đ: [6.4, `M5.6 0L5.6 10${BOWL}M3.4 1.6L6.6 1.6`],
  Đ: [8.2, 'M1 0L1 10L3.8 10Q8.2 10 8.2 5Q8.2 0 3.8 0L1 0M0 4.8L3.8 4.8'],
  ı: [0, 'M0 3.4L0 10'],
  œ: [9.8, `${BOWL}M5.6 6.5L9.8 6.5Q9.8 3.2 7.7 3.2Q5.6 3.2 5.6 6.6Q5.6 10 7.7 10Q9 10 9.6 8.7`],
  Œ: [11, 'M11 0L4 0Q0 0 0 5Q0 10 4 10L11 10M6 0L6 10M6 4.8L10.4 4.8'],
};

/** Over the middle of the letter before; for small letters. */
const MARKS: Readonly<Record<string, string>> = {
  '\u0300': 'M-1.4 .2L.4 1.7',
  '\u0301': 'M1.4 .2L-.4 1.7',
  '\u0302': 'M-1.7 1.8L0 .2L1.7 1.8',
  '\u0303': 'M-1.9 1.6Q-.9 -.2 0 1Q.9 2 1.9 .4',
  '\u0304': 'M-1.7 1L1.7 1',
  '\u0308': 'M-1.4 .8L-1.4 .9M1.4 .8L1.4 .9',
  '\u030a': 'M0 -.6Q-1.2 -.6 -1.2 .6Q-1.2 1.8 0 1.8Q1.2 1.8 1.2 .6Q1.2 -.6 0 -.6',
  '\u030c': 'M-1.7 .2L0 1.8L1.7 .2',
  '\u0327': 'M.2 10.4Q1.6 11 .8 12.2Q.2 13 -1 12.6',
};

/** Stands for a letter that is not in the alphabet. */
const UNKNOWN: readonly [number, string] = [5.4, 'M0 0L5.4 0L5.4 10L0 10L0 0'];
const GAP = 2.3;
const CURVE_STEPS = 8;

/** True when every letter, mark and symbol of the text is drawn. */
export function hasStrokes(text: string): boolean {
  return [...text.normalize('NFD')].every((char) => char in ALPHABET || char in MARKS);
}

/**
 * The text without the symbols that are not in the alphabet. Undefined when a letter or digit is not, since what is left
 * would be another name, or when nothing is left.
 */
export function writablePart(text: string): string | undefined {
  const chars = [...text.normalize('NFD')];
  if (chars.some((char) => /[\p{L}\p{N}]/u.test(char) && !(char in ALPHABET))) return undefined;
  const kept = chars.filter((char) => char in ALPHABET || /^\p{Mark}$/u.test(char)).join('');
  return kept.replace(/ +/g, ' ').trim() || undefined;
}

/** A text as lines on one line of writing, from x = 0 on; its width in units. Accents are drawn, other scripts are boxes. */
export function writeText(text: string): StrokeText {
  const lines: (readonly Point[])[] = [];
  let x = 0;
  let middle = 0;
  let isCapital = false;
  for (const char of text.normalize('NFD')) {
    const mark = MARKS[char];
    if (mark !== undefined) {
      const lift = isCapital && char !== '\u0327' ? -2.6 : 0;
      lines.push(...readPath(mark).map((line) => line.map(([px, py]): Point => [px + middle, py + lift])));
      continue;
    }
    if (/^\p{Mark}$/u.test(char)) continue;
    const [width, path] = ALPHABET[char] ?? UNKNOWN;
    const from = x;
    lines.push(...readPath(path).map((line) => line.map(([px, py]): Point => [px + from, py])));
    middle = from + width / 2;
    isCapital = /^\p{Lu}$/u.test(char);
    x += width + GAP;
  }
  return { width: Math.max(0, x - GAP), lines };
}

function readPath(path: string): Point[][] {
  const lines: Point[][] = [];
  for (const [, command, numbers = ''] of path.matchAll(/([MLQ])([^MLQ]+)/g)) {
    const [a = 0, b = 0, c = 0, d = 0] = numbers.trim().split(' ').map(Number);
    if (command === 'M') lines.push([[a, b]]);
    const line = lines.at(-1);
    if (command === 'L') line?.push([a, b]);
    if (command === 'Q' && line) line.push(...curve(line.at(-1) ?? [0, 0], [a, b], [c, d]));
  }
  return lines;
}

function curve([x0, y0]: Point, [x1, y1]: Point, [x2, y2]: Point): Point[] {
  return Array.from({ length: CURVE_STEPS }, (_, step): Point => {
    const t = (step + 1) / CURVE_STEPS;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2];
  });
}
