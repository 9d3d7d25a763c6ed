/** From arguments to an exit code. The one place that catches, prints and decides. */
import { CommanderError } from 'commander';
import { createContext, type Globals, type Runtime } from '../context.ts';
import { EXIT_CODES, isSoraError, SoraError } from '../shared/errors.ts';
import { exitMessages } from '../shared/exit-messages.ts';
import { type OptionTaker, ownersSentence } from '../shared/option-owners.ts';
import { oneLine } from '../shared/text.ts';
import { createUi, type Ui } from '../terminal/ui.ts';
import { requireUtf8Arguments } from './argument-text.ts';
import { usageError } from './collecting-command.ts';
import { loadAllCommands } from './options.ts';
import { createProgram } from './program.ts';

/** Runs one command to its end. Never throws; everything it opened is closed when it resolves. */
export async function runCli(argv: readonly string[], runtime: Runtime): Promise<number> {
  const early = earlyGlobals(argv);
  let ui = uiOf(runtime, early, { color: !argv.includes('--no-color') });
  const outcome = { code: 0 };
  const program = createProgram({
    write: (text) => void runtime.stdout.stream.write(text),
    columns: runtime.stdout.columns || 80,
    runLine: runCli,
    async run(globals, { color, taker }, command) {
      ui = uiOf(runtime, globals, { color, taker });
      if (globals.json && globals.quiet) {
        throw new SoraError('usage', '--quiet and --json cannot be used together.', {
          hint: '--json prints one document, --quiet only ids or paths.',
        });
      }
      const context = createContext(runtime, globals, ui);
      exitMessages.otherwise(() => {
        if (runtime.signal.aborted) ui.error(toSoraError(runtime.signal.reason, runtime));
      });
      try {
        outcome.code = (await command(context)) ?? 0;
        exitMessages.clear();
      } finally {
        await context.close();
      }
    },
  });
  try {
    requireUtf8Arguments(argv, runtime.argumentBytes);
    // What is shown as data is shown whole.
    if (early.json && argv.some((word) => word === '--help' || word === '-h')) await loadAllCommands(program);
    await program.parseAsync(argv.length === 0 ? ['__welcome'] : [...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    const code = report(error, { ui, runtime, debug: early.debug });
    exitMessages.clear();
    return code;
  }
}

/** For what is said before the arguments are parsed. */
function earlyGlobals(argv: readonly string[]): Globals {
  return { json: argv.includes('--json'), quiet: false, debug: argv.includes('--debug') };
}

/** Says it as the command of these arguments would have said it. */
export function reportError(error: SoraError, argv: readonly string[], runtime: Runtime): void {
  uiOf(runtime, earlyGlobals(argv), { color: !argv.includes('--no-color') }).error(error);
}

function uiOf(
  runtime: Runtime,
  globals: Globals,
  { color, taker }: { readonly color: boolean; readonly taker?: OptionTaker },
): Ui {
  const dumb = runtime.env.TERM === 'dumb';
  const forced = runtime.env.FORCE_COLOR;
  const wants = (isTTY: boolean): boolean => {
    if (!color || runtime.env.NO_COLOR) return false;
    return forced === undefined || forced === '' ? isTTY && !dumb : forced !== '0' && forced !== 'false';
  };
  return createUi({
    stdout: runtime.stdout,
    stderr: runtime.stderr,
    json: globals.json,
    quiet: globals.quiet,
    color: { stdout: wants(runtime.stdout.isTTY), stderr: wants(runtime.stderr.isTTY) },
    // Some CI systems give a terminal without a width; ora never returns from one.
    animate: runtime.stderr.isTTY && runtime.stderr.columns > 0 && !dumb && !runtime.env.CI,
    now: runtime.clock.now,
    ...(taker && { footnote: (text) => ownersSentence(text, taker) }),
  });
}

interface Reporting {
  readonly ui: Ui;
  readonly runtime: Runtime;
  readonly debug: boolean;
}

function report(error: unknown, { ui, runtime, debug }: Reporting): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    ui.error(usageError(error));
    return EXIT_CODES.usage;
  }
  const said = toSoraError(error, runtime);
  ui.error(said);
  if (debug && error instanceof Error && error.stack) ui.debug(error.stack);
  return EXIT_CODES[said.code];
}

function toSoraError(error: unknown, runtime: Runtime): SoraError {
  if (isSoraError(error)) return error;
  if (runtime.signal.aborted && isSoraError(runtime.signal.reason)) return runtime.signal.reason;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SoraError('bug', `This is a bug in sora: ${oneLine(message)}`, {
    hint: 'Run it again with --debug and report what it prints.',
    cause: error,
  });
}
