/** What else is made of the pictures that a run of ffmpeg decodes: branches of a graph of filters, and where they end. */
import type { OutputReader } from './run-program.ts';

export interface PictureLook {
  /** Each takes the pictures and ends in a label of its own. */
  readonly branches: readonly string[];
  /** Where the labels end but for the last, with their targets. */
  readonly outputs: readonly string[];
  /** Where the last one ends: options of the standard output. */
  readonly piped: readonly string[];
  /** Reads the standard output to its end. */
  readonly read: OutputReader;
}

/** A graph whose branches take what comes out of `filters`. */
export function branchedGraph(stream: string, filters: readonly string[], branches: readonly string[]): string {
  const labels = branches.map((_, index) => `[v${index}]`);
  const split = [...filters, `split=${branches.length}`].join(',');
  return [
    `[${stream}]${split}${labels.join('')}`,
    ...branches.map((branch, index) => `${labels[index]}${branch}`),
  ].join(';');
}

/** What each `metadata` filter printed to the log, in the order of the graph, as it would print it to a file. Pure. */
export function readMetadata(lines: readonly string[]): string[] {
  const printed = new Map<number, string[]>();
  for (const line of lines) {
    const [, number, text = ''] = METADATA.exec(line) ?? [];
    if (number === undefined) continue;
    const texts = printed.get(Number(number));
    if (texts) texts.push(text);
    else printed.set(Number(number), [text]);
  }
  return [...printed].toSorted(([a], [b]) => a - b).map(([, texts]) => texts.join('\n'));
}

const METADATA = /^\[Parsed_metadata_(\d+) @ \w+\] (?:\[info\] )?(.*)$/;

/** Whether a line of the log is one that a `metadata` filter printed. */
export function isMetadata(line: string): boolean {
  return METADATA.test(line);
}
