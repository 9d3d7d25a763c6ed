import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/terminal/table.ts';
import { displayWidth } from '../../src/terminal/width.ts';

const HEAD = ['JOB', 'STATUS', 'CHARACTERS', 'CREATED', 'PROMPT'];
const ROWS = [
  [
    'job_0mf3k2x8aabc1de',
    'running, 45%',
    '李雷, みあ, Zoë',
    '3 min ago',
    'Joe waves at the sea while the sun goes down. '.repeat(4),
  ],
  [
    'job_0mf3k2x8aabc1df',
    'succeeded',
    '🦊, 👨‍👩‍👧',
    '2 days ago',
    '李雷は海で手を振り、みあは犬と浜辺を走り、夕日が静かに沈んでいく。'.repeat(3),
  ],
  ['job_0mf3k2x8aabc1dg', 'queued', '-', 'just now', 'A lighthouse.'],
];
const FREE = { STATUS: 12, CHARACTERS: 6, PROMPT: 6 };

const table = (columns: number | undefined, free: Readonly<Record<string, number>> = FREE): string[] =>
  formatTable(HEAD, ROWS, { columns, free, head: (cell) => cell }).split('\n');

/** The column at which each line's cell begins. */
function starts(lines: readonly string[], cells: readonly string[]): number[] {
  return lines.map((line, index) => displayWidth(line.slice(0, line.indexOf(cells[index] ?? ''))));
}

describe('a table', () => {
  it('breaks its last column at spaces where nothing of it may be lost, under where it begins', () => {
    const why = 'a request was sent for take 1 and no answer came: nobody knows whether its host has it';
    const lines = formatTable(
      ['SCENE', 'WHY'],
      [
        ['harbour', why],
        ['boat', 'short'],
      ],
      {
        ...{ columns: 40, free: { WHY: { wrapsAt: 20 } }, head: (cell: string) => cell },
      },
    ).split('\n');
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40);
    expect(lines[1]).toBe('harbour  a request was sent for take 1');
    expect(
      lines
        .slice(1, -1)
        .map((line) => line.slice(9))
        .join(' '),
    ).toBe(why);
    expect(lines.slice(2, -1).every((line) => line.startsWith('         '))).toBe(true);
    expect(lines.at(-1)).toBe('boat     short');
  });

  it.each([80, 140])('fits %i columns, with names of any script, and keeps its columns straight', (columns) => {
    const lines = table(columns);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    expect(Math.max(...lines.map(displayWidth))).toBeGreaterThan(columns - 2);
    expect(new Set(starts(lines, ['CREATED', '3 min ago', '2 days ago', 'just now'])).size).toBe(1);
    expect(new Set(starts(lines, ['PROMPT', 'Joe', '李雷は', 'A l'])).size).toBe(1);
  });

  it('says with an ellipsis that something is missing, and cuts the widest column first', () => {
    const lines = table(140);
    expect(lines[1]).toMatch(/…$/);
    expect(lines[2]).toMatch(/…$/);
    expect(lines[1]).toContain('李雷, みあ, Zoë');
    expect(lines[3]).toMatch(/A lighthouse\.$/);
  });

  it('never cuts a column further than it may, nor one that may not be cut', () => {
    const lines = table(20);
    for (const [index, [id = '', status = '', , created = '']] of ROWS.entries()) {
      expect(lines[index + 1]).toContain(id);
      expect(lines[index + 1]).toContain(created);
      expect(lines[index + 1]).toContain(status);
    }
  });

  it('is whole where no width is known', () => {
    const lines = table(undefined);
    for (const [index, row] of ROWS.entries()) {
      for (const cell of row) expect(lines[index + 1]).toContain(cell.trim());
    }
  });

  it('paints its head without losing its columns', () => {
    const [head] = formatTable(['A', 'B'], [['long', 'x']], {
      columns: 80,
      free: {},
      head: (cell) => `<${cell}>`,
    }).split('\n');
    expect(head).toBe('<A>     <B>');
  });
});
