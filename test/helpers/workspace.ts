/** A workspace at a sandbox in this process, for use cases: no command line, and what they tell is kept. */
import { onTestFinished } from 'vitest';
import type { HostName } from '../../src/providers/index.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { SILENT } from '../../src/shared/reporter.ts';
import { createWorkspace, type Workspace } from '../../src/workspace.ts';
import { rendererOf } from '../sandbox/harness.ts';
import { KEY } from './far-end.ts';
import { variablesAt } from './hosts.ts';
import { createTestRuntime } from './runtime.ts';
import { tempFolder } from './temp.ts';

export interface OpenWorkspace {
  readonly workspace: Workspace;
  readonly home: string;
  /** The working directory: empty. */
  readonly dir: string;
  readonly told: {
    readonly notes: string[];
    readonly warnings: string[];
    readonly events: Readonly<Record<string, unknown>>[];
  };
  /** What the host was asked, one line per answer. */
  readonly asked: readonly string[];
  /** What was written to the streams of the process, which no use case knows. */
  printed(): string;
}

/** `video`: what every job of the sandbox makes. */
export async function openWorkspace({
  provider = 'openai',
  video = Buffer.alloc(0),
}: {
  provider?: HostName;
  video?: Buffer;
} = {}): Promise<OpenWorkspace> {
  const asked: string[] = [];
  const sandbox = await startSandbox({
    log: (line) => void asked.push(line),
    ...{ stateDir: await tempFolder(), ffmpeg: 'none', renderer: rendererOf(video) },
    now: () => clock.ms,
  });
  onTestFinished(() => sandbox.close());
  const env = variablesAt(new URL(sandbox.url).origin, KEY, [provider]);
  const { runtime, home, dir, clock, stdout, stderr } = await createTestRuntime({ env });
  const { stdin: _in, stdout: _out, stderr: _err, ...machine } = runtime;
  const told: OpenWorkspace['told'] = { notes: [], warnings: [], events: [] };
  const workspace = createWorkspace(machine, {
    selection: { provider },
    reporter: {
      ...SILENT,
      note: (text) => void told.notes.push(text),
      warn: (text) => void told.warnings.push(text),
      event: (event) => void told.events.push(event),
    },
  });
  onTestFinished(() => workspace.close());
  return { workspace, home, dir, told, asked, printed: () => stdout.text() + stderr.text() };
}
