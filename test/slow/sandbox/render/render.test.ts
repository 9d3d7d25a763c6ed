import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { glyphsOf } from '../../../../src/sandbox/render/glyphs.ts';
import { makerPath, tryRun } from '../../../helpers/ffmpeg.ts';
import { boundsOf, brightness, type Picture, pixel, type Rect, readFrame } from '../../../helpers/picture.ts';
import { tempFolder } from '../../../helpers/temp.ts';
import { makeClip, makePicture, sandbox, type TestSandbox } from '../../../sandbox/harness.ts';

const NOW = { version: 1, jobSeconds: 0 };
/** A host that makes one second of what it is asked for: enough to look at, and soon there. */
const QUICK = { ...NOW, jobs: Array.from({ length: 3 }, () => ({ made: { seconds: '1' } })) };
const LANDSCAPE = { width: 1280, height: 720 };

async function download(on: TestSandbox, id: string, query = ''): Promise<string> {
  const { status, bytes } = await on.ask('GET', `/videos/${id}/content${query}`);
  if (status !== 200) throw new Error(`content ${status} ${bytes}`);
  const path = join(await tempFolder(), 'content');
  await writeFile(path, bytes);
  return path;
}

/** What ffmpeg says about a file that it has decoded to the end. */
async function describeFile(path: string): Promise<string> {
  const { stderr } = await tryRun(['-i', path, '-map', '0', '-f', 'null', '-'], { path: makerPath });
  return stderr;
}

const isMagenta = ([r, g, b]: readonly [number, number, number]) => r > 180 && g < 90 && b > 180;
const isLime = ([r, g, b]: readonly [number, number, number]) => r < 90 && g > 180 && b < 90;
const isAmber = ([r, g, b]: readonly [number, number, number]) => r > 200 && g > 140 && g < 220 && b < 130;

/** The share of the pixels of a part that differ by more than compression makes them. */
function differing(a: Picture, b: Picture, { x, y, width, height }: Rect): number {
  let count = 0;
  for (let row = y; row < y + height; row += 1) {
    for (let column = x; column < x + width; column += 1) {
      const [one, two] = [pixel(a, column, row), pixel(b, column, row)];
      if (one.some((value, channel) => Math.abs(value - (two[channel] ?? 0)) > 12)) count += 1;
    }
  }
  return count / (width * height);
}

/** A text in dots, row by row. */
function dotsOf(text: string): readonly string[] {
  const columns = glyphsOf(text).flatMap((glyph, index) => (index === 0 ? glyph : [0, ...glyph]));
  return Array.from({ length: 7 }, (_, row) => columns.map((bits) => (bits & (1 << row) ? '#' : '.')).join(''));
}

/** What is lit of so many columns of dots of two pixels. */
function litDots(frame: Picture, at: { x: number; y: number }, columns: number): readonly string[] {
  const isLit = (column: number, row: number) => (pixel(frame, at.x + column * 2, at.y + row * 2)[0] ?? 0) > 120;
  return Array.from({ length: 7 }, (_, row) =>
    Array.from({ length: columns }, (__, column) => (isLit(column, row) ? '#' : '.')).join(''),
  );
}

describe('a rendered video', () => {
  it.each([
    ['1280x720', '4', 96],
    ['720x1280', '8', 192],
    ['1024x1792', '4', 96],
  ])('is %s for %s s, H.264 with sound, ready to stream', async (size, seconds, frames) => {
    const on = await sandbox({ scenario: NOW });
    const path = await download(on, await on.video({ size, seconds }));
    const words = await describeFile(path);
    expect(words).toMatch(new RegExp(`Duration: 00:00:0${seconds}\\.00`));
    expect(words).toMatch(new RegExp(`Video: h264 .*yuv420p\\(tv, bt709.*\\), ${size}[ ,].*24 fps`));
    expect(words).toMatch(/Audio: aac .*48000 Hz, stereo/);
    expect(words).toMatch(new RegExp(`frame= *${frames} `));
    const boxes = await readFile(path, 'latin1');
    expect(boxes.indexOf('moov')).toBeLessThan(boxes.indexOf('mdat'));
  });

  it('shows the clip of a character in the ratio of the video, moving, and only when the prompt names it', async () => {
    const on = await sandbox({ scenario: QUICK });
    const characters = [{ id: await on.character('Joe') }];
    const wish = { characters, size: '1280x720' };
    const named = await download(on, await on.video({ ...wish, prompt: 'Joe waves' }));
    const [first, later] = [await readFrame(named, LANDSCAPE, 0), await readFrame(named, LANDSCAPE, 23)];
    const [a, b] = [boundsOf(first, isMagenta), boundsOf(later, isMagenta)];
    expect(a.width / a.height).toBeCloseTo(16 / 9, 1);
    expect(a.width).toBeGreaterThan(600);
    expect(b).not.toEqual(a);
    const unnamed = await download(on, await on.video({ ...wish, prompt: 'joe waves' }));
    expect(boundsOf(await readFrame(unnamed, LANDSCAPE, 0), isMagenta).width).toBeLessThanOrEqual(0);
  });

  it('stretches a clip of the other orientation, as the host does', async () => {
    const on = await sandbox({ scenario: QUICK });
    // A square in the middle of a portrait clip.
    const clip = { size: '720x1280', filter: 'drawbox=x=260:y=540:w=200:h=200:color=lime:t=fill' };
    const characters = [{ id: await on.character('Joe', await makeClip(clip)) }];
    const path = await download(on, await on.video({ characters, size: '1280x720', prompt: 'Joe' }));
    const square = boundsOf(await readFrame(path, LANDSCAPE, 12), isLime);
    expect(square.width / square.height).toBeCloseTo((16 / 9) ** 2, 0);
  });

  it('repeats a clip that is shorter than the video, and shows two side by side', async () => {
    const on = await sandbox({ scenario: { ...NOW, jobs: [{ made: { seconds: '3' } }] } });
    const joe = await on.character('Joe');
    const mia = await on.character('Mia', await makeClip({ color: 'lime' }));
    const characters = [{ id: joe }, { id: mia }];
    const path = await download(on, await on.video({ characters, size: '1280x720', prompt: 'Mia and Joe' }));
    const frame = await readFrame(path, LANDSCAPE, 71);
    const [left, right] = [boundsOf(frame, isMagenta), boundsOf(frame, isLime)];
    expect(left.x + left.width).toBeLessThan(right.x);
    expect(right.x + right.width).toBeLessThan(1280);
    expect(Math.abs(left.width - right.width)).toBeLessThan(8);
  });

  it('says that it comes from a sandbox', async () => {
    const on = await sandbox({ scenario: QUICK });
    const frame = await readFrame(await download(on, await on.video({ size: '1280x720' })), LANDSCAPE, 0);
    const strip: Picture = { ...frame, data: frame.data.subarray(632 * 1280 * 3), height: 720 - 632 };
    const title = boundsOf(strip, isAmber);
    // Twelve characters, four pixels to the dot, six dots apart.
    expect(Math.abs(title.width - (12 * 6 - 1) * 4)).toBeLessThan(6);
    expect(Math.abs(title.height - 7 * 4)).toBeLessThan(6);
    // S O R A, row by row of dots: the top of the S, the left of the O, the bar of the A.
    const lit = (column: number, row: number) => {
      const [r = 0] = pixel(strip, title.x + column * 4 + 2, title.y + row * 4 + 2);
      return r > 150;
    };
    const rows = Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: 23 }, (__, column) => (lit(column, row) ? '#' : '.')).join(''),
    );
    expect(rows).toEqual([
      '.###...###..####....#..',
      '#...#.#...#.#...#..#.#.',
      '#.....#...#.#...#.#...#',
      '.###..#...#.####..#...#',
      '....#.#...#.#.#...#####',
      '#...#.#...#.#..#..#...#',
      '.###...###..#...#.#...#',
    ]);
  });

  it('is the same for the same request to a host that is new', async () => {
    const content = async () => {
      const on = await sandbox({ scenario: QUICK });
      return (await on.ask('GET', `/videos/${await on.video({ size: '1280x720' })}/content`)).bytes;
    };
    expect((await content()).equals(await content())).toBe(true);
  });

  it('looks another way for another prompt, and for each take of one, whose number it tells', async () => {
    const on = await sandbox({ scenario: QUICK });
    const characters = [{ id: await on.character('Joe') }];
    const frame = async (prompt: string) =>
      readFrame(await download(on, await on.video({ characters, size: '1280x720', prompt })), LANDSCAPE, 12);
    const [first, second, other] = [
      await frame('Joe and a hill'),
      await frame('Joe and a hill'),
      await frame('A lake'),
    ];
    for (const [a, b] of [
      [first, second],
      [first, other],
      [second, other],
    ] as const)
      expect(differing(a, b, { x: 0, y: 0, width: 1280, height: 620 })).toBeGreaterThan(0.3);
    const [a, b] = [first, second].map((one) => boundsOf(one, isMagenta));
    expect(a?.x).not.toBe(b?.x);
    // The last character of the line of facts: 1 or 2, seven rows of dots.
    const [words, number] = [dotsOf('take'), dotsOf('1')];
    const x = 1280 - 24 - 5 * 2;
    expect([first, second].map((one) => litDots(one, { x: x - 5 * 12, y: 624 + 30 }, 23))).toEqual([words, words]);
    expect(litDots(first, { x, y: 624 + 30 }, 5)).toEqual(number);
    expect(litDots(second, { x, y: 624 + 30 }, 5)).toEqual(dotsOf('2'));
  });

  it('has a reference picture as its backdrop, and a strip through which nothing of it is seen', async () => {
    const on = await sandbox({ scenario: QUICK });
    const form = {
      prompt: 'A',
      size: '1280x720',
      input_reference: await makePicture('libwebp', '1280x720', 'image/webp'),
    };
    const { id } = await on.get('POST', '/videos', { form });
    const frame = await readFrame(await download(on, String(id)), LANDSCAPE, 20);
    const [r, g, b] = pixel(frame, 1200, 500);
    expect(r < 60 && g > 90 && g < 160 && b > 90 && b < 160).toBe(true);
    // Where the strip of a video has its prompt, and the highest one its first line of dots.
    for (const y of [720 - 31 * 2, 720 - 61 * 2 + 4, 718])
      expect(brightness(pixel(frame, 900, y))).toBeCloseTo(brightness([18, 20, 28]), -1);
  });

  it('begins as the video that it extends, and marks what was added', async () => {
    const made = { made: { seconds: '1' } };
    const on = await sandbox({ scenario: { ...NOW, jobs: [made, {}, {}] } });
    const source = await on.video({ size: '1280x720' });
    const extend = async () => {
      const json = { prompt: 'On', seconds: '4', video: { id: source } };
      return download(on, String((await on.get('POST', '/videos/extensions', { json })).id));
    };
    const [before, first, second] = [await download(on, source), await extend(), await extend()];
    const all = { x: 0, y: 0, ...LANDSCAPE };
    const at = (path: string, number: number) => readFrame(path, LANDSCAPE, number);
    expect(differing(await at(before, 20), await at(first, 20), all)).toBeLessThan(0.01);
    const [kept, added, other] = [await at(first, 23), await at(first, 25), await at(second, 25)];
    // The picture goes on, in a frame; the strip is another.
    expect(differing(kept, added, { x: 40, y: 40, width: 1200, height: 550 })).toBeLessThan(0.02);
    for (const edge of [
      { x: 0, y: 0, width: 1280, height: 6 },
      { x: 1, y: 40, width: 5, height: 500 },
      { x: 1274, y: 40, width: 5, height: 500 },
    ]) {
      expect(differing(kept, added, edge)).toBeGreaterThan(0.9);
      expect(differing(added, other, edge)).toBeGreaterThan(0.9);
    }
    expect(differing(kept, added, { x: 24, y: 600, width: 60, height: 100 })).toBeGreaterThan(0.05);
  });

  it('is noise, stands still from its middle on, or is that of another job, where a scenario says so', async () => {
    const jobs = [{}, { shows: 'noise' }, { shows: 'frozen' }, { shows: 'reused' }, { shows: 'reused' }].map(
      (fate) => ({
        ...{ ...fate, made: { seconds: '1' } },
      }),
    );
    const on = await sandbox({ scenario: { ...NOW, jobs } });
    const made = async (prompt: string) => download(on, await on.video({ size: '1280x720', prompt }));
    const good = await made('A hill');
    const all = { x: 0, y: 0, ...LANDSCAPE };
    const between = async (path: string, a: number, b: number) =>
      differing(await readFrame(path, LANDSCAPE, a), await readFrame(path, LANDSCAPE, b), all);
    expect(await between(await made('A lake'), 3, 4)).toBeGreaterThan(0.5);
    const frozen = await made('A sea');
    expect(await between(frozen, 2, 11)).toBeGreaterThan(0.002);
    expect(await between(frozen, 12, 23)).toBe(0);
    expect((await readFile(await made('A wood'))).equals(await readFile(good))).toBe(true);
    // Nobody asked for anything else before: there is nothing to be reused.
    const alone = await sandbox({ scenario: { ...NOW, jobs: jobs.slice(3) } });
    expect((await alone.ask('GET', `/videos/${await alone.video()}/content`)).status).toBe(200);
  });

  it('is of the size and length that a host has put in place of those asked for', async () => {
    const made = { size: '640x360', seconds: '2' };
    const on = await sandbox({ scenario: { ...NOW, jobs: [{ made }] } });
    const words = await describeFile(await download(on, await on.video()));
    expect(words).toMatch(/640x360/);
    expect(words).toMatch(/Duration: 00:00:02\.00/);
  });
});

describe('content', () => {
  it('comes as mp4, webp and jpg, is made once and goes with its video', async () => {
    const on = await sandbox({ scenario: QUICK });
    const id = await on.video({ size: '1280x720' });
    const ask = (variant: string) => on.ask('GET', `/videos/${id}/content?variant=${variant}`);
    const [thumbnail, spritesheet, video] = await Promise.all([ask('thumbnail'), ask('spritesheet'), ask('video')]);
    const types = [video, thumbnail, spritesheet].map(({ headers }) => headers.get('content-type'));
    expect(types).toEqual(['video/mp4', 'image/webp', 'image/jpeg']);
    expect(video.bytes.toString('latin1', 4, 8)).toBe('ftyp');
    const path = join(await tempFolder(), 'picture');
    await writeFile(path, thumbnail.bytes);
    expect(await describeFile(path)).toMatch(/Video: webp, .*1280x720/);
    await writeFile(path, spritesheet.bytes);
    expect(await describeFile(path)).toMatch(/Video: mjpeg.*1280x720/);
    expect((await ask('gif')).status).toBe(400);
    const files = await readdir(join(on.stateDir, 'videos'));
    expect(files.sort()).toEqual([`${id}.jpg`, `${id}.mp4`, `${id}.webp`]);
    await on.ask('DELETE', `/videos/${id}`);
    expect(await readdir(join(on.stateDir, 'videos'))).toEqual([]);
  });

  it('is sent from where a client left off, while it is the same', async () => {
    const on = await sandbox({ scenario: { ...NOW, jobs: [{ made: { size: '320x180', seconds: '1' } }] } });
    const id = await on.video();
    const ask = (headers: Record<string, string>) => on.ask('GET', `/videos/${id}/content`, { headers });
    const whole = await ask({});
    const size = whole.bytes.length;
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"\w+"$/);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('content-length')).toBe(String(size));

    const table: readonly [Record<string, string>, number, number, number][] = [
      [{ range: 'bytes=1000-' }, 206, 1000, size],
      [{ range: 'bytes=0-99' }, 206, 0, 100],
      [{ range: 'bytes=1000-99999999' }, 206, 1000, size],
      [{ range: 'bytes=-10' }, 206, size - 10, size],
      [{ range: 'bytes=1000-', 'if-range': etag }, 206, 1000, size],
      [{ range: 'bytes=1000-', 'if-range': '"other"' }, 200, 0, size],
      [{ range: 'bytes=0-1,5-6' }, 200, 0, size],
      [{ range: 'bytes=-' }, 200, 0, size],
      [{ range: 'lines=1-2' }, 200, 0, size],
    ];
    for (const [headers, status, start, end] of table) {
      const part = await ask(headers);
      expect([headers, part.status]).toEqual([headers, status]);
      expect(part.bytes.equals(whole.bytes.subarray(start, end))).toBe(true);
      expect(part.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/${size}` : null);
      expect(part.headers.get('etag')).toBe(etag);
    }
    const beyond = await ask({ range: `bytes=${size}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
  });

  it('is an honest error when ffmpeg cannot make it', async () => {
    const on = await sandbox({ scenario: NOW, ffmpeg: join(await tempFolder(), 'none') });
    const answer = await on.ask('GET', `/videos/${await on.video()}/content`);
    expect(answer.status).toBe(500);
    expect(answer.json.error).toMatchObject({
      type: 'server_error',
      message: expect.stringContaining('ffmpeg could not'),
    });
    expect(await readdir(join(on.stateDir, 'tmp'))).toEqual([]);
    expect(await readdir(join(on.stateDir, 'videos'))).toEqual([]);
  });
});
