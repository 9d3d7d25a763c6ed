/** Accounts of hosts, without their keys: an account knows only what it has made, so that a 404 under another one says nothing. */
import { hashText } from '../../disk/hash.ts';
import type { ProviderEntry } from '../../providers/entry.ts';
import { hostTitle, PROVIDERS } from '../../providers/index.ts';
import { SETTLING_MS } from '../../providers/provider.ts';
import type { Connection } from '../../settings/choose-provider.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/job.ts';
import { oneLine, sentence } from '../../shared/text.ts';
import type { JobPlace, Workspace } from '../../workspace.ts';

/** Eight hex digits: which account of a host a request was sent by. A key is in it, and cannot be read out of it. */
export function accountOf({ baseUrl, key }: { readonly baseUrl: string; readonly key: string | undefined }): string {
  return hashText(`${baseUrl}\n${key ?? ''}`).slice(0, 8);
}

/**
 * An account in every form in which records know it, the one that new records are given first: the base URL is in it, and earlier
 * versions took that as it was configured.
 */
export type Accounts = readonly [string, ...string[]];

export function accountsOf({ name, baseUrl, key }: Pick<Connection, 'name' | 'baseUrl' | 'key'>): Accounts {
  const entry: ProviderEntry = PROVIDERS[name];
  const others = entry.otherForms?.(baseUrl) ?? [];
  return [accountOf({ baseUrl, key }), ...others.map((form) => accountOf({ baseUrl: form, key }))];
}

/** The account by which this home would ask about a job now; undefined where it would not. */
export async function accountHere(workspace: Workspace, job: JobPlace): Promise<Accounts | undefined> {
  try {
    return accountsOf(await workspace.connectionOf(job, 'preview'));
  } catch (error) {
    if (!isSoraError(error)) throw error;
    return undefined;
  }
}

/** No host keeps a job for so long: what one does not know then is over, whoever asks. */
const LONGEST_MS = 30 * 86_400_000;

/** Whether a 404 says nothing of the job: it was made by another account. Of records of earlier versions nobody knows. */
export function isOfOtherAccount(job: Remote, accounts: readonly string[] | undefined, nowMs: number): boolean {
  if (job.account === undefined || accounts === undefined || accounts.includes(job.account)) return false;
  return nowMs - Date.parse(job.createdAt) < LONGEST_MS;
}

/**
 * What a host says of a question about a job, as it is to be understood: a key that made the job a moment ago is not refused for
 * good. Gateways of several servers know a new job, or a new key, on one of them first.
 */
export function errorAboutJob(
  job: Remote,
  error: SoraError,
  { accounts, nowMs }: { readonly accounts: readonly string[] | undefined; readonly nowMs: number },
): SoraError {
  error.jobId ??= job.id;
  const isNew = nowMs - Date.parse(job.createdAt) < SETTLING_MS;
  if (error.code !== 'auth' || !isNew || isOfOtherAccount(job, accounts, nowMs)) return error;
  const { requestId } = error;
  return new SoraError('network', `${sentence(error.message)} The same key made the job a moment ago.`, {
    hint: `Some hosts take a minute or two to know a job everywhere. Ask again then: sora video status ${job.id}`,
    ...{ jobId: job.id, cause: error },
    ...(requestId !== undefined && { requestId }),
  });
}

export function otherAccount(job: Remote): SoraError {
  const { id, remoteId } = job;
  return new SoraError(
    'auth',
    `${hostTitle(job)} does not know job ${id} as ${oneLine(remoteId, 200)} under this key; another key made it.`,
    { hint: 'Run the command again with that key: only its account knows what became of the job.', jobId: id },
  );
}
