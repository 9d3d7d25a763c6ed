/** A person's word on a request of unknown fate: which video of its host it has made, or that it is none of them. */
import { hostTitle } from '../providers/index.ts';
import { SoraError } from '../shared/errors.ts';
import { isClosed, isUnanswered } from '../shared/job.ts';
import { oneLine } from '../shared/text.ts';
import { adoptVideo } from '../videos/lost/recover.ts';
import type { Workspace } from '../workspace.ts';
import { newestByKey, type Take } from './fold.ts';
import { hostOfTake, type TakeLedger } from './take-ledger.ts';

export interface Adoption {
  /** Of unknown fate, or given up. */
  readonly take: Take;
  readonly videoId: string;
  /** What messages call a take. */
  readonly called: (take: Take) => string;
}

/** Throws `usage` for a video that the host does not know, or that is another request's. */
export async function adoptTake(
  workspace: Workspace,
  ledger: TakeLedger,
  { take, videoId, called }: Adoption,
): Promise<void> {
  const refuse = (why: string): SoraError =>
    new SoraError('usage', `${take.scene}: ${why}`, { hint: 'See the videos of the host: sora video list --remote' });
  const shown = oneLine(videoId, 200);
  const owner = (await ledger.takes()).find((one) => one.remoteId === videoId && one.baseUrl === take.baseUrl);
  if (owner) throw refuse(`${shown} is the video of ${called(owner)}.`);
  const job = newestByKey(await ledger.jobs()).get(take.key);
  if (job && (isUnanswered(job) || isClosed(job))) {
    await adoptVideo(workspace, job, videoId);
    return ledger.learn();
  }
  const { records } = await (await workspace.jobs()).list();
  const own = records.find(({ remoteId, baseUrl }) => remoteId === videoId && baseUrl === take.baseUrl);
  if (own) throw refuse(`${shown} is the video of job ${own.id}.`);
  const provider = await workspace.providerOf(hostOfTake(take));
  const video = await provider.getVideo(videoId, { signal: workspace.runtime.signal, model: take.model });
  if (!video) throw refuse(`${hostTitle(provider)} does not know a video ${shown}.`);
  await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'adopt', remoteId: video.id });
}

/** Given up: nobody sends them again by itself, and what is wanted of their scenes is sent anew. */
export async function closeTakes(ledger: TakeLedger, takes: readonly Take[]): Promise<void> {
  await ledger.journal.append(...takes.map(({ key }) => ({ v: 1, at: ledger.now(), key, line: 'close' }) as const));
}
