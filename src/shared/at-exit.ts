/** What is still done when the process ends, whatever ends it: no program that it started may outlive it. */

const steps = new Set<() => void>();

/** Adds a step, which cannot wait for anything; what comes back takes it out again. */
export function atExit(step: () => void): () => void {
  steps.add(step);
  return () => void steps.delete(step);
}

/** For the last moment of the process. */
export function runExitSteps(): void {
  for (const step of steps) step();
}
