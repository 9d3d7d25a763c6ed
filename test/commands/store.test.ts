import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCharacterList } from '../../src/commands/character/manage.ts';
import { runStoreCheck, runStorePath } from '../../src/commands/store.ts';
import { hashFile } from '../../src/disk/hash.ts';
import type { CharacterClip } from '../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { addCharacter, addJob } from '../helpers/far-end.ts';
import { ffmpegPath, makerPath, run, words } from '../helpers/ffmpeg.ts';
import { createTestContext, type TestContext } from '../helpers/runtime.ts';
import { changeRecord, writeUnusable } from '../helpers/samples.ts';

const HOST = 'https://gateway.example.com/v1';

describe('store path', () => {
  it('names every folder under the home, and makes none', async () => {
    const { context, stdout, home } = await createTestContext({ json: true });
    await runStorePath(context);
    expect(JSON.parse(stdout.text())).toEqual({
      settings: home,
      characters: join(home, 'characters'),
      clips: join(home, 'clips'),
      jobs: join(home, 'jobs'),
      sandbox: join(home, 'sandbox'),
    });
    await expect(rm(home)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('follows XDG without SORA_HOME', async () => {
    const env = { SORA_HOME: '', XDG_CONFIG_HOME: '/x/config', XDG_DATA_HOME: '/x/data', XDG_STATE_HOME: '/x/state' };
    const { context, stdout } = await createTestContext({ quiet: true }, { env });
    await runStorePath(context);
    expect(stdout.text().trimEnd().split('\n')).toEqual([
      ...['/x/config/sora', '/x/data/sora/characters', '/x/data/sora/clips'],
      ...['/x/state/sora/jobs', '/x/state/sora/sandbox'],
    ]);
  });
});

/** One whose record tells nothing of its source. */
async function addOld(test: TestContext, name: string, fields: Partial<CharacterClip>): Promise<void> {
  const { fileName, sha256 } = (await addCharacter(test, name)).clip.source;
  await (await test.context.characters()).update(name, (current) =>
    changeRecord(current, { source: { fileName, sha256 }, ...fields }),
  );
}

describe('store check', () => {
  it('finds an empty and a whole store whole', async () => {
    const test = await createTestContext();
    await runStoreCheck(test.context);
    await addCharacter(test, 'Joe');
    await addJob(test, { baseUrl: HOST });
    await runStoreCheck(test.context);
    expect(test.stdout.text()).toBe('0 characters, 0 jobs: all whole.\n1 character, 1 job: all whole.\n');
  });

  it.each([
    [2, 1.5, 'its start would differ now. Its light, shape, frame rate or sound may differ now'],
    [2, 'auto', 'its start would differ now. Its light, shape, frame rate or sound may differ now'],
    [2, null, 'its light, shape, frame rate, start or sound may differ now'],
    [3, 1.5, undefined],
  ] as const)('marks a clip of plan version %d that begins at %s', async (planVersion, start, words) => {
    const test = await createTestContext();
    await addOld(test, 'Joe', { planVersion, options: { ...DEFAULT_CLIP_OPTIONS, start } });
    await runStoreCheck(test.context);
    await runCharacterList(test.context);
    const note = `Joe was prepared by an earlier version; ${words}. To prepare it again, with the options that it had (its registrations are then made anew): sora character create <clip> --name "Joe" --force`;
    for (const text of [test.stdout.text(), test.stderr.text()]) expect(text.includes(note)).toBe(words !== undefined);
  });

  it('looks at the source where it lies in the folder, and says what would differ', async () => {
    const test = await createTestContext({ json: true }, { env: { SORA_FFMPEG: ffmpegPath } });
    const folder = test.context.runtime.cwd;
    const vfr = words(
      '-v error -f lavfi -i testsrc=s=320x180:r=30:d=3 -vf select=lt(n\\,30)+not(mod(n\\,3)) -vsync vfr',
    );
    const plain = words('-v error -f lavfi -i testsrc=s=320x180:r=30:d=2');
    for (const [name, args] of [
      ['Joe', vfr],
      ['Mia', plain],
    ] as const) {
      const path = join(folder, `${name}.mp4`);
      await run([...args, ...words('-c:v libx264 -preset ultrafast -pix_fmt yuv420p'), path], { path: makerPath });
      const source = { fileName: `${name}.mp4`, sha256: await hashFile(path) };
      await addOld(test, name, { planVersion: 2, source });
    }
    await addOld(test, 'Zoë', { planVersion: 2 });
    await runStoreCheck(test.context);
    const all = ['light', 'shape', 'frame rate', 'start', 'sound'];
    expect(JSON.parse(test.stdout.text()).outdated).toEqual([
      { name: 'Joe', differs: ['frame rate'], mayDiffer: [] },
      { name: 'Zoë', differs: [], mayDiffer: all },
    ]);
  });

  it('says in one sentence that many are of an earlier version', async () => {
    const test = await createTestContext();
    for (const name of ['Ann', 'Ben', 'Joe', 'Mia', 'Tom', 'Uma']) await addOld(test, name, { planVersion: 2 });
    await runCharacterList(test.context);
    expect(test.stderr.text().match(/earlier version/g)).toHaveLength(1);
    expect(test.stderr.text()).toContain('6 characters were prepared by an earlier version');
    expect(test.stderr.text()).toContain('Ann, Ben, Joe and 3 more. To see what of each');
  });

  it('names everything that is broken, exits 12, and deletes nothing', async () => {
    const test = await createTestContext({ json: true });
    const store = await test.context.characters();
    const [joe, mia] = [await addCharacter(test, 'Joe'), await addCharacter(test, 'Mia')];
    await addCharacter(test, 'Zoë');
    await addJob(test, { baseUrl: HOST });
    await writeFile(store.clipPath(joe.clip.master.sha256), 'Jo');
    await rm(store.clipPath(mia.clip.master.sha256));
    const tornCharacter = join(test.context.paths().characters, 'ffff.json');
    const tornJob = join(test.context.paths().jobs, 'job_000000000torn00.json');
    await writeFile(tornCharacter, '{');
    await writeFile(tornJob, '{"version":9}');
    const unusable = await writeUnusable(test.context.paths().jobs, 'job_zzzzzzzzzunused');

    await expect(runStoreCheck(test.context)).rejects.toMatchObject({
      code: 'machine',
      message: 'The store has 5 broken files.',
    });
    expect(JSON.parse(test.stdout.text())).toEqual({
      characters: 3,
      jobs: 1,
      problems: [
        { path: tornCharacter, reason: expect.any(String) },
        { path: tornJob, reason: expect.stringContaining('newer version') },
        { path: unusable, reason: 'its status is succeeded, but it has no remoteId' },
        { path: store.clipPath(joe.clip.master.sha256), reason: 'the clip of Joe is damaged' },
        { path: store.clipPath(mia.clip.master.sha256), reason: 'the clip of Mia is missing' },
      ],
      remarks: [],
      outdated: [],
      orphanClips: [],
    });
    const again = await test.again({ json: false, quiet: true });
    await expect(runStoreCheck(again.context)).rejects.toMatchObject({ code: 'machine' });
    expect(again.stdout.text().trimEnd().split('\n')).toEqual([
      tornCharacter,
      tornJob,
      unusable,
      store.clipPath(joe.clip.master.sha256),
      store.clipPath(mia.clip.master.sha256),
    ]);
  });

  it.each([
    ['config.json', '{', 'it is not valid JSON'],
    ['config.json', '{"version":9}', 'newer version'],
    ['keys.json', '{"version":1,"keys":{"openai":7}}', 'keys.openai'],
    ['keys.json', undefined, 'it is not a regular file'],
  ])('names %s where that cannot be used: %s', async (name, text, reason) => {
    const test = await createTestContext({ json: true });
    const path = join(test.context.paths().config, name);
    await mkdir(test.context.paths().config, { recursive: true });
    if (text === undefined) await symlink('/dev/null', path);
    else await writeFile(path, text);
    await expect(runStoreCheck(test.context)).rejects.toMatchObject({ code: 'machine' });
    const { problems } = JSON.parse(test.stdout.text());
    expect(problems).toEqual([{ path, reason: expect.stringContaining(reason) }]);
    expect(problems[0].reason).not.toContain(path);
  });

  it('mentions a clip that nobody needs, which is no problem', async () => {
    const test = await createTestContext();
    const joe = await addCharacter(test, 'Joe');
    const orphan = join(test.context.paths().clips, `${'0'.repeat(64)}.mp4`);
    await writeFile(orphan, 'x');
    await runStoreCheck(test.context);
    expect(test.stdout.text()).toBe(`1 character, 0 jobs: all whole.\n  ${orphan}: no character needs this file\n`);
    expect(await (await test.context.characters()).checkClip(joe.clip.master.sha256)).toBe('whole');
  });
});
