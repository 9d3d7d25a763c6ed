/** What use cases say of the request of a line, in words of a line. Pure. */
import { type OptionName, renameOptions } from '../shared/options.ts';

/** Options of the batch itself, such as `--max-cost`, keep their flags. */
const WORDS = {
  aspect: '"aspect"',
  character: '"characters"',
  fit: '"fit"',
  focus: '"focus"',
  model: '"model"',
  // A batch casts nobody whom its lines do not name.
  noAutoCast: '"characters": []',
  output: '"output"',
  reference: '"reference"',
  seconds: '"seconds"',
  size: '"size"',
} as const satisfies Partial<Record<OptionName, string>>;

export function inLineWords(text: string): string {
  return renameOptions(text, WORDS);
}
