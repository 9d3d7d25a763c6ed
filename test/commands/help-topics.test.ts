import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runHelpTopic } from '../../src/commands/help-topics.ts';
import { HELP_TOPICS, type HelpTopic } from '../../src/help/read-topic.ts';
import { THRESHOLDS } from '../../src/media/judge/thresholds.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { PROFILE_KEYS } from '../../src/settings/settings.ts';
import { EXIT_CODES, WORST_FIRST } from '../../src/shared/errors.ts';
import { JOB_STATUSES } from '../../src/shared/job.ts';
import { parseMarkdown } from '../../src/terminal/markdown.ts';
import { displayWidth } from '../../src/terminal/width.ts';
import { tableBehind } from '../helpers/documents.ts';
import { createTestContext } from '../helpers/runtime.ts';

const markdownOf = (name: HelpTopic): string =>
  readFileSync(new URL(`../../src/help/${name}.md`, import.meta.url), 'utf8');

async function topic(name: HelpTopic, { columns = 80, isTTY = true } = {}): Promise<{ text: string; json: unknown }> {
  const test = await createTestContext({}, { columns, tty: isTTY ? ['stdout'] : [] });
  await runHelpTopic(test.context, name);
  const json = await test.again({ json: true });
  await runHelpTopic(json.context, name);
  return { text: test.stdout.text(), json: JSON.parse(json.stdout.text()) };
}

/** What no line can be broken in: a URL, a path, or code that is shown as it is. */
function widestPart(markdown: string): number {
  const code = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].flatMap(([, lines = '']) => lines.split('\n'));
  const words = markdown.split(/[\s|]+/);
  return 2 + Math.max(...[...code, ...words].map(displayWidth));
}

describe('a help topic', () => {
  it.each(HELP_TOPICS.flatMap((name) => [40, 60, 80, 140].map((columns) => [name, columns] as const)))(
    '%s fits %i columns',
    async (name, columns) => {
      const { text } = await topic(name, { columns });
      const most = Math.max(columns, widestPart(markdownOf(name)));
      for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(most);
    },
  );

  it.each(HELP_TOPICS)(
    '%s is in a pipe the Markdown of its file, in lines of 80 columns where it is no table or code',
    async (name) => {
      const { text } = await topic(name, { isTTY: false });
      const file = markdownOf(name);
      expect(parseMarkdown(text)).toEqual(parseMarkdown(file));
      const code = new Set(file.match(/^```[\s\S]*?^```/gm)?.flatMap((block) => block.split('\n')));
      const long = text
        .split('\n')
        .filter((line) => displayWidth(line) > 80 && !line.startsWith('|') && !code.has(line));
      // What cannot be broken: a piece of code, or a word in front of a mark.
      expect(long.filter((line) => !/^(?:- | {2})?(?:`[^`]*`|\S)+(?: [-+*#>|=\d].*)?$/.test(line))).toEqual([]);
    },
  );

  it.each(HELP_TOPICS)('%s says on a terminal every word of its file', async (name) => {
    const { text } = await topic(name, { columns: 140 });
    const words = (from: string): string[] => from.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    const said = new Set(words(text));
    // What follows ``` is for programs.
    expect(words(markdownOf(name).replaceAll(/^```\w+$/gm, '')).filter((word) => !said.has(word))).toEqual([]);
  });

  it('exit-codes says with --json what it says in words, with the code of each error', async () => {
    const { json } = await topic('exit-codes');
    const told = json as { exit: number[]; code: string[]; meaning: string }[];
    expect(told.map(({ exit, meaning }) => [exit.join(', '), meaning])).toEqual(
      tableBehind('# Exit codes').map((row) => row.map((cell) => cell.replaceAll('`', ''))),
    );
    expect(told.flatMap(({ code }) => code).toSorted()).toEqual(Object.keys(EXIT_CODES).toSorted());
    for (const { exit, code } of told) for (const one of code) expect(exit).toContain(EXIT_CODES[one as 'bug']);
  });

  it('exit-codes says in which order several ids count', () => {
    const order = WORST_FIRST.map((code) => EXIT_CODES[code]).join(', ');
    expect(markdownOf('exit-codes')).toContain(`With several ids: the first that applies of ${order}.`);
  });

  it('environment lists its variables with --json', async () => {
    const { json } = await topic('environment');
    expect(json).toContainEqual({ variables: ['SORA_PROVIDER', 'SORA_PROFILE'], meaning: 'as --provider, --profile' });
    expect(json).toHaveLength(tableBehind('| variable | meaning |').length);
  });

  it('providers names every host, its base URL and its variables, and no other', async () => {
    const rows = tableBehind('| name | base URL | variables |').map((row) =>
      row.map((cell) => cell.replaceAll('`', '')),
    );
    const expected = Object.entries(PROVIDERS).map(([name, { keyVariable, baseUrlVariable, defaultBaseUrl }]) =>
      keyVariable === undefined
        ? [name, 'built in', expect.stringContaining('no key')]
        : [name, defaultBaseUrl, `${keyVariable}, ${baseUrlVariable}`],
    );
    expect(rows).toEqual(expected);
    const { json } = await topic('providers');
    expect((json as { name: string }[]).map(({ name }) => name)).toEqual(Object.keys(PROVIDERS));
  });

  it('clips says the limits', async () => {
    const { text, json } = await topic('clips');
    expect(json).toMatchObject({ seconds: [2, 4], shortSide: [720, 1080], fps: [23.976, 60], bytes: 50_000_000 });
    for (const limit of ['2 to 4 s', '720 to 1080 pixels', '23.976 to 60', '50 MB']) expect(text).toContain(limit);
  });

  it('clips says from which value on a finding is a remark or a problem', () => {
    const { sharpness, flat, fade, motion, steadiness, bars, size, sound } = THRESHOLDS;
    const told = Object.fromEntries(tableBehind('| finding | measured |').map(([what, , ...levels]) => [what, levels]));
    expect(told).toMatchObject({
      sharpness: [`${sharpness.remark} px`, `${sharpness.problem} px`],
      contrast: [`below ${flat.remark} %`, `below ${flat.problem} %`],
      fade: ['any', `${fade.problemSeconds} s`],
      motion: [`below ${motion.hardly} %, from ${motion.much} %`, `below ${motion.still} %, from ${motion.tooMuch} %`],
      steadiness: [`${steadiness.remark} %`, `${steadiness.problem} %`],
      bars: [`${bars.remark} %`, `${bars.problem} %`],
      size: [`${size.remark} times`, `${size.problem} times`],
      sound: [expect.stringContaining(`below ${sound.quiet} dB`), ''],
    });
  });

  it('settings has every field of a profile, and every option that each command takes', () => {
    const named = (words: string): string[] =>
      tableBehind(words, 'settings.md').map(([cell = '']) => /^`([^`]+)`/.exec(cell)?.[1] ?? '');
    expect(named('| field | meaning |').toSorted()).toEqual([...PROFILE_KEYS].toSorted());
    const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
    const options = program.options.filter(({ long }) => long !== '--version').map(({ flags }) => flags.split(', ')[0]);
    expect(named('| option | meaning |').toSorted()).toEqual(options.toSorted());
  });

  it('videos has every status of a job', () => {
    const told = tableBehind('| status | meaning |', 'videos.md').map(([cell = '']) => cell.replaceAll('`', ''));
    expect(told).toEqual([...JOB_STATUSES]);
  });

  it('without data of its own is its Markdown with --json', async () => {
    const { json } = await topic('videos');
    expect(json).toEqual({ topic: 'videos', markdown: markdownOf('videos') });
  });
});
