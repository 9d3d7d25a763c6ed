/** The texts of `sora help <topic>`: Markdown files that lie beside this one, in `src/help` and in `dist` alike. */
import { readFileSync } from 'node:fs';

/** What `sora help` tells besides the commands, in the order in which a newcomer would read it. */
export const HELP_TOPICS = [
  ...[
    'characters',
    'videos',
    'batches',
    'storyboards',
    'takes',
    'films',
    'ci',
    'costs',
    'clips',
    'providers',
    'cast',
    'settings',
    'keys',
    'environment',
    'store',
  ],
  ...['sandbox', 'doctor', 'agents', 'completion', 'json', 'exit-codes', 'faults'],
] as const;

export type HelpTopic = (typeof HELP_TOPICS)[number];

/** Markdown, as it is in the file. */
export function readTopic(topic: HelpTopic): string {
  return readFileSync(new URL(`./${topic}.md`, import.meta.url), 'utf8');
}
