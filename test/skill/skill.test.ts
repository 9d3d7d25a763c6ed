import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../../src/cli/options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCli } from '../../src/cli/run.ts';
import { SKILL_NAME } from '../../src/help/read-skill.ts';
import { HELP_TOPICS } from '../../src/help/read-topic.ts';
import { EXIT_CODES } from '../../src/shared/errors.ts';
import { currentSkill, judgeCopy, signed } from '../../src/skill/skill.ts';
import { leavesOf } from '../helpers/commands.ts';
import { examplesOf, SKILL, tableBehind } from '../helpers/documents.ts';
import { createTestRuntime } from '../helpers/runtime.ts';

const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
await loadAllCommands(program);

const { markdown, version } = currentSkill();

/** Every command line that it shows, in blocks and in sentences. */
const COMMANDS = [
  ...examplesOf(SKILL).flatMap(({ script }) => script.split('\n')),
  ...[...SKILL.text.matchAll(/`(sora [^`]+)`/g)].map(([, line = '']) => line),
].filter((line) => line.startsWith('sora '));

describe('the skill', () => {
  it('has at most 4 KB, its signature included', () => {
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(4096);
  });

  // https://agentskills.io/specification
  it('has the front matter that agents read: its folder as its name, and a description of at most 1024 characters', () => {
    const [, front = ''] = /^---\n([\s\S]*?)\n---\n/.exec(markdown) ?? [];
    const fields = Object.fromEntries(front.split('\n').map((line) => line.split(/: (.*)/).slice(0, 2)));
    expect(Object.keys(fields)).toEqual(['name', 'description']);
    expect(fields.name).toBe(SKILL_NAME);
    expect(SKILL.path).toContain(`/${SKILL_NAME}/SKILL.md`);
    expect(SKILL_NAME).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(fields.description?.length).toBeGreaterThan(100);
    expect(fields.description?.length).toBeLessThanOrEqual(1024);
    // A plain scalar of YAML ends at these, and XML in it is refused.
    expect(fields.description).not.toMatch(/: | #|[<>]/);
  });

  it('names commands that there are, with options that each of them has', () => {
    const everywhere = program.options.map(({ long }) => long);
    const leaves = leavesOf(program);
    expect(COMMANDS.length).toBeGreaterThan(12);
    for (const line of COMMANDS) {
      if (/^sora help( [a-z-]+)?$/.test(line)) {
        expect(['', ...HELP_TOPICS]).toContain(line.replace(/^sora help ?/, ''));
        continue;
      }
      const leaf = leaves.find(({ name }) => line === `sora ${name}` || line.startsWith(`sora ${name} `));
      expect(leaf, line).toBeDefined();
      for (const [flag] of line.matchAll(/(?<= )--[a-z-]+/g)) {
        expect([...(leaf?.flags ?? []), ...everywhere, '--help'], line).toContain(flag);
      }
    }
  });

  it('gives every exit code that a finished command can have its row, and no other', () => {
    const rows = tableBehind('## Exit codes', SKILL.path).map(([exit]) => Number(exit));
    const { bug, interrupted, terminated, ...codes } = EXIT_CODES;
    expect(rows).toEqual([0, ...Object.values(codes)].toSorted((a, b) => a - b));
    expect([bug, interrupted, terminated]).toEqual([1, 130, 143]);
  });

  it('tells of errors what their JSON has', async () => {
    const { runtime, stderr } = await createTestRuntime();
    expect(await runCli(['video', 'show', '@first', '--json'], runtime)).toBe(2);
    const [said] = stderr.json() as { error: Record<string, unknown> }[];
    const fields = [...SKILL.text.matchAll(/`error\.([a-z]+)`/g)].map(([, field = '']) => field);
    expect(fields).toEqual(['next', 'retryable']);
    for (const field of fields) expect(said?.error, field).toHaveProperty(field);
    expect(said?.error).toMatchObject({ next: [['sora', 'video', 'list']], retryable: false });
  });

  it('P2: has a limit and a key on every line that sends a video, always the same for one video', () => {
    const sends = COMMANDS.filter((line) => /^sora video (?:generate|extend|edit|remix) [@"]/.test(line));
    expect(sends.length).toBeGreaterThan(1);
    for (const line of sends) expect(line).toMatch(/ --max-cost \S+ --key sea-1 /);
    for (const line of COMMANDS.filter((one) => /^sora (?:character create|batch run) /.test(one)))
      expect(line).toContain('--max-cost');
    expect(COMMANDS.filter((line) => /--(?:resend|force|anew|allow)/.test(line))).toEqual([]);
  });
});

describe('a copy of it', () => {
  const earlier = signed('---\nname: sora-cli\n---\n\n# Before\n', '0.0.9');

  it.each([
    ['of this version', markdown, { state: 'current' }],
    ['of this version, with the line ends of another system', markdown.replaceAll('\n', '\r\n'), { state: 'current' }],
    ['of an earlier version', earlier, { state: 'outdated', version: '0.0.9' }],
    ['of this version, changed', markdown.replace('sandbox', 'desert'), { state: 'changed' }],
    ['of an earlier version, changed', earlier.replace('Before', 'After'), { state: 'changed' }],
    ['of an earlier version, with something behind it', `${earlier}more\n`, { state: 'changed' }],
    ['that says another version than it was signed with', markdown.replace(`sora ${version} `, 'sora 9.9.9 '), {}],
    ['without a signature', '# Mine\n', { state: 'changed' }],
    ['that is empty', '', { state: 'changed' }],
  ])('%s is known as such', (_title, text, expected) => {
    expect(judgeCopy(text)).toMatchObject(expected);
  });
});
