/** One paid request: its record first, then the request, then what came of it. Never sent twice. */
import type { Context } from '../context.ts';
import { isUnresolved, type Job, type VideoRequest } from '../domain.ts';
import { isSoraError, SoraError } from '../errors.ts';
import type { NewVideo, Provider, RemoteVideo } from '../providers/provider.ts';
import { newJobId } from '../store/jobs.ts';
import { resumeCommand, unresolvedError } from './follow.ts';

/** A request that is ready to leave. */
export interface Draft {
  readonly video: NewVideo;
  readonly request: VideoRequest;
  readonly injected: readonly string[];
  readonly fingerprint: string;
}

export interface Submitted {
  readonly job: Job;
  /** When the host wants to be asked first. */
  readonly pollAfterMs: number | undefined;
}

export interface SubmitOptions {
  readonly draft: Draft;
  readonly provider: Provider;
  readonly key: string | undefined;
  /** Send although an equal job may exist already. */
  readonly resend: boolean;
  /** Jobs that this same command has made: equal on purpose. */
  readonly ownIds: readonly string[];
  /** What the command will wait for, if it does. */
  readonly wait: { readonly output?: string } | undefined;
}

/**
 * The job that the key belongs to. Throws `ambiguous` when an equal one is unresolved, and `usage` when the key belongs
 * to other work.
 */
function earlierJob(jobs: readonly Job[], { draft, key, resend, ownIds }: SubmitOptions): Job | undefined {
  const sameKey = key === undefined ? undefined : jobs.find((job) => job.key === key && job.status !== 'failed');
  if (sameKey && sameKey.fingerprint !== draft.fingerprint) {
    throw new SoraError('usage', `The key "${key}" belongs to job ${sameKey.id}, which asks for something else.`, {
      hint: 'Use another --key.',
    });
  }
  if (sameKey && !isUnresolved(sameKey)) return sameKey;
  const unresolved = jobs.find(
    (job) =>
      isUnresolved(job) && (job === sameKey || (job.fingerprint === draft.fingerprint && !ownIds.includes(job.id))),
  );
  if (unresolved && !resend) throw unresolvedError(unresolved);
  return undefined;
}

/** Writes the record, sends the request once, and writes down what came of it. Sends nothing when the key has a job. */
export async function submit(context: Context, options: SubmitOptions): Promise<Submitted> {
  const { ui, host, globals } = context;
  const { draft, provider, key } = options;
  const store = await context.jobs();
  const now = (): string => new Date(host.clock.now()).toISOString();
  const createdAt = now();
  const job: Job = {
    version: 1,
    id: newJobId(host.clock.now(), host.random),
    provider: provider.name,
    baseUrl: provider.baseUrl,
    profile: await context.profileName(),
    ...(provider.backend && { backend: provider.backend }),
    ...(draft.request.model !== undefined && { model: draft.request.model }),
    request: draft.request,
    fingerprint: draft.fingerprint,
    ...(key !== undefined && { key }),
    characters: draft.request.characters.map(({ name }) => name),
    status: 'submitting',
    createdAt,
    updatedAt: createdAt,
  };
  const admitted = await store.create(job, ({ records, broken }) => {
    for (const { path } of broken) ui.warn(`${path} cannot be read; whether an equal job stands in it is not known.`);
    return earlierJob(records, options);
  });
  if (admitted.id !== job.id) {
    ui.note(`The key "${key}" belongs to job ${admitted.id}; nothing new is sent.`);
    return { job: admitted, pollAfterMs: 0 };
  }
  let remote: RemoteVideo;
  try {
    remote = await provider.createVideo(draft.video, { signal: host.signal });
  } catch (error) {
    const status = isSoraError(error) && error.code !== 'ambiguous' ? 'failed' : 'unknown';
    const message = error instanceof Error ? error.message : String(error);
    await store.update(job.id, (current) => ({
      ...current,
      status,
      ...(status === 'failed' && { failure: { message, policy: isSoraError(error, 'policy') } }),
      updatedAt: now(),
    }));
    if (!isSoraError(error)) throw error;
    error.jobId = job.id;
    if (error.code !== 'ambiguous') throw error;
    throw new SoraError('ambiguous', `${error.message} The job may exist at ${provider.name}; nothing was repeated.`, {
      hint: unresolvedError(job).hint ?? '',
      jobId: job.id,
      ...(error.requestId !== undefined && { requestId: error.requestId }),
      cause: error,
    });
  }
  const status = remote.status === 'unknown' ? 'queued' : remote.status;
  ui.event({ event: 'created', jobId: job.id, remoteId: remote.id, status });
  const resume = resumeCommand({ globals }, job, options.wait ?? {});
  const queued = await store
    .update(job.id, (current) => ({ ...current, remoteId: remote.id, status, updatedAt: now() }))
    .catch((cause: unknown) => {
      throw new SoraError(
        'machine',
        `The job exists as ${remote.id} at ${provider.name}, but that could not be written down.`,
        {
          hint: 'Note the id: it is the only trace of this job.',
          jobId: job.id,
          cause,
        },
      );
    });
  ui.note(`Job ${job.id} is ${status} at ${provider.name} as ${remote.id}.`);
  if (options.wait) ui.note(`If the wait ends early: ${resume}`);
  return { job: queued, pollAfterMs: remote.pollAfterMs };
}
