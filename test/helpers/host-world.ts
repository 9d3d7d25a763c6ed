/** A host of videos in this process, and workspaces at it as processes of one machine would have them, for runs of many requests. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readJournal } from '../../src/journal/lines.ts';
import type { HostName } from '../../src/providers/index.ts';
import type { Renderer } from '../../src/sandbox/render/render.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Reporter, SILENT } from '../../src/shared/reporter.ts';
import { createWorkspace, type Workspace } from '../../src/workspace.ts';
import { rendererOf } from '../sandbox/harness.ts';
import { KEY, makeVideo } from './far-end.ts';
import { variablesAt } from './hosts.ts';
import { runtimeIn } from './runtime.ts';
import { tempFolder } from './temp.ts';

/** As the host remembers it. */
export interface MadeVideo {
  readonly id: string;
  readonly prompt: string;
  readonly fate: { readonly fail?: object };
}

export interface RunMore {
  readonly key?: string;
  readonly home?: string;
  readonly pid?: number;
  /** Pids of processes that live besides. */
  readonly alive?: readonly number[];
  readonly signal?: AbortSignal;
  /** The host that is chosen; both have their keys. */
  readonly provider?: HostName;
}

export interface HostWorld {
  /** Where the files of the user are. */
  dir: string;
  home: string;
  /** Milliseconds since the epoch: of the host, and of every run. */
  readonly clock: { ms: number };
  readonly told: { readonly notes: string[]; readonly warnings: string[] };
  play(scenario: object): void;
  /** Everything that the host was ever asked to make, oldest first. */
  made(): Promise<readonly MadeVideo[]>;
  workspace(more?: RunMore): Workspace;
  /** Is called right before each answer of the host leaves. */
  onAnswer: ((line: string) => void) | undefined;
  /** All lines of all journals. */
  journal(): Promise<readonly Record<string, unknown>[]>;
}

/** A video is one second of 64x36, whatever is asked for, unless another renderer makes it. */
export async function hostWorld({ renderer }: { readonly renderer?: Renderer } = {}): Promise<HostWorld> {
  const root = await tempFolder();
  const [dir, home, stateDir] = [join(root, 'work'), join(root, 'home'), join(root, 'host')];
  await mkdir(dir);
  const clock = { ms: Date.parse('2026-11-21T10:00:00Z') };
  const sandbox = await startSandbox({
    ...{ stateDir, ffmpeg: 'none', renderer: renderer ?? rendererOf(await makeVideo()), now: () => clock.ms },
    async sleep(ms) {
      clock.ms += ms;
    },
    log: (line) => world.onAnswer?.(line),
  });
  onTestFinished(() => sandbox.close());
  const told: HostWorld['told'] = { notes: [], warnings: [] };
  let pid = 100;

  const world: HostWorld = {
    ...{ dir, home, clock, told, onAnswer: undefined },
    play: (scenario) => sandbox.play({ version: 1, jobSeconds: 1, ...scenario }),
    async made() {
      const names = (await readdir(join(stateDir, 'jobs')).catch(() => [])).filter((name) => name.endsWith('.json'));
      const jobs = await Promise.all(
        names.map(async (name) => JSON.parse(await readFile(join(stateDir, 'jobs', name), 'utf8'))),
      );
      return jobs.toSorted((a, b) => a.sequence - b.sequence);
    },
    workspace({ key = KEY, home: own = world.home, alive = [], signal, provider = 'openai', ...more } = {}) {
      pid += 1;
      const process = more.pid ?? pid;
      // Decoding takes longer than all the rest, and has tests of its own.
      const keys = variablesAt(new URL(sandbox.url).origin, key);
      const env = { ...keys, SORA_FFMPEG: '/nonexistent/ffmpeg' };
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
      return createWorkspace(rest, { selection: { provider }, reporter });
    },
    async journal() {
      const names = (await readdir(world.dir)).filter((name) => name.includes('.journal') && name.endsWith('.jsonl'));
      const texts = await Promise.all(names.map((name) => readFile(join(world.dir, name), 'utf8')));
      return texts.flatMap((text) => readJournal(text).lines) as unknown as Record<string, unknown>[];
    },
  };
  world.play({});
  return world;
}
