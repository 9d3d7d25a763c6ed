/** Two commands that make or change one character at once: one of them waits for the other, or is refused in words; nothing is paid for twice. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adoptCharacter } from '../../../src/characters/adopt.ts';
import { exportCast } from '../../../src/characters/cast/export-cast.ts';
import { importCast } from '../../../src/characters/cast/import-cast.ts';
import { type CreateOptions, createCharacter } from '../../../src/characters/create.ts';
import { setParticulars } from '../../../src/characters/particulars.ts';
import { createPictured } from '../../../src/characters/pictures/create-pictured.ts';
import { placeStills, readStills } from '../../../src/characters/pictures/stills.ts';
import { syncCast } from '../../../src/characters/sync.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { isSoraError } from '../../../src/shared/errors.ts';
import { fittingJoe } from '../../helpers/joe.ts';
import { pictureOf } from '../../helpers/pictures.ts';
import { type OpenWorkspace, openWorkspace } from '../../helpers/workspace.ts';

async function joe(wish: Partial<CreateOptions> = {}): Promise<CreateOptions & { isJudged: boolean }> {
  const path = await fittingJoe();
  return { path, name: 'Joe', options: DEFAULT_CLIP_OPTIONS, force: false, local: false, isJudged: false, ...wish };
}

/** How many registrations the host was asked for, and who is there. */
async function standing({ workspace, asked }: OpenWorkspace) {
  const { records } = await (await workspace.characters()).list();
  const creates = asked.filter((line) => /POST \S*\/characters\b/.test(line)).length;
  return { creates, cast: records.map(({ name, registrations }) => [name, registrations.length]) };
}

/** The words of the one that was refused. */
function refused(both: readonly PromiseSettledResult<unknown>[]): readonly string[] {
  return both.flatMap((one) =>
    one.status === 'rejected' && isSoraError(one.reason, 'usage') ? one.reason.message : [],
  );
}

describe('two commands at once', () => {
  it('that create one character of one clip are both done, and one registration is paid for', async () => {
    const here = await openWorkspace();
    const { workspace } = here;
    const both = await Promise.all([createCharacter(workspace, await joe()), createCharacter(workspace, await joe())]);
    expect(both[0]?.registration?.value).toMatch(/^char_/);
    expect(both[1]?.registration?.value).toBe(both[0]?.registration?.value);
    expect(await standing(here)).toEqual({ creates: 1, cast: [['Joe', 1]] });
  });

  it('that both say --force are done, too', async () => {
    const here = await openWorkspace();
    const { workspace } = here;
    const wish = await joe({ force: true });
    const both = await Promise.all([createCharacter(workspace, wish), createCharacter(workspace, wish)]);
    expect(both[1]?.registration?.value).toBe(both[0]?.registration?.value);
    expect(await standing(here)).toEqual({ creates: 1, cast: [['Joe', 1]] });
  });

  it('that create one name of two clips are one character and one refusal, which says what is there', async () => {
    const here = await openWorkspace();
    const { workspace } = here;
    const { path } = await joe();
    // The same pictures in a file of other bytes: a box that says nothing stands at its end.
    const other = join(here.dir, 'other.mp4');
    await writeFile(other, Buffer.concat([await readFile(path), Buffer.from('\0\0\0\u0008free')]));
    const both = await Promise.allSettled([
      createCharacter(workspace, await joe()),
      createCharacter(workspace, await joe({ path: other })),
    ]);
    expect(refused(both)).toEqual([
      'A character named Joe already exists, made from another clip or with other options.',
    ]);
    expect(await standing(here)).toEqual({ creates: 1, cast: [['Joe', 1]] });
  });

  it('of which one syncs what the other creates pay for one registration', async () => {
    const here = await openWorkspace();
    const { workspace } = here;
    const { character } = await createCharacter(workspace, await joe({ local: true }));
    const provider = await workspace.provider();
    const [made, [synced]] = await Promise.all([
      createCharacter(workspace, await joe()),
      syncCast(workspace, [character], { provider }),
    ]);
    expect(synced?.registration?.value).toBe(made.registration?.value);
    expect(await standing(here)).toEqual({ creates: 1, cast: [['Joe', 1]] });
  });

  it('of which one adopts an id keep both what was adopted and the clip', async () => {
    const { workspace } = await openWorkspace();
    const { registration } = await createCharacter(workspace, await joe());
    const adopt = { id: registration?.value ?? '', name: 'Jo', asRegistered: true, isJudged: false };
    const wish = await joe({ name: 'Jo' });
    await Promise.all([adoptCharacter(workspace, adopt), createCharacter(workspace, wish)]);
    const jo = await (await workspace.characters()).find('Jo');
    expect(jo?.clip).toBeDefined();
    expect(jo?.registrations.map(({ value }) => value)).toContain(registration?.value);
  });

  it('of which one imports what the other creates keep the registrations of both', async () => {
    const there = await openWorkspace();
    const known = await createCharacter(there.workspace, await joe());
    const { path: file } = await exportCast(there.workspace, { output: 'cast.json', withClips: true });
    const here = await openWorkspace();
    const { workspace } = here;
    await Promise.all([importCast(workspace, { file }), createCharacter(workspace, await joe())]);
    const { creates, cast } = await standing(here);
    expect(cast).toEqual([['Joe', 1 + creates]]);
    const found = await (await workspace.characters()).find('Joe');
    expect(found?.registrations.map(({ value }) => value)).toContain(known.registration?.value);
  });

  it('that create one name of two pictures are one character and one refusal', async () => {
    const { workspace, dir } = await openWorkspace();
    const create = async (color: string) => {
      await writeFile(
        join(dir, `${color}.png`),
        await pictureOf('png', { width: 400, height: color === 'red' ? 500 : 600 }),
      );
      const given = await readStills(workspace, [`${color}.png`]);
      return createPictured(workspace, { name: 'Mia', given, force: false });
    };
    const both = await Promise.allSettled([create('red'), create('blue')]);
    expect(refused(both)).toEqual(['A character named Mia already exists, with other pictures.']);
    const made = both.find((one) => one.status === 'fulfilled');
    expect((await (await workspace.characters()).find('Mia'))?.stills).toEqual(made?.value.stills);
  });

  it('of which one gives pictures and the other a description keep both', async () => {
    const { workspace, dir } = await openWorkspace();
    const { character } = await createCharacter(workspace, await joe({ local: true }));
    await writeFile(join(dir, 'front.png'), await pictureOf('png', { width: 400, height: 500 }));
    const given = await readStills(workspace, ['front.png']);
    await Promise.all([
      placeStills(workspace, character, given),
      setParticulars(workspace, character, { description: 'a red coat' }),
    ]);
    expect(await (await workspace.characters()).find('Joe')).toMatchObject({
      ...{ description: 'a red coat', stills: given.stills },
    });
  });
});
