import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HELP_TOPICS, type HelpTopic } from '../../src/cli/options.ts';
import { runHelpTopic } from '../../src/commands/help-topics.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { EXIT_CODES } from '../../src/shared/errors.ts';
import { displayWidth } from '../../src/terminal/width.ts';
import { createTestContext } from '../helpers/host.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The rows of the first table below a text of the README, without marks. */
function rows(below: string): string[][] {
  const table = /(?:^\|.*\|\n)+/m.exec(README.slice(README.indexOf(below)))?.[0] ?? '';
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').replaceAll("'", '’').trim()),
    );
}

async function topic(name: HelpTopic, columns = 80): Promise<{ text: string; json: unknown }> {
  const test = await createTestContext({}, { columns });
  await runHelpTopic(test.context, name);
  const json = await test.again({ json: true });
  await runHelpTopic(json.context, name);
  return { text: test.stdout.text(), json: JSON.parse(json.stdout.text()) };
}

describe('a help topic', () => {
  it.each(HELP_TOPICS.flatMap((name) => [60, 80, 140].map((columns) => [name, columns] as const)))(
    '%s fits %i columns',
    async (name, columns) => {
      const { text } = await topic(name, columns);
      for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    },
  );

  it('exit-codes says what the README says', async () => {
    const { json, text } = await topic('exit-codes', 200);
    const told = (json as { exit: number[]; meaning: string }[]).map(({ exit, meaning }) => [exit.join(', '), meaning]);
    expect(told).toEqual(rows('## Exit codes'));
    for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`(^|, | )${code}[, ]`, 'm'));
    expect(README).toContain(/With several ids: .*?\./.exec(text)?.[0]);
  });

  it('environment says what the README says', async () => {
    const { json } = await topic('environment');
    const told = (json as { variables: string[]; meaning: string }[]).map(({ variables, meaning }) => [
      variables.join(', '),
      meaning,
    ]);
    expect(told).toEqual(rows('| variable | meaning |'));
  });

  it('providers names every host, and where its key comes from', async () => {
    const { text } = await topic('providers');
    for (const [name, { keyVariable }] of Object.entries(PROVIDERS)) {
      expect(text).toContain(name);
      if (keyVariable) expect(text).toContain(keyVariable);
    }
  });

  it('clips says the limits', async () => {
    const { text, json } = await topic('clips');
    expect(json).toMatchObject({ seconds: [2, 4], shortSide: [720, 1080], fps: [23.976, 60], bytes: 50_000_000 });
    for (const limit of ['2 to 4 s', '720 to 1080 pixels', '23.976 to 60', '50 MB']) expect(text).toContain(limit);
  });
});
