/** What a diagnosis finds: a line of its report each, and how an error becomes one. */
import { type ErrorCode, isSoraError } from '../shared/errors.ts';

/** One line of the report. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** With the error that it stands for; one without is a remark, and fails nothing. */
export type Finding = Check & { readonly code?: ErrorCode };

/** The first of these that was found is the exit code. */
export const WORST: readonly ErrorCode[] = ['machine', 'auth', 'network', 'budget', 'policy', 'refused'];

/** What an error says becomes the finding; what is wrong here is this machine's trouble, whoever reports it. */
export async function runCheck(check: string, work: () => Promise<string>, remote = false): Promise<Finding> {
  try {
    return { check, ok: true, detail: await work() };
  } catch (error) {
    if (!isSoraError(error) || error.code === 'interrupted' || error.code === 'terminated') throw error;
    const { message, hint } = error;
    const code = error.code === 'auth' || (remote && WORST.includes(error.code)) ? error.code : 'machine';
    return { check, ok: false, detail: message, ...(hint !== undefined && { fix: hint }), code };
  }
}
