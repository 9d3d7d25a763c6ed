import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adoptCharacter } from '../../src/characters/adopt.ts';
import { exportCast } from '../../src/characters/cast/export-cast.ts';
import { importCast } from '../../src/characters/cast/import-cast.ts';
import { type CreateOptions, createCharacter, previewCharacter } from '../../src/characters/create.ts';
import { syncCast } from '../../src/characters/sync.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { fittingJoe } from '../helpers/joe.ts';
import { openWorkspace } from '../helpers/workspace.ts';

async function joe(): Promise<CreateOptions & { isJudged: boolean }> {
  const path = await fittingJoe();
  return { path, name: 'Joe', options: DEFAULT_CLIP_OPTIONS, force: false, local: false, isJudged: false };
}

describe('the use cases of the cast, without a command line', () => {
  it('preview, create, go on with and adopt a character', async () => {
    const { workspace, told, printed } = await openWorkspace();
    const wish = await joe();
    const { sent, clip, name } = await previewCharacter(workspace, wish);
    expect({ name, plan: clip.plan.kind }).toEqual({ name: 'Joe', plan: 'remux' });
    expect(sent?.request).toMatchObject({ method: 'POST' });
    expect((await (await workspace.characters()).list()).records).toEqual([]);

    const local = await createCharacter(workspace, { ...wish, local: true });
    expect(local.registration).toBeUndefined();
    const made = await createCharacter(workspace, wish);
    expect(made.character.clip).toEqual(local.character.clip);
    expect(made.character.registrations).toEqual([made.registration]);
    expect((await createCharacter(workspace, wish)).registration).toEqual(made.registration);
    expect((await previewCharacter(workspace, wish)).sent).toBeUndefined();
    expect(told.notes).toContainEqual(
      expect.stringMatching(/^127\.0\.0\.1:\d+ knows Joe already: nothing would be sent\.$/),
    );

    const { value: id = '' } = made.registration ?? {};
    const other = { id, name: 'Joseph', asRegistered: true, isJudged: false };
    await expect(adoptCharacter(workspace, { ...other, asRegistered: false })).rejects.toMatchObject({ code: 'usage' });
    const adopted = await adoptCharacter(workspace, other);
    expect(adopted.registration).toMatchObject({ value: id, name: 'Joe' });
    expect(adopted.character).toMatchObject({ name: 'Joseph', registrations: [adopted.registration] });
    expect(printed()).toBe('');
  });

  it('register who is unknown, export with clips and import elsewhere', async () => {
    const { workspace, dir, told } = await openWorkspace();
    const { character } = await createCharacter(workspace, { ...(await joe()), local: true });
    const provider = await workspace.provider();
    const [first] = await syncCast(workspace, [character], { provider });
    expect(first).toMatchObject({ did: 'registered', character: { name: 'Joe' } });
    const { registration } = first ?? {};
    const found = await (await workspace.characters()).find('Joe');
    expect(await syncCast(workspace, found ? [found] : [], { provider })).toMatchObject([
      { did: 'known', registration },
    ]);

    const exported = await exportCast(workspace, { output: 'cast.json', withClips: true });
    expect(exported).toMatchObject({ path: join(dir, 'cast.json'), characters: ['Joe'] });
    expect(exported.clips.map((path) => existsSync(path))).toEqual([true]);
    await expect(exportCast(workspace, { output: 'cast.json' })).rejects.toMatchObject({ code: 'usage' });

    const other = await openWorkspace();
    const file = exported.path;
    expect(await importCast(other.workspace, { file })).toEqual([{ name: 'Joe', did: 'added', hasClip: true }]);
    expect(await importCast(other.workspace, { file })).toEqual([{ name: 'Joe', did: 'unchanged', hasClip: true }]);
    const arrived = await (await other.workspace.characters()).find('Joe');
    expect(arrived?.registrations.map(({ value }) => value)).toEqual([registration?.value]);
    const clip = (await other.workspace.characters()).clipPath(character.clip.master.sha256);
    expect((await readFile(clip)).equals(await readFile(exported.clips[0] ?? ''))).toBe(true);
    expect(told.warnings).toEqual([expect.stringContaining('permission')]);
    expect(other.printed()).toBe('');
  });
});
