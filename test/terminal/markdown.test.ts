import { describe, expect, it } from 'vitest';
import { parseMarkdown, plainText, renderMarkdown } from '../../src/terminal/markdown.ts';
import type { Paint } from '../../src/terminal/ui.ts';
import { displayWidth } from '../../src/terminal/width.ts';

const marked = (mark: string) => (text: string) => `<${mark}>${text}</${mark}>`;
const COLOURS: Paint = {
  bold: marked('b'),
  dim: marked('d'),
  red: marked('r'),
  green: marked('g'),
  yellow: marked('y'),
  cyan: marked('c'),
};
const same = (text: string): string => text;
const PLAIN: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const render = (text: string, columns = 80, paint = PLAIN): string => renderMarkdown(text, { columns, paint });

describe('Markdown on a terminal', () => {
  it.each([
    ['joins the lines of a paragraph and breaks them at words', 'one two\nthree four', 'one two\nthree four', 10],
    ['breaks at the width', 'one two three four', 'one two\nthree\nfour', 9],
    [
      'gives a word that is too long a line of its own',
      'a https://example.com/long b',
      'a\nhttps://example.com/long\nb',
      10,
    ],
    ['indents the lines of a list', '- one two\n  three\n- four', '- one two\n  three\n- four', 10],
    ['shows code as it is', '```sh\nsora a  "b" | c\n```', '  sora a  "b" | c', 8],
    ['keeps short code on one line', 'say `sora help` now', 'say\n`sora help`\nnow', 13],
    ['breaks code that is longer than a line', 'say `sora help clips` now', 'say `sora\nhelp\nclips` now', 10],
    ['breaks code that a line holds only without what is attached', 'say `a b c`.', 'say `a\nb c`.', 7],
    ['keeps what code touches beside it', 'say (`--force`).', 'say (`--force`).', 20],
    ['writes a heading in capitals', '# A `b`\n\n## C', 'A B\n\nC', 80],
    ['counts wide letters as two', '日本 語 x', '日本\n語 x', 5],
  ])('%s', (_, text, expected, columns) => {
    expect(render(text, columns)).toBe(expected);
  });

  const TABLE = '| name | about |\n|---|---|\n| `a` | one two three |\n| bb | |\n';

  it('lays a table out in columns', () => {
    expect(render(TABLE)).toBe('name  about\n`a`   one two three\nbb');
  });

  it('wraps the cells of a table that is too wide', () => {
    expect(render(TABLE, 14)).toBe('name  about\n`a`   one two\n      three\nbb');
  });

  it('fits a table whose code has something attached into every width', () => {
    const table = '| a | b |\n|---|---|\n| `fade 0.5`, | some words, `x y z`; `v` |\n';
    const widest = (columns: number): number => Math.max(...render(table, columns).split('\n').map(displayWidth));
    const widths = Array.from({ length: 40 }, (_, at) => at + 10);
    expect(widths.filter((columns) => widest(columns) > columns)).toEqual([]);
  });

  it('shows the rows one below the other where columns have no room', () => {
    expect(render(TABLE, 9)).toBe('`a`\n  about:\n  one two\n  three\nbb');
  });

  it('says by colours what marks say without them', () => {
    expect(render('# A\n\nb `c d` **e f**\n\n| g |\n|---|\n| `h` |', 80, COLOURS)).toBe(
      '<b>A</b>\n\nb <c>c d</c> <b>e</b> <b>f</b>\n\n<b>g</b>\n<c>h</c>',
    );
  });

  it('reads a table into cells', () => {
    expect(parseMarkdown(TABLE)).toEqual([
      {
        kind: 'table',
        head: ['name', 'about'],
        rows: [
          ['`a`', 'one two three'],
          ['bb', ''],
        ],
      },
    ]);
  });

  it('takes marks out of a text', () => {
    expect(plainText('a `b c`, **d** *e*')).toBe('a b c, d e');
  });
});
