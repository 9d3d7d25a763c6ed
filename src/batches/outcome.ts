/** What is said last of a batch that is not done: each line with its reason, and one command that continues. Pure. */

import { codeOfExit, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { areOf, partOf } from '../shared/text.ts';
import type { BatchReport, LineReport } from './report.ts';

const MOST_SHOWN = 20;

export interface OutcomeWords {
  /** What the batch is called. */
  readonly name: string;
  /** The command that continues, and the one that shows every line. */
  readonly command: string;
  readonly status: string;
}

/** Undefined when every line is done. */
export function batchError({ lines, totals, exit }: BatchReport, words: OutcomeWords): SoraError | undefined {
  if (exit === 0) return undefined;
  const open = lines.filter((line) => line.exit !== 0);
  const shown = open.toSorted((a, b) => rank(b) - rank(a)).slice(0, MOST_SHOWN);
  const more = open.length - shown.length;
  const rest = more > 0 ? `\n- and ${more} more: ${words.status}` : '';
  const message = `${partOf(open.length, totals.total, 'line')} of ${words.name} ${areOf(open.length)} not done:\n- ${shown.map(lineText).join('\n- ')}${rest}`;
  return new SoraError(codeOfExit(exit), message, {
    hint: [...adviceOf(open), `Continue with: ${words.command}`].join('\n'),
    problems: open.map(lineText),
  });
}

/** What only waits for its turn is of the least interest. */
function rank({ state, exit }: LineReport): number {
  return state === 'missing' ? 0 : state === 'open' ? 1 : 100 - exit;
}

function lineText({ id, line, state, why }: LineReport): string {
  const where = line === undefined ? 'no longer in the file' : `line ${line}`;
  return `${id} (${where}): ${state}${why === undefined ? '' : `: ${why}`}`;
}

const MOST_IDS = 5;

/** What a person may do besides running it again, a sentence for each kind. */
function adviceOf(open: readonly LineReport[]): readonly string[] {
  const namesOf = (lines: readonly LineReport[]): string =>
    lines
      .slice(0, MOST_IDS)
      .map(({ id }) => id)
      .join(', ');
  // What the next run sends by itself needs no advice.
  const idsOf = (...states: LineReport['state'][]): string =>
    namesOf(open.filter(({ state, retryable }) => states.includes(state) && retryable !== true));
  const unknown = open.filter(({ state }) => state === 'unknown');
  const listed = namesOf(unknown.filter(({ candidates }) => candidates !== undefined));
  const unlisted = namesOf(unknown.filter(({ candidates }) => candidates === undefined));
  const [failed, other] = [idsOf('failed', 'absent'), idsOf('mismatch')];
  return [
    ...(listed === ''
      ? []
      : [
          `If one of those videos is that of its line (${listed}): ${option('adopt')} <id>=<video>. If none is, to send it once more: ${option('adopt')} <id>=none`,
        ]),
    ...(unlisted === ''
      ? []
      : [`Look for ${unlisted} in the list or the bill of your host. To send it once more: ${option('resend')} <id>`]),
    ...(failed === ''
      ? []
      : [
          `To make what failed once more (${failed}): ${option('anew')} <id>, or change its line and add ${option('changed')}`,
        ]),
    ...(other === '' ? [] : [`To accept videos that differ from what was ordered (${other}): ${option('allowDrift')}`]),
  ];
}
