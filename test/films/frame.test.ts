import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runVideoFrame } from '../../src/commands/video/frame.ts';
import { type Moment, writeFrame } from '../../src/films/frame.ts';
import { describeBuilds } from '../helpers/builds.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { makeNumbered, readNumbers } from '../helpers/numbered.ts';
import { createTestContext } from '../helpers/runtime.ts';
import { openWorkspace } from '../helpers/workspace.ts';

const X264 = '-c:v libx264 -preset veryfast -crf 5';

/** How each is made of 25 numbered pictures, and which of them is shown last. */
const LAST: readonly (readonly [name: string, file: string, options: string, filter: string, last: number])[] = [
  ['no B-frames', 'clip.mp4', `${X264} -bf 0`, 'null', 24],
  ['B-frames and a pyramid of them', 'clip.mp4', `${X264} -bf 5 -x264-params b-pyramid=normal:b-adapt=0`, 'null', 24],
  ['open groups', 'clip.mp4', `${X264} -g 7 -x264-params open-gop=1:bframes=3:b-adapt=0:scenecut=0`, 'null', 24],
  ['a varying rate', 'clip.mp4', `${X264} -vsync vfr`, 'select=not(mod(n\\,3))+gt(n\\,20)', 24],
  ['a long last picture', 'clip.mkv', `${X264} -vsync vfr`, 'select=lt(n\\,9)+eq(n\\,20)', 20],
  ['MPEG-TS with B-frames', 'clip.ts', `${X264} -bf 3`, 'null', 24],
  ['Matroska', 'clip.mkv', `${X264} -bf 3`, 'null', 24],
  ['MPEG-4 Part 2 in AVI', 'clip.avi', '-c:v mpeg4 -q:v 1 -bf 2', 'null', 24],
  ['sound that outlasts the picture', 'clip.mp4', `${X264} -bf 3`, 'null', 24],
  ['one picture', 'clip.mp4', X264, 'trim=end_frame=1', 0],
];

describeBuilds('the last picture of a video', ({ path: build }) => {
  it.each(LAST)('is found behind %s', async (name, file, options, filter, last) => {
    const { context, dir } = await createTestContext({}, { env: { SORA_FFMPEG: build } });
    let path = await makeNumbered(join(dir, file), options, { filter });
    if (name.startsWith('sound')) {
      const longer = join(dir, 'longer.mp4');
      const sound = words('-f lavfi -t 3 -i sine -map 0:v -map 1:a -c:v copy -c:a aac');
      await run(['-v', 'error', '-i', path, ...sound, longer], { path: makerPath });
      path = longer;
    }
    const frame = await writeFrame(context, { path, moment: 'last', output: 'last.png', force: false });
    expect(frame).toMatchObject({ width: 64, height: 48, seconds: expect.closeTo(last / 25, 3) });
    expect(await readNumbers(frame.path)).toEqual([last]);
  });
});

describe('a picture of a video', () => {
  it.each<[Moment, number]>([
    [0, 0],
    [0.039, 0],
    [0.04, 1],
    [0.5, 12],
    [0.96, 24],
    [0.999, 24],
    ['last', 24],
  ])('at %s is the one that is shown then', async (moment, number) => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'clip.mp4'), `${X264} -g 6`);
    const frame = await writeFrame(context, { path, moment, output: 'it.png', force: false });
    expect(await readNumbers(frame.path)).toEqual([number]);
    expect(frame.seconds).toBeCloseTo(number / 25, 5);
  });

  it('is upright and has square pixels, as players show it', async () => {
    const { context, dir } = await createTestContext();
    const wide = await makeNumbered(join(dir, 'wide.mp4'), X264, { filter: 'setsar=2' });
    const turned = join(dir, 'turned.mp4');
    await run(['-v', 'error', '-i', wide, ...words('-c copy -metadata:s:v:0 rotate=90'), turned], { path: makerPath });
    const frame = await writeFrame(context, { path: turned, moment: 0, output: 'it.png', force: false });
    expect(frame).toMatchObject({ width: 48, height: 128 });
  });

  it('replaces nothing without --force, and is refused where it would be no PNG or lies behind the end', async () => {
    const { context, dir } = await createTestContext();
    const path = await makeNumbered(join(dir, 'clip.mp4'), X264);
    await writeFile(join(dir, 'mine.png'), 'mine');
    const wish = { path, moment: 0, force: false };
    await expect(writeFrame(context, { ...wish, output: 'mine.png' })).rejects.toMatchObject({ code: 'usage' });
    await expect(writeFrame(context, { ...wish, output: 'it.jpg' })).rejects.toMatchObject({ code: 'usage' });
    await expect(writeFrame(context, { ...wish, moment: 1, output: 'it.png' })).rejects.toMatchObject({
      code: 'usage',
      message: 'The video ends at 1.000 s.',
    });
    expect(await readFile(join(dir, 'mine.png'), 'utf8')).toBe('mine');
    expect(existsSync(join(dir, 'it.png'))).toBe(false);
    await writeFrame(context, { ...wish, output: 'mine.png', force: true });
    expect(await readNumbers(join(dir, 'mine.png'))).toEqual([0]);
  });

  it('goes to stdout with -o -, alone, and not to a terminal', async () => {
    const { context, dir, stdout, stderr } = await createTestContext({ json: true });
    await makeNumbered(join(dir, 'clip.mp4'), X264);
    await runVideoFrame(context, { video: 'clip.mp4', last: true, output: '-', force: false });
    await writeFile(join(dir, 'out.png'), stdout.bytes());
    expect(await readNumbers(join(dir, 'out.png'))).toEqual([24]);
    expect(stderr.json()).toEqual([{ width: 64, height: 48, seconds: 0.96 }]);
    const terminal = await createTestContext({}, { tty: ['stdout'] });
    const wish = { video: 'clip.mp4', last: true, output: '-', force: false };
    await expect(runVideoFrame(terminal.context, wish)).rejects.toMatchObject({ code: 'usage' });
    await expect(runVideoFrame(context, { ...wish, at: 1 })).rejects.toMatchObject({ code: 'usage' });
  });

  it('is of a job too, whose video was saved here', async () => {
    const { workspace } = await openWorkspace();
    const { findVideo } = await import('../../src/films/source.ts');
    await expect(findVideo(workspace, '@last')).rejects.toMatchObject({ message: 'There is no job yet.' });
    await expect(findVideo(workspace, 'beach.mp4')).rejects.toMatchObject({ message: 'There is no file beach.mp4.' });
  });
});
