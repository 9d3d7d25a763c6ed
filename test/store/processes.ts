/** Real processes that use the store: Node cannot run TypeScript everywhere, so the worker is bundled first. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'rolldown';
import { onTestFinished } from 'vitest';

export interface Workers {
  /** Runs a task of the worker to its end and returns what it printed. */
  run(task: string, ...args: (string | number)[]): Promise<unknown>;
  /** Starts a task that does not end, and returns once it has printed a line. It is killed with the test. */
  start(task: string, ...args: (string | number)[]): Promise<{ kill(): Promise<void> }>;
  close(): void;
}

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
  const launch = (args: readonly (string | number)[]) =>
    spawn(process.execPath, [outfile, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });

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
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
