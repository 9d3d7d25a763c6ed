/** Real processes that use the store: Node cannot run TypeScript everywhere, so the worker is bundled first. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { build } from 'rolldown';
import { onTestFinished } from 'vitest';

export interface Workers {
  /** Runs a task of the worker to its end and returns what it printed. */
  run(task: string, ...args: (string | number)[]): Promise<unknown>;
  /** Starts a task that does not end, and returns once it has printed a line. It is killed with the test. */
  start(task: string, ...args: (string | number)[]): Promise<{ kill(): Promise<void> }>;
  /** Starts a task that ends, or stands still, at a call of `node:fs`. It is killed with the test. */
  begin(hook: Hook | undefined, task: string, ...args: (string | number)[]): Running;
  close(): void;
}

/** A call of `node:fs` on a file of that name, before or after which the process is sent a signal. */
export interface Hook {
  readonly call: 'mkdirSync' | 'utimesSync' | 'renameSync' | 'rmdirSync';
  /** A pattern for the name of the file. */
  readonly file: string;
  readonly nth?: number;
  readonly when: 'before' | 'after';
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export interface Running {
  /** The next line that it prints, `stopped` among them; undefined when it has ended. */
  line(): Promise<string | undefined>;
  /** Lets it go on, for good. */
  resume(): void;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Loaded before a worker. */
const HOOKS = `
  const fs = require('node:fs');
  const { call, file, nth = 1, when, signal } = JSON.parse(process.env.LOCK_HOOK);
  const real = fs[call];
  let seen = 0;
  const end = () => {
    if (signal === 'SIGSTOP') fs.writeSync(1, 'stopped\\n');
    process.kill(process.pid, signal);
  };
  fs[call] = (path, ...rest) => {
    const isIt = new RegExp(file).test(require('node:path').basename(path)) && ++seen === nth;
    if (!isIt) return real(path, ...rest);
    if (when === 'before') end();
    const result = real(path, ...rest);
    if (when === 'after') end();
    return result;
  };
`;

export async function bundleWorkers(): Promise<Workers> {
  const folder = mkdtempSync(join(tmpdir(), 'sora-worker-'));
  const outfile = join(folder, 'worker.cjs');
  const entry = join(folder, 'entry.js');
  writeFileSync(
    entry,
    `import { runTask } from ${JSON.stringify(join(import.meta.dirname, 'worker.ts'))};
     runTask(process.argv.slice(2)).catch((error) => { console.error(error); process.exitCode = 1; });`,
  );
  await build({
    input: entry,
    platform: 'node',
    logLevel: 'silent',
    output: { file: outfile, format: 'cjs', codeSplitting: false },
  });
  const hooks = join(folder, 'hooks.cjs');
  writeFileSync(hooks, HOOKS);
  const launch = (args: readonly (string | number)[], hook?: Hook) =>
    spawn(process.execPath, [...(hook ? ['--require', hooks] : []), outfile, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(hook && { LOCK_HOOK: JSON.stringify(hook) }) },
    });

  return {
    async run(...args) {
      const child = launch(args);
      const [output, errors, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      if (code !== 0) throw new Error(`The worker failed: ${errors}`);
      return JSON.parse(output);
    },
    async start(...args) {
      const child = launch(args);
      onTestFinished(() => kill(child));
      const failed = text(child.stderr).then((errors) => Promise.reject(new Error(`The worker ended: ${errors}`)));
      failed.catch(() => undefined);
      await Promise.race([once(child.stdout, 'data'), failed]);
      child.stdout.resume();
      return { kill: () => kill(child) };
    },
    begin(hook, ...args) {
      const child = launch(args, hook);
      onTestFinished(() => kill(child));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
      return {
        ended,
        line: async () => (await lines.next()).value as string | undefined,
        resume() {
          // It may be about to stand still: what comes before would have no effect.
          const again = setInterval(() => child.kill('SIGCONT'), 20);
          void ended.finally(() => clearInterval(again));
        },
      };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
