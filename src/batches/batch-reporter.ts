/** What is heard of the many requests of a batch: warnings once, no lines of single jobs, and no command for each of them. */
import { SoraError } from '../shared/errors.ts';
import { type Reporter, SILENT_TASK } from '../shared/reporter.ts';
import { inLineWords } from './line-words.ts';

/** Over the reporter of whoever runs the batch. */
export function createBatchReporter(base: Reporter): Reporter {
  const said = new Set<string>();
  return {
    note() {},
    warn(text) {
      // Of three hundred jobs with one trouble, one is told.
      const shape = text.replace(/job_[0-9a-z]+/g, 'a job').replace(/\d+/g, '0');
      if (said.has(shape)) return;
      said.add(shape);
      base.warn(inLineWords(text));
    },
    event: (event) => base.event(event),
    task: async () => SILENT_TASK,
    // A forced exit names each job; how to go on is one command of the batch.
    error({ code, message, jobId }) {
      base.error(new SoraError(code, inLineWords(message), jobId === undefined ? {} : { jobId }));
    },
  };
}
