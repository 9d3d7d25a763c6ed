/** `{{name}}` in the texts of a storyboard. `\{{` is `{{` itself. Pure. */

const VARIABLE = /\\\{\{|\{\{(?:([^{}]*)\}\})?/g;

/** What a variable may be called. */
export const VARIABLE_NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_-]*$/u;

export interface VariableListener {
  onUsed(name: string): void;
  /** Hears what is none, as it is written; without a name where the braces are not closed. */
  onUnknown(written: string, name: string | undefined): void;
}

/** The text with its variables put in. What is put in is not read again. */
export function expand(
  text: string,
  vars: ReadonlyMap<string, string>,
  { onUsed, onUnknown }: VariableListener,
): string {
  return text.replace(VARIABLE, (written: string, inner: string | undefined) => {
    if (written.startsWith('\\')) return '{{';
    const name = inner?.trim().normalize('NFC');
    const value = name === undefined ? undefined : vars.get(name);
    if (value === undefined) onUnknown(written, name);
    if (name !== undefined) onUsed(name);
    return value ?? written;
  });
}

/** The text as it has to be written to be read as it is. */
export function escapeVariables(text: string): string {
  return text.replaceAll('{{', '\\{{');
}
