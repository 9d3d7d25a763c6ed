import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStoryboard, type StoryboardRequest, storyboardCommand } from '../../src/storyboards/read-storyboard.ts';
import { tempFolder } from '../helpers/temp.ts';

const REQUEST: StoryboardRequest = { file: 'film.md', vars: new Map(), allowOutside: false };
const FILM = '---\nsora: 1\n---\n\n## Harbour\n\nA sea.\n';

async function world() {
  const dir = await tempFolder();
  const runtime = { cwd: dir, signal: new AbortController().signal } as Parameters<typeof readStoryboard>[0]['runtime'];
  return {
    dir,
    write: (name: string, text: string | Uint8Array = '') => writeFile(join(dir, name), text),
    read: (request: Partial<StoryboardRequest> = {}, { stdin = '', needsFiles = false } = {}) =>
      readStoryboard({ runtime }, { ...REQUEST, ...request }, { needsFiles, stdin: async () => Buffer.from(stdin) }),
  };
}

const withVoice = (path: string): string => FILM.replace('\nA sea', `\n- voice: ${path}\n\nA sea`);

describe('a storyboard', () => {
  it('is read from its file, and out of a pipe', async () => {
    const { dir, write, read } = await world();
    await write('film.md', FILM);
    const { storyboard, ...given } = await read();
    expect(given).toEqual({ path: join(dir, 'film.md'), name: 'film.md', qualities: [], variants: [] });
    expect(storyboard.scenes).toMatchObject([{ id: 'harbour', prompt: 'A sea.' }]);
    const piped = await read({ file: '-' }, { stdin: withVoice('a.wav') });
    expect(piped).toMatchObject({ path: undefined, name: 'stdin' });
    expect(piped.storyboard.scenes[0]?.voice?.path).toBe(join(dir, 'a.wav'));
    const json = '{"sora": 1, "scenes": [{"id": "harbour", "prompt": "A sea."}]}';
    expect((await read({ file: '-' }, { stdin: json })).storyboard.scenes[0]?.prompt).toBe('A sea.');
  });

  it('is one of its qualities and variants, with variables', async () => {
    const { write, read } = await world();
    const front =
      'qualities: {draft: {seconds: 4}, final: {seconds: 8}}\nvariants: {de: {vars: {sky: Himmel}}}\nvars: {sky: sky}';
    await write('film.md', FILM.replace('sora: 1', `sora: 1\n${front}`).replace('A sea', 'A {{sky}}'));
    const of = async (request: Partial<StoryboardRequest>) => {
      const { quality, variant, storyboard } = await read(request);
      const [scene] = storyboard.scenes;
      return [quality, variant, scene?.seconds, scene?.prompt];
    };
    expect(await of({})).toEqual(['draft', undefined, 4, 'A sky.']);
    expect(await of({ quality: 'final', variant: 'de' })).toEqual(['final', 'de', 8, 'A Himmel.']);
    expect(await of({ variant: 'de', vars: new Map([['sky', 'ciel']]) })).toEqual(['draft', 'de', 4, 'A ciel.']);
    for (const [request, words] of [
      [{ quality: 'finale' }, 'there is no quality "finale"; did you mean "final"?'],
      [{ variant: 'fr' }, 'there is no variant "fr"'],
      [{ vars: new Map([['sly', 'x']]) }, 'there is no variable "sly"; did you mean "sky"?'],
    ] as const) {
      await expect(read(request)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(words) });
    }
  });

  it('tells everything that is wrong, with the place of the file', async () => {
    const { write, read } = await world();
    await write('film.md', withVoice('../a.wav').replace('sora: 1', 'sora: 1\nfps: 60'));
    await expect(read()).rejects.toMatchObject({
      ...{ code: 'usage', hint: 'What a storyboard may say: sora help storyboards' },
      problems: [
        'film.md:3: "fps" is not one of 24, 25, 30.',
        expect.stringMatching(/^film\.md:8: "voice" "\.\.\/a\.wav" is outside/),
      ],
    });
  });

  it('names no file outside its folder, by whatever way', async () => {
    const { dir, write, read } = await world();
    const other = await tempFolder();
    await writeFile(join(other, 'a.wav'), '');
    await write('b.wav');
    await mkdir(join(dir, 'in'));
    await symlink(other, join(dir, 'away'));
    await symlink(join(other, 'a.wav'), join(dir, 'link.wav'));
    await symlink(join(dir, 'b.wav'), join(dir, 'in', 'own.wav'));
    const outside = [
      '../a.wav',
      join(other, 'a.wav'),
      'away/a.wav',
      'link.wav',
      'in/../../a.wav',
      'away/none.wav',
      '/etc/passwd',
      '.',
    ];
    for (const path of outside) {
      await write('film.md', withVoice(path));
      await expect(read(), path).rejects.toMatchObject({
        message: expect.stringContaining('--allow-outside allows it.'),
      });
      await expect(read({ allowOutside: true }), path).resolves.toBeDefined();
    }
    for (const path of ['b.wav', './in/../b.wav', 'in/own.wav', join(dir, 'b.wav'), 'none.wav', 'away.wav']) {
      await write('film.md', withVoice(path));
      await expect(read(), path).resolves.toBeDefined();
    }
  });

  it('names what is not there, where that matters', async () => {
    const { write, read } = await world();
    await write('film.md', withVoice('a.wav'));
    await expect(read()).resolves.toBeDefined();
    await expect(read({}, { needsFiles: true })).rejects.toMatchObject({
      message: 'film.md:7: "voice" "a.wav" does not exist, or is not a file.',
    });
    await write('a.wav');
    await expect(read({}, { needsFiles: true })).resolves.toBeDefined();
  });

  it.each([
    ['UTF-16', Buffer.from(`\ufeff${FILM}`, 'utf16le'), 'film.md is not text in UTF-8, but in UTF-16.'],
    ['Latin 1', Buffer.from(FILM.replace('sea', 'm\u00eer'), 'latin1'), 'film.md is not text in UTF-8.'],
    [
      'a video',
      Buffer.concat([Buffer.from('---\nsora: 1\n---\n'), Buffer.alloc(20)]),
      /^film\.md is not text in UTF-8/,
    ],
  ])('of %s is refused', async (_, bytes, message) => {
    const { write, read } = await world();
    await write('film.md', bytes);
    await expect(read()).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
  });

  it('is not its journal, not a folder, and has to be there', async () => {
    const { dir, write, read } = await world();
    await expect(read()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('it does not exist'),
    });
    await mkdir(join(dir, 'film.md'));
    await expect(read()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('it is a folder') });
    await rename(join(dir, 'film.md'), join(dir, 'x'));
    await write('film.md.journal.jsonl', FILM);
    await expect(read({ file: 'film.md.journal.jsonl' })).rejects.toMatchObject({
      message: 'film.md.journal.jsonl is the journal of a storyboard, not a storyboard.',
    });
  });

  it('is named with all that was asked for in the command that goes on', () => {
    const request = { file: '-my film.md', quality: 'final', vars: new Map([['a', "it's"]]), allowOutside: true };
    expect(storyboardCommand('pick', request, { operands: ['harbour', '2'], words: ['--yes'] })).toBe(
      `sora storyboard pick --quality final --var 'a=it'\\''s' --allow-outside --yes -- '-my film.md' harbour 2`,
    );
  });
});
