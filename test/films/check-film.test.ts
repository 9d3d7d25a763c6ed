import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filmProblem, type Packet, packetOf, packetProblem } from '../../src/films/check-film.ts';
import { readTrack } from '../../src/films/take.ts';
import { describeBuilds } from '../helpers/builds.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { sampleRanges } from '../helpers/mp4.ts';
import { createTestContext } from '../helpers/runtime.ts';

describe('the packets of a film', () => {
  const film = { frames: 4, rate: { num: 25, den: 1 } };
  /** Of the second picture, which is stored third. */
  const stored: readonly Packet[] = [0, 1024, 512, 1536].map((at, index) => ({ at, content: `${index}, 0x0${index}` }));
  const changed = (index: number, change: Partial<Packet>) =>
    stored.map((packet, at) => (at === index ? { ...packet, ...change } : packet));

  it.each<[string, readonly Packet[], string | undefined]>([
    ['as they were made', stored, undefined],
    ['with times that were rounded', changed(3, { at: 1540 }), undefined],
    [
      'with other bytes',
      changed(2, { content: '2, 0x99' }),
      'picture 3 is stored with other bytes than it was made with',
    ],
    ['in another order', [0, 2, 1, 3].flatMap((at) => stored[at] ?? []), 'picture 2 is stored with other bytes'],
    ['one short', stored.slice(1), 'it has 3 pictures instead of 4'],
    ['one too many', [...stored, ...stored.slice(3)], 'it has 5 pictures instead of 4'],
    ['one of them late', changed(3, { at: 1800 }), 'picture 4 is not shown at its time'],
    ['two of them at one time', changed(3, { at: 1024 }), 'picture 4 is not shown at its time'],
    ['all of them late', stored.map(({ at, content }) => ({ at: at + 512, content })), 'picture 1 is not shown'],
  ])('%s', (_, packets, problem) => {
    const found = packetProblem(film, { stored: packets, meant: stored });
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  it('are read as all builds list them', () => {
    const lines = [
      '#tb 0: 1/12288',
      '0,      -1024,          0,      512,    89272, 0x2a0339f7',
      '1, 0, 0, 1024, 5, 0x1',
    ];
    expect(lines.flatMap(packetOf)).toEqual([{ at: 0, content: '89272, 0x2a0339f7' }]);
    expect(packetOf('0,       -512,        512,      512,    26555, 0xf7d309c3, F=0x0')).toEqual([
      { at: 512, content: '26555, 0xf7d309c3' },
    ]);
  });
});

describeBuilds('a film as a file', ({ path: ffmpeg }) => {
  it('is checked by every byte of its pictures, by its header, and by decoding its keyframes and its sound', async () => {
    const { context, dir } = await createTestContext({}, { env: { SORA_FFMPEG: ffmpeg } });
    const [path, packets] = [join(dir, 'film.mp4'), join(dir, 'packets')];
    const inputs = words('-v error -f lavfi -i testsrc2=s=128x96:r=25:d=6 -f lavfi -i aevalsrc=0.2*sin(2000*t):d=6');
    const encoder = words('-c:v libx264 -preset ultrafast -g 50 -video_track_timescale 12800 -c:a aac');
    await run([...inputs, ...encoder, path], { path: makerPath });
    const list = words('-map 0:v -c copy -f framecrc');
    await run(['-v', 'error', '-i', path, ...list, packets], { path: makerPath });
    const header = (await readTrack(path))?.avcC;
    const film = { frames: 150, rate: { num: 25, den: 1 } };
    const { signal } = context.runtime;
    const tools = { ffmpeg: await context.ffmpeg(), signal, packets, audio: true };
    const check = (more: { header?: string | undefined; frames?: number } = {}) =>
      filmProblem({ ...film, frames: more.frames ?? film.frames }, path, { ...tools, header, ...more });
    expect(await check()).toBeUndefined();
    expect(await check({ header: '00' })).toContain('header');
    expect(await check({ frames: 149 })).toContain('150 pictures instead of 149');

    const bytes = await readFile(path);
    const pictures = await sampleRanges(path, 'vide');
    const damage = async (index: number, from: number, count: number): Promise<string | undefined> => {
      const { offset = 0, length = 0 } = pictures[index] ?? {};
      const at = offset + (from < 0 ? length + from : from);
      await writeFile(path, Buffer.from(bytes).fill(bytes.readUInt8(at) ^ 0x55, at, at + count));
      return check();
    };
    // The last byte of the last picture, and the middle of the second keyframe.
    expect(await damage(149, -1, 1)).toBe('picture 150 is stored with other bytes than it was made with');
    expect(await damage(50, 60, 400)).toBeDefined();
  });
});
