/** What is wrong with a storyboard's file, and where. Pure. */

export interface Problem {
  /** From 1; undefined for what is of the file as a whole. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** A sentence. */
  readonly text: string;
}

/** `rain.md:3: the scene has no prompt.`, in the order of the file, each once. */
export function tellProblems(name: string, problems: readonly Problem[]): readonly string[] {
  const place = ({ line, column }: Problem): string =>
    [name, line, column].filter((part) => part !== undefined).join(':');
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return [...new Set(sorted.map((one) => `${place(one)}: ${one.text}`))];
}
