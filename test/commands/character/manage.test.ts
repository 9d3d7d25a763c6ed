import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCharacter } from '../../../src/characters/find.ts';
import { characterJson } from '../../../src/characters/record.ts';
import {
  runCharacterList,
  runCharacterRemove,
  runCharacterRename,
  runCharacterShow,
} from '../../../src/commands/character/manage.ts';
import { hashFile } from '../../../src/disk/hash.ts';
import type { Registration } from '../../../src/shared/character.ts';
import { addCharacter, makeVideo } from '../../helpers/far-end.ts';
import { createTestContext } from '../../helpers/runtime.ts';
import { keepSample, sampleCharacter } from '../../helpers/samples.ts';

const HOST = 'https://gateway.example.com/v1';

describe('character list', () => {
  it('says how to begin when the cast is empty', async () => {
    const { context, stdout } = await createTestContext();
    await runCharacterList(context);
    expect(stdout.text()).toContain('sora character create <clip> --name <name>');
  });

  it('shows each name, clip and living registration, in the order of the names', async () => {
    const test = await createTestContext();
    await addCharacter(test, 'Zoë');
    await addCharacter(test, 'Joe', { baseUrl: HOST });
    await addCharacter(test, 'Mia', { baseUrl: HOST });
    const stale = (await test.context.characters()).update('Mia', (mia) => ({
      ...mia,
      registrations: mia.registrations.map((one) => ({ ...one, stale: true })),
    }));
    await stale;
    await runCharacterList(test.context);
    expect(test.stdout.text().trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^NAME +CLIP +REGISTERED WITH +CREATED$/),
      expect.stringMatching(/^Joe +1280x720 3\.50 s +gateway\.example\.com char_Joe +2026-11-21T10:00:00Z$/),
      expect.stringMatching(/^Mia +1280x720 3\.50 s +- +2026/),
      expect.stringMatching(/^Zoë +1280x720 3\.50 s +- +2026/),
    ]);
  });

  it('is an array of documents with --json, and names with --quiet', async () => {
    const test = await createTestContext({ json: true });
    const joe = await addCharacter(test, 'Joe');
    await runCharacterList(test.context);
    const clipPath = (await test.context.characters()).clipPath(joe.clip.master.sha256);
    expect(JSON.parse(test.stdout.text())).toEqual([{ ...characterJson(joe), clipPath }]);
    const quiet = await test.again({ json: false, quiet: true });
    await runCharacterList(quiet.context);
    expect(quiet.stdout.text()).toBe('Joe\n');
  });

  it('tells what was paid for registrations, and of none when nothing was', async () => {
    const test = await createTestContext();
    await addCharacter(test, 'Joe', { baseUrl: HOST });
    await addCharacter(test, 'Mia', { baseUrl: HOST });
    await runCharacterList(test.context);
    expect(test.stderr.text()).toBe('');
    const pay = async (name: string, cost: NonNullable<Registration['cost']>) =>
      (await test.context.characters()).update(name, (one) => ({
        ...one,
        registrations: one.registrations.map((registration) => ({ ...registration, cost })),
      }));
    const told = async () => {
      const { context, stderr } = await test.again();
      await runCharacterList(context);
      return stderr.text();
    };
    await pay('Mia', {});
    expect(await told()).toBe('Paid for registrations: unknown\n');
    await pay('Joe', { estimateUsd: 0.25, asOf: '2026-11-21', source: 'a page' });
    expect(await told()).toBe('Paid for registrations: ~$0.25 and 1 at an unknown price\n');
  });

  it('names a record that cannot be read, and shows the others', async () => {
    const test = await createTestContext({ quiet: true });
    await addCharacter(test, 'Joe');
    const torn = join(test.context.paths().characters, 'ffff.json');
    await writeFile(torn, '{');
    await runCharacterList(test.context);
    expect([test.stdout.text(), test.stderr.text()]).toEqual(['Joe\n', expect.stringContaining(`Skipped ${torn}: `)]);
  });
});

describe('character show', () => {
  it('shows the clip, where it came from, and every registration', async () => {
    const test = await createTestContext();
    const joe = await addCharacter(test, 'Joe', { baseUrl: HOST, hostName: 'joe.smith' });
    await runCharacterShow(test.context, 'joe');
    const text = test.stdout.text();
    const clipPath = (await test.context.characters()).clipPath(joe.clip.master.sha256);
    for (const fact of ['1280x720, 3.500 s, 30.000 fps, 3 B', clipPath, 'made from   joe.mp4'])
      expect(text).toContain(fact);
    expect(text).toContain(`registered  char_Joe with openai at ${HOST}, landscape, as joe.smith\n`);
  });

  it('draws a sheet of the clip with --sheet', async () => {
    const test = await createTestContext({ json: true });
    const store = await test.context.characters();
    const temp = await store.tempClipPath();
    await writeFile(temp, await makeVideo());
    const sample = sampleCharacter('Joe');
    const sha256 = await hashFile(temp);
    const made = { ...sample.clip, master: { ...sample.clip.master, sha256 } };
    await store.keep({ ...sample, clip: made }, temp);
    await runCharacterShow(test.context, 'Joe', { sheet: 'joe.png' });
    const path = join(test.dir, 'joe.png');
    expect(JSON.parse(test.stdout.text())).toMatchObject({ name: 'Joe', sheet: { path, times: { length: 12 } } });
    expect((await readFile(path)).subarray(1, 4).toString()).toBe('PNG');
    const refused = runCharacterShow(test.context, 'Joe', { sheet: 'joe.png' });
    await expect(refused).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--force') });
    const quiet = await test.again({ json: false, quiet: true });
    await runCharacterShow(quiet.context, 'Joe', { sheet: 'joe.png', force: true });
    expect(quiet.stdout.text()).toBe(`${path}\n`);
  });

  it('draws no sheet of a clip that is gone', async () => {
    const test = await createTestContext();
    const joe = await addCharacter(test, 'Joe');
    await rm((await test.context.characters()).clipPath(joe.clip.master.sha256));
    await expect(runCharacterShow(test.context, 'Joe', { sheet: 'joe.png' })).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining('is missing') },
    });
  });

  it.each([
    ['Jo', 'Did you mean Joe?'],
    ['Maximilian', 'See the cast: sora character list'],
    ['Joe,Mia', 'For several characters, repeat the option: -c Joe -c Mia'],
    ['Joe, Mia Lee', "For several characters, repeat the option: -c Joe -c 'Mia Lee'"],
  ])('of %s, who is not there, says what might be meant', async (name, hint) => {
    const test = await createTestContext();
    await addCharacter(test, 'Joe');
    await expect(requireCharacter(test.context, name)).rejects.toMatchObject({
      ...{ code: 'usage', message: `There is no character "${name}".`, hint },
    });
  });

  it.each([
    ['Maximilian', '--name "Maximilian"'],
    ['`rm` Maximilian', "--name '`rm` Maximilian'"],
    ['-q', '--name="-q"'],
  ])(
    'of %s, where there is nobody, or somebody new would serve as well, says how to make one',
    async (name, option) => {
      const test = await createTestContext();
      const hint = `Make one: sora character create <clip> ${option}`;
      await expect(requireCharacter(test.context, name)).rejects.toMatchObject({ hint });
      await addCharacter(test, 'Joe');
      await expect(requireCharacter(test.context, name, { mayBeNew: true })).rejects.toMatchObject({ hint });
    },
  );

  it.each(['', ' \t'])('of %j says that it is no name', async (name) => {
    const test = await createTestContext();
    await expect(requireCharacter(test.context, name)).rejects.toMatchObject({
      ...{ code: 'usage', message: 'The name of a character is empty.', hint: 'See the cast: sora character list' },
    });
  });
});

describe('character rename', () => {
  it('says what hosts go on calling it', async () => {
    const test = await createTestContext({ quiet: true });
    await addCharacter(test, 'Joe', { baseUrl: HOST });
    const loud = await test.again({ quiet: false });
    await runCharacterRename(loud.context, 'joe', 'Zoe\u0308');
    expect(loud.stdout.text()).toBe('Joe is now Zoë.\n');
    expect(loud.stderr.text()).toBe('Hosts know it as Joe; prompts for them still say that.\n');
    await runCharacterRename(test.context, 'Zoë', 'Joe Smith');
    expect(test.stdout.text()).toBe('Joe Smith\n');
    const store = await test.context.characters();
    expect((await store.list()).records.map(({ name }) => name)).toEqual(['Joe Smith']);
  });

  it.each([
    ['Joe', 'Mia', /already exists/],
    ['Joe', 'x'.repeat(81), /80/],
    ['Ann', 'Bea', /no character "Ann"/],
  ])('refuses %s to %s', async (name, next, message) => {
    const test = await createTestContext();
    await addCharacter(test, 'Joe');
    await addCharacter(test, 'Mia');
    await expect(runCharacterRename(test.context, name, next)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
    expect((await (await test.context.characters()).list()).records).toHaveLength(2);
  });
});

describe('character remove', () => {
  it('removes the record and the clip, and says that hosts keep theirs', async () => {
    const test = await createTestContext();
    const joe = await addCharacter(test, 'Joe', { baseUrl: HOST });
    await runCharacterRemove(test.context, 'Joe', true);
    expect(test.stdout.text()).toBe('Joe is removed, and its clip.\n');
    expect(test.stderr.text()).toContain('Its copy at gateway.example.com stays there');
    const store = await test.context.characters();
    expect([await store.find('Joe'), await store.hasClip(joe.clip.master.sha256)]).toEqual([undefined, false]);
  });

  it('keeps a clip that another character shares', async () => {
    const test = await createTestContext({ json: true });
    const store = await test.context.characters();
    const joe = await keepSample(store, 'Joe', { content: 'shared' });
    await keepSample(store, 'Mia', { content: 'shared' });
    await runCharacterRemove(test.context, 'Joe', true);
    expect(JSON.parse(test.stdout.text())).toEqual({ removed: 'Joe', clipRemoved: false });
    expect(await store.checkClip(joe.clip.master.sha256)).toBe('whole');
    expect((await store.find('Mia'))?.name).toBe('Mia');
  });

  it('P7: asks nobody without a terminal: it needs --yes there', async () => {
    const test = await createTestContext({}, { stdin: 'y\n', tty: ['stdin'] });
    await addCharacter(test, 'Joe');
    await expect(runCharacterRemove(test.context, 'Joe', false)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--yes'),
    });
    expect((await (await test.context.characters()).list()).records).toHaveLength(1);
  });

  it.each([
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yellow\n', false],
  ])('asked on a terminal, %j removes: %s', async (stdin, removed) => {
    const test = await createTestContext({}, { stdin, tty: ['stdin', 'stderr'] });
    await addCharacter(test, 'Joe');
    const answer = runCharacterRemove(test.context, 'Joe', false);
    if (removed) await answer;
    else await expect(answer).rejects.toMatchObject({ code: 'usage', message: 'Joe was kept.' });
    expect(test.stderr.text()).toContain(
      'Remove Joe? Its prepared clip is deleted; joe.mp4, which it was made from, is\nnot touched. [y/N]',
    );
    expect((await (await test.context.characters()).find('Joe')) === undefined).toBe(removed);
  });

  it('asked about one who shares a clip, says who else has it', async () => {
    const test = await createTestContext({}, { stdin: 'n\n', tty: ['stdin', 'stderr'] });
    const store = await test.context.characters();
    await keepSample(store, 'Joe', { content: 'shared' });
    await keepSample(store, 'Mia', { content: 'shared' });
    await expect(runCharacterRemove(test.context, 'Joe', false)).rejects.toMatchObject({ message: 'Joe was kept.' });
    expect(test.stderr.text()).toContain('Remove Joe? Its clip stays: Mia has the same one. [y/N]');
  });

  it('touches nothing outside the store', async () => {
    const test = await createTestContext();
    await mkdir(join(test.dir, 'clips'));
    await expect(runCharacterRemove(test.context, '../work/clips', true)).rejects.toMatchObject({ code: 'usage' });
  });
});
