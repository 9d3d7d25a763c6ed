/** "Did you mean": what people type for a command or an option that has another name here. Nothing destructive is suggested. */
import { nearest } from '../shared/text.ts';
import { otherCommands, otherOptions } from './other-names.ts';

/** What deletes, overwrites, closes or pays again: whoever means it types it. By the last word of a command, and by option. */
export const NEVER_SUGGESTED: ReadonlySet<string> = new Set([
  ...['cancel', 'delete', 'remove', 'prune', 'close', 'resend', 'logout', 'unset'],
  ...['--force', '--yes', '--resend'],
]);

/**
 * The command that was meant by `word` under `noun` (empty at the top): a name among `names`, or with `sora ` in full.
 * Undefined where nothing is close.
 */
export function suggestCommand(noun: string, word: string, names: readonly string[]): string | undefined {
  const offered = names.filter((name) => !NEVER_SUGGESTED.has(name));
  const others = otherCommands()[noun] ?? {};
  // A name that is a letter off is meant before another tool's word for something else.
  const typed = word.toLowerCase();
  const known = Object.hasOwn(others, typed) ? typed : (nearest(typed, offered) ?? nearest(typed, Object.keys(others)));
  if (known === undefined || offered.includes(known)) return known;
  return `sora ${others[known]}`;
}

/** The option of `flags` that was meant by one that is none of them, or the sentence that says what to do instead. */
export function suggestOption(flag: string, flags: readonly string[]): string | undefined {
  const offered = flags.filter((name) => !NEVER_SUGGESTED.has(name));
  const options = otherOptions();
  const meant = Object.hasOwn(options, flag) ? options[flag] : undefined;
  if (meant !== undefined && (!meant.startsWith('--') || offered.includes(meant))) return meant;
  const close = nearest(flag, offered);
  if (close !== undefined) return close;
  // A slip in a word of another tool means what that word does.
  const word = nearest(withoutDashes(flag), Object.keys(options).map(withoutDashes));
  const target = word === undefined ? undefined : options[`--${word}`];
  return target?.startsWith('--') && offered.includes(target) ? target : undefined;
}

/** Dashes are no letters by which a word may be off. */
function withoutDashes(flag: string): string {
  return flag.replace(/^--/, '');
}
