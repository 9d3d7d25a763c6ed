/**
 * Every refusal teaches, and none is lost. To read them all: `PRINT_REFUSALS=1 npx vitest run --config test/vitest.config.ts
 * test/refusals.test.ts`; with `UPDATE_REFUSALS=1` instead, refusals.txt is written anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findRefusals, helpersIn, type Refusal, refusalLines, refusalsIn } from './helpers/refusals.ts';

const ALL = findRefusals();

/** What the user can do something about. Of the others many only say what a host said. */
const MUST_TEACH = new Set(['usage', 'auth', 'machine', 'clip']);
/** Codes of errors that the program throws on purpose; anything else is an expression that chooses one of them. */
const NEED_NOT = new Set([
  'bug',
  'network',
  'refused',
  'ambiguous',
  'pending',
  'unverified',
  'budget',
  'policy',
  'interrupted',
]);

/** Those that need no hint of their own, by a part of their sentence, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  'was kept.`': 'The user has just said no.',
  'of ${character.name} is ${state}.': 'Said together with others, under one hint (throwAll).',
  '${to} is something else than its name says.': 'Said together with others, under one hint (throwAll).',
  'already exists, with another ${what}.': 'Said together with others, under one hint (throwAll).',
  'The cast has no ${what} of ${name} to replace': 'Said together with others, under one hint (throwAll).',
  'Its clip was replaced in the meantime: run the command again': 'It becomes the hint of the error around it.',
  '${words} Nothing was created.': 'An interruption: there is nothing to mend.',
};

const exempt = ({ message }: Refusal): boolean => Object.keys(WITHOUT).some((part) => message.includes(part));

if (process.env.PRINT_REFUSALS) {
  for (const { where, code, message, hint } of ALL) {
    process.stdout.write(`${where}  ${code}\n    ${message}\n    ${hint ?? '(no hint)'}\n`);
  }
}

/** What there was when it was last written: a line for each, with how often where that is more than once. */
const LIST = new URL('refusals.txt', import.meta.url);

function counted(lines: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  return times;
}

if (process.env.UPDATE_REFUSALS) {
  const lines = [...counted(refusalLines())].map(([line, times]) => (times === 1 ? line : `${line} [${times} times]`));
  writeFileSync(LIST, `${lines.join('\n')}\n`);
}

describe('the refusals in the source', () => {
  it('are all still there: a line that goes, or is said or called less often, goes from refusals.txt on purpose', () => {
    const now = counted(refusalLines());
    const lost = readFileSync(LIST, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((entry) => {
        const [, line = entry, times = '1'] = /^(.*) \[(\d+) times\]$/.exec(entry) ?? [];
        const left = now.get(line) ?? 0;
        return left < Number(times) ? [`${line}: ${left} of ${times}`] : [];
      });
    expect(lost, 'UPDATE_REFUSALS=1 npx vitest run --config test/vitest.config.ts test/refusals.test.ts').toEqual([]);
  });

  it.each([
    ['a function that returns an error', 'function no(a: { b: string }, c = ")"): SoraError {'],
    ['one that may', 'export function no(): SoraError | undefined {'],
    ['one that takes a while', 'async function no(a: string): Promise<SoraError> {'],
    ['one that always throws', 'function no<T>(a: T): never {'],
    ['one within another', '  const no = (why: string): SoraError =>'],
    ['one whose name says so', 'function refuseNo(): void {'],
  ])('are also made by %s', (_, text) => {
    expect(helpersIn([`${text}\nfunction yes(error: SoraError): boolean {}`])).toEqual([
      text.includes('refuseNo') ? 'refuseNo' : 'no',
    ]);
  });

  it('are found, each with what is said', () => {
    expect(new Set(ALL.map(({ code }) => code)).size).toBeGreaterThan(10);
    expect(ALL.filter(({ message }) => message === '')).toEqual([]);
  });

  it.each([
    ["throw new SoraError('usage', 'No.')", 'usage', "'No.'", undefined],
    [
      `new SoraError('clip', \`A \${b ? ')' : "("}, c.\`, { cause, hint: 'Do.' })`,
      'clip',
      `\`A \${b ? ')' : "("}, c.\``,
      "hint: 'Do.'",
    ],
    ["refuseAll(\n  'usage',\n  // why, and so\n  problems,\n  { cause },\n)", 'usage', 'problems', undefined],
    ['new SoraError(code, message, { ...(x && { hint }) })', 'code', 'message', '...(x && { hint })'],
    ["refuseAll('usage', problems, hintsOf(problems))", 'usage', 'problems', 'hintsOf(problems)'],
  ])('%j is read as it stands', (text, code, message, hint) => {
    expect(refusalsIn('a.ts', text)).toEqual([{ where: 'a.ts:1', code, message, hint }]);
  });

  it('that the user can mend all say how', () => {
    const silent = ALL.filter((one) => one.hint === undefined && !NEED_NOT.has(one.code) && !exempt(one));
    expect(silent).toEqual([]);
  });

  it('without a hint are no more than their list says', () => {
    for (const part of Object.keys(WITHOUT)) {
      expect(
        ALL.filter(({ message, hint }) => hint === undefined && message.includes(part)),
        part,
      ).not.toEqual([]);
    }
  });

  it('say whole sentences, and never the same twice', () => {
    const literal = ALL.filter(({ code, message }) => MUST_TEACH.has(code) && /^['`]/.test(message));
    // A path or the words of somebody else may stand last.
    const unfinished = literal.filter(({ message }) => !/[.!]['`]$|\}`$/.test(message));
    expect(unfinished).toEqual([]);
    expect(literal.filter(({ message, hint }) => hint?.includes(message.slice(1, -1)))).toEqual([]);
  });
});
