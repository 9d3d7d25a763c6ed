/** What a request brought instead of a job: what of it is told, and what of it is written down. */
import { hostTitle } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { type ErrorCode, isSoraError, SoraError } from '../shared/errors.ts';
import { isUnanswered, type Job, type RefusalCode, UNSENT } from '../shared/job.ts';
import { sentence, shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { recoveryCommands } from './jobs/command.ts';

/** The error as it is told, with how to go on; `look` says how to see what became of the job. */
export function toldFailure(
  workspace: Workspace,
  job: Job,
  { provider, error, look }: { readonly provider: Provider; readonly error: unknown; readonly look: string },
): unknown {
  if (isSoraError(error, 'ambiguous')) return unknownError(workspace, job, { provider, error, look });
  return isSoraError(error, 'network') ? neverSent(error) : error;
}

/** With the model to try next, where a moderation refused over a face. */
export async function overAFace(workspace: Workspace, job: Job, error: SoraError): Promise<SoraError> {
  if (error.code !== 'policy') return error;
  return (await import('./jobs/face-refusal.ts')).withNextModel(workspace, job, error);
}

/** Whoever has mended the connection, or its base URL, asks for the same again: a resend would go where this one went. */
function neverSent(error: SoraError): SoraError {
  const way = 'Nothing was sent, and nothing was paid: run the same command again.';
  const { jobId, reason, requestId, retryAfterMs, hint } = error;
  return new SoraError('network', error.message, {
    hint: hint === undefined ? way : `${hint}\n${way}`,
    ...(jobId !== undefined && { jobId }),
    ...(reason !== undefined && { reason }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/** The answer was lost: what to look for, and how to go on. */
function unknownError(
  workspace: Workspace,
  job: Job,
  { provider, error, look }: { provider: Provider; error: SoraError; look: string },
): SoraError {
  const { knownId } = error;
  const adopt =
    knownId === undefined
      ? ''
      : `\nIf it is ${knownId}: sora video wait ${job.id} ${shellOption('adopt', shellQuote(knownId))}`;
  return new SoraError(
    'ambiguous',
    `${sentence(error.message)} The job may exist at ${hostTitle(provider)}; nothing was repeated.`,
    {
      hint: `${provider.list || job.usageBefore ? look : 'Look for it in the list or the bill of your host.'}${adopt}\n${recoveryCommands(workspace, job)}`,
      jobId: job.id,
      ...(error.requestId !== undefined && { requestId: error.requestId }),
      cause: error,
    },
  );
}

/** After one of these no host was asked to make anything. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'clip',
  'machine',
  'network',
  'interrupted',
  'terminated',
] as const);

/** Undefined for a host's no to the request itself, and where nobody knows. */
function refusalCode({ code, reason }: SoraError): RefusalCode | undefined {
  if (NOT_SENT.has(code)) return UNSENT;
  if (reason === 'rate-limited') return reason;
  return code === 'auth' || code === 'budget' ? code : undefined;
}

/** What is known of a request that brought no job. That it cannot be written must not hide why. */
export async function writeDownFailure(workspace: Workspace, job: Job, error: unknown): Promise<void> {
  const { reporter, runtime } = workspace;
  const code = isSoraError(error) ? error.code : 'ambiguous';
  const message = error instanceof Error ? error.message : String(error);
  const refusal = isSoraError(error) ? refusalCode(error) : undefined;
  const failure = { message, policy: code === 'policy', ...(refusal && { code: refusal }) };
  const updatedAt = new Date(runtime.clock.now()).toISOString();
  const store = await workspace.jobs();
  await store
    .update(
      job.id,
      (current): Job =>
        // Another command may have found it at the host meanwhile.
        isUnanswered(current)
          ? code === 'ambiguous'
            ? { ...current, status: 'unknown', failure, updatedAt }
            : { ...current, status: 'failed', failure, updatedAt }
          : current,
    )
    .catch((cause: unknown) => {
      reporter.warn(`${job.id}: its record was not updated: ${cause instanceof Error ? cause.message : cause}`);
    });
}
