/** A batch for tests: a folder, a home and a host of videos in this process, and runs of the use case as processes would do them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { batchStatus } from '../../src/batches/batch-status.ts';
import { prepareBatch } from '../../src/batches/prepare.ts';
import type { BatchReport, BatchTotals } from '../../src/batches/report.ts';
import { type RunBatchOptions, runBatch } from '../../src/batches/run-batch.ts';
import { type HostWorld, hostWorld, type RunMore } from '../helpers/host-world.ts';

export interface Told {
  readonly notes: string[];
  readonly warnings: string[];
  readonly totals: BatchTotals[];
}

export interface BatchWorld extends HostWorld {
  /** The batch, in the folder. */
  readonly file: string;
  readonly told: Told;
  write(lines: readonly object[]): Promise<void>;
  run(options?: Partial<RunBatchOptions>, more?: RunMore): Promise<BatchReport>;
  /** How it stands, without asking anybody. */
  status(): Promise<BatchReport>;
}

/** A video is one second of 64x36, whatever is asked for. */
export const LINE = { seconds: 4, size: '1280x720' } as const;

export async function batchWorld(): Promise<BatchWorld> {
  const host = await hostWorld();
  const told: Told = { ...host.told, totals: [] };
  const world: BatchWorld = Object.assign(host, {
    told,
    file: '',
    async write(lines: readonly object[]) {
      await writeFile(world.file, lines.map((line) => `${JSON.stringify({ ...LINE, ...line })}\n`).join(''));
    },
    async status() {
      const workspace = world.workspace();
      try {
        const plan = await prepareBatch(workspace, await readFile(world.file, 'utf8'), {
          ...{ name: 'p.jsonl', file: world.file, purpose: 'preview', allowOutside: false, ask: undefined },
          output: undefined,
        });
        return await batchStatus(workspace, { plan, path: world.file, owner: {} }, { allowDrift: true });
      } finally {
        await workspace.close();
      }
    },
    async run(options: Partial<RunBatchOptions> = {}, more: RunMore = {}) {
      const workspace = world.workspace(more);
      try {
        const text = await readFile(world.file, 'utf8');
        const plan = await prepareBatch(workspace, text, {
          ...{ name: 'p.jsonl', file: world.file, purpose: 'use', allowOutside: false, ask: 'use' },
          output: options.output,
        });
        return await runBatch(workspace, plan, {
          ...{ file: world.file, jobs: 2, intervalMs: 0, retries: 1, changed: false, resend: [], anew: [], adopt: [] },
          ...{
            allowDrift: true,
            deadlineMs: world.clock.ms + 86_400_000,
            onTotals: (totals) => void told.totals.push(totals),
          },
          ...options,
        });
      } finally {
        await workspace.close();
      }
    },
  });
  // The folder may be another later.
  Object.defineProperty(world, 'file', { get: () => join(world.dir, 'p.jsonl') });
  return world;
}
