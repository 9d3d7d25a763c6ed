/** The skill for coding agents, as it lies beside the help topics: in `src/help/sora-cli` and in `dist/sora-cli`. */
import { readFileSync } from 'node:fs';

/** Its name, and that of its folder wherever it is installed. */
export const SKILL_NAME = 'sora-cli';

/** Markdown with a front matter, as it is in the file. */
export function readSkill(): string {
  return readFileSync(new URL(`./${SKILL_NAME}/SKILL.md`, import.meta.url), 'utf8');
}
