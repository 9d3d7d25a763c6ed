/** What the jobs of this home know of takes and no line says. Pure. */
import { formatSize } from '../shared/geometry.ts';
import { CLOSED, type RefusalCode, refusalCodeOf } from '../shared/job.ts';
import { isAsk, partsOfKey } from './fingerprint.ts';
import { type HomeJob, newestByKey } from './fold.ts';
import type { Asked, Failed, Line } from './lines.ts';
import { tellByKey } from './told.ts';

export interface LearnContext {
  readonly lines: readonly Line[];
  readonly jobs: readonly HomeJob[];
  /** The file whose journals these are, absolute: what `take.file` of its jobs says. */
  readonly file: string;
  readonly accountOf: (job: HomeJob) => string;
  readonly at: string;
}

/**
 * The lines that the journals lack and the jobs of this home tell: of jobs whose answer came and was not written down, of
 * those that ended without one, and of jobs of this file that no line knows (a checkout undid them).
 */
export function linesFromHome({ lines, jobs, file, accountOf, at }: LearnContext): readonly Line[] {
  const told = tellByKey(lines);
  const learnt: Line[] = [];
  for (const [key, job] of newestByKey(jobs)) {
    const one = told.get(key);
    if (!one?.asked) {
      const anew = askedAnew(job, { file, account: accountOf(job) });
      if (anew) learnt.push(anew);
      if (!anew) continue;
    }
    // Also of what is done: by its id a file that is lost can be fetched again.
    if (job.remoteId !== undefined) {
      if (!one?.sent.some(({ remoteId }) => remoteId === job.remoteId)) {
        learnt.push({ v: 1, at, key, line: 'sent', remoteId: job.remoteId, job: job.id });
      }
      continue;
    }
    const isOver = one !== undefined && one.done.length + one.failed.length + one.closes.length > 0;
    if (job.status !== 'failed' || isOver) continue;
    const end = endWithoutId(job);
    learnt.push(end === 'closed' ? { v: 1, at, key, line: 'close' } : { v: 1, at, key, line: 'failed', ...end });
  }
  return learnt;
}

/** Of refusals that may be none later; the same exits as where the run that has sent it tells of them. */
const EXITS = { unsent: 6, auth: 4, budget: 10, 'rate-limited': 5 } as const satisfies Record<RefusalCode, number>;

function endWithoutId({
  failure,
}: Pick<HomeJob, 'failure'>): 'closed' | Pick<Failed, 'why' | 'exit' | 'retryable' | 'made'> {
  if (failure?.code === CLOSED) return 'closed';
  const why = failure?.message ?? 'refused';
  const refusal = refusalCodeOf({ ...(failure && { failure }) });
  if (refusal) return { why, exit: EXITS[refusal], retryable: true, made: 'no' };
  return failure?.policy
    ? { why, exit: 11, retryable: false, made: 'no' }
    : { why, exit: 5, retryable: false, made: 'no' };
}

function askedAnew(job: HomeJob, { file, account }: { file: string; account: string }): Asked | undefined {
  const parts = job.key === undefined ? undefined : partsOfKey(job.key);
  if (!parts || job.key === undefined || job.take?.file !== file) return undefined;
  const { provider, baseUrl, profile, backend, take, model, request, cost } = job;
  return {
    ...{ v: 1, at: job.createdAt, key: job.key, line: 'asked', scene: take.scene, n: take.n, fp: parts.fp },
    ...{ file: take.path, provider, baseUrl, account },
    ...(profile !== undefined && { profile }),
    ...(backend !== undefined && { backend }),
    ...(model !== undefined && { model }),
    ...(request && { seconds: request.seconds, size: formatSize(request.size) }),
    ...(cost?.estimateUsd !== undefined && { estimateUsd: cost.estimateUsd }),
    ...(isAsk(take.ask) && { ask: take.ask }),
  };
}
