import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyDecodes } from '../../src/media/prepare.ts';
import { probeMedia } from '../../src/media/probe/probe.ts';
import { isSoraError, type SoraError } from '../../src/shared/errors.ts';
import { makeClip } from '../helpers/clips.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { measureMaster } from '../helpers/master.ts';
import { findTestFfmpeg, prepare, tempFolder } from '../helpers/prepare.ts';

type Maker = (folder: string) => Promise<string>;

/** Makes a file with the fixed ffmpeg. */
function made(name: string, args: string): Maker {
  return async (folder) => {
    await run(words(`-v error ${args}`).concat(join(folder, name)), { path: makerPath });
    return join(folder, name);
  };
}

function written(name: string, content: string): Maker {
  return async (folder) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
}

/** A clip that would do, and a script beside it that names it. */
function pointing(name: string, script: (target: string) => string): Maker {
  return async (folder) => {
    await makeClip('fits', folder);
    return written(name, script('clip.mp4'))(folder);
  };
}

function hls(target: string): string {
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\n${target}\n#EXT-X-ENDLIST\n`;
}

function cut(share: number, options: string): Maker {
  return async (folder) => {
    const path = await made(
      'clip.mp4',
      `-f lavfi -i testsrc=s=1280x720:r=10:d=3 -c:v libx264 -preset ultrafast ${options}`,
    )(folder);
    await truncate(path, Math.floor((await stat(path)).size * share));
    return path;
  };
}

const BROKEN: readonly { what: string; code: 'usage' | 'clip'; make: Maker }[] = [
  { what: 'a path that is not there', code: 'usage', make: async (folder) => join(folder, 'none.mp4') },
  {
    what: 'a folder',
    code: 'usage',
    make: async (folder) => {
      await mkdir(join(folder, 'folder.mp4'));
      return join(folder, 'folder.mp4');
    },
  },
  { what: 'an empty file', code: 'clip', make: written('empty.mp4', '') },
  { what: 'text', code: 'clip', make: written('text.mp4', 'This is a letter, not a video.\n'.repeat(40)) },
  { what: 'zeros', code: 'clip', make: written('zeros.mp4', '\0'.repeat(100_000)) },
  { what: 'a file cut in half', code: 'clip', make: cut(0.5, '') },
  { what: 'a streamable file cut in half', code: 'clip', make: cut(0.5, '-movflags +faststart') },
  { what: 'sound alone', code: 'clip', make: made('sound.mp4', '-f lavfi -i sine=440:d=3 -c:a aac') },
  { what: 'sound with a cover', code: 'clip', make: soundWithCover },
  { what: 'a PNG picture', code: 'clip', make: made('picture.png', '-f lavfi -i testsrc=s=1280x720 -frames:v 1') },
  {
    what: 'a JPEG picture named .mp4',
    code: 'clip',
    make: made('p.mp4', '-f lavfi -i testsrc=s=1280x720 -frames:v 1 -f mjpeg'),
  },
  { what: 'a GIF of one frame', code: 'clip', make: made('picture.gif', '-f lavfi -i testsrc=s=1280x720 -frames:v 1') },
  { what: 'a clip of 1.9 s', code: 'clip', make: (folder) => makeClip('1.9 s', folder) },
  { what: 'an HLS playlist', code: 'clip', make: pointing('list.mp4', hls) },
  { what: 'an HLS playlist by its own name', code: 'clip', make: pointing('list.m3u8', hls) },
  {
    what: 'a concat script',
    code: 'clip',
    make: pointing('script.mp4', (target) => `ffconcat version 1.0\nfile ${target}\n`),
  },
  {
    what: 'a concat script by its own name',
    code: 'clip',
    make: pointing('script.ffconcat', (target) => `ffconcat version 1.0\nfile '${target}'\n`),
  },
];

async function soundWithCover(folder: string): Promise<string> {
  const inputs = '-f lavfi -i sine=440:d=3 -f lavfi -i color=magenta:s=1280x720:d=0.04:r=25';
  const options = '-map 0 -map 1 -c:a aac -c:v mjpeg -pix_fmt yuvj420p -disposition:v:0 attached_pic';
  return made('cover.mp4', `${inputs} ${options}`)(folder);
}

async function refusalOf(source: string, outputPath: string): Promise<SoraError> {
  const error = await prepare(source, outputPath).catch((reason: unknown) => reason);
  if (!isSoraError(error)) throw new Error(`${source} is not refused`, { cause: error });
  return error;
}

describe('broken input', () => {
  it.each(BROKEN)('$what is refused as $code, in words, and leaves no file', async ({ code, make }) => {
    const folder = await tempFolder();
    const source = await make(folder);
    const before = await readdir(folder);
    const error = await refusalOf(source, join(folder, 'master.mp4'));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[^\n]{12,300}$/);
    expect(await readdir(folder)).toEqual(before);
  });
});

const SCRIPTS: readonly { what: string; text: (target: string) => string }[] = [
  { what: 'an HLS playlist', text: hls },
  {
    what: 'an HLS key',
    text: (target) => hls('clip.mp4').replace('#EXTINF', `#EXT-X-KEY:METHOD=AES-128,URI="${target}"\n#EXTINF`),
  },
  { what: 'a concat script', text: (target) => `ffconcat version 1.0\nfile '${target}'\n` },
  {
    what: 'a DASH manifest',
    text: (target) =>
      `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1"><BaseURL>${target}</BaseURL></Representation></AdaptationSet></Period></MPD>\n`,
  },
];

it('P3: a picture that changes its size on the way is encoded, not copied', async () => {
  const folder = await tempFolder();
  const path = join(folder, 'master.mp4');
  const { plan } = await prepare(await makeClip('size that changes', folder), path);
  expect(plan).toMatchObject({ kind: 'convert', steps: [{ because: expect.stringContaining('not all 1280x720') }] });
  const { faults } = await measureMaster(path, { madeByUs: true });
  expect(faults).toEqual([]);
  // Every picture has that size now: a reader that does not scale sees no change.
  const { signal } = new AbortController();
  const size = { width: 1280, height: 720 };
  expect(await verifyDecodes(path, await findTestFfmpeg(), signal, { size })).toMatchObject({ ok: true });
});

describe('nothing is read that was not named', () => {
  it.for(SCRIPTS)('$what does not open a file', async ({ text }, { skip }) => {
    const folder = await tempFolder();
    const target = await makeClip('fits', folder);
    const source = await written('named.mp4', text(target))(folder);
    await forgetReading(target);
    await readFile(target);
    if (!(await wasRead(target))) skip('this file system keeps no access times');
    await forgetReading(target);
    expect((await refusalOf(source, join(folder, 'master.mp4'))).code).toBe('clip');
    expect(await wasRead(target)).toBe(false);
  });

  it.each(SCRIPTS)('$what does not reach a server', async ({ text }) => {
    const folder = await tempFolder();
    const requests: (string | undefined)[] = [];
    const url = await serve((path) => requests.push(path));
    const source = await written('named.mp4', text(`${url}/clip.mp4`))(folder);
    expect((await refusalOf(source, join(folder, 'master.mp4'))).code).toBe('clip');
    expect(requests).toEqual([]);
  });
});

describe('references to other files', () => {
  /** The boxes of a path, the innermost of which gets another body; all around it grow with it. */
  function withBody(data: Buffer, [first, ...rest]: readonly string[], body: (old: Buffer) => Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at + 8 <= data.length; ) {
      const size = data.readUInt32BE(at) || data.length - at;
      const box = data.subarray(at, at + size);
      at += size;
      if (box.toString('latin1', 4, 8) !== first) {
        parts.push(box);
        continue;
      }
      const inner = rest.length === 0 ? body(box.subarray(8)) : withBody(box.subarray(8), rest, body);
      const head = Buffer.from(box.subarray(0, 8));
      head.writeUInt32BE(inner.length + 8);
      parts.push(head, inner);
    }
    return Buffer.concat(parts);
  }

  it.each(['url ', 'alis'])('in MP4 (%s) are not followed', async (kind) => {
    const folder = await tempFolder();
    const requests: (string | undefined)[] = [];
    const url = await serve((path) => requests.push(path));
    const source = await makeClip('2.0 s', folder);
    const reference = (to: string) => {
      const place = Buffer.from(`${to}\0`);
      const entry = Buffer.alloc(12);
      entry.writeUInt32BE(12 + place.length);
      entry.write(kind, 4, 'latin1');
      return Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), entry, place]);
    };
    const whole = await readFile(source);
    const path = ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref'];
    const spoiled = withBody(whole, path, () => reference(`${url}/other.mp4`));
    expect(spoiled.length).toBeGreaterThan(whole.length);
    await writeFile(source, spoiled);
    await prepare(source, join(folder, 'master.mp4')).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'clip' });
    });
    expect(requests).toEqual([]);
  });
});

describe('streams without an end', () => {
  it('are refused at once: a pipe that nobody writes to', async ({ skip }) => {
    const path = join(await tempFolder(), 'pipe.mp4');
    const made = spawnSync('mkfifo', [path]);
    if (made.status !== 0) skip('there is no mkfifo here');
    const { signal } = new AbortController();
    await expect(probeMedia(path, { signal })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is not a file'),
    });
  });

  it('are refused at once: a device', async () => {
    const { signal } = new AbortController();
    await expect(probeMedia('/dev/zero', { signal })).rejects.toMatchObject({ code: 'usage' });
  });
});

/** An access time before the last change is renewed by the next read, even where access times are kept lazily. */
function forgetReading(path: string): Promise<void> {
  return utimes(path, new Date(0), new Date(1000));
}

async function wasRead(path: string): Promise<boolean> {
  return (await stat(path)).atimeMs > 0;
}

async function serve(onRequest: (path: string | undefined) => void): Promise<string> {
  const server = createServer((request, response) => {
    onRequest(request.url);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('names', () => {
  it.each(['-i.mp4', 'a%03d.mp4', 'concat:b.mp4', `it's "c,d";e[f]=g\\h.mp4`, '李雷 🎬.mp4', 'two\nlines'])(
    'may be %j',
    async (name) => {
      const folder = await tempFolder();
      const source = join(folder, name);
      await writeFile(source, await readFile(await makeClip('320x240', folder)));
      const path = join(folder, `out ${name}`.replace(/(\.mp4)?$/, '.mp4'));
      await prepare(source, path, {}, cachedFfmpeg());
      expect((await measureMaster(path, { madeByUs: true })).faults).toEqual([]);
    },
  );
});
