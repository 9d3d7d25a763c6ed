/** Rows under a head, lined up whatever the script, and as wide as the terminal at most. Pure. */
import { displayWidth, shorten, wrap } from './width.ts';

/** How wide a column stays at least; the last one may say that it goes on below instead of being cut. */
export type FreeColumns = Readonly<Record<string, number | { readonly wrapsAt: number }>>;

export interface TableOptions {
  /** Of the terminal; undefined where nothing is to be cut. */
  readonly columns: number | undefined;
  /** The columns that may be cut, by their heads, and how wide each of them stays at least. */
  readonly free: FreeColumns;
  /** Makes the head stand out. */
  head(cell: string): string;
}

const GAP = '  ';

/**
 * The widest free columns are cut until the table fits, with an ellipsis, or broken at spaces. Where even that is not enough, its lines stay too
 * long: the terminal breaks them, and nothing is lost.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, free, head: paint }: TableOptions,
): string {
  const lines = [head, ...rows];
  // What ends a line is measured only where it may be cut: prompts are long, and lists too.
  const measure = (cell: string, column: number): number =>
    columns === undefined && column === head.length - 1 ? 0 : displayWidth(cell);
  const measured = lines.map((line) => line.map(measure));
  const widths = head.map((_, column) => Math.max(...measured.map((line) => line[column] ?? 0)));
  if (columns !== undefined)
    narrow(widths, {
      columns,
      least: head.map((cell, column) => Math.min(widths[column] ?? 0, leastOf(free[cell]))),
    });
  const last = head.length - 1;
  const isWrapped = columns !== undefined && typeof free[head[last] ?? ''] === 'object';
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  return lines
    .map((line, row) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          const own = measured[row]?.[column] ?? 0;
          if (isWrapped && column === last && own > width && row > 0)
            return wrap(cell, width).replaceAll('\n', `\n${' '.repeat(before)}`);
          const shown = own <= width ? cell : shorten(cell, width);
          const padding = column === head.length - 1 ? 0 : width - (own <= width ? own : displayWidth(shown));
          return `${row === 0 ? paint(shown) : shown}${' '.repeat(padding)}`;
        })
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

function leastOf(free: FreeColumns[string] | undefined): number {
  return typeof free === 'object' ? free.wrapsAt : (free ?? Number.POSITIVE_INFINITY);
}

/** Takes from the widest free column, until all fits or none can give any more. */
function narrow(widths: number[], { columns, least }: { columns: number; least: readonly number[] }): void {
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - columns;
  while (over > 0) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      if (width > (least[column] ?? 0) && width > (widths[widest] ?? 0)) widest = column;
    }
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}
