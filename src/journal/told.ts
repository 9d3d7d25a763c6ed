/** The lines of each key, by their kinds: a set, whatever their order. Pure. */
import type { Adopt, Asked, Close, Done, Failed, Line, Sent } from './lines.ts';

/** What lines tell of one key. */
export interface Told {
  asked?: Asked;
  closes: Close[];
  closedBy: string[];
  sent: Sent[];
  adopted: Adopt[];
  failed: Failed[];
  done: Done[];
}

/** Keys of lines that say what became of a request which no line asks for: what was paid for is not known as what. */
export function keysWithoutAsked(lines: readonly Line[]): readonly string[] {
  return [...tellByKey(lines)].flatMap(([key, { asked, sent, adopted, done }]) =>
    asked || sent.length + adopted.length + done.length === 0 ? [] : [key],
  );
}

export function tellByKey(lines: readonly Line[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const line of lines) tell(told, line);
  return told;
}

/** Adds one line to what is told of its key. */
export function tell(told: Map<string, Told>, line: Line): void {
  const of = (key: string): Told => {
    const one = told.get(key) ?? { closes: [], closedBy: [], sent: [], adopted: [], failed: [], done: [] };
    told.set(key, one);
    return one;
  };
  switch (line.line) {
    case 'asked':
      of(line.key).asked ??= line;
      if (line.closes !== undefined) of(line.closes).closedBy.push(line.key);
      break;
    case 'sent':
      of(line.key).sent.push(line);
      break;
    case 'adopt':
      of(line.key).adopted.push(line);
      break;
    case 'failed':
      of(line.key).failed.push(line);
      break;
    case 'done':
      of(line.key).done.push(line);
      break;
    case 'close':
      of(line.key).closes.push(line);
      break;
    case 'pick':
    case 'reject':
      break;
    default:
      line satisfies never;
  }
}
