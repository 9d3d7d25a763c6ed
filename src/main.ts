/** The process: the only file that touches it. Everything else is given a Runtime. */
import { setMaxListeners } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { homedir, hostname, uptime, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import pkg from '../package.json' with { type: 'json' };
import type { Runtime } from './context.ts';
import { storePaths } from './disk/paths.ts';
import { removeUnfinished } from './disk/temporary.ts';
import { runExitSteps } from './shared/at-exit.ts';
import { EXIT_CODES, SoraError } from './shared/errors.ts';
import { exitMessages } from './shared/exit-messages.ts';
import { oneLine } from './shared/text.ts';
import type { Sink } from './terminal/ui.ts';

const env = { ...process.env };
// Children inherit process.env, fluent-ffmpeg's without asking: nothing secret may stand in it, nor a URL with a password.
for (const name of Object.keys(env)) {
  if (/(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|_PAT|_AUTH|_PROXY|_URL|_DSN)$/i.test(name)) {
    delete process.env[name];
  }
}

const controller = new AbortController();
// Whoever waits for something listens to it: with many jobs, many do.
setMaxListeners(0, controller.signal);

/** The last signal that counted, and when it came. */
let last: { readonly signal: string; readonly ms: number } | undefined;

/**
 * One that comes again at once is no other wish: `timeout` signals the process and its group, and conf's when-exit
 * raises each signal once more (https://github.com/fabiospampinato/when-exit).
 */
const ECHO_MS = 200;
for (const [signal, code, words] of [
  ['SIGINT', 'interrupted', 'Interrupted.'],
  ['SIGTERM', 'terminated', 'Stopped by SIGTERM.'],
  ['SIGHUP', 'terminated', 'Stopped: the terminal is gone.'],
] as const) {
  process.on(signal, () => {
    if (last?.signal === signal && performance.now() - last.ms < ECHO_MS) return;
    last = { signal, ms: performance.now() };
    if (!controller.signal.aborted) {
      controller.abort(new SoraError(code, `${words} Nothing was created.`));
      return;
    }
    // The second one means it: leave at once.
    void exitMessages.leave(() => {
      removeUnfinished();
      process.exit(EXIT_CODES[code]);
    });
  });
}

process.on('exit', runExitSteps);

// A file that may not grow (ulimit -f) is an error of that write, which says so; by default it is the end of the process.
process.on('SIGXFSZ', () => {});

// Also catches what no promise leads to: an 'error' event without a listener, a rejection nobody waits for.
process.on('uncaughtException', (error) => {
  exitMessages.say();
  removeUnfinished();
  process.stderr.write(
    `error: This is a bug in sora: ${oneLine(`${error}`)}\nhint: sora video list shows every job that was sent.\n`,
  );
  process.exit(EXIT_CODES.bug);
});

let unwritten: NodeJS.ErrnoException | undefined;
// A reader that went away (`| head -1`; from a socket it resets the connection) is no reason to end a paid job: what it would
// have read is dropped. Any other failure (`> /dev/full`) means that the result is not where it was asked for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') unwritten ??= error;
});
// What is said on the way is no part of the result, which is whole without it.
process.stderr.on('error', () => {});

const sink = (stream: NodeJS.WriteStream): Sink => ({
  stream,
  isTTY: stream.isTTY === true,
  columns: stream.columns ?? (Number(env.COLUMNS) || 80),
});

/**
 * By HOME, unless that is empty or relative, else by the system's list of users, in which a container's user may be
 * missing: both are then asked in vain, and Node throws.
 */
function homeFolder(): string | undefined {
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const folder = ask();
      if (isAbsolute(folder) && !/\p{Cc}/u.test(folder)) return folder;
    } catch {
      // The next one may know.
    }
  }
  // env-paths, which conf brings, asks while it is loaded and does not expect an error.
  process.env.HOME = '/nonexistent';
  return undefined;
}

/** A line of /proc; undefined on other systems. */
function procLine(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Of the process, behind those of Node itself. Linux tells them. */
function argumentBytes(): readonly Uint8Array[] | undefined {
  try {
    const line = readFileSync('/proc/self/cmdline');
    const ends = [...line.entries()].filter(([, byte]) => byte === 0).map(([index]) => index);
    const all = ends.map((end, index) => line.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, end));
    const own = process.argv.length - 2;
    return all.length > own ? all.slice(all.length - own) : undefined;
  } catch {
    return undefined;
  }
}

/** Two containers on one kernel have pids of their own; a machine that was started again has others. */
const machineName = (): string =>
  [hostname(), procLine('sys/kernel/random/boot_id'), containerOf()].filter(Boolean).join(' ');

function containerOf(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** In ticks since the machine was started: a pid is given to another process one day. Behind the name, which may hold spaces. */
function startOf(pid: number): string | undefined {
  return procLine(`${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19];
}

const runtime: Runtime = {
  env,
  get cwd() {
    try {
      return process.cwd();
    } catch (cause) {
      throw new SoraError('machine', 'The current folder no longer exists.', {
        hint: 'Change to one that exists, then run the command again.',
        cause,
      });
    }
  },
  platform: process.platform,
  homeDir: homeFolder(),
  uptimeSeconds: () => {
    try {
      return uptime();
    } catch {
      // Some sandboxes do not let a process know.
      return undefined;
    }
  },
  nodeVersion: process.versions.node,
  stdin: {
    get stream() {
      return process.stdin;
    },
    get isTTY() {
      return process.stdin.isTTY === true;
    },
  },
  argumentBytes,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const stop = (): void => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, ms);
        signal?.addEventListener('abort', stop, { once: true });
      }),
  },
  random: Math.random,
  signal: controller.signal,
  sender: () => {
    const startedAt = startOf(process.pid);
    return { machine: machineName(), pid: process.pid, ...(startedAt !== undefined && { startedAt }) };
  },
  isAlive: ({ pid, startedAt }) => {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // One of another user may not be signalled, and lives.
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
    }
    return startedAt === undefined || startedAt === startOf(pid);
  },
};

/** What is the same every time is answered before the rest of the program is read; undefined for everything else. */
function constantAnswer(argv: readonly string[]): string | undefined {
  const [word] = argv.length === 1 ? argv : [];
  if (word === '--version' || word === '-V') return `${pkg.version}\n`;
  if ((word !== '--help' && word !== '-h') || runtime.stdout.columns !== HELP_COLUMNS) return undefined;
  try {
    return readFileSync(new URL('./help.txt', import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}

/** Of the help that the build keeps. */
const HELP_COLUMNS = 80;

/**
 * Lets Node keep what it compiles, where it can (from 22.1): https://nodejs.org/api/module.html#module-compile-cache
 * In the user's own cache folder, since what lies there is run, and only once sora has kept anything here: looking leaves
 * nothing behind.
 */
function keepCompiledCode(): void {
  // Not in 22.1 and 22.2, which can keep code.
  const { enableCompileCache } = (process.getBuiltinModule?.('node:module') ?? {}) as {
    enableCompileCache?(folder: string): unknown;
  };
  if (!enableCompileCache) return;
  try {
    const { characters, jobs, cache } = storePaths(runtime);
    if (!(existsSync(characters) || existsSync(jobs))) return;
    const folder = join(cache, 'code');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o77) === 0);
    if (isOwn) enableCompileCache(folder);
  } catch {
    // Without a place that can be written to, the start only takes a little longer.
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const answer = constantAnswer(argv);
  if (answer !== undefined) {
    process.stdout.write(answer);
    return 0;
  }
  // Without a command nothing is written at all.
  if (argv.length > 0) keepCompiledCode();
  const { runCli } = await import('./cli/run.ts');
  return runCli(argv, runtime);
}

async function main(): Promise<void> {
  const code = await run(process.argv.slice(2));
  // Exiting by hand, once all is written: a socket that some host keeps open must not keep the shell waiting.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
  );
  if (unwritten) await reportUnwritten(unwritten);
  process.exit(unwritten && code === 0 ? EXIT_CODES.machine : code);
}

/** What the command did is done all the same: it was not ended by this. */
async function reportUnwritten(cause: NodeJS.ErrnoException): Promise<void> {
  const [{ reportError }, { reasonFor }] = await Promise.all([
    import('./cli/run.ts'),
    import('./disk/system-reason.ts'),
  ]);
  const [reason] = reasonFor(cause.code ?? cause.message);
  const error = new SoraError('machine', `stdout could not be written: ${reason}.`, {
    hint: 'What the command did is done; only its output is lost. Jobs are in: sora video list',
    cause,
  });
  reportError(error, process.argv.slice(2), runtime);
}

// Not awaited here: what commands load imports from this file's own bundle, which has to be complete by then.
void main();
