/** A batch for tests: a folder, a home and a host of videos in this process, and runs of the use case as processes would do them. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { prepareBatch } from '../../src/batches/prepare.ts';
import type { BatchReport, BatchTotals } from '../../src/batches/report.ts';
import { type RunBatchOptions, runBatch } from '../../src/batches/run-batch.ts';
import { readJournal } from '../../src/journal/lines.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Reporter, SILENT } from '../../src/shared/reporter.ts';
import { createWorkspace, type Workspace } from '../../src/workspace.ts';
import { KEY, makeVideo } from '../helpers/far-end.ts';
import { variablesAt } from '../helpers/hosts.ts';
import { runtimeIn } from '../helpers/runtime.ts';
import { tempFolder } from '../helpers/temp.ts';
import { rendererOf } from '../sandbox/harness.ts';

export interface Told {
  readonly notes: string[];
  readonly warnings: string[];
  readonly totals: BatchTotals[];
}

/** As the host remembers it. */
export interface MadeVideo {
  readonly id: string;
  readonly prompt: string;
  readonly fate: { readonly fail?: object };
}

export interface BatchWorld {
  /** Where the batch is. */
  dir: string;
  home: string;
  readonly file: string;
  readonly told: Told;
  /** Milliseconds since the epoch: of the host, and of every run. */
  readonly clock: { ms: number };
  write(lines: readonly object[]): Promise<void>;
  play(scenario: object): void;
  /** Everything that the host was ever asked to make, oldest first. */
  made(): Promise<readonly MadeVideo[]>;
  run(options?: Partial<RunBatchOptions>, more?: RunMore): Promise<BatchReport>;
  workspace(more?: RunMore): Workspace;
  /** Is called right before each answer of the host leaves. */
  onAnswer: ((line: string) => void) | undefined;
  /** All lines of all journals. */
  journal(): Promise<readonly Record<string, unknown>[]>;
}

export interface RunMore {
  readonly key?: string;
  readonly home?: string;
  readonly pid?: number;
  /** Pids of processes that live besides. */
  readonly alive?: readonly number[];
  readonly signal?: AbortSignal;
}

/** A video is one second of 64x36, whatever is asked for. */
export const LINE = { seconds: 4, size: '1280x720' } as const;

export async function batchWorld(): Promise<BatchWorld> {
  const root = await tempFolder();
  const [dir, home, stateDir] = [join(root, 'work'), join(root, 'home'), join(root, 'host')];
  await mkdir(dir);
  const clock = { ms: Date.parse('2026-11-21T10:00:00Z') };
  const sandbox = await startSandbox({
    ...{ stateDir, ffmpeg: 'none', renderer: rendererOf(await makeVideo()), now: () => clock.ms },
    async sleep(ms) {
      clock.ms += ms;
    },
    log: (line) => world.onAnswer?.(line),
  });
  onTestFinished(() => sandbox.close());
  const told: Told = { notes: [], warnings: [], totals: [] };
  let pid = 100;

  const workspaceOf = (
    world: BatchWorld,
    { key = KEY, home: own = world.home, alive = [], signal, ...more }: RunMore,
  ): Workspace => {
    pid += 1;
    const process = more.pid ?? pid;
    // Decoding takes longer than all the rest, and has tests of its own.
    const env = { ...variablesAt(new URL(sandbox.url).origin, key, ['openai']), SORA_FFMPEG: '/nonexistent/ffmpeg' };
    const { runtime } = runtimeIn({ dir: world.dir, home: own }, { env });
    const reporter: Reporter = {
      ...SILENT,
      note: (text) => void told.notes.push(text),
      warn: (text) => void told.warnings.push(text),
    };
    const machine = {
      ...runtime,
      uptimeSeconds: () => clock.ms / 1000 - 1_000_000,
      clock: {
        now: () => clock.ms,
        async sleep(ms: number, stop?: AbortSignal) {
          stop?.throwIfAborted();
          // Others go on meanwhile, as they would.
          await new Promise((resolve) => setImmediate(resolve));
          clock.ms += ms;
        },
      },
      random: Math.random,
      ...(signal && { signal }),
      sender: () => ({ machine: 'here', pid: process }),
      isAlive: (sender: { readonly pid: number }) => alive.includes(sender.pid),
    };
    const { stdin: _in, stdout: _out, stderr: _err, ...rest } = machine;
    return createWorkspace(rest, { selection: { provider: 'openai' }, reporter });
  };

  const world: BatchWorld = {
    ...{ dir, home, told, clock, onAnswer: undefined },
    get file() {
      return join(world.dir, 'p.jsonl');
    },
    async write(lines) {
      await writeFile(world.file, lines.map((line) => `${JSON.stringify({ ...LINE, ...line })}\n`).join(''));
    },
    play: (scenario) => sandbox.play({ version: 1, jobSeconds: 1, ...scenario }),
    async made() {
      const names = (await readdir(join(stateDir, 'jobs'))).filter((name) => name.endsWith('.json'));
      const jobs = await Promise.all(
        names.map(async (name) => JSON.parse(await readFile(join(stateDir, 'jobs', name), 'utf8'))),
      );
      return jobs.toSorted((a, b) => a.sequence - b.sequence);
    },
    async run(options = {}, more = {}) {
      const workspace = workspaceOf(world, more);
      try {
        const text = await readFile(world.file, 'utf8');
        const plan = await prepareBatch(workspace, text, {
          ...{ name: 'p.jsonl', file: world.file, purpose: 'use', allowOutside: false, ask: 'use' },
          output: options.output,
        });
        return await runBatch(workspace, plan, {
          ...{ file: world.file, jobs: 2, intervalMs: 0, retries: 1, changed: false, resend: [], anew: [] },
          ...{
            allowDrift: true,
            deadlineMs: clock.ms + 86_400_000,
            onTotals: (totals) => void told.totals.push(totals),
          },
          ...options,
        });
      } finally {
        await workspace.close();
      }
    },
    workspace: (more = {}) => workspaceOf(world, more),
    async journal() {
      const names = (await readdir(world.dir)).filter((name) => name.includes('.journal') && name.endsWith('.jsonl'));
      const texts = await Promise.all(names.map((name) => readFile(join(world.dir, name), 'utf8')));
      return texts.flatMap((text) => readJournal(text).lines) as unknown as Record<string, unknown>[];
    },
  };
  world.play({});
  return world;
}
