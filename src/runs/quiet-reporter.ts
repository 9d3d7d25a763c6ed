/** What is heard of many requests at once: warnings once, no lines of single jobs, and no command for each of them. */
import { SoraError } from '../shared/errors.ts';
import { type Reporter, SILENT_TASK } from '../shared/reporter.ts';

/** Over the reporter of whoever runs them; `inWords` says what use cases say in the words of the file that they stand in. */
export function createQuietReporter(base: Reporter, inWords: (text: string) => string): Reporter {
  const said = new Set<string>();
  return {
    note() {},
    warn(text) {
      // Of three hundred jobs with one trouble, one is told.
      const shape = text.replace(/job_[0-9a-z]+/g, 'a job').replace(/\d+/g, '0');
      if (said.has(shape)) return;
      said.add(shape);
      base.warn(inWords(text));
    },
    event: (event) => base.event(event),
    task: async () => SILENT_TASK,
    // A forced exit names each job; how to go on is one command of the whole.
    error({ code, message, jobId }) {
      base.error(new SoraError(code, inWords(message), jobId === undefined ? {} : { jobId }));
    },
  };
}
