/** From arguments to an exit code. The one place that catches, prints and decides. */
import { CommanderError } from 'commander';
import { createContext, type Globals, type Host } from '../context.ts';
import { EXIT_CODES, isSoraError, SoraError } from '../shared/errors.ts';
import { lastWords } from '../shared/exit-messages.ts';
import { oneLine } from '../shared/text.ts';
import { createUi, type Ui } from '../terminal/ui.ts';
import { usageError } from './collecting-command.ts';
import { createProgram } from './program.ts';

/** Runs one command to its end. Never throws; everything it opened is closed when it resolves. */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  const early: Globals = { json: argv.includes('--json'), quiet: false, debug: argv.includes('--debug') };
  let ui = uiOf(host, early, !argv.includes('--no-color'));
  const outcome = { code: 0 };
  const program = createProgram({
    write: (text) => void host.stdout.stream.write(text),
    columns: host.stdout.columns || 80,
    async run(globals, color, command) {
      ui = uiOf(host, globals, color);
      if (globals.json && globals.quiet) {
        throw new SoraError('usage', '--quiet and --json cannot be used together.', {
          hint: '--json prints one document, --quiet only ids or paths.',
        });
      }
      const context = createContext(host, globals, ui);
      lastWords.otherwise(() => {
        if (host.signal.aborted) ui.error(toSoraError(host.signal.reason, host));
      });
      try {
        outcome.code = (await command(context)) ?? 0;
        lastWords.clear();
      } finally {
        await context.close();
      }
    },
  });
  try {
    await program.parseAsync(argv.length === 0 ? ['__welcome'] : [...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    const code = report(error, { ui, host, debug: early.debug });
    lastWords.clear();
    return code;
  }
}

function uiOf(host: Host, globals: Globals, color: boolean): Ui {
  const dumb = host.env.TERM === 'dumb';
  const forced = host.env.FORCE_COLOR;
  const wants = (isTTY: boolean): boolean => {
    if (!color || host.env.NO_COLOR) return false;
    return forced === undefined || forced === '' ? isTTY && !dumb : forced !== '0' && forced !== 'false';
  };
  return createUi({
    stdout: host.stdout,
    stderr: host.stderr,
    json: globals.json,
    quiet: globals.quiet,
    color: { stdout: wants(host.stdout.isTTY), stderr: wants(host.stderr.isTTY) },
    // Some CI systems give a terminal without a width; ora never returns from one.
    animate: host.stderr.isTTY && host.stderr.columns > 0 && !dumb && !host.env.CI,
    now: host.clock.now,
  });
}

interface Reporting {
  readonly ui: Ui;
  readonly host: Host;
  readonly debug: boolean;
}

function report(error: unknown, { ui, host, debug }: Reporting): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    ui.error(usageError(error));
    return EXIT_CODES.usage;
  }
  const said = toSoraError(error, host);
  ui.error(said);
  if (debug && error instanceof Error && error.stack) ui.debug(error.stack);
  return EXIT_CODES[said.code];
}

function toSoraError(error: unknown, host: Host): SoraError {
  if (isSoraError(error)) return error;
  if (host.signal.aborted && isSoraError(host.signal.reason)) return host.signal.reason;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SoraError('bug', `This is a bug in sora: ${oneLine(message)}`, {
    hint: 'Run it again with --debug and report what it prints.',
    cause: error,
  });
}
