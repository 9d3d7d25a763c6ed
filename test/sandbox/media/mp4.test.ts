import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readClip } from '../../../src/sandbox/media/mp4.ts';
import { makerPath, run, words } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { makeClip } from '../harness.ts';

const FACTS = { seconds: 2, videoSeconds: 2, fps: 24, codec: 'avc1', width: 1280, height: 720 };

async function bytesOf(clip: Parameters<typeof makeClip>[0]): Promise<Buffer> {
  return Buffer.from(await (await makeClip(clip)).arrayBuffer());
}

describe('readClip', () => {
  it.each<[string, Parameters<typeof makeClip>[0], object]>([
    ['a plain clip', {}, FACTS],
    ['an index behind the frames', { output: '' }, FACTS],
    ['a rotation', { turn: 90 }, { ...FACTS, width: 720, height: 1280 }],
    ['half a turn', { turn: 180 }, FACTS],
    ['wide pixels', { size: '960x720', filter: 'setsar=4/3' }, FACTS],
    [
      'a length in other units',
      { seconds: 3.3, filter: 'fps=10' },
      { ...FACTS, seconds: 3.3, videoSeconds: 3.3, fps: 10 },
    ],
  ])('reads %s', async (_, clip, facts) => {
    expect(readClip(await bytesOf(clip))).toEqual(facts);
  });

  it.each<[string, string, object | undefined]>([
    ['counts sound that outlasts the picture', '-map 0:v -map 1:a', { ...FACTS, seconds: 3 }],
    ['knows no length of a file in fragments', '-movflags frag_keyframe+empty_moov', undefined],
    ['wants a picture', '-map 1:a', undefined],
  ])('%s', async (_, options, facts) => {
    const inputs = '-v error -f lavfi -i color=s=1280x720:r=24:d=2 -f lavfi -i sine=r=48000:d=3';
    const path = join(await tempFolder(), 'clip.mp4');
    const codecs = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac';
    await run([...words(`${inputs} ${codecs} ${options}`), path], { path: makerPath });
    const read = readClip(await readFile(path));
    expect(read && { ...read, seconds: Math.floor(read.seconds) }).toEqual(facts);
  });

  it('knows nothing of a file that is cut anywhere, or damaged in its boxes', async () => {
    const whole = await bytesOf({});
    for (const length of [0, 7, 8, 31, 100, 700, whole.length >> 1, whole.length - 1]) {
      expect([length, readClip(whole.subarray(0, length))]).toEqual([length, undefined]);
    }
    for (const type of ['moov', 'mdat', 'trak', 'mdia', 'stbl', 'mvhd']) {
      const broken = Buffer.from(whole);
      broken.write('free', broken.indexOf(type));
      expect([type, readClip(broken)]).toEqual([type, undefined]);
    }
  });
});
