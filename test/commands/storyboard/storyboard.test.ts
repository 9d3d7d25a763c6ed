import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { runStoryboardNew } from '../../../src/commands/storyboard/new.ts';
import { parseStoryboard } from '../../../src/storyboards/file/parse-storyboard.ts';
import { fittingJoe } from '../../helpers/joe.ts';
import { createTestContext } from '../../helpers/runtime.ts';
import { RAIN } from '../../storyboards/rain.ts';

/** A WAV of so many seconds. */
function tone(seconds: number): Buffer {
  const samples = Buffer.alloc(seconds * 16_000);
  for (let at = 0; at < samples.length; at += 2) samples.writeInt16LE(at % 32 < 16 ? 9000 : -9000, at);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  for (const [at, value] of [
    [16, 16],
    [24, 8000],
    [28, 16_000],
    [40, samples.length],
  ] as const)
    header.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    header.writeUInt16LE(value, at);
  header.write('data', 36);
  return Buffer.concat([header, samples]);
}

async function world(
  files: Readonly<Record<string, string | Buffer>> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const test = await createTestContext({}, { env });
  for (const [name, text] of Object.entries(files)) await writeFile(join(test.dir, name), text);
  return {
    dir: test.dir,
    read: (name: string) => readFile(join(test.dir, name), 'utf8'),
    test,
    async sora(line: string, { stdin = '' } = {}) {
      const { runtime, stdout, stderr } = await test.again({}, { stdin });
      const exit = await runCli(['storyboard', ...line.split(' ')], runtime);
      return { exit, stdout: stdout.text(), stderr: stderr.text() };
    },
  };
}

describe('sora storyboard new', () => {
  it('writes a film with Joe that is right as it is, the folder of its takes, and what git is told', async () => {
    const { sora, read, dir, test } = await world();
    const { context, stdout } = await test.again({ json: true });
    await runStoryboardNew(context, { file: 'my-ad.md', force: false, clip: await fittingJoe() });
    expect(JSON.parse(stdout.text())).toEqual({
      ...{ path: join(dir, 'my-ad.md'), takesFolder: join(dir, 'my-ad.takes'), characters: ['Joe'] },
      next: 'sora storyboard check my-ad.md',
    });
    expect(await read('my-ad.takes/.gitignore')).toBe('*\n');
    expect(await read('.gitattributes')).toBe('*.journal*.jsonl merge=union\n');
    for (const variant of ['', ' --variant tall', ' --variant de']) {
      const checked = await sora(`check my-ad.md --json${variant}`);
      expect(checked).toMatchObject({ exit: 0, stderr: '' });
      expect(JSON.parse(checked.stdout)).toMatchObject({ title: 'my ad', takes: 4, seconds: 16, filmSeconds: 12 });
    }
    // The next one finds Joe, and keeps what is there.
    expect(await sora('new my-ad.md')).toMatchObject({
      ...{ exit: 2, stderr: expect.stringContaining('my-ad.md already exists.') },
    });
    await writeFile(join(dir, 'my-ad.md'), 'mine');
    await writeFile(join(dir, '.gitattributes'), '*.mp4 filter=lfs');
    await mkdir(join(dir, 'other.takes'));
    for (const line of ['new my-ad.md --force', 'new other.md']) {
      expect(await sora(line)).toMatchObject({ exit: 0, stderr: '', stdout: expect.stringContaining('three scenes') });
    }
    expect(await read('my-ad.md')).toMatch(/^---\nsora: 1/);
    expect(await read('.gitattributes')).toBe('*.mp4 filter=lfs\n*.journal*.jsonl merge=union\n');
    // Whoever removed the file from the folder commits the takes.
    await expect(read('other.takes/.gitignore')).rejects.toThrow('ENOENT');
  });

  it('says what git is to be told where that cannot be written', async () => {
    const { read, dir, test } = await world();
    await mkdir(join(dir, '.gitattributes'));
    const { context, stderr } = await test.again({ json: true });
    await runStoryboardNew(context, { file: 'my-ad.md', force: false, clip: await fittingJoe() });
    expect(stderr.text()).toContain(join(dir, '.gitattributes'));
    expect(stderr.text()).toContain('add this line to it: *.journal*.jsonl merge=union');
    expect(await read('my-ad.md')).toMatch(/^---\nsora: 1/);
  });

  it('writes the film also where no ffmpeg can prepare the clip of Joe, and says so', async () => {
    const test = await createTestContext({}, { env: { SORA_FFMPEG: '/none' } });
    await runStoryboardNew(test.context, { file: 'ad.md', force: false });
    expect(await readFile(join(test.dir, 'ad.md'), 'utf8')).toContain('sora: 1');
    expect(test.stderr.text()).toMatch(
      /Joe could not be put into your cast: .*sora character create \S+joe\.mp4 --name Joe/,
    );
  });

  it.each([
    ['ad.txt', 'A storyboard is Markdown, and ad.txt has another ending.'],
    ['none/ad.md', /There is no folder .*none\./],
    ['-', 'A storyboard is Markdown'],
  ])('refuses %s', async (file, message) => {
    const { sora } = await world();
    expect(await sora(`new ${file}`)).toMatchObject({ exit: 2, stderr: expect.stringMatching(message) });
  });
});

describe('sora storyboard check', () => {
  it('says what a film would ask for, and who is not in the cast', async () => {
    const { sora } = await world({ 'rain.md': RAIN, 'theme.wav': tone(1) });
    const { exit, stdout, stderr } = await sora('check rain.md');
    expect(exit).toBe(0);
    expect(stdout).toBe('3 scenes, 4 takes, 16 s to be asked for, a film of 11.5 s.\n');
    expect(stderr).toContain('Joe (scenes harbour, boat and ashore) is not in your cast yet: sora character create');
    expect(stderr).toContain('Mia (scene ashore) is not');
    expect(await sora('check rain.md -q')).toMatchObject({ stdout: 'harbour\nboat\nashore\n' });
  });

  it('says everything that is wrong at once, of every variant, and of files that are not there', async () => {
    const text = RAIN.replace('- takes: 2', '- take: 2').replace(
      'de: {vars: {weather: Regen}}',
      'de: {style: "{{mood}}"}',
    );
    const { sora } = await world({ 'rain.md': text });
    const { exit, stderr } = await sora('check rain.md');
    expect(exit).toBe(2);
    expect(stderr.match(/rain\.md:.*/g)).toEqual([
      'rain.md:9: "music" "theme.wav" does not exist, or is not a file.',
      expect.stringMatching(/^rain\.md:18: \{\{mood\}\} is none of the variables/),
      'rain.md:26: a scene has no setting "take"; did you mean "takes"?',
    ]);
    expect(stderr).toContain('sora help storyboards');
    expect(stderr).toContain('Mia (scene ashore) is not in your cast yet');
  });

  it('listens to voices and music, and says with every other problem which cannot be used', async () => {
    const text = RAIN.replace('- cast: Joe, Mia', '- cast: Joe, Mia\n- voice: mia.wav');
    const { sora, dir } = await world({ 'rain.md': text, 'theme.wav': 'no sound', 'mia.wav': '' });
    const { exit, stderr } = await sora('check rain.md');
    expect(exit).toBe(3);
    expect(stderr.match(/rain\.md:.*/g)).toEqual([
      expect.stringMatching(/^rain\.md:9: .*theme\.wav cannot be read as sound\./),
      expect.stringMatching(/^rain\.md:45: .*mia\.wav cannot be read as sound\./),
    ]);
    expect(stderr).toContain('hint: Give a WAV, MP3, M4A, FLAC or Ogg file');
    expect(stderr).not.toContain('sora help storyboards');
    await writeFile(join(dir, 'rain.md'), text.replace('- takes: 2', '- take: 2'));
    const both = /theme\.wav cannot be read as sound[\s\S]*hint: .*sora help storyboards\nGive a WAV/;
    expect(await sora('check rain.md')).toMatchObject({ exit: 2, stderr: expect.stringMatching(both) });
  });

  it('refuses a sound that was cut off, with an ffmpeg and without, with both lengths', async () => {
    const files = { 'rain.md': RAIN, 'theme.wav': tone(3).subarray(0, 44 + 8000) };
    const cut = /rain\.md:9: The sound of .*theme\.wav is cut off: 0\.5 s of the 3 s that it announces are there\./;
    for (const env of [{}, { SORA_FFMPEG: '/none' }]) {
      const { exit, stderr } = await (await world(files, env)).sora('check rain.md');
      expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringMatching(cut) });
    }
  });

  it('says which voice is longer than its scene, and what cannot be listened to here', async () => {
    const text = RAIN.replace('- cast: Joe\n- takes', '- cast: Joe\n- voice: joe.wav\n- takes');
    const files = { 'rain.md': text, 'theme.wav': tone(1), 'joe.wav': tone(6) };
    const { sora } = await world(files);
    expect(await sora('check rain.md')).toMatchObject({
      ...{ exit: 0, stderr: expect.stringContaining('harbour: its voice is 6 s long, and the scene 4 s: it goes on') },
    });
    const bare = await (await world(files, { SORA_FFMPEG: '/none' })).sora('check rain.md');
    expect(bare).toMatchObject({ exit: 0, stderr: expect.stringContaining('Voices and music were not decoded: ') });
  });

  it('reads a pipe, and variables', async () => {
    const { sora } = await world({ 'theme.wav': tone(1) });
    const { stdout, stderr, exit } = await sora('check - --json --var weather=snow --variant tall', { stdin: RAIN });
    expect({ exit, stderr: stderr.includes('Mia') }).toEqual({ exit: 0, stderr: true });
    expect(JSON.parse(stdout)).toMatchObject({ variant: 'tall', scenes: [{ size: '720x1280' }, {}, {}] });
    expect(await sora('check - --var weather', { stdin: RAIN })).toMatchObject({
      ...{ exit: 2, stderr: expect.stringContaining('It is a name and a value, such as weather=rain.') },
    });
  });
});

describe('sora storyboard show', () => {
  it('prints JSON that is the same storyboard', async () => {
    const { sora, dir } = await world({ 'rain.md': RAIN });
    const { stdout } = await sora('show rain.md --json --variant tall --var weather={{fog}}');
    await writeFile(join(dir, 'tall.json'), stdout);
    expect(await sora('show tall.json --json')).toMatchObject({ exit: 0, stdout });
    const { storyboard } = await parseStoryboard(stdout, { name: 'a.json', folder: dir, choice: { vars: new Map() } });
    expect(storyboard?.scenes[0]?.words).toContain('{{fog}} on the planks');
  });

  it('prints scenes for people: where they are in the film, what they ask for, and what is sent', async () => {
    const { sora } = await world({ 'rain.md': RAIN });
    const { stdout } = await sora('show rain.md');
    expect(stdout).toContain('Rain over the harbour: 1280x720, 24 fps, music theme.wav at -18 dB, -14 LUFS');
    expect(stdout).toContain(
      'boat  He sees the boat\nat 3.5 s: 4 s, 1280x720, sora-2, 1 take, with Joe, continues harbour, fade 0.5',
    );
    expect(stdout).toContain('raises his hand.\n\n35 mm film, soft grain');
  });
});

describe('sora storyboard export', () => {
  it.each([
    ['a journal', 'export rain.md --to json -o rain.md.journal.jsonl'],
    ['a journal that is none yet', 'export rain.md --to json -o storm.md.journal.ci.jsonl'],
    ['the storyboard', 'export rain.md --to json -o rain.md'],
    ['a link to the storyboard', 'export rain.md --to json -o link.json'],
    ['a take', 'export rain.md --to json -o rain.takes/harbour.mp4'],
    ['a take, by a plan', 'plan rain.md -o rain.takes/harbour.mp4'],
    ['the storyboard, by a plan', 'plan rain.md -o rain.md'],
    ['a journal, by a plan', 'plan rain.md -o rain.md.journal.jsonl'],
    ['a take, by a report', 'report rain.md -o rain.takes/harbour.html'],
    ['a take, by the film', 'assemble rain.md -o rain.takes/harbour.mp4'],
  ])('P4: writes over no %s, whatever is forced', async (_, line) => {
    const { sora, read, dir } = await world({ 'rain.md': RAIN, 'rain.md.journal.jsonl': '', 'theme.wav': tone(1) });
    await mkdir(join(dir, 'rain.takes'));
    const takes = ['harbour.mp4', 'harbour.html'];
    for (const name of takes) await writeFile(join(dir, 'rain.takes', name), 'a take');
    await symlink('rain.md', join(dir, 'link.json'));
    expect(await sora(`${line} --force`)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/journal, which says|storyboard itself|of the takes/),
    });
    expect(await read('rain.md')).toBe(RAIN);
    expect(await read('rain.md.journal.jsonl')).toBe('');
    for (const name of takes) expect(await read(`rain.takes/${name}`)).toBe('a take');
  });

  it('writes JSON to a file or to stdout, and refuses a film without subtitles', async () => {
    const { sora, read } = await world({ 'film.md': '---\nsora: 1\n---\n## A\n\nA sea.\n' });
    expect(await sora('export film.md --to json -o film.json')).toMatchObject({ exit: 0 });
    expect(JSON.parse(await read('film.json'))).toMatchObject({ sora: 1, scenes: [{ id: 'a', prompt: 'A sea.' }] });
    expect(await sora('export film.md --to json -o film.json')).toMatchObject({ exit: 2 });
    expect(await sora('export film.md --to json -o -')).toMatchObject({ exit: 0, stdout: await read('film.json') });
    expect(await sora('export film.md --to srt -o film.srt')).toMatchObject({
      ...{ exit: 2, stderr: expect.stringContaining('The film has no subtitles.') },
    });
  });
});
