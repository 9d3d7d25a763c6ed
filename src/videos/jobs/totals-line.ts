/** The one line of many jobs: it moves on a terminal; elsewhere a line is written now and then. */
import type { Reporter, Task } from '../../shared/reporter.ts';
import { createTotalsMeter, type Totals, totalsText } from './totals.ts';

export interface TotalsLine {
  show(totals: Totals): void;
  end(): void;
  /** Says how all stand at the end, unless that was the last line. */
  conclude(totals: Totals): void;
}

/** `live`: whether lines move. `now` gives milliseconds since the epoch. */
export function createTotalsLine(
  reporter: Pick<Reporter, 'note' | 'task'>,
  { live, now }: { readonly live: boolean; now(): number },
): TotalsLine {
  const meter = createTotalsMeter(now);
  let task: Promise<Task> | undefined;
  let latest: Totals | undefined;
  let last: string | undefined;
  return {
    show(totals) {
      latest = totals;
      if (!live) {
        const text = meter.due(totals);
        if (text !== undefined) reporter.note(text);
        last = text ?? last;
        return;
      }
      task ??= reporter.task(meter.text(totals));
      void task.then((line) => line.update(() => meter.text(latest ?? totals)));
    },
    end() {
      void task?.then((line) => line.stop());
    },
    conclude(totals) {
      const text = totalsText(totals);
      if (text !== last) reporter.note(text);
    },
  };
}
