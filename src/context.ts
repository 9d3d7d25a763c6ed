/** The one object that commands are given: a workspace, the terminal, and what the user said for every command (Globals). */
import type { Readable } from 'node:stream';
import { SoraError } from './shared/errors.ts';
import type { Sink, Ui } from './terminal/ui.ts';
import { createWorkspace, type Machine, type Selection, type Workspace } from './workspace.ts';

/** The process, as the rest of the program may see it: its machine and its streams. Tests make their own. */
export interface Runtime extends Machine {
  readonly stdin: { readonly stream: Readable; readonly isTTY: boolean };
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** The arguments as they were given; undefined where the system does not tell. */
  argumentBytes?(): readonly Uint8Array[] | undefined;
}

/** Options that every command takes. */
export interface Globals extends Selection {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

export interface Context extends Workspace {
  readonly runtime: Runtime;
  readonly globals: Globals;
  readonly ui: Ui;
  /** Asks on the terminal; throws `usage` with `hint` where there is none. */
  confirm(question: string, hint: string): Promise<boolean>;
}

export function createContext(runtime: Runtime, globals: Globals, ui: Ui): Context {
  const workspace = createWorkspace(runtime, {
    selection: globals,
    reporter: ui,
    stdin: runtime.stdin,
    onSecret: (key) => ui.keepSecret(key),
    onWire: globals.debug ? (line) => ui.debug(line) : undefined,
  });
  return {
    ...workspace,
    runtime,
    globals,
    ui,
    async confirm(question, hint) {
      if (!runtime.stdin.isTTY || !runtime.stderr.isTTY || runtime.env.CI)
        throw new SoraError('usage', 'There is no terminal to ask on.', { hint });
      const { ask } = await import('./terminal/ask.ts');
      return (await ask(runtime, question, { byDefault: false })) ?? false;
    },
  };
}
