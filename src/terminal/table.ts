/** Rows under a head, lined up whatever the script, and as wide as the terminal at most. Pure. */
import { displayWidth, shorten } from './width.ts';

export type FreeColumns = Readonly<Record<string, number>>;

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
 * The widest free columns are cut until the table fits, with an ellipsis. Where even that is not enough, its lines stay too
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
      least: head.map((cell, column) => Math.min(widths[column] ?? 0, free[cell] ?? Number.POSITIVE_INFINITY)),
    });
  return lines
    .map((line, row) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          const own = measured[row]?.[column] ?? 0;
          const shown = own <= width ? cell : shorten(cell, width);
          const padding = column === head.length - 1 ? 0 : width - (own <= width ? own : displayWidth(shown));
          return `${row === 0 ? paint(shown) : shown}${' '.repeat(padding)}`;
        })
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
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
