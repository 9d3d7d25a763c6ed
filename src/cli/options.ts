/** Options that several commands share, and what their values look like. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Shell } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import type { Shard } from '../shared/batch.ts';
import { type ClipOptions, type Focus, parseFocus } from '../shared/clip.ts';
import { parseSize, type Size } from '../shared/geometry.ts';
import { parseTime } from '../shared/time.ts';

/** A command's exit code; nothing means 0. */
export type Outcome = number | undefined;

/** Makes an action of a command's body: what is for every command goes into the context, what is for this one is passed. */
export type Act = <Options>(
  body: (context: Context, args: string[], options: Options) => Promise<Outcome>,
) => (...given: unknown[]) => Promise<void>;

/**
 * Leaves what a command consists of for later: loading and making all of them takes longer than most run. `fill` makes it,
 * once; commander calls it for the command that was typed.
 */
export function lazyCommand(command: Command, make: (command: Command) => Promise<void>): void {
  unmade.set(command, make);
}

const unmade = new WeakMap<Command, (command: Command) => Promise<void>>();

export async function loadCommand(command: Command): Promise<void> {
  const make = unmade.get(command);
  unmade.delete(command);
  await make?.(command);
}

/** For whoever wants to see the whole tree. */
export async function loadAllCommands(command: Command): Promise<void> {
  await loadCommand(command);
  for (const child of command.commands) await loadAllCommands(child as Command);
}

/** The shells that commands are completed in. */
export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

export const JOB_ID = 'a job id, the host’s id, a unique beginning of either, or @last: the newest job';
export const JOB_IDS = `${JOB_ID}; @last:3 is the newest three`;

export interface ClipFlags {
  start?: number | 'auto';
  duration?: number;
  fit: ClipOptions['fit'];
  focus?: Focus;
  orientation: ClipOptions['orientation'];
  resolution?: '720p' | '1080p';
  audio: boolean;
  cropBars: boolean;
}

const CORNERS = '0,0 is the upper left, 1,1 the lower right';

/** Of copies of clips that are prepared already. */
export const FOCUS = `fill the frame, as --fit crop does, and keep this point in view: ${CORNERS}`;

export function focus(text: string): Focus {
  const place = parseFocus(text);
  if (!place) throw new InvalidArgumentError('It is a place like 0.5,0.3: 0,0 is the upper left, 1,1 the lower right.');
  return place;
}

export function clipOptions(command: Command): Command {
  return command
    .option('--start <time>', 'where the clip begins: 3.2, 3.2s, 00:03.2, or auto for the best part', startTime)
    .option('--duration <s>', 'seconds to keep, 2 to 4 (default: as much as fits)', time)
    .addOption(
      new Option('--fit <how>', 'bars around the picture, or cut its edges').choices(['pad', 'crop']).default('pad'),
    )
    .option('--focus <x,y>', `the point that --fit crop keeps in view: ${CORNERS}`, focus)
    .addOption(
      new Option('--orientation <o>', 'of the result').choices(['auto', 'landscape', 'portrait']).default('auto'),
    )
    .addOption(
      new Option('--resolution <r>', 'of the result (default: the smallest that holds the picture)').choices([
        '720p',
        '1080p',
      ]),
    )
    .option('--no-audio', 'drop the sound')
    .option('--crop-bars', 'cut off black bars that are already in the picture', false);
}

export function clipWishes(flags: ClipFlags): ClipOptions {
  return {
    start: flags.start ?? null,
    duration: flags.duration ?? null,
    fit: flags.fit,
    orientation: flags.orientation,
    resolution: flags.resolution ?? 'auto',
    audio: flags.audio,
    ...(flags.focus && { focus: flags.focus }),
    cropBars: flags.cropBars,
  };
}

export function pollIntervalOption(): Option {
  const text = 'pause between polls (default: 5 s, rising to 20 s, or what the host says)';
  return new Option('--poll-interval <time>', text).argParser(pause);
}

export function followOptions(command: Command): Command {
  return command
    .option('-o, --output <path>', 'a file, a folder, or - for stdout (default: ./<job-id>.mp4)', output)
    .option('--timeout <time>', 'how long to wait in all: 90s, 15m, 2h (default: 30m)', time)
    .addOption(pollIntervalOption())
    .option('--force', 'replace an existing file', false)
    .option('--allow-drift', 'accept a video that differs from what was ordered', false)
    .option('--no-check', NO_CHECK);
}

export const NO_CHECK = 'do not look at what the video shows (see: sora video check)';

const DEFAULT_TIMEOUT_S = 1800;

/** What `followOptions` reads, as it was typed. */
export interface WaitFlags {
  readonly timeout?: number;
  readonly pollInterval?: number;
  readonly force: boolean;
  readonly allowDrift: boolean;
  readonly check: boolean;
}

/** The flags of a wait with their defaults, and which of them were typed. */
export function followFlags<Flags extends WaitFlags>(
  flags: Flags,
): Flags & { readonly timeout: number; readonly waitOnly: readonly string[]; readonly isChecked: boolean } {
  const { timeout = DEFAULT_TIMEOUT_S, pollInterval, force, allowDrift, check } = flags;
  const typed: readonly (readonly [string, boolean])[] = [
    ['--timeout', flags.timeout !== undefined],
    ['--poll-interval', pollInterval !== undefined],
    ['--force', force],
    ['--allow-drift', allowDrift],
    ['--no-check', !check],
  ];
  return { ...flags, timeout, isChecked: check, waitOnly: typed.flatMap(([name, isTyped]) => (isTyped ? [name] : [])) };
}

/** `a, b or c`. By hand: the data of Intl take longer to load than everything else at start-up. */
export function oneOf(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** A text that says something. */
export function text(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.');
  return value;
}

/** The names under which a system has standard output: a rename to one would not reach it, and would replace the name. */
const STDOUT: ReadonlySet<string> = new Set(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/** Where a file goes; `-` is standard output, under whatever name. */
export function output(value: string): string {
  return STDOUT.has(value) ? '-' : text(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

export function time(text: string): number {
  const seconds = parseTime(text);
  if (seconds === undefined) throw new InvalidArgumentError('It is a time like 3.2, 3.2s, 00:03.2, 15m, 2h or 30d.');
  return seconds;
}

function startTime(text: string): number | 'auto' {
  return text === 'auto' ? text : time(text);
}

function pause(text: string): number {
  const seconds = time(text);
  if (seconds < 0.1) throw new InvalidArgumentError('The least pause is 0.1s.');
  return seconds;
}

export function size(text: string): Size {
  const parsed = parseSize(text);
  if (!parsed) throw new InvalidArgumentError('It is a size like 1280x720.');
  return parsed;
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Pictures a second. */
export function rate(text: string): number {
  const value = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || value < 1 || value > 60)
    throw new InvalidArgumentError('It is a number from 1 to 60, such as 24, 25, 29.97 or 30.');
  return value;
}

export function decibels(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+(?:\.\d+)?$/.test(text) || Math.abs(value) > 60)
    throw new InvalidArgumentError('It is a number of decibels from -60 to 60, such as -18.');
  return value;
}

/** As ffmpeg measures it: the range is that of its filter. */
export function loudness(text: string): number | 'off' {
  const value = Number(text);
  if (text === 'off') return text;
  if (!/^-?\d+(?:\.\d+)?$/.test(text) || value < -70 || value > -5)
    throw new InvalidArgumentError('It is off, or a number of LUFS from -70 to -5, such as -14.');
  return value;
}

export function shard(value: string): Shard {
  const [, index = '', count = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? [];
  const part = { index: Number(index), count: Number(count) };
  if (part.index < 1 || part.index > part.count) throw new InvalidArgumentError('It is a part like 1/3, 2/3 or 3/3.');
  return part;
}

export function journalName(value: string): string {
  if (/^[A-Za-z0-9][\w-]{0,59}$/.test(value)) return value;
  throw new InvalidArgumentError('It is a short name of letters, digits, - and _.');
}
