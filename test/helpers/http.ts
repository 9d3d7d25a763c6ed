import { onTestFinished } from 'vitest';
import { createHttp, type Http, type HttpOptions } from '../../src/http/client.ts';
import type { Clock } from '../../src/shared/time.ts';

export interface TestHttp {
  readonly http: Http;
  /** Milliseconds of every pause that was asked for. */
  readonly pauses: number[];
  /** The wire log. */
  readonly lines: string[];
}

/** HTTP with a clock that never waits, for the length of the running test. */
export function createTestHttp(options: Partial<HttpOptions> = {}): TestHttp {
  const pauses: number[] = [];
  const lines: string[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      pauses.push(ms);
    },
  };
  const http = createHttp({
    clock,
    random: () => 0.5,
    proxy: {},
    allowHttp: false,
    debug: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => http.close());
  return { http, pauses, lines };
}
