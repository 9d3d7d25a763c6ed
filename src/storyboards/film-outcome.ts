/** What is said last of a film that is not done: each scene with its reason, and the commands that lead on. Pure. */

import { codeOfExit, SoraError } from '../shared/errors.ts';
import { areOf, partOf } from '../shared/text.ts';
import type { FilmCommand } from './film.ts';
import type { FilmReport, NextStep, SceneReport } from './film-report.ts';

export interface FilmWords {
  /** What the film is called. */
  readonly name: string;
  /** The command that continues. */
  readonly command: string;
  /** The command of a step. */
  commandOf(step: NextStep): string;
}

/** Undefined when nothing is left to do. Failures come last, where they are seen. */
export function filmError({ scenes, totals, exit }: FilmReport, words: FilmWords): SoraError | undefined {
  if (exit === 0) return undefined;
  const open = scenes.filter((scene) => scene.exit !== 0).toSorted((a, b) => rank(a) - rank(b));
  const steps = open.flatMap(({ next }) => next).map(words.commandOf);
  const others = [...new Set(steps)].filter((command) => command !== words.command);
  const lines = open.map(sceneText);
  const message =
    open.length === 0
      ? `${words.name} is not done.`
      : `${partOf(open.length, totals.total, 'scene')} of ${words.name} ${areOf(open.length)} not done:\n- ${lines.join('\n- ')}`;
  return new SoraError(codeOfExit(exit), message, {
    hint: [
      ...others.slice(0, MOST_STEPS).map((command) => `A way on: ${command}`),
      `Continue with: ${words.command}`,
    ].join('\n'),
    problems: lines,
  });
}

const MOST_STEPS = 6;

/** What only waits for its turn comes first. */
function rank({ state }: SceneReport): number {
  const order = ['missing', 'changed', 'short', 'blocked', 'open', 'to pick', 'picked twice'];
  const index = order.indexOf(state);
  return index === -1 ? order.length : index;
}

export function sceneText({ id, state, why }: SceneReport): string {
  return why === undefined ? `${id}: ${state}` : `${id} (${state}): ${asClause(why)}`;
}

/** First words of sentences that are no names. */
const PLAIN_WORDS = /^(?:Every|It|Its|Job|No|Not|Nothing|Scene|Stopped|Take|The|There|This|What)\b/;

function asClause(sentence: string): string {
  return sentence.replace(PLAIN_WORDS, (word) => word.toLowerCase());
}

/** The command of a step that a scene's report names; that of a bare render is `again`, which has the wishes of this one. */
export function stepCommands(commandOf: FilmCommand, again: string): (step: NextStep) => string {
  return ({ verb, words }) => {
    if (verb === 'render' && words.length === 0) return again;
    const isOption = (word: string): boolean => word.startsWith('--');
    return commandOf(verb, { operands: words.filter((word) => !isOption(word)), words: words.filter(isOption) });
  };
}

/** A scene as JSON has it. */
export function withCommands({ next, ...scene }: SceneReport, commandFor: (step: NextStep) => string): object {
  return { ...scene, next: next.map(commandFor) };
}
