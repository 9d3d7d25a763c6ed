import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { findFfmpeg, firstProgram } from '../../../src/media/ffmpeg/find.ts';
import { fakeFfmpeg, versionText } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const refusal = (env: Record<string, string>) =>
  findFfmpeg(env).then(
    () => undefined,
    (error: unknown) => error,
  );

it('takes the one that SORA_FFMPEG names, with its version', async () => {
  const found = await findFfmpeg({ SORA_FFMPEG: ffmpegPath, PATH: '' });
  expect(found).toMatchObject({ path: ffmpegPath, source: 'SORA_FFMPEG' });
  expect(found.version).toMatch(/^[\w.+:~-]+$/);
});

it.each([
  ['a release', '5.1.9-0+deb12u1', '59. 37.100'],
  ['4.1', '4.1.11-0+deb10u1', '58. 35.100'],
  ['a development build', 'N-47683-g0e8eb07980-static', '58. 42.100'],
  ['a tagged build', 'n7.0-7-gd38bf5e08e', '61.  3.100'],
  ['a version to come', '12.0', '70.  1.100'],
])('takes %s', async (_, version, lavc) => {
  const { path } = await fakeFfmpeg(`printf '${versionText(version, lavc)}'`);
  expect(await findFfmpeg({ SORA_FFMPEG: path })).toEqual({ path, version, source: 'SORA_FFMPEG' });
});

it.each([
  ['is too old', `printf '${versionText('4.0.2', '58. 18.100')}'`, /4\.0\.2; 4\.1 or later/],
  ['is another program', 'echo hello', /not ffmpeg/],
  ['crashes', 'kill -SEGV $$', /does not work \(ended by SIGSEGV\)\.$/],
  ['fails without a word', 'exit 3', /does not work \(exit code 3\)\.$/],
  ['fails', 'echo cannot load library >&2; exit 127', /does not work \(cannot load library\)/],
])('refuses a SORA_FFMPEG that %s instead of taking another', async (_, script, message) => {
  const { path } = await fakeFfmpeg(script);
  const error = await refusal({ SORA_FFMPEG: path, PATH: dirname(ffmpegPath) });
  expect(error).toMatchObject({ code: 'machine', message: expect.stringMatching(message) });
});

it('says that nothing is where SORA_FFMPEG points', async () => {
  const path = join(await tempFolder(), 'missing');
  expect(await refusal({ SORA_FFMPEG: path })).toMatchObject({
    code: 'machine',
    message: expect.stringMatching(/nothing is there/),
  });
});

it('takes the first of PATH that works, unless ffmpeg-static does', async () => {
  const broken = await fakeFfmpeg('exit 1');
  const old = await fakeFfmpeg(`printf '${versionText('3.4', '57. 107.100')}'`);
  const good = await fakeFfmpeg(`printf '${versionText('6.1', '60. 31.102')}'`);
  const PATH = [broken, old, good].map(({ path }) => dirname(path)).join(':');
  const found = await findFfmpeg({ PATH });
  expect(found.source === 'ffmpeg-static' || found.path === good.path).toBe(true);
});

it('tells the one that is asked first before it has answered, whether it works or not', async () => {
  const broken = await fakeFfmpeg('exit 1');
  expect(await firstProgram({ SORA_FFMPEG: broken.path, PATH: dirname(ffmpegPath) })).toEqual({ path: broken.path });
  const first = await firstProgram({ PATH: [broken.path, ffmpegPath].map(dirname).join(':') });
  const found = await findFfmpeg({ PATH: dirname(ffmpegPath) });
  expect(first?.path).toBe(found.source === 'ffmpeg-static' ? found.path : broken.path);
});

it.each(['', '[info] '])(
  'believes what it printed in another run, each line after %j, and does not start it',
  async (level) => {
    const { path } = await fakeFfmpeg('exit 1');
    const banner = versionText('6.1', '60. 31.102')
      .replaceAll('\\n', '\n')
      .replaceAll(/^(?=.)/gm, level);
    const found = { path, version: '6.1', source: 'SORA_FFMPEG' };
    expect(await findFfmpeg({ SORA_FFMPEG: path }, { banner })).toEqual(found);
  },
);

it.each([
  ['nothing', ''],
  ['too old a version', versionText('4.0.2', '58. 18.100').replaceAll('\\n', '\n')],
])('asks one that printed %s in another run', async (_, banner) => {
  const { path } = await fakeFfmpeg(`printf '${versionText('6.1', '60. 31.102')}'`);
  expect(await findFfmpeg({ SORA_FFMPEG: path }, { banner })).toMatchObject({ version: '6.1' });
});

it('believes it of the first one only', async () => {
  const { path } = await fakeFfmpeg('exit 1');
  const missing = join(await tempFolder(), 'missing');
  const banner = versionText('6.1', '60. 31.102').replaceAll('\\n', '\n');
  const PATH = `${dirname(missing)}:${dirname(path)}`;
  const first = await firstProgram({ PATH });
  expect((await findFfmpeg({ PATH }, { banner })).path).toBe(first?.path);
});

it('names the install command when there is none', async () => {
  const error = await refusal({ PATH: await tempFolder() });
  // A machine with a working ffmpeg-static has one.
  if (error !== undefined)
    expect(error).toMatchObject({ code: 'machine', hint: expect.stringMatching(/apt-get install ffmpeg/) });
  else expect((await findFfmpeg({ PATH: '' })).source).toBe('ffmpeg-static');
});
