/** The sandbox as a process of its own, reached by the variables that it prints. */
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { BIN, type Machine, said } from './cli.ts';

export interface Served {
  /** As printed: of every host its base URL and its key. */
  readonly variables: Readonly<Record<string, string>>;
  /** What it exits with after Ctrl-C. */
  stop(): Promise<number | undefined>;
}

/** With a home of its own in the machine's folder, called by that name. Killed after the test. */
export async function serveSandbox(
  { env, dir }: Pick<Machine, 'env' | 'dir'>,
  home: string,
  more: readonly string[] = [],
): Promise<Served> {
  const server = execa(process.execPath, [BIN, 'sandbox', 'serve', '--json', ...more], {
    env: { ...env, SORA_HOME: join(dir, home) },
    extendEnv: false,
    reject: false,
    cwd: dir,
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  let text = '';
  server.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await said(server, 'stdout', '\n}');
  const { env: variables } = JSON.parse(text) as { env: Record<string, string> };
  return {
    variables,
    async stop() {
      server.kill('SIGINT');
      return (await server).exitCode;
    },
  };
}
