/** `sora help <topic>`: its Markdown, laid out for a terminal, and with shorter lines anywhere else. */

import type { Context } from '../context.ts';
import { type HelpTopic, readTopic } from '../help/read-topic.ts';
import { MAX_BYTES, MAX_FPS, MAX_SECONDS, MAX_SHORT, MIN_FPS, MIN_SECONDS, MIN_SHORT } from '../media/limits.ts';
import { PROVIDERS } from '../providers/index.ts';
import { EXIT_CODES } from '../shared/errors.ts';
import { parseMarkdown, plainText, renderMarkdown, type TableBlock, wrapMarkdown } from '../terminal/markdown.ts';

/** Of what nobody knows where it is read. */
const PIPE_COLUMNS = 80;

/** `sora help exit-codes|environment|clips|…` */
export async function runHelpTopic({ ui, runtime }: Context, topic: HelpTopic): Promise<undefined> {
  const markdown = readTopic(topic);
  const { isTTY, columns } = runtime.stdout;
  const text = isTTY
    ? renderMarkdown(markdown, { columns: columns || 80, paint: ui.paint })
    : wrapMarkdown(markdown.trimEnd(), PIPE_COLUMNS);
  ui.result({ json: DATA[topic]?.(markdown) ?? { topic, markdown }, text, quiet: [text] });
}

/** With `--json`: where a script wants values rather than words. */
const DATA: Partial<Readonly<Record<HelpTopic, (markdown: string) => unknown>>> = {
  'exit-codes': (markdown) =>
    rows(markdown).map(([codes = '', meaning]) => {
      const exit = codes.split(', ').map(Number);
      const code = Object.entries(EXIT_CODES).flatMap(([name, of]) => (exit.includes(of) ? name : []));
      return { exit, code, meaning };
    }),
  environment: (markdown) => rows(markdown).map(([names = '', meaning]) => ({ variables: names.split(', '), meaning })),
  clips: () => ({
    ratios: ['16:9', '9:16'],
    video: 'H.264, 8 bit, 4:2:0',
    audio: 'AAC or none',
    seconds: [MIN_SECONDS, MAX_SECONDS],
    shortSide: [MIN_SHORT, MAX_SHORT],
    fps: [Number(MIN_FPS.toFixed(3)), MAX_FPS],
    bytes: MAX_BYTES,
  }),
  providers: () =>
    Object.entries(PROVIDERS).map(([name, { keyVariable, baseUrlVariable, defaultBaseUrl }]) => ({
      name,
      keyVariable: keyVariable ?? null,
      baseUrlVariable: baseUrlVariable || null,
      defaultBaseUrl,
    })),
};

/** Of the first table, without marks. */
function rows(markdown: string): readonly (readonly string[])[] {
  const table = parseMarkdown(markdown).find((block): block is TableBlock => block.kind === 'table');
  return (table?.rows ?? []).map((row) => row.map(plainText));
}
