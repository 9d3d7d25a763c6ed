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
import { hintsOf, refuseAll, SoraError } from '../shared/errors.ts';
import { nearest, oneLine } from '../shared/text.ts';
import { helpDocument } from './help-document.ts';

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

  /** Comes back from what can be told together with what follows: `settle` throws it. */
  override error(message: string, { code = '' }: ErrorOptions = {}): never {
    this.#keep({ code, message });
    if (code === 'commander.unknownOption') this.#keepOtherUnknowns();
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
    const names = [this.name()];
    for (let above = this.parent; above; above = above.parent) names.unshift(above.name());
    const hint = this.parent ? `See them with: ${names.join(' ')} --help` : 'sora --help lists the commands.';
    this.#problems.push(new SoraError('usage', 'A subcommand is missing.', { hint }));
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
    throw refuseAll('usage', told, hintsOf(hints.toSorted((a, b) => Number(isExample(a)) - Number(isExample(b)))));
  }

  #keep(problem: { readonly code: string; readonly message: string }): void {
    this.#problems.push(usageError(problem, this.examples[0]));
  }

  /** Commander speaks of the first one only. */
  #keepOtherUnknowns(): void {
    const end = this.args.indexOf('--');
    const flags = this.args.slice(0, end === -1 ? undefined : end).filter((word) => /^--?[a-z]/i.test(word));
    const known = this.createHelp();
    const names = [...known.visibleOptions(this), ...known.visibleGlobalOptions(this)].flatMap(
      ({ long }) => long ?? [],
    );
    const given = flags.map((flag) => flag.replace(/=.*/s, ''));
    const each = flags.filter((_, at) => given.indexOf(given[at] ?? '') === at);
    for (const flag of each.slice(1)) {
      const close = nearest(flag, names);
      const guess = close === undefined ? '' : `\n(Did you mean ${close}?)`;
      this.#keep({ code: 'commander.unknownOption', message: `unknown option '${flag}'${guess}` });
    }
  }
}

const EXAMPLE = 'For example: ';

function isExample({ hint }: SoraError): boolean {
  return hint?.startsWith(EXAMPLE) === true;
}

function isGuess(hint: string | undefined): hint is string {
  return hint?.startsWith('Did you mean') === true;
}

/** What commander found wrong, in this program's words. A command that lacks something is shown by an `example`. */
export function usageError(problem: { readonly code: string; readonly message: string }, example?: string): SoraError {
  const { code, message: text } = problem;
  const [message = '', ...more] = text.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (.+)\?\)$/.exec(more.at(-1) ?? '')?.[1];
  return new SoraError('usage', oneLine(`${message.charAt(0).toUpperCase()}${message.slice(1)}`, 600), {
    hint: suggestion
      ? `Did you mean ${oneLine(suggestion)}?`
      : code === 'sora.unknownCommand'
        ? 'sora help lists the commands and the topics.'
        : READS_ON.has(code) && example !== undefined
          ? `${EXAMPLE}${example}`
          : 'Add --help to see what the command takes.',
  });
}
