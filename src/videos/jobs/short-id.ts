/** Ids of jobs as a terminal shows them: a beginning that is enough to name the job again. */
import type { JobStore } from './store.ts';

/** How ids are shown: short on a terminal, and whole where a program may read them. `gone` are ids without a record. */
export async function shownIds(
  jobs: () => Promise<Pick<JobStore, 'ids'>>,
  { isTTY }: { readonly isTTY: boolean },
  gone: readonly string[] = [],
): Promise<(id: string) => string> {
  if (!isTTY) return (id) => id;
  const ids = await (await jobs()).ids();
  return createIdShortener(gone.length === 0 ? ids : [...new Set([...ids, ...gone])].toSorted());
}

/** With nine characters of time and `job_`, the first eleven tell to 1.3 s when a job was made: no later job has them. */
const LEAST_SHOWN = 11;

/** Shortens an id to its shortest beginning that no other of `ids` has, and no job that is made later. `ids` are sorted. */
export function createIdShortener(ids: readonly string[]): (id: string) => string {
  const at = new Map(ids.map((id, index) => [id, index]));
  return (id) => {
    const index = at.get(id);
    if (index === undefined) return id;
    const shared = Math.max(sharedChars(id, ids[index - 1]), sharedChars(id, ids[index + 1]));
    return id.slice(0, Math.max(LEAST_SHOWN, shared + 1));
  };
}

function sharedChars(one: string, other = ''): number {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count += 1;
  return count;
}
