import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { execa } from 'execa';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { findFfmpeg } from '../../src/media/ffmpeg/find.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { createOpenai } from '../../src/providers/openai/adapter.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { SoraError } from '../../src/shared/errors.ts';
import type { Clock } from '../../src/shared/time.ts';
import { type DownloadRequest, downloadContent } from '../../src/videos/download-file.ts';
import { content, damaged, makeVideo, refusal, VIDEO_SIZE } from '../helpers/far-end.ts';
import { ffmpegPath } from '../helpers/ffmpeg.ts';
import { createTestHttp } from '../helpers/http.ts';
import { Captured, START } from '../helpers/runtime.ts';
import { createTestServer, gzipped, type Scripted, type TestServer } from '../helpers/server.ts';
import { tempFolder } from '../helpers/temp.ts';

let video: Buffer;
let half: number;

beforeAll(async () => {
  video = await makeVideo();
  half = video.byteLength >> 1;
});

interface Setup {
  readonly server: TestServer;
  readonly folder: string;
  readonly target: string;
  /** Milliseconds of every pause between two attempts. */
  readonly pauses: number[];
  readonly controller: AbortController;
  download(change?: Partial<DownloadRequest>): ReturnType<typeof downloadContent>;
  downloadTo(stream: Writable, change?: Partial<DownloadRequest>): ReturnType<typeof downloadContent>;
}

/** A host that gives these answers, and a folder to download into. */
function setUp(...answers: Scripted[]): Promise<Setup> {
  return setUpCut([], ...answers);
}

/** The same, but of the first answers no more than so many bytes arrive each. */
async function setUpCut(arriving: readonly number[], ...answers: Scripted[]): Promise<Setup> {
  const server = await createTestServer();
  server.answer(...answers);
  const { http } = createTestHttp();
  const host = createOpenai(PROVIDERS.openai, { baseUrl: `${server.url}/v1`, key: 'k', backend: undefined, http });
  const limits = [...arriving];
  const provider: Provider = {
    ...host,
    async openContent(...request) {
      const opened = await host.openContent(...request);
      const limit = limits.shift();
      return limit === undefined ? opened : { ...opened, body: cutAfter(limit, opened.body) };
    },
  };
  const folder = await tempFolder();
  const target = join(folder, 'video.mp4');
  const pauses: number[] = [];
  const clock: Clock = { now: () => START, sleep: async (ms) => void pauses.push(ms) };
  const controller = new AbortController();
  const { signal } = controller;
  const request: DownloadRequest = { provider, remoteId: 'video_1', variant: 'video', clock, signal };
  const download: Setup['download'] = (change = {}) => downloadContent({ ...request, target, ...change });
  const downloadTo: Setup['downloadTo'] = (stream, change = {}) => downloadContent({ ...request, stream, ...change });
  return { server, folder, target, pauses, controller, download, downloadTo };
}

/** Real connections lose an unknown part of what was under way when they break. */
async function* cutAfter(bytes: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.byteLength;
    if (left <= 0) break;
  }
  throw new SoraError('network', 'The connection broke off.');
}

/** The bytes from `from` on, as a part of the whole. */
function part(from: number, headers: Record<string, string> = {}, whole = video): Scripted {
  const range = `bytes ${from}-${whole.byteLength - 1}/${whole.byteLength}`;
  return { ...content(whole.subarray(from), { 'content-range': range, ...headers }), status: 206 };
}

describe('a download', () => {
  it('is the file, byte by byte, with its facts, and reports progress', async () => {
    const { download, server, target, folder } = await setUp(content(video));
    const onProgress = vi.fn<NonNullable<DownloadRequest['onProgress']>>();
    const done = await download({ onProgress });
    expect(done).toMatchObject({ path: target, bytes: video.byteLength, facts: VIDEO_SIZE });
    expect(done.facts?.seconds).toBeCloseTo(1, 1);
    expect(await readFile(target)).toEqual(video);
    expect(await readdir(folder)).toEqual(['video.mp4']);
    expect(onProgress).toHaveBeenLastCalledWith(video.byteLength, video.byteLength);
    expect(server.seen[0]?.path).toBe('/v1/videos/video_1/content');
  });

  it.each([
    ['thumbnail', Buffer.from('RIFF\u0010\0\0\0WEBPVP8 ', 'latin1'), 'image/webp'],
    ['spritesheet', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), 'image/jpeg'],
  ] as const)('of a %s is a picture', async (variant, picture, type) => {
    const { download, server, target } = await setUp(content(picture, { 'content-type': type }));
    expect(await download({ variant })).toEqual({
      path: target,
      bytes: picture.byteLength,
      sha256: createHash('sha256').update(picture).digest('hex'),
      facts: undefined,
    });
    expect(await readFile(target)).toEqual(picture);
    expect(server.seen[0]?.path).toBe(`/v1/videos/video_1/content?variant=${variant}`);
  });
});

describe('a download that is cut', () => {
  const etag = '"first"';

  it('resumes by Range with the tag of what it holds', async () => {
    const { download, server, target, pauses } = await setUpCut([half], content(video, { etag }), part(half, { etag }));
    expect(await download()).toMatchObject({ bytes: video.byteLength });
    expect(await readFile(target)).toEqual(video);
    expect(server.seen[0]?.headers).not.toHaveProperty('range');
    expect(server.seen[1]?.headers).toMatchObject({ range: `bytes=${half}-`, 'if-range': etag });
    expect(pauses).toEqual([500]);
  });

  it('keeps the tag through parts that do not repeat it', async () => {
    const answers = [content(video, { etag }), part(half), part(half + 100)];
    const { download, server, target } = await setUpCut([half, 100], ...answers);
    await download();
    expect(await readFile(target)).toEqual(video);
    expect(server.seen[2]?.headers).toMatchObject({ range: `bytes=${half + 100}-`, 'if-range': etag });
  });

  it.each([
    ['answers with the whole', () => []],
    ['resumes other bytes', () => [part(half, { etag: '"second"' }, changed())]],
    ['has no such range any more', () => [{ status: 416 }]],
  ])('starts over when the host has another tag and %s', async (_title, before) => {
    const other = content(changed(), { etag: '"second"' });
    const { download, target } = await setUpCut([half], content(video, { etag }), ...before(), other);
    expect(await download()).toMatchObject({ bytes: changed().byteLength });
    expect(await readFile(target)).toEqual(changed());
  });

  it('begins again where it came compressed: an offset would be one of compressed bytes', async () => {
    const whole = gzipped(content(video, { etag }));
    const { download, server, target, pauses } = await setUpCut([half], whole, whole);
    expect(await download()).toMatchObject({ bytes: video.byteLength });
    expect(await readFile(target)).toEqual(video);
    expect(server.seen[1]?.headers).not.toHaveProperty('range');
    expect(pauses).toEqual([500]);
  });

  it('begins again where what was held goes on compressed, and goes on where it is not', async () => {
    const answers = [content(video, { etag }), gzipped(part(half, { etag })), gzipped(content(video)), content(video)];
    const { download, server, target } = await setUpCut([half, 100], ...answers);
    await download();
    expect(await readFile(target)).toEqual(video);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([
      undefined,
      `bytes=${half}-`,
      undefined,
      undefined,
    ]);
  });

  it('is asked for from the start once two attempts to go on have brought nothing', async () => {
    const answers = [content(video, { etag }), part(half, { etag }), part(half, { etag }), content(video, { etag })];
    const { download, server, target } = await setUpCut([half, 0, 0], ...answers);
    await download();
    expect(await readFile(target)).toEqual(video);
    const range = `bytes=${half}-`;
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, range, range, undefined]);
  });

  it('goes on as long as each attempt brings something', async () => {
    const rest = Array.from({ length: 8 }, (_, index) => part(half + index * 10, { etag }));
    const arriving = [half, ...Array.from({ length: 7 }, () => 10)];
    const { download, target, pauses } = await setUpCut(arriving, content(video, { etag }), ...rest);
    await download();
    expect(await readFile(target)).toEqual(video);
    expect(pauses).toEqual(Array.from({ length: 8 }, () => 500));
  });

  it('is given up after five attempts that bring nothing new, and leaves nothing', async () => {
    const answers = Array.from({ length: 5 }, () => content(video));
    const { download, folder, pauses } = await setUpCut(
      Array.from({ length: 5 }, () => half),
      ...answers,
    );
    await expect(download()).rejects.toMatchObject({ code: 'network' });
    expect(await readdir(folder)).toEqual([]);
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
  });

  // undici: https://github.com/nodejs/undici/issues/5360
  it('breaks off as a network error, also while the disk is slower than the network', async () => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': 3_000_000 });
      response.write(Buffer.alloc(1_500_000), () => request.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { http } = createTestHttp({ timeouts: { idleMs: 2000 } });
    const answer = await http.open({ method: 'GET', kind: 'read', url, signal: new AbortController().signal });
    if (!('body' in answer)) throw new Error('it is not streamed');
    const read = async (): Promise<void> => {
      for await (const _chunk of answer.body) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await expect(read()).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('was lost') });
  });

  it('ends with the signal’s reason when it is stopped', async () => {
    const { download, folder, controller } = await setUp({ ...content(video), fault: 'stall' });
    const reason = new SoraError('interrupted', 'Stopped.');
    const stopped = download({ onProgress: () => controller.abort(reason) });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(folder)).toEqual([]);
  });
});

/** Another video, of another length. */
function changed(): Buffer {
  return Buffer.concat([video, freeBox(64)]);
}

function freeBox(bytes: number): Buffer {
  const box = Buffer.alloc(bytes);
  box.writeUInt32BE(bytes);
  box.write('free', 4);
  return box;
}

describe('P3: what is no whole video', () => {
  const WORDS = Buffer.from('These are words and no film at all.');

  it.each<[string, () => Scripted, DownloadRequest['variant'], string, RegExp]>([
    ['a page', () => content(WORDS, { 'content-type': 'text/html' }), 'video', 'refused', /no video/],
    ['a text', () => content(video, { 'content-type': 'text/plain' }), 'video', 'unverified', /sent text\/plain/],
    ['XML', () => content(video, { 'content-type': 'application/xml' }), 'video', 'unverified', /application\/xml/],
    ['words that are called a video', () => content(WORDS), 'video', 'unverified', /not a video that can be read/],
    ['nothing', () => content(Buffer.alloc(0)), 'video', 'unverified', /empty/],
    ['a video without its end', () => content(video.subarray(0, -100)), 'video', 'unverified', /cut off/],
    ['a video with a torn box', () => content(Buffer.concat([video, WORDS])), 'video', 'unverified', /cut off/],
    ['a video without its media', () => content(withoutBox('mdat')), 'video', 'unverified', /not complete/],
    ['a video without its index', () => content(withoutBox('moov')), 'video', 'unverified', /not complete/],
    ['a video as thumbnail', () => content(video), 'thumbnail', 'unverified', /not a picture/],
    ['a 404', () => refusal(404, 'not_found'), 'video', 'refused', /no video/],
  ])('is refused and leaves nothing: %s', async (title, answer, variant, code, message) => {
    // After a 404 the host is asked whether it names another place.
    const { download, folder, target } = await setUp(answer(), ...(title === 'a 404' ? [refusal(404, 'gone')] : []));
    await writeFile(target, 'old');
    await expect(download({ variant, force: true })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await readdir(folder)).toEqual(['video.mp4']);
    expect(await readFile(target, 'utf8')).toBe('old');
  });
});

function withoutBox(kind: string): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at < video.byteLength; at += video.readUInt32BE(at)) {
    if (video.toString('latin1', at + 4, at + 8) !== kind) kept.push(video.subarray(at, at + video.readUInt32BE(at)));
  }
  return Buffer.concat(kept);
}

describe('P4: what stands at the target', () => {
  it('is left as it is when it appeared during the download', async () => {
    const { download, server, folder, target } = await setUp();
    server.answer({ ...content(video), onRequest: () => void writeFile(target, 'somebody else’s') });
    await expect(download({ force: false })).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringContaining(`${target} has appeared in the meantime`),
    });
    expect(await readFile(target, 'utf8')).toBe('somebody else’s');
    expect(await readdir(folder)).toEqual(['video.mp4']);
  });

  it('is taken for the own file where another command has put the same bytes there meanwhile', async () => {
    const { download, server, folder, target } = await setUp();
    server.answer({ ...content(video), onRequest: () => writeFileSync(target, video) });
    expect(await download({ force: false })).toMatchObject({ path: target, bytes: video.byteLength });
    expect(await readdir(folder)).toEqual(['video.mp4']);
  });

  it('is replaced in one step with force', async () => {
    const { download, folder, target } = await setUp(content(video));
    await writeFile(target, 'old');
    await download({ force: true });
    expect(await readFile(target)).toEqual(video);
    expect(await readdir(folder)).toEqual(['video.mp4']);
  });
});

describe('P3: a video whose pictures are damaged in a whole container', () => {
  const ffmpeg = findFfmpeg({ SORA_FFMPEG: ffmpegPath });
  const MESSAGE = /^The host sent a damaged video; ffmpeg says: \S.+\. What arrived is kept: (.+)$/;

  it('is no success, and what came is kept beside the target, which stays as it is', async () => {
    const { download, folder, target, server } = await setUp(content(damaged(video)), content(damaged(video)));
    await writeFile(target, 'old');
    const onDamage = vi.fn<NonNullable<DownloadRequest['onDamage']>>();
    const aside = join(folder, 'video.damaged.mp4');
    const failed = await download({ ffmpeg, force: true, onDamage }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'unverified', message: expect.stringMatching(MESSAGE) });
    expect(MESSAGE.exec((failed as Error).message)?.[1]).toBe(aside);
    expect(await readFile(target, 'utf8')).toBe('old');
    expect(await readFile(aside)).toEqual(damaged(video));
    expect(await readdir(folder)).toEqual(['video.damaged.mp4', 'video.mp4']);
    // Twice, and never again.
    expect(server.seen).toHaveLength(2);
    expect(onDamage).toHaveBeenCalledOnce();
  });

  it('is fetched once more, from the start, and may then be whole', async () => {
    const { download, folder, target, server } = await setUp(content(damaged(video)), content(video));
    expect(await download({ ffmpeg })).toMatchObject({ path: target, decoded: true, facts: VIDEO_SIZE });
    expect(await readFile(target)).toEqual(video);
    expect(await readdir(folder)).toEqual(['video.mp4']);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  it('is kept once for the same bytes, and beside what is there for others', async () => {
    const other = damaged(video, 0xfe);
    const answers = [damaged(video), damaged(video), damaged(video), damaged(video), other, other];
    const { download, folder } = await setUp(...answers.map((bytes) => content(bytes)));
    for (const _ of [1, 2, 3]) await expect(download({ ffmpeg })).rejects.toThrow(MESSAGE);
    const sha256 = createHash('sha256').update(other).digest('hex');
    const second = `video.damaged-${sha256.slice(0, 8)}.mp4`;
    expect(await readdir(folder)).toEqual([second, 'video.damaged.mp4']);
    expect(await readFile(join(folder, second))).toEqual(other);
  });

  it('is kept where it does not come a second time', async () => {
    const { download, folder } = await setUp(content(damaged(video)), refusal(404, 'gone'), refusal(404, 'gone'));
    await expect(download({ ffmpeg })).rejects.toThrow(MESSAGE);
    expect(await readdir(folder)).toEqual(['video.damaged.mp4']);
  });

  it('does not go to a stream, not even a part of it', async () => {
    const { downloadTo } = await setUp(content(damaged(video)), content(damaged(video)));
    const stream = new Captured();
    await expect(downloadTo(stream, { ffmpeg })).rejects.toMatchObject({
      code: 'unverified',
      hint: expect.stringContaining('-o'),
    });
    expect(stream.bytes()).toHaveLength(0);
  });

  it('is dropped where the command is stopped meanwhile', async () => {
    const { download, folder, controller } = await setUp(content(damaged(video)));
    const reason = new SoraError('interrupted', 'Stopped.');
    const stopped = download({ ffmpeg, onDamage: () => controller.abort(reason) });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not seen without ffmpeg, and that is said', async () => {
    const { download } = await setUp(content(damaged(video)));
    expect(await download({ ffmpeg: Promise.resolve(undefined) })).toMatchObject({ decoded: false, facts: VIDEO_SIZE });
  });
});

describe('what a killed download left beside its target', () => {
  it('goes with a later one; nothing else does', async () => {
    const { download, folder } = await setUp(content(video), content(video));
    const left = ['.sora-mi8ovgg0-0123abcd.part', '.sora-notes.part', 'old.part'];
    for (const name of left) await writeFile(join(folder, name), 'x');
    await download();
    expect(await readdir(folder)).toEqual([...left, 'video.mp4']);
    for (const name of left) await utimes(join(folder, name), 1, 1);
    await download({ force: true });
    expect(await readdir(folder)).toEqual([...left.slice(1), 'video.mp4']);
  });

  it.each(['while it comes', 'when it has come'])('is said when it was this one’s, %s', async (moment) => {
    const { download, folder } = await setUp(content(video));
    const lose = (): void => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    };
    // The last thing that is waited for before the file gets its name.
    const losing: PromiseLike<undefined> = {
      // biome-ignore lint/suspicious/noThenProperty: being waited for is the moment
      then: (done, failed) =>
        Promise.resolve(undefined)
          .then(() => void lose())
          .then(() => undefined)
          .then(done, failed),
    };
    const change = moment === 'while it comes' ? { onProgress: lose } : { ffmpeg: losing as Promise<undefined> };
    await expect(download(change)).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringContaining('was suspended'),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a machine that cannot take it', () => {
  it('has a folder where the file should go', async () => {
    const { download, server, target, folder } = await setUp();
    server.answer({ ...content(video), onRequest: () => mkdirSync(target) });
    await expect(download({ force: true })).rejects.toMatchObject({
      code: 'machine',
      message: `${target} could not be written: a folder is there.`,
      hint: 'Name a file with -o.',
    });
    expect(await readdir(folder)).toEqual(['video.mp4']);
  });

  it('has a full disk: it is named, and nothing is left', async ({ skip }) => {
    const { download, folder } = await setUp(content(Buffer.concat([video, Buffer.alloc(200_000)])));
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { reject: false });
    if (mounted.failed) {
      await download({ target: join(folder, 'x') }).catch(() => {});
      skip('a tmpfs cannot be mounted here');
    }
    onTestFinished(() => void execa('umount', [disk], { reject: false }));
    try {
      await expect(download({ target: join(disk, 'video.mp4') })).rejects.toMatchObject({
        code: 'machine',
        message: `${join(disk, 'video.mp4')} could not be written: the disk is full.`,
        cause: expect.objectContaining({ code: 'ENOSPC' }),
      });
      expect(await readdir(disk)).toEqual([]);
    } finally {
      await execa('umount', [disk], { reject: false });
    }
  });

  it('has no such folder', async () => {
    const { download, folder } = await setUp();
    await expect(download({ target: join(folder, 'none', 'video.mp4') })).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('has no place for temporary files', async () => {
    const { downloadTo, folder } = await setUp();
    vi.stubEnv('TMPDIR', join(folder, 'none'));
    await expect(downloadTo(new Captured())).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining(join(folder, 'none')),
      hint: expect.stringContaining('Set TMPDIR '),
    });
  });
});

describe('to a stream', () => {
  it('goes what was verified, and the stream stays open', async () => {
    const { downloadTo } = await setUp(content(video));
    const stream = new Captured();
    expect(await downloadTo(stream)).toMatchObject({ path: undefined, facts: VIDEO_SIZE });
    expect(stream.bytes()).toEqual(video);
    expect(stream.writable).toBe(true);
  });

  it('goes nothing of what cannot be verified', async () => {
    const { downloadTo } = await setUp(content(Buffer.from('These are words and no film at all.')));
    const stream = new Captured();
    await expect(downloadTo(stream)).rejects.toMatchObject({ code: 'unverified' });
    expect(stream.bytes()).toHaveLength(0);
  });

  it('is unverified when its reader goes away', async () => {
    const { downloadTo } = await setUp(content(video));
    const stream = new PassThrough({ highWaterMark: 1 });
    stream.on('error', () => {});
    stream.once('data', () => stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })));
    await expect(downloadTo(stream)).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringContaining('went away'),
    });
  });

  it('is a matter of the machine when the disk behind stdout is full', async () => {
    const { downloadTo } = await setUp(content(video));
    const stream = createWriteStream('/dev/full');
    stream.on('error', () => {});
    await expect(downloadTo(stream)).rejects.toMatchObject({
      code: 'machine',
      message: 'stdout could not be written: the disk is full.',
    });
  });

  it('can be stopped while its reader does not read', async () => {
    const { downloadTo, controller } = await setUp(content(video));
    const stream = new PassThrough({ highWaterMark: 1 });
    stream.once('readable', () => controller.abort(new SoraError('interrupted', 'Stopped.')));
    await expect(downloadTo(stream)).rejects.toThrow();
    expect(controller.signal.aborted).toBe(true);
  });
});

describe('a body that is refused', () => {
  it.each(['text/plain', 'application/xml'])(
    'of %s gives its connection up at once, and nothing listens any more',
    async (type) => {
      const closed: Promise<void>[] = [];
      const host = createServer((request, response) => {
        closed.push(new Promise((resolve) => request.socket.once('close', () => resolve())));
        // Goes on for as long as somebody holds the connection.
        response.writeHead(200, { 'content-type': type }).write('x');
      });
      await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => {
        host.closeAllConnections();
        host.close();
      });
      const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/v1`;
      const { http } = createTestHttp();
      const provider = createOpenai(PROVIDERS.openai, { baseUrl: url, key: 'k', backend: undefined, http });
      const { signal } = new AbortController();
      const clock: Clock = { now: () => START, sleep: async () => {} };
      const target = join(await tempFolder(), 'video.mp4');
      const request: DownloadRequest = { provider, remoteId: 'video_1', variant: 'video', clock, signal, target };
      await expect(downloadContent(request)).rejects.toMatchObject({
        message: expect.stringContaining(`sent ${type}`),
      });
      await Promise.all(closed);
      expect(closed).toHaveLength(1);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );
});
