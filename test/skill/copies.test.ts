import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { currentSkill, signed } from '../../src/skill/skill.ts';
import { createTestRuntime, type TestRuntime } from '../helpers/runtime.ts';

const OURS = currentSkill().markdown;
const CLAUDE = join('.claude', 'skills', 'sora-cli', 'SKILL.md');
const AGENTS = join('.agents', 'skills', 'sora-cli', 'SKILL.md');
const EARLIER = signed('# Before\n', '0.0.9');

interface World extends TestRuntime {
  sora(line: string): Promise<{ exit: number; stdout: string; stderr: string }>;
}

async function world(
  files: Readonly<Record<string, string>> = {},
  place: { readonly homeDir?: string | undefined } = {},
): Promise<World> {
  const test = await createTestRuntime();
  for (const [name, text] of Object.entries(files)) await put(join(test.dir, name), text);
  return {
    ...test,
    async sora(line) {
      for (const one of [test.stdout, test.stderr]) one.chunks.length = 0;
      const exit = await runCli(line.split(' '), { ...test.runtime, ...place });
      return { exit, stdout: test.stdout.text(), stderr: test.stderr.text() };
    },
  };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const read = (test: World, path: string): Promise<string> => readFile(join(test.dir, path), 'utf8');

describe('sora skill', () => {
  it('prints what install writes, byte for byte', async () => {
    const test = await world();
    expect((await test.sora('skill')).stdout).toBe(OURS);
    expect((await test.sora('skill show -q')).stdout).toBe(OURS);
    expect(await test.sora('skill install')).toMatchObject({ exit: 0, stderr: '' });
    expect(await read(test, CLAUDE)).toBe(OURS);
    expect(await read(test, AGENTS)).toBe(OURS);
  });
});

describe('sora skill install', () => {
  it('writes two files into the current folder and nothing else, and does nothing the second time', async () => {
    const test = await world();
    const first = await test.sora('skill install --json');
    const paths = [join(test.dir, CLAUDE), join(test.dir, AGENTS)];
    expect(JSON.parse(first.stdout)).toEqual(paths.map((path) => ({ path, state: 'written' })));
    const second = await test.sora('skill install --json');
    expect(JSON.parse(second.stdout)).toEqual(paths.map((path) => ({ path, state: 'current' })));
    expect((await test.sora('skill install -q')).stdout).toBe(`${paths.join('\n')}\n`);
    const there = await readdir(test.dir, { recursive: true, withFileTypes: true });
    expect(there.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : [])).toSorted()).toEqual(
      paths.toSorted(),
    );
  });

  it('writes into the home folder with --user', async () => {
    const home = await world();
    const test = await world({}, { homeDir: home.dir });
    expect((await test.sora('skill install --user')).exit).toBe(0);
    expect([await read(home, CLAUDE), await read(home, AGENTS)]).toEqual([OURS, OURS]);
    expect(await readdir(test.dir)).not.toContain('.claude');
  });

  it('updates what an earlier version wrote', async () => {
    const test = await world({ [CLAUDE]: EARLIER });
    const { stdout } = await test.sora('skill install --json');
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'updated' }, { state: 'written' }]);
    expect(await read(test, CLAUDE)).toBe(OURS);
  });

  it.each([
    ['was changed by hand', `${OURS}And be polite.\n`],
    ['is from somebody else', '---\nname: sora-cli\n---\n'],
    ['is larger than any skill', 'x'.repeat(1_100_000)],
  ])('P4: leaves a copy that %s as it is, and writes neither, until --force', async (_title, text) => {
    const test = await world({ [AGENTS]: text });
    const refused = await test.sora('skill install');
    expect(refused).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringContaining(join(test.dir, AGENTS)) });
    expect(refused.stderr).toContain('--force');
    expect(await read(test, AGENTS)).toBe(text);
    await expect(read(test, CLAUDE)).rejects.toThrow();
    const { stdout } = await test.sora('skill install --force --json');
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'written' }, { state: 'replaced' }]);
    expect(await read(test, AGENTS)).toBe(OURS);
  });

  it.each([
    ['.claude', '.claude'],
    ['the folder of the skill', join('.agents', 'skills', 'sora-cli')],
    ['the file', AGENTS],
  ])('P4: follows no link out of the folder: %s', async (_title, link) => {
    const outside = await world({ 'SKILL.md': 'theirs' });
    const test = await world();
    await mkdir(dirname(join(test.dir, link)), { recursive: true });
    await symlink(link.endsWith('.md') ? join(outside.dir, 'SKILL.md') : outside.dir, join(test.dir, link));
    for (const line of ['skill install', 'skill install --force']) {
      expect(await test.sora(line)).toMatchObject({ exit: 2, stderr: expect.stringContaining('a link leads to') });
    }
    expect(await readFile(join(outside.dir, 'SKILL.md'), 'utf8')).toBe('theirs');
    expect(await readdir(outside.dir, { recursive: true })).not.toContain('skills');
  });

  it('follows a link that stays in the folder, and leaves it: one file for both kinds of agents', async () => {
    const test = await world({ '.agents/skills/other/SKILL.md': 'theirs' });
    await mkdir(join(test.dir, '.claude'));
    await symlink(join('..', '.agents', 'skills'), join(test.dir, '.claude', 'skills'));
    expect((await test.sora('skill install')).exit).toBe(0);
    expect(await readlink(join(test.dir, '.claude', 'skills'))).toBe(join('..', '.agents', 'skills'));
    expect([await read(test, CLAUDE), await read(test, AGENTS)]).toEqual([OURS, OURS]);
    expect(await readdir(join(test.dir, '.agents', 'skills', 'sora-cli'))).toEqual(['SKILL.md']);
  });

  it.each([
    ['a file is where its folder should be', { '.claude': 'x' }],
    ['a folder is in its place', { [join(CLAUDE, 'x')]: 'x' }],
  ])('exits 12, and writes nothing, where %s', async (_title, files) => {
    const test = await world(files);
    const { exit, stderr } = await test.sora('skill install --force');
    expect(exit).toBe(12);
    expect(stderr).toContain(`${join(test.dir, CLAUDE)} cannot be used: `);
    expect(stderr).toContain('sora skill > SKILL.md');
    await expect(read(test, AGENTS)).rejects.toThrow();
  });

  it('exits 12 with --user where the user has no home folder', async () => {
    const test = await world({}, { homeDir: undefined });
    expect(await test.sora('skill install --user')).toMatchObject({
      exit: 12,
      stderr: expect.stringContaining('no home folder'),
    });
  });
});

describe('doctor', () => {
  const skills = async (test: World): Promise<unknown> => {
    const { stdout } = await test.sora('doctor --json');
    return (JSON.parse(stdout) as { check: string }[]).filter(({ check }) => check === 'skill for agents');
  };

  it('says nothing of a skill that is not installed', async () => {
    expect(await skills(await world())).toEqual([]);
  });

  it('compares the copies in the current folder and at home with this version, and says how to update them', async () => {
    const home = await world({ [AGENTS]: EARLIER });
    const test = await world({ [CLAUDE]: OURS, [AGENTS]: 'mine' }, { homeDir: home.dir });
    const before = (await test.sora('doctor')).exit;
    expect(await skills(test)).toEqual([
      { check: 'skill for agents', ok: true, detail: join(test.dir, CLAUDE) },
      {
        ...{ check: 'skill for agents', ok: false },
        detail: `${join(test.dir, AGENTS)} was changed, or is not from sora`,
        fix: expect.stringContaining('sora skill install --force'),
      },
      {
        ...{ check: 'skill for agents', ok: false },
        detail: `${join(home.dir, AGENTS)} is of sora 0.0.9, and this is ${currentSkill().version}`,
        fix: 'Update it: sora skill install --user',
      },
    ]);
    const without = await world();
    expect(before).toBe((await without.sora('doctor')).exit);
  });
});
