/** Tables whose cells repeat each other's facts: all cells on request, else few that show each fact. */

/** Whether every cell of every table, and every history, is tested: `SORA_TEST_ALL=1`. */
export const TEST_ALL = Boolean(process.env.SORA_TEST_ALL);

/**
 * The cases that are tested, in their order: all on request. Else a covering array, made greedily: each fact that any case
 * shows is shown by one of them. The same in every run.
 */
export function covering<T>(
  cases: readonly T[],
  factsOf: (one: T) => readonly string[],
  all: boolean = TEST_ALL,
): readonly T[] {
  if (all) return cases;
  const facts = cases.map(factsOf);
  const shown = new Set<string>();
  const chosen = new Set<number>();
  for (;;) {
    let [best, most] = [-1, 0];
    for (const [index, own] of facts.entries()) {
      const count = own.filter((fact) => !shown.has(fact)).length;
      if (count > most) [best, most] = [index, count];
    }
    if (best < 0) return cases.filter((_, index) => chosen.has(index));
    chosen.add(best);
    for (const fact of facts[best] ?? []) shown.add(fact);
  }
}
