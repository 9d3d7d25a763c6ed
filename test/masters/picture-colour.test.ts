/** The light of a master, where headers and streams tell colours differently, or builds of ffmpeg read them differently. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBuilds } from '../helpers/builds.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { cachedFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { hdrPicture, PATCHES, patchesOff, type Rgb, readPatches, sdrPicture } from '../helpers/patches.ts';
import { readFrame } from '../helpers/picture.ts';
import { prepare } from '../helpers/prepare.ts';

/** A strip, which takes a fifth of the picture of a master: converting light takes a while for each pixel. */
const SIZE = { width: 1280, height: 144 };
const MASTER = { width: 1280, height: 720 };
const PLACE = { x: 0, y: 288, ...SIZE };
const BT2020 = '-colorspace bt2020nc -color_primaries bt2020 -color_range tv';
const X265 =
  '-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=none:crf=8:colorprim=bt2020:colormatrix=bt2020nc';

interface Clip {
  readonly file: string;
  readonly raw: string;
  readonly picture: Uint8Array;
  readonly video: string;
  /** What is done to the finished file. */
  readonly change?: (file: Buffer) => void;
}

const hdr = (transfer: 'PQ' | 'HLG', video: string): Clip => ({
  ...{ file: 'clip.mp4', raw: 'yuv420p10le', picture: hdrPicture(SIZE, transfer), video: `${X265}:${video} ${BT2020}` },
});
const sdr = (file: string, video: string, change?: Clip['change']): Clip => ({
  ...{ file, raw: 'rgb24', picture: sdrPicture(SIZE), video, ...(change && { change }) },
});
const TO_FULL = '-vf scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p -colorspace bt709 -color_range pc';

const CLIPS = {
  PQ: hdr('PQ', 'transfer=smpte2084 -color_trc smpte2084'),
  HLG: hdr('HLG', 'transfer=arib-std-b67 -color_trc arib-std-b67'),
  'HLG that only a message in the stream tells': hdr('HLG', 'transfer=bt2020-10:atc-sei=18 -color_trc bt2020-10'),
  'full range in the stream, limited in the container': sdr(
    'clip.mp4',
    `${TO_FULL} -c:v libx264 -preset ultrafast -crf 8 -movflags +write_colr -color_primaries bt709 -color_trc bt709`,
    (file) => {
      const at = file.indexOf('colrnclx', 0, 'latin1');
      if (at < 0) throw new Error('There is no colr box.');
      file.writeUInt8(0, at + 14);
    },
  ),
  'limited range in grey': {
    ...{ file: 'clip.mp4', raw: 'gray', picture: Buffer.alloc(SIZE.width * SIZE.height, 180) },
    video:
      '-vf setparams=range=tv -c:v libx265 -preset ultrafast -x265-params log-level=none:range=limited:crf=8 -pix_fmt gray',
  },
  'transparency in MagicYUV': {
    ...{
      file: 'clip.mkv',
      raw: 'rgba',
      picture: Buffer.alloc(SIZE.width * SIZE.height * 4, Buffer.from([255, 255, 255, 0])),
    },
    video: '-c:v magicyuv -pix_fmt gbrap',
  },
} satisfies Record<string, Clip>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-colour-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const made = new Map<string, Promise<string>>();

function clip(kind: string, { file, raw, picture, video, change }: Clip): Promise<string> {
  const encode = async (): Promise<string> => {
    const path = join(folder, `${kind.replace(/\W/g, '-')}-${file}`);
    const input = words(`-v error -f rawvideo -pix_fmt ${raw} -s ${SIZE.width}x${SIZE.height} -r 24 -i pipe:0`);
    const still = words('-filter_complex loop=-1:1:0,setpts=N,trim=duration=2');
    const [filter, options] = /^-vf (\S+) (.*)/.exec(video)?.slice(1) ?? ['', video];
    const chain = filter === '' ? still : ['-filter_complex', `${still[1]},${filter}`];
    await run([...input, ...chain, ...words(options ?? ''), path], { path: makerPath, input: picture });
    if (change) {
      const bytes = await readFile(path);
      change(bytes);
      await writeFile(path, bytes);
    }
    return path;
  };
  const source = made.get(kind) ?? encode();
  made.set(kind, source);
  return source;
}

describeBuilds('the light of the master', (build) => {
  async function master(kind: keyof typeof CLIPS): Promise<Rgb[]> {
    const path = join(folder, `${build.name.replace(/\W/g, '-')}-${kind.replace(/\W/g, '-')}.mp4`);
    await prepare(await clip(kind, CLIPS[kind]), path, {}, cachedFfmpeg(build.path, build.path));
    return readPatches(await readFrame(path, MASTER, 24), PLACE);
  }

  it('is that of the patches where the stream tells full range and the container limited', async () => {
    expect(patchesOff(await master('full range in the stream, limited in the container'), PATCHES)).toBeLessThanOrEqual(
      6,
    );
  });

  it('is that of a grey picture in limited range', async () => {
    const light = Math.round(((180 - 16) * 255) / 219);
    const patches = await master('limited range in grey');
    expect(patchesOff(patches, Array<Rgb>(8).fill([light, light, light]))).toBeLessThanOrEqual(2);
  });

  it('is black where a codec that rarely has transparency has it', async () => {
    expect(patchesOff(await master('transparency in MagicYUV'), Array<Rgb>(8).fill([0, 0, 0]))).toBeLessThanOrEqual(2);
  });

  it('is the same for PQ and HLG, however HLG is told', async () => {
    const pq = await master('PQ');
    // Highlights are bent; what is darker is as it was.
    expect(patchesOff([pq[1] ?? [0, 0, 0]], [PATCHES[1] ?? [0, 0, 0]])).toBeLessThanOrEqual(3);
    expect(patchesOff([pq[3] ?? [0, 0, 0]], [[32, 169, 40]])).toBeLessThanOrEqual(4);
    expect(patchesOff([pq[7] ?? [0, 0, 0]], [[193, 141, 112]])).toBeLessThanOrEqual(4);
    expect(patchesOff(await master('HLG'), pq)).toBeLessThanOrEqual(4);
    expect(patchesOff(await master('HLG that only a message in the stream tells'), pq)).toBeLessThanOrEqual(4);
  });
});
