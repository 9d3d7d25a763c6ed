import { describe, expect, it } from 'vitest';
import { inspectClip } from '../../../src/clips/inspect.ts';
import { judgeClip } from '../../../src/clips/inspect-picture.ts';
import { keptPicture } from '../../../src/media/judge/bars.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { madeOnce } from '../../helpers/once.ts';
import { createTestContext } from '../../helpers/runtime.ts';

/** A night on the left, a day on the right. */
const halves = (): Promise<string> =>
  madeOnce('dark-and-light.mp4', (path) => {
    const half = (grey: string) => `color=${grey}:s=640x720:r=10:d=2.5,noise=alls=24:allf=t`;
    const graph = `${half('0x141414')}[a];${half('0x989898')}[b];[a][b]hstack,format=yuv420p`;
    return run([...words('-v error -f lavfi -i'), graph, ...words('-c:v mpeg4 -q:v 3'), path], { path: makerPath });
  });

async function judged(wishes: Partial<ClipOptions>) {
  const { context } = await createTestContext();
  const options = { ...DEFAULT_CLIP_OPTIONS, ...wishes };
  const clip = await inspectClip(context, await halves(), options);
  const judgement = await judgeClip(context, clip, options);
  const word = judgement?.findings.find(({ what }) => what === 'exposure')?.meaning;
  if (!clip.info.video || clip.plan.kind === 'reject') throw new Error('it cannot be used');
  return { word, kept: keptPicture(clip.plan, clip.info.video) };
}

describe('a clip that is cut for another orientation', () => {
  const upright = { orientation: 'portrait', fit: 'crop' } as const;

  it('is judged by what is kept, around the focus', async () => {
    expect(await judged({ ...upright, focus: { x: 0, y: 0.5 } })).toEqual({
      word: expect.stringMatching(/it is dark\.$/),
      kept: { x: 0, y: 0, width: 404, height: 720 },
    });
    expect(await judged({ ...upright, focus: { x: 1, y: 0.5 } })).toMatchObject({
      word: expect.stringMatching(/it is well lit\.$/),
      kept: { x: 876, width: 404 },
    });
  });

  it('is judged whole where nothing of it is cut off', async () => {
    expect(await judged({})).toEqual({ word: expect.stringMatching(/it is well lit\.$/), kept: undefined });
  });

  it('P6: needs to be cut for a focus to mean anything', async () => {
    await expect(judged({ focus: { x: 0, y: 0 } })).rejects.toMatchObject({
      code: 'usage',
      message: '--focus says what is kept by --fit crop: add that.',
    });
  });
});
