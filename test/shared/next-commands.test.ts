import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../../src/cli/options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { nextCommands } from '../../src/shared/next-commands.ts';
import { shellCommand, shellQuote } from '../../src/shared/text.ts';
import { leavesOf } from '../helpers/commands.ts';
import { findRefusals } from '../helpers/refusals.ts';

describe('the commands of a hint', () => {
  it.each<[string, string[]]>([
    ['Nothing is lost. Continue with: sora video wait job_1 -o a.mp4', ['sora video wait job_1 -o a.mp4']],
    ['Get its video: sora video wait job_1\nTo make another one, run the command again.', ['sora video wait job_1']],
    [
      'Look for it.\nTo send it once more: sora video resend job_1\nIf you know: sora video close job_1',
      ['sora video resend job_1', 'sora video close job_1'],
    ],
    ['The clip (see the list: sora provider list), or without.', ['sora provider list']],
    ['Several of them (sora provider list), or without.', ['sora provider list']],
    ['Run it: sora doctor. It says more.', ['sora doctor']],
    ['To try again, run the same `sora video generate` command.', []],
    ['Make a new one: sora video generate <prompt>', []],
    ['sora video list shows every job.', []],
    ['iconv -f latin1 prompt.txt | sora video generate -', []],
    ['See how it differs: sora skill | diff SKILL.md -', []],
    ['Write it yourself: sora skill > SKILL.md', []],
    ['Save it: sora video wait job_1 -o ./', ['sora video wait job_1 -o ./']],
  ])('%j are %j', (hint, expected) => {
    expect(nextCommands(hint).map((words) => words.join(' '))).toEqual(expected);
  });

  it.each(['a b.mp4', "it's.mp4", '$(rm) `x`; y', 'a"b', '(1).', '-q'])('have %j as one word', (word) => {
    const hint = `Continue with: ${shellCommand('sora video wait', [shellQuote(word)], ['--force'])}`;
    expect(nextCommands(hint)[0]).toContain(word);
    expect(nextCommands(`${hint}\nOr later.`)[0]).toHaveLength(word.startsWith('-') ? 6 : 5);
  });

  it('are commands of this program with flags that it has, in every refusal', async () => {
    const program = createProgram({ write() {}, columns: 80, async run() {}, runLine: async () => 0 });
    await loadAllCommands(program);
    const leaves = leavesOf(program);
    const globals = program.options.flatMap(({ long }) => long ?? []);
    const named = findRefusals().flatMap(({ hint = '' }) =>
      nextCommands(
        hint
          .slice(1, -1)
          .replaceAll('\\', '')
          .replace(/\$\{[^}]*\}/g, 'x'),
      ),
    );
    expect(named.length).toBeGreaterThan(30);
    for (const [sora, ...words] of named) {
      expect(sora).toBe('sora');
      const line = words.join(' ');
      const leaf = leaves.find(({ name }) => `${line} `.startsWith(`${name} `));
      // `sora skill` does something besides having a command of its own.
      const isTopic = words[0] === 'help' || line === 'skill';
      expect(leaf !== undefined || isTopic, line).toBe(true);
      const flags = words.filter((word) => word.startsWith('--') && word !== '--');
      for (const flag of flags) expect([...(leaf?.flags ?? []), ...globals], line).toContain(flag.replace(/=.*/, ''));
    }
  });
});
