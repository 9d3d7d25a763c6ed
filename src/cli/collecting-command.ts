/** A command that reads its line to the end and then names all that is wrong with it (P6): commander stops at the first. */
import {
  type AddHelpTextContext,
  type AddHelpTextPosition,
  Command,
  CommanderError,
  type ErrorOptions,
  type HelpContext,
  type Option,
} from 'commander';
import { hintsOf, problemsError, SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { helpDocument } from './help-document.ts';
import { suggestCommand, suggestOption } from './suggestions.ts';

/** The rest of the line means the same although these are missing from it. */
const READS_ON: ReadonlySet<string> = new Set(['commander.missingMandatoryOptionValue', 'commander.missingArgument']);

/** Its children are of the same kind, and share their problems with it. */
export class CollectingCommand extends Command {
  readonly #problems: SoraError[];
  readonly examples: string[] = [];

  constructor(name?: string, problems: SoraError[] = []) {
    super(name);
    this.#problems = problems;
  }

  override createCommand(name?: string): CollectingCommand {
    return new CollectingCommand(name, this.#problems);
  }

  override addHelpText(position: AddHelpTextPosition, text: string | ((context: AddHelpTextContext) => string)): this {
    if (typeof text !== 'string') return super.addHelpText(position, text);
    this.examples.push(...[...text.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line = '']) => line));
    return super.addHelpText(position, text);
  }

  override addOption(option: Option): this {
    const { parseArg } = option;
    if (parseArg) {
      option.parseArg = (value, previous) => {
        try {
          return parseArg(value, previous);
        } catch (error) {
          if (!(error instanceof CommanderError)) throw error;
          const { code, message } = error;
          this.#keep({ code, message: `option '${option.flags}' argument '${value}' is invalid. ${message}` });
          return previous;
        }
      };
    }
    return super.addOption(option);
  }

  /** Called by commander. */
  unknownCommand(): never {
    const [word = ''] = this.args;
    const names = this.createHelp()
      .visibleCommands(this)
      .map((one) => one.name());
    const meant = suggestCommand(this.parent ? this.name() : '', word, names);
    this.#problems.push(unknown('command', word, meant, this.#seeCommands()));
    this.settle();
    return undefined as never;
  }

  /** Called by commander, with the first one. */
  unknownOption(flag: string): never {
    this.#problems.push(this.#unknownOption(flag));
    this.#keepOtherUnknowns();
    this.settle();
    return undefined as never;
  }

  /** Comes back from what can be told together with what follows: `settle` throws it. */
  override error(message: string, { code = '' }: ErrorOptions = {}): never {
    const above = this.#standsInFor();
    // Whoever mistypes a subcommand has not heard of the one that is run where none is named.
    if (above && code === 'commander.excessArguments') return above.unknownCommand();
    this.#keep({ code, message });
    if (!READS_ON.has(code)) this.settle();
    return undefined as never;
  }

  /** With `--json`, which commander has read by then, wherever it stands: the command as data. */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const { json } = this.optsWithGlobals<{ json?: boolean }>();
    if (json === true) this.configureOutput().writeOut?.(`${JSON.stringify(helpDocument(this), null, 2)}\n`);
    else super.outputHelp(context as HelpContext);
  }

  /** With an error: because a subcommand is missing. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === 'function') return super.help(context);
    if (context?.error !== true) return super.help(context);
    this.#problems.push(new SoraError('usage', 'A subcommand is missing.', { hint: this.#seeCommands() }));
    this.settle();
    return undefined as never;
  }

  /** Throws SoraError `usage` with every problem so far. */
  settle(): void {
    const problems = this.#problems.splice(0);
    const [first] = problems;
    if (!first) return;
    if (problems.length === 1) throw first;
    // Of several, each says itself what was meant.
    const told = problems.map(({ message, hint }) => (isGuess(hint) ? `${message} (${hint})` : message));
    const hints = problems.filter(({ hint }) => !isGuess(hint));
    // A command to copy stands last.
    throw problemsError('usage', told, hintsOf(hints.toSorted((a, b) => Number(isExample(a)) - Number(isExample(b)))));
  }

  /** The command above, where this one was reached without its name. */
  #standsInFor(): CollectingCommand | undefined {
    const { parent } = this;
    return parent instanceof CollectingCommand && parent.args[0] !== this.name() ? parent : undefined;
  }

  #keep(problem: { readonly code: string; readonly message: string }): void {
    this.#problems.push(usageError(problem, this.examples[0]));
  }

  /** Commander speaks of the first one only. */
  #keepOtherUnknowns(): void {
    const end = this.args.indexOf('--');
    const flags = this.args.slice(0, end === -1 ? undefined : end).filter((word) => /^--?[a-z]/i.test(word));
    const given = flags.map((flag) => flag.replace(/=.*/s, ''));
    const each = flags.filter((_, at) => given.indexOf(given[at] ?? '') === at);
    for (const flag of each.slice(1)) {
      this.#problems.push(this.#unknownOption(flag));
    }
  }

  #seeCommands(): string {
    if (!this.parent) return 'sora --help lists the commands.';
    const names = [this.name()];
    for (let above: Command | null = this.parent; above; above = above.parent) names.unshift(above.name());
    return `See them with: ${names.join(' ')} --help`;
  }

  #unknownOption(flag: string): SoraError {
    const known = this.createHelp();
    const names = [...known.visibleOptions(this), ...known.visibleGlobalOptions(this)].flatMap(
      ({ long }) => long ?? [],
    );
    return unknown('option', flag, suggestOption(flag.replace(/=.*/s, ''), names));
  }
}

/** What was typed and does not exist; `meant` is a name, or a sentence with its full stop. */
export function unknown(
  kind: 'command' | 'option',
  typed: string,
  meant: string | undefined,
  other = SEE_HELP,
): SoraError {
  const name = meant === undefined || meant.includes(': ') ? undefined : meant;
  return new SoraError('usage', `Unknown ${kind} '${oneLine(typed, 500)}'.`, {
    hint: name === undefined ? (meant ?? other) : `Did you mean ${name}?`,
  });
}

const SEE_HELP = 'Add --help to see what the command takes.';

const EXAMPLE = 'For example: ';

function isExample({ hint }: SoraError): boolean {
  return hint?.startsWith(EXAMPLE) === true;
}

function isGuess(hint: string | undefined): hint is string {
  return hint?.startsWith('Did you mean') === true;
}

/** What commander found wrong, in this program's words. A command that lacks something is shown by an `example`. */
export function usageError(problem: { readonly code: string; readonly message: string }, example?: string): SoraError {
  const { code, message } = problem;
  const text = message.replace(/^error: /, '');
  return new SoraError('usage', oneLine(`${text.charAt(0).toUpperCase()}${text.slice(1)}`, 600), {
    hint: READS_ON.has(code) && example !== undefined ? `${EXAMPLE}${example}` : SEE_HELP,
  });
}
