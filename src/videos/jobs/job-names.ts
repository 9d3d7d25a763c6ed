/** What people are told of jobs by: the file, the line of a batch, the characters, the prompt; an id only where nothing else tells two apart. Pure. */
import type { Job } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';

/** Enough of a prompt to know it again. */
const PROMPT_CHARS = 32;

export interface NamingOptions {
  /** The name of the file that the one job is saved as, where the user chose it. */
  readonly file?: string | undefined;
  /** An id as it is shown. */
  shown(id: string): string;
}

/** By the ids of the jobs. */
export function nameJobs(jobs: readonly Job[], { file, shown }: NamingOptions): ReadonlyMap<string, string> {
  const said = ({ request }: Job): string => `“${oneLine(request.prompt, PROMPT_CHARS)}”`;
  const known = ({ take, characters }: Job): string =>
    [file ?? take?.scene, characters.join(', ')].filter(Boolean).join(' · ');
  const levels: readonly ((job: Job) => string)[] = [
    (job) => known(job) || said(job),
    (job) => `${known(job)} ${said(job)}`.trim(),
    (job) => `${known(job) || said(job)} ${shown(job.id)}`,
  ];
  const names = new Map<string, string>();
  let left = jobs;
  for (const [level, nameOf] of levels.entries()) {
    const isLast = level === levels.length - 1;
    const counts = new Map<string, number>();
    for (const job of left) counts.set(nameOf(job), (counts.get(nameOf(job)) ?? 0) + 1);
    left = left.filter((job) => {
      const name = nameOf(job);
      if (!isLast && counts.get(name) !== 1) return true;
      names.set(job.id, name);
      return false;
    });
  }
  return names;
}
