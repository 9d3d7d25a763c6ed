/** `sora` for scripts of a shell that is run in the process of the test: a process for each of its commands would take most of the time. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { runHere } from './here.ts';

/**
 * Put before a script for bash, makes `sora` what `answerCalls` runs. What reads a pipe or another of the shell's own files
 * is run by the program.
 */
export const SHELL_FUNCTION = `
sora() {
  local call exit word
  case "$*" in */dev/fd/*) command sora "$@"; return ;; esac
  if [ -p /dev/stdin ]; then command sora "$@"; return; fi
  call=$(mktemp -d "$CALLS/XXXXXX")
  for word; do printf '%s\\0' "$word"; done > "$call/args"
  env -0 > "$call/env"
  exec 7<>"/dev/tcp/127.0.0.1/$CALLS_PORT"
  echo "$call" >&7
  read -r exit <&7
  exec 7>&-
  cat "$call/stdout"
  cat "$call/stderr" >&2
  return "$exit"
}
`;

export interface Calls {
  /** What the scripts need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The words of each command that was run. */
  readonly commands: readonly string[];
  close(): void;
}

/** Each connection names a folder in `folder` with the words and the environment of one command, and is told how it ended. */
export async function answerCalls(folder: string): Promise<Calls> {
  const commands: string[] = [];
  const listOf = (path: string): string[] => readFileSync(path, 'utf8').split('\0').slice(0, -1);
  const answer = async (call: string): Promise<number> => {
    const args = listOf(join(call, 'args'));
    const pairs = listOf(join(call, 'env')).map((line) => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1),
    ]);
    const env = Object.fromEntries(pairs) as Record<string, string>;
    commands.push(args.join(' '));
    const { exitCode, stdout, stderr } = await runHere(
      { dir: env.PWD ?? '', env, ...(env.HOME !== undefined && { homeDir: env.HOME }) },
      args,
    );
    writeFileSync(join(call, 'stdout'), stdout);
    writeFileSync(join(call, 'stderr'), stderr);
    return exitCode;
  };
  const server: Server = createServer((socket) => {
    socket.once('data', async (line) => {
      const exit = await answer(line.toString().trim()).catch((error: unknown) => {
        commands.push(String(error));
        return 1;
      });
      socket.end(`${exit}\n`);
    });
  });
  const port = await listening(server);
  const calls = mkdtempSync(join(folder, 'calls-'));
  return { env: { CALLS: calls, CALLS_PORT: String(port) }, commands, close: () => void server.close() };
}

/** The port of a server that listens at one of its own from now on. */
export function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}
