/**
 * Polling a job's host with what the workspace has: its record is saved, events and failed polls are told. The schedule
 * of polls is in wait.ts.
 */
import type { Remote } from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';
import { accountHere } from './account.ts';
import { saveProgress } from './find.ts';
import { type WaitOptions, waitForJob } from './wait.ts';

/** What is polled of a job by `waitForJob`, without what the workspace provides. */
interface Polling extends Pick<WaitOptions, 'provider' | 'deadline' | 'pollIntervalMs' | 'firstPauseMs' | 'resume'> {
  together(): number;
  onUpdate(job: Remote): void;
  /** What goes on when a poll has failed, for the warning. */
  readonly activity: 'waiting' | 'watching';
}

/** Polls until the job is final: what changes is saved and told as events, and a poll that failed is a warning. */
export async function pollToEnd(workspace: Workspace, job: Remote, polling: Polling): Promise<Remote> {
  const { reporter, runtime } = workspace;
  const { activity, ...options } = polling;
  return waitForJob({
    ...options,
    accounts: await accountHere(workspace, job),
    ...{ job, clock: runtime.clock, signal: runtime.signal, together: () => polling.together() },
    save: async (next) => void (await saveProgress(workspace, next)),
    onUpdate: (next) => {
      polling.onUpdate(next);
      const { progress, status } = next;
      reporter.event({ event: 'progress', jobId: next.id, status, ...(progress !== undefined && { progress }) });
    },
    onPollError: (error) => reporter.warn(`${job.id}: polling failed, still ${activity}: ${error.message}`),
  });
}
