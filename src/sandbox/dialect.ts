/** What a host is to the sandbox: where it is mounted, what its requests are about, and how they are answered. */
import type { CallRoute } from './calls.ts';
import type { Dialect } from './http.ts';
import type { TaskOptions } from './task-host/tasks.ts';
import type { Uploads } from './task-host/uploads.ts';

/** What every dialect may be made of. */
export interface DialectOptions extends TaskOptions {
  readonly uploads: Uploads;
}

export interface HostDialect {
  /** The path of its base URL: what is below it is matched and answered. Empty, or like `/v1`. */
  readonly base: string;
  /** Beginnings of whole paths that are its own; of all hosts the longest that fits decides. */
  readonly mounts: readonly string[];
  /** Paths below the base. */
  readonly calls: readonly CallRoute[];
  create(options: DialectOptions): Dialect;
}
