/** What the word under the cursor can become: what the completion scripts ask, so that they stay true. */
import type { Context } from '../context.ts';
import { isSoraError } from '../shared/errors.ts';
import { clean } from '../shared/text.ts';
import { bashWord, readTypedLine } from './bash-line.ts';
import { type Candidate, type FileNames, sourceOf, type Typed } from './sources.ts';

/** As much of a command as completion looks at. */
export interface CommandLike {
  name(): string;
  description(): string;
  readonly commands: readonly CommandLike[];
  readonly options: readonly OptionLike[];
  readonly registeredArguments: readonly ArgumentLike[];
}

/** The program that is completed. */
export interface Completed {
  readonly root: CommandLike;
  /** What `sora help` tells besides the commands. */
  readonly topics: readonly string[];
}

interface OptionLike {
  readonly long?: string | undefined;
  readonly short?: string | undefined;
  readonly flags: string;
  readonly description: string;
  readonly required: boolean;
  readonly hidden: boolean;
  readonly defaultValue?: unknown;
  readonly argChoices?: string[] | undefined;
}

interface ArgumentLike {
  name(): string;
  readonly variadic: boolean;
  readonly argChoices?: string[] | undefined;
}

/** What is offered: candidates, and the names of which files, which the shell knows best. */
interface Offer {
  readonly candidates: readonly Candidate[];
  readonly files?: FileNames | undefined;
}

const NOTHING: Offer = { candidates: [] };

/**
 * Prints `values`, or `files` and the endings that their names may have, then a candidate a line: for zsh and fish with a tab and a description, for bash as it is to
 * be inserted. Whatever goes wrong, the user goes on typing: the answer is then empty.
 *
 * `given` is, for bash, the line up to the cursor and the word as bash sees it; else all words after the program's name,
 * of which the last is the one that is completed.
 */
export async function runComplete(
  context: Context,
  program: Completed,
  { shell, given }: { readonly shell: string; readonly given: readonly string[] },
): Promise<undefined> {
  const print = (lines: readonly string[]): void => {
    context.runtime.stdout.stream.write(`${lines.join('\n')}\n`);
  };
  try {
    if (shell === 'bash') {
      const [line = '', word = ''] = given;
      const { words, current } = readTypedLine(line);
      const { candidates, files } = await offer(context, program, { words: words.slice(1), current: current.text });
      // Bash splits words at `=`, `:` and `@` too, and replaces only the part behind them.
      const kept =
        word !== '' && !current.raw.endsWith(word) ? '' : current.raw.slice(0, current.raw.length - word.length);
      const replies = candidates.flatMap(({ value }) => {
        const written = current.quote === '' ? bashWord(value, '') : current.quote + bashWord(value, current.quote);
        return written.startsWith(kept) ? [written.slice(kept.length)] : [];
      });
      // Bash inserts what all have in common: dashes are not asked for by a second Tab. One that shares nothing keeps it from that.
      const isUnasked = current.raw === '' && replies.length > 1 && replies.every((reply) => reply.startsWith('-'));
      print([kindOf(files), ...replies, ...(isUnasked ? [' '] : [])]);
      return;
    }
    const { candidates, files } = await offer(context, program, {
      words: given.slice(0, -1),
      current: given.at(-1) ?? '',
    });
    const lines = candidates.map(({ value, about }) => (about === undefined ? value : `${value}\t${flat(about)}`));
    print([kindOf(files), ...lines]);
  } catch (error) {
    if (!isSoraError(error)) throw error;
  }
}

function kindOf(files: FileNames | undefined): string {
  return files ? ['files', ...files.endings].join(' ') : 'values';
}

function flat(text: string): string {
  return clean(text).replace(/\s+/g, ' ');
}

interface Position {
  /** The command that the words before lead to. */
  readonly command: CommandLike;
  readonly path: readonly string[];
  /** All options that may stand here. */
  readonly options: readonly OptionLike[];
  /** The option whose value comes next. */
  readonly pending: OptionLike | undefined;
  readonly typed: Omit<Typed, 'prefix'>;
  readonly onlyOperands: boolean;
}

async function offer(
  context: Context,
  program: Completed,
  { words, current }: { words: readonly string[]; current: string },
): Promise<Offer> {
  const at = locate(program.root, words);
  const typed = { ...at.typed, prefix: current };
  if (at.pending) return valuesOf(context, at, at.pending, typed);
  if (!at.onlyOperands && /^--[^=]+=/.test(current)) {
    const [flag = ''] = current.split('=');
    const option = at.options.find(({ long }) => long === flag);
    if (!option) return NOTHING;
    const prefix = current.slice(flag.length + 1);
    const { candidates, files } = await valuesOf(context, at, option, { ...typed, prefix });
    return { candidates: candidates.map((one) => ({ ...one, value: `${flag}=${one.value}` })), files };
  }
  if (!at.onlyOperands && current.startsWith('-')) return { candidates: starting(flagsOf(at), current) };
  const { commands } = at.command;
  if (commands.length > 0) return { candidates: starting(namesOf(commands), current) };
  const found = await operandsOf(context, program, at, typed);
  if (found) return found;
  // The user's own words come here, or none any more: what else there is, are options.
  return current === '' && !at.onlyOperands ? { candidates: flagsOf(at) } : NOTHING;
}

/** Walks along the words as the parser would. */
function locate(root: CommandLike, words: readonly string[]): Position {
  let command = root;
  const path: string[] = [];
  const options = [...root.options];
  const operands: string[] = [];
  const values = new Map<string, string>();
  let pending: OptionLike | undefined;
  let onlyOperands = false;
  for (const word of words) {
    if (pending) {
      if (pending.long) values.set(pending.long, word);
      pending = undefined;
    } else if (!onlyOperands && word === '--') onlyOperands = true;
    else if (!onlyOperands && word.startsWith('-') && word !== '-') {
      const [name = '', value] = word.split(/=(.*)/s);
      const option = options.find(({ long, short }) => name === long || name === short);
      if (option?.long && (value !== undefined || !option.required)) values.set(option.long, value ?? '');
      if (option?.required && value === undefined) pending = option;
    } else {
      const child = command.commands.find((one) => one.name() === word);
      if (child && operands.length === 0) {
        command = child;
        path.push(word);
        options.unshift(...child.options);
      } else operands.push(word);
    }
  }
  return { command, path, options, pending, onlyOperands, typed: { operands, values } };
}

async function valuesOf(context: Context, at: Position, option: OptionLike, typed: Typed): Promise<Offer> {
  if (option.argChoices) return { candidates: starting(choices(option.argChoices), typed.prefix) };
  const placeholder = /[<[]([^>\].]+)/.exec(option.flags)?.[1] ?? '';
  return from(context, sourceOf(at.path, { flag: option.long ?? '', placeholder }), typed);
}

async function operandsOf(
  context: Context,
  { root, topics }: Completed,
  at: Position,
  typed: Typed,
): Promise<Offer | undefined> {
  const { registeredArguments } = at.command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[typed.operands.length] ?? (last?.variadic ? last : undefined);
  if (!argument) return undefined;
  if (argument.argChoices) return { candidates: starting(choices(argument.argChoices), typed.prefix) };
  if (argument.name() === 'command') {
    // `sora help`: the words of a command, or a topic.
    const { command } = locate(root, typed.operands);
    const names = namesOf(command.commands);
    // Some topics have the name of a command.
    const also = topics.filter((topic) => !names.some(({ value }) => value === topic));
    const candidates = command === root && typed.operands.length === 0 ? [...names, ...choices(also)] : names;
    return { candidates: starting(candidates, typed.prefix) };
  }
  const source = sourceOf(at.path, { placeholder: argument.name() });
  return source && from(context, source, typed);
}

async function from(context: Context, source: ReturnType<typeof sourceOf>, typed: Typed): Promise<Offer> {
  if (source === undefined) return NOTHING;
  if (typeof source !== 'function') return { candidates: [], files: source };
  return { candidates: starting(await source(context, typed), typed.prefix) };
}

/** Those that begin so; in another case where none does. What could steer a terminal is not offered. */
function starting(candidates: readonly Candidate[], prefix: string): readonly Candidate[] {
  const wanted = prefix.normalize('NFC');
  const safe = candidates.filter(({ value }) => value === flat(value));
  const exact = safe.filter(({ value }) => value.startsWith(wanted));
  if (exact.length > 0) return exact;
  return safe.filter(({ value }) => value.toLowerCase().startsWith(wanted.toLowerCase()));
}

function choices(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => ({ value }));
}

function namesOf(commands: readonly CommandLike[]): readonly Candidate[] {
  return commands
    .filter((one) => !one.name().startsWith('_'))
    .map((one) => ({ value: one.name(), about: one.description() }));
}

/** The options that can still be given, those of the command first. */
function flagsOf({ options, typed }: Position): readonly Candidate[] {
  const found = options
    .filter(
      ({ long, hidden, defaultValue }) => long && !hidden && (!typed.values.has(long) || Array.isArray(defaultValue)),
    )
    .map(({ long = '', description }) => ({ value: long, about: description }));
  return [...found, { value: '--help', about: 'show help' }];
}
