/** What must be said even if a second Ctrl-C leaves at once: by whoever does something that may have cost money. */
const speakers = new Set<() => void>();

/** Lists `say` until the returned function is called. */
export function keepLastWords(say: () => void): () => void {
  speakers.add(say);
  return () => void speakers.delete(say);
}

/** For the last moment of the process. */
export function sayLastWords(): void {
  for (const say of speakers) say();
}
