/**
 * The skill for coding agents as it is handed out: of this version of the program, and signed in its last line, so that an
 * earlier one can be told from one that was changed by hand. The format: https://agentskills.io/specification
 */
import pkg from '../../package.json' with { type: 'json' };
import { hashText } from '../disk/hash.ts';
import { readSkill } from '../help/read-skill.ts';

export interface Skill {
  readonly version: string;
  /** The whole file, signature included. */
  readonly markdown: string;
}

/** That of this version. */
export function currentSkill(): Skill {
  return { version: pkg.version, markdown: signed(readSkill(), pkg.version) };
}

/** A text as `sora` of that version hands it out. */
export function signed(text: string, version: string): string {
  return `${text.trimEnd()}\n\n<!-- sora ${version} ${hashText(text.trimEnd())} -->\n`;
}

/** What an installed copy is: this version's, that of another version as it was handed out, or one that was changed. */
export type SkillCopy =
  | { readonly state: 'current' | 'changed' }
  | { readonly state: 'outdated'; readonly version: string };

/** Judges the text of a copy. Line ends do not count: git may have changed them. */
export function judgeCopy(text: string): SkillCopy {
  const copy = text.replaceAll('\r\n', '\n');
  if (copy === currentSkill().markdown) return { state: 'current' };
  const [, body = '', version = ''] = /^([\s\S]*)\n\n<!-- sora (\S+) [0-9a-f]{64} -->\n$/.exec(copy) ?? [];
  return version !== '' && signed(body, version) === copy ? { state: 'outdated', version } : { state: 'changed' };
}
