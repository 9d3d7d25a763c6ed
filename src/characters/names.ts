/** Which character names are allowed, and when two of them are the same. Pure. */
import { problemsError, SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';

const MAX_NAME_CODE_POINTS = 80;

/** The name as it is kept: NFC, trimmed. Throws SoraError `usage` with every reason why it cannot be one. */
export function checkName(text: string): string {
  const problems: string[] = [];
  if (/\p{Cs}/u.test(text)) problems.push('A name cannot hold half of a surrogate pair.');
  const name = text.normalize('NFC').trim();
  const length = [...name].length;
  if (/^[\p{Default_Ignorable_Code_Point}\s]*$/u.test(name)) problems.push('A name needs a visible character.');
  if (length > MAX_NAME_CODE_POINTS) {
    problems.push(`A name has at most ${MAX_NAME_CODE_POINTS} characters; this one has ${length}.`);
  }
  // A line break or a change of direction would make a prompt read otherwise than it is sent.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) problems.push('A name cannot hold control characters or line breaks.');
  if (/\p{Bidi_Control}/u.test(name)) problems.push('A name cannot hold characters that change the writing direction.');
  if (problems.length > 0) {
    throw problemsError('usage', problems, { hint: 'Name the character as a prompt would say it, such as Joe.' });
  }
  return name;
}

/** Equal for names that are the same but for case and normal form. */
export function characterIdentity(name: string): string {
  // JavaScript has no case folding. Down, up and down again merges what folding merges: ß, ẞ and ss; σ and ς.
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

/** Of a name that a character of another clip has, or one whose name is equal to it but for case. */
export function nameTaken(existing: { readonly name: string }, name: string): SoraError {
  const what =
    existing.name === name
      ? `A character named ${name} already exists, made from another clip or with other options.`
      : `The name ${name} is too close to ${existing.name}.`;
  return new SoraError('usage', what, { hint: `Choose another name, or add ${option('force')} to replace it.` });
}
