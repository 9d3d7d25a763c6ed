import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { castFile, clipFolder, copyClip, readCast } from '../../../src/characters/cast/cast-file.ts';
import { type Cast, decodeCast, encodeCast } from '../../../src/characters/cast/cast-format.ts';
import { isSameClip, mergeRegistrations } from '../../../src/characters/merge.ts';
import { characterJson } from '../../../src/characters/record.ts';
import { type Character, type CharacterWithClip, clipFile, type Registration } from '../../../src/shared/character.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import { makePipe } from '../../helpers/pipe.ts';
import { changeRecord, hashOf, sampleCharacter, samplePictures } from '../../helpers/samples.ts';
import { tempFolder } from '../../helpers/temp.ts';

const ONE: Registration = {
  ...{ provider: 'openai', baseUrl: 'https://a.example.com/v1', profile: 'work', orientation: 'landscape' },
  ...{ kind: 'id', value: 'char_1', name: 'Joe', createdAt: '2026-11-21T10:00:00.000Z' },
};
const URL_ONE: Registration = { ...ONE, provider: 'wavespeed', kind: 'url', value: 'https://cdn.example.com/joe.mp4' };
const JOE: CharacterWithClip = { ...sampleCharacter('Joe'), registrations: [ONE] };

const NOW = Date.parse('2026-11-25T00:00:00Z');

const written = (...characters: Character[]) => JSON.parse(encodeCast(characters, () => undefined));

/** A written cast whose first character is changed. */
function changed(change: object): unknown {
  const cast = written(JOE);
  return { ...cast, characters: [{ ...cast.characters[0], ...change }] };
}

describe('a cast file', () => {
  it('gives back what was written, without the profile', () => {
    const { profile, ...shared } = ONE;
    expect(profile).toBe('work');
    const clip = `cast.clips/${JOE.clip.master.sha256}.mp4`;
    const text = encodeCast([JOE, sampleCharacter('Mia')], ({ sha256 }) =>
      sha256 === JOE.clip.master.sha256 ? clip : undefined,
    );
    expect(text).not.toContain('work');
    expect(JSON.parse(text)).toMatchObject({ version: 1, characters: [{ name: 'Joe', clip }, { name: 'Mia' }] });
    expect(decodeCast(JSON.parse(text))).toEqual([
      { character: { ...JOE, registrations: [shared] }, paths: { [JOE.clip.master.sha256]: clip } },
      { character: sampleCharacter('Mia'), paths: {} },
    ]);
  });

  it('keeps what a clip was wished and made like', () => {
    const picture = { x: 160, y: 0, width: 960, height: 720 };
    const options = { ...JOE.clip.options, start: 'auto', cropBars: true } as const;
    const joe: Character = changeRecord(sampleCharacter('Joe'), { options, master: { ...JOE.clip.master, picture } });
    expect(decodeCast(written(joe))).toEqual([{ character: joe, paths: {} }]);
  });

  it('keeps pictures, description, kind and consent, and where their files lie', () => {
    const mia = samplePictures('Mia', ['front', 'side']);
    const given = changeRecord(mia, { consent: { ...mia.consent, note: 'of a later version' } });
    const text = encodeCast([given], ({ sha256, extension }) =>
      sha256 === hashOf('side') ? undefined : `c/${sha256}.${extension}`,
    );
    const document = JSON.parse(text).characters[0];
    expect(document.stills.map(({ path }: { path?: string }) => path)).toEqual([`c/${hashOf('front')}.png`, undefined]);
    expect(document.consent.file.path).toBe(`c/${hashOf('consent')}.pdf`);
    expect(decodeCast(JSON.parse(text))).toEqual([
      {
        character: mia,
        paths: { [hashOf('front')]: `c/${hashOf('front')}.png`, [hashOf('consent')]: `c/${hashOf('consent')}.pdf` },
      },
    ]);
  });

  it.each([
    [
      { stills: [{ ...samplePictures('Mia', ['a']).stills?.[0], path: '../a.png' }] },
      /stills\[0\]\.path is not a path/,
    ],
    [{ stills: [{ ...samplePictures('Mia', ['a']).stills?.[0], fileName: 'a\nb' }] }, /stills\[0\]\.fileName is not/],
    [{ stills: [] }, /stills is empty$/],
    [{ kind: 'robot' }, /kind is not one of person, drawn, animal, object$/],
    [
      { consent: { file: { sha256: hashOf('x'), fileName: 'x', bytes: 1, path: '/x' }, recordedAt: '2026-11-21' } },
      /consent\.file\.path/,
    ],
  ])('refuses %j', (fields, problem) => {
    expect(() => decodeCast(changed(fields))).toThrow(problem);
  });

  it('is the same text for the same cast, and ends with a line break', () => {
    const text = encodeCast([JOE], () => undefined);
    expect(
      encodeCast(
        decodeCast(JSON.parse(text)).map(({ character }) => character),
        () => undefined,
      ),
    ).toBe(text);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('holds no URL that may be signed with a key', () => {
    const signed = { ...URL_ONE, value: 'https://cdn.example.com/joe.mp4?X-Amz-Signature=abcdef' };
    const text = encodeCast([{ ...JOE, registrations: [URL_ONE, signed] }], () => undefined);
    expect(JSON.parse(text).characters[0].registrations).toMatchObject([{ value: URL_ONE.value }]);
    expect(text).not.toContain('abcdef');
  });

  it('drops fields that are none of the format, such as prototypes and records’ own', () => {
    const text = JSON.stringify(changed({})).replace(
      '"name":"Joe"',
      '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"key":"sk-1","name":"Joe"',
    );
    const [entry] = decodeCast(JSON.parse(text));
    expect(Object.keys(entry?.character ?? {})).not.toContain('key');
    expect(JSON.stringify(entry)).not.toContain('polluted');
    expect(entry?.character).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
  });

  it('takes a base URL in any spelling as the one form that is matched', () => {
    const registrations = [{ ...ONE, baseUrl: 'HTTPS://A.example.com/v1/' }];
    expect(decodeCast(changed({ registrations }))[0]?.character.registrations[0]?.baseUrl).toBe(ONE.baseUrl);
  });

  it.each<[unknown, RegExp]>([
    [{ version: 2, characters: [] }, /newer version of sora \(format 2; this one reads up to 1\)/],
    [{ characters: [] }, /^it has no version$/],
    [[], /^it is not an object$/],
    [{ version: 1 }, /^characters is not a list$/],
    [{ version: 1, characters: [null] }, /^characters\[0\] is not an object$/],
    [JSON.parse('{"version":1,"__proto__":{"characters":[]}}'), /^characters is not a list$/],
    [changed({ name: '../joe\n' }), /^characters\[0\]\.name is not one that a character can have$/],
    [changed({ master: { ...JOE.clip.master, sha256: '../../etc/passwd' } }), /master\.sha256 is not a SHA-256$/],
    [changed({ registrations: [{ ...ONE, value: 2 ** 60 }] }), /registrations\[0\]\.value is not text$/],
    [changed({ registrations: [{ ...ONE, baseUrl: 'https://me:pw@a.example.com' }] }), /without a password$/],
    [changed({ registrations: [{ ...ONE, baseUrl: 'file:///etc' }] }), /baseUrl is not an http\(s\) URL/],
    [changed({ registrations: [{ ...ONE, name: '' }] }), /name is not one that a character can have$/],
    [changed({ registrations: [{ ...ONE, name: 'a\u001b[2J' }] }), /name is not one that a character can have$/],
    [changed({ registrations: [{ ...ONE, value: 'char_\u001b[31m' }] }), /value is not an id$/],
    [changed({ registrations: [{ ...URL_ONE, value: 'javascript:1' }] }), /value is not an http\(s\) URL/],
    [
      { version: 1, characters: [...written(JOE).characters, { ...characterJson(JOE), name: 'JOE' }] },
      /two characters of one name, Joe and JOE$/,
    ],
  ])('is refused with the reason: %#', (json, reason) => {
    expect(() => decodeCast(json)).toThrow(reason);
  });

  it.each([
    '/etc/joe.mp4',
    '../joe.mp4',
    'a/../../joe.mp4',
    'a//b.mp4',
    './joe.mp4',
    'C:/joe.mp4',
    'a\\..\\b',
    '',
    'a\0b',
    7,
  ])('cannot name a clip outside its folder, such as %j', (clip) => {
    expect(() => decodeCast(changed({ clip }))).toThrow(/\.clip is not a path inside the folder of the cast$/);
  });

  it.each([
    ['cast.json', 'cast.clips'],
    ['/a/b/Cast.JSON', 'Cast.clips'],
    ['cast', 'cast.clips'],
    ['cast.v1.json', 'cast.v1.clips'],
  ])('%s has its clips in %s', (path, folder) => {
    expect(clipFolder(path)).toBe(folder);
  });
});

describe('registrations of two casts', () => {
  it('are all there, the oldest first', () => {
    const older = { ...ONE, value: 'char_0', createdAt: '2026-11-20T10:00:00+02:00' };
    const newer = { ...ONE, baseUrl: 'https://b.example.com/v1', createdAt: '2026-11-22T10:00:00Z' };
    expect(mergeRegistrations([ONE, newer], [older], NOW)).toEqual([older, ONE, newer]);
    expect(mergeRegistrations([older], [newer, ONE], NOW)).toEqual([older, ONE, newer]);
  });

  it('are one where both have the same; what one side knows to be stale is stale', () => {
    const { profile, ...shared } = ONE;
    expect(profile).toBe('work');
    const stale = { ...shared, stale: true };
    expect(mergeRegistrations([ONE], [shared], NOW)).toEqual([ONE]);
    expect(mergeRegistrations([ONE], [stale], NOW)).toEqual([{ ...ONE, stale: true }]);
    expect(mergeRegistrations([stale], [shared], NOW)).toEqual([stale]);
  });

  it('keep what this machine has paid', () => {
    const paid = { ...ONE, cost: { estimateUsd: 0.001 } };
    const newer = { ...ONE, createdAt: '2026-11-22T10:00:00Z' };
    expect(mergeRegistrations([paid], [newer], NOW)).toEqual([{ ...newer, cost: paid.cost }]);
  });

  it('from the future count as the oldest, and make nothing live again', () => {
    const future = { ...ONE, value: 'char_2', createdAt: '2099-01-01T00:00:00Z' };
    expect(mergeRegistrations([ONE], [future], NOW)).toEqual([future, ONE]);
    const stale = { ...ONE, stale: true };
    expect(mergeRegistrations([stale], [{ ...ONE, createdAt: future.createdAt }], NOW)).toEqual([stale]);
    // Two clocks are never quite the same.
    const soon = { ...ONE, value: 'char_3', createdAt: new Date(NOW + 60_000).toISOString() };
    expect(mergeRegistrations([soon], [ONE], NOW)).toEqual([ONE, soon]);
  });

  it('live again where one side has adopted the id anew', () => {
    const stale = { ...ONE, stale: true };
    const adopted = { ...ONE, createdAt: '2026-11-22T10:00:00Z' };
    expect(mergeRegistrations([adopted], [stale], NOW)).toEqual([adopted]);
    expect(mergeRegistrations([stale], [adopted], NOW)).toEqual([adopted]);
  });
});

describe('the same clip', () => {
  it('has the same master, or was made of the same source by the same rules', () => {
    const elsewhere = changeRecord(JOE, { master: { ...JOE.clip.master, sha256: hashOf('another build') } });
    expect(isSameClip(JOE, { ...elsewhere, name: 'joe' })).toBe(true);
    expect(isSameClip(JOE, changeRecord(JOE, { planVersion: 2 }))).toBe(true);
    expect(isSameClip(JOE, changeRecord(elsewhere, { planVersion: 2 }))).toBe(false);
    expect(isSameClip(JOE, sampleCharacter('Joe', 'other'))).toBe(false);
    const { version, name, registrations, createdAt } = JOE;
    expect(isSameClip({ version, name, registrations, createdAt }, JOE)).toBe(true);
  });
});

describe('reading', () => {
  it('names the file that is not there, is a folder, or is no JSON', async () => {
    const dir = await tempFolder();
    const torn = join(dir, 'torn.json');
    await writeFile(torn, '{');
    for (const [path, message] of [
      [join(dir, 'none.json'), /^There is no cast file .*none\.json\.$/],
      [dir, /is a folder/],
      [torn, /torn\.json cannot be used: it is not valid JSON\.$/],
    ] as const) {
      await expect(readCast(path)).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
    }
  });

  it('takes a file with a byte order mark', async () => {
    const path = join(await tempFolder(), 'cast.json');
    await writeFile(path, `\uFEFF${encodeCast([JOE], () => undefined)}`);
    expect((await readCast(path)).characters).toHaveLength(1);
  });
});

describe('a cast through a pipe', () => {
  const text = encodeCast([JOE], ({ sha256 }) => `cast.clips/${sha256}.mp4`);

  it('is read to its end, without clips: nothing lies beside a pipe', async (context) => {
    const path = await makePipe(context);
    const [cast] = await Promise.all([readCast(path), writeFile(path, text)]);
    expect(cast.characters).toMatchObject([{ character: { name: 'Joe' }, paths: {} }]);
  });

  it.each([
    ['is not JSON', '{', 'it is not valid JSON'],
    ['says nothing', ' \n', 'it gave nothing'],
    ['is larger than any cast', ' '.repeat(50_000_001), 'it is too large'],
  ])('is refused when it %s', async (_title, content, reason) => {
    const stream = Readable.from([Buffer.from(content)]);
    const read = readCast('/dev/stdin', { stdin: { stream, isTTY: false } });
    await expect(read).rejects.toMatchObject({
      code: 'usage',
      message: `The cast /dev/stdin cannot be used: ${reason}.`,
    });
  });

  it('is given up when it does not end', async () => {
    const stream = new PassThrough();
    const read = readCast('/dev/stdin', { stdin: { stream, isTTY: false }, timeoutMs: 50 });
    await expect(read).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('it did not end within 0.05 s'),
    });
    expect(stream.destroyed).toBe(true);
  });

  it('is no longer waited for after Ctrl-C', async () => {
    const stop = new AbortController();
    const read = readCast('/dev/stdin', { stdin: { stream: new PassThrough(), isTTY: false }, signal: stop.signal });
    stop.abort(new SoraError('interrupted', 'Interrupted.'));
    await expect(read).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('is never a device, which may not end', async () => {
    await expect(readCast('/dev/zero')).rejects.toMatchObject({
      message: expect.stringContaining('neither a file nor a pipe'),
    });
  });
});

describe('the clip of a cast', () => {
  async function castWith(content: string | undefined): Promise<{ dir: string; cast: Cast }> {
    const dir = join(await tempFolder(), 'team');
    await mkdir(join(dir, 'clips'), { recursive: true });
    if (content !== undefined) await writeFile(join(dir, 'clips', 'joe.mp4'), content);
    return { dir, cast: { path: join(dir, 'cast.json'), characters: [] } };
  }
  const entry = { character: JOE, paths: { [JOE.clip.master.sha256]: 'clips/joe.mp4' } };
  const clip = clipFile(JOE.clip);

  it('lies beside it', async () => {
    const { dir, cast } = await castWith('Joe');
    expect(await castFile(cast, entry, clip)).toBe(join(dir, 'clips', 'joe.mp4'));
    expect(await castFile(cast, { ...entry, paths: {} }, clip)).toBeUndefined();
  });

  it('may be absent', async () => {
    const { cast } = await castWith(undefined);
    expect(await castFile(cast, entry, clip)).toBeUndefined();
  });

  it('is refused when it is not the master', async () => {
    const { cast } = await castWith('version https://git-lfs.github.com/spec/v1');
    await expect(castFile(cast, entry, clip)).rejects.toMatchObject({
      code: 'clip',
      hint: expect.stringMatching(/Git LFS/),
    });
  });

  it('is refused when a link leads out of the folder, even to the right bytes', async () => {
    const { dir, cast } = await castWith(undefined);
    await writeFile(join(dir, '..', 'joe.mp4'), 'Joe');
    await symlink('../../joe.mp4', join(dir, 'clips', 'joe.mp4'));
    await expect(castFile(cast, entry, clip)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/points outside the folder/),
    });
  });

  it('is copied whole, and not over another file', async () => {
    const dir = await tempFolder();
    await writeFile(join(dir, 'a'), 'Joe');
    await copyClip(join(dir, 'a'), join(dir, 'b'), hashOf('Joe'));
    expect(await readFile(join(dir, 'b'), 'utf8')).toBe('Joe');
    await expect(copyClip(join(dir, 'a'), join(dir, 'b'), hashOf('Joe'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(copyClip(join(dir, 'a'), join(dir, 'c'), hashOf('Mia'))).rejects.toMatchObject({ code: 'clip' });
  });
});
