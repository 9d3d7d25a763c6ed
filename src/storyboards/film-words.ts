/** What use cases say of the request of a scene, in words of a storyboard. Pure. */
import { type OptionName, renameOptions } from '../shared/options.ts';

/** Options of the command itself, such as `--max-cost`, keep their flags. */
const WORDS = {
  character: '"cast"',
  fit: '"fit"',
  focus: '"focus"',
  model: '"model"',
  noAutoCast: '"cast: none"',
  output: 'a name of its own',
  reference: '"reference"',
  seconds: '"seconds"',
  size: '"size"',
} as const satisfies Partial<Record<OptionName, string>>;

export function inFilmWords(text: string): string {
  return renameOptions(text, WORDS);
}
