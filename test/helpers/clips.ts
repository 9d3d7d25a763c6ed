/** Clips for tests, made on the spot: small, still, and with marks in three corners (see picture.ts). */
import { appendFile, copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Size } from '../../src/shared/geometry.ts';
import { makerPath, run, words } from './ffmpeg.ts';
import { sampleRanges } from './mp4.ts';
import { madeOnce } from './once.ts';
import { markedPicture } from './picture.ts';

interface Recipe {
  readonly file: string;
  /** Of the upright picture as it is displayed. */
  readonly size: Size;
  readonly seconds: number;
  readonly fps: string;
  /** From the upright RGBA picture to the one that is shown all the time. */
  readonly filter: string;
  /** From that to what is encoded, where it changes. */
  readonly moving?: string;
  readonly video: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** A track for each pitch, in Hz. */
  readonly sound?: { readonly seconds: number; readonly pitches: readonly number[]; readonly options: string };
  readonly transparent?: boolean;
  /** What is done to the finished file. */
  readonly after?: (path: string) => Promise<void>;
}

/** Planted into clips; must never come out of a preparation. */
export const PLACE = '+48.8577+002.2950/';
export const DEVICE = 'Wildcam3000';

const TO_709 = 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p';
const TAG_709 = '-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv';
const X264 = '-c:v libx264 -preset ultrafast -crf 20';
const QUIET_X265 = '-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=none';
/** Frames need bytes before they can be spoiled. */
const NOISY = { moving: 'noise=alls=12:allf=t', video: `${X264.replace('20', '38')} ${TAG_709}` };
const HD: Size = { width: 1280, height: 720 };
const SMALL: Size = { width: 640, height: 360 };

function clip(width: number, height: number, more: Partial<Recipe> = {}): Recipe {
  const plain = { file: 'clip.mp4', seconds: 2.04, fps: '25', filter: TO_709, video: `${X264} ${TAG_709}` };
  return { ...plain, size: { width, height }, ...more };
}

function tone(seconds: number, pitches: readonly number[] = [440]): NonNullable<Recipe['sound']> {
  return { seconds, pitches, options: '-c:a aac -b:a 64k' };
}

function hd(more: Partial<Recipe> = {}): Recipe {
  return clip(HD.width, HD.height, more);
}

function small(more: Partial<Recipe> = {}): Recipe {
  return clip(SMALL.width, SMALL.height, more);
}

/** `filter` lays the upright picture down; a player turns it clockwise by `degrees`. The maker counts the other way. */
function turned(width: number, height: number, degrees: number, filter: string): Recipe {
  const after = (path: string) => remux(path, words(`-map 0 -c copy -metadata:s:v:0 rotate=${360 - degrees}`));
  return clip(width, height, { filter: `${TO_709},${filter}`, after });
}

const WITH_SOUND = { seconds: 3, sound: tone(2.8) };

/** A bar that moves by 8 pixels a field. */
const INTERLACED = {
  fps: '50',
  moving:
    'null[room];color=white:s=60x200:r=50[bar];[room][bar]overlay=x=160+8*n:y=260:shortest=1,tinterlace=interleave_top,setfield=tff',
  video: `${X264} ${TAG_709} -flags +ildct+ilme`,
};

/** In order: what fits, length, turn and shape, size, rate, colour, streams, secrets, damage. */
export const RECIPES = {
  fits: hd(WITH_SOUND),
  'fits in portrait': clip(720, 1280),
  '2.0 s': hd({ seconds: 2 }),

  '1.9 s': hd({ seconds: 1.9, fps: '30' }),
  '4.04 s': hd({ seconds: 4.04, sound: tone(4.04) }),
  '60 s': clip(320, 180, {
    seconds: 60,
    fps: '24',
    sound: tone(60),
    moving: 'drawbox=x=140:y=70:w=40:h=40:c=white:t=fill:enable=gte(n\\,720)',
  }),

  'rotated 90': turned(360, 640, 90, 'transpose=2'),
  'rotated 180': turned(640, 360, 180, 'hflip,vflip'),
  'rotated 270': turned(360, 640, 270, 'transpose=1'),
  'rotated 90, right size': turned(720, 1280, 90, 'transpose=2'),
  'SAR 2:1': hd({ filter: `${TO_709},scale=640:720,setsar=2` }),
  'SAR 8:9, rotated 90': turned(480, 640, 90, 'transpose=2,scale=720:480,setsar=8/9'),

  '4:3': clip(960, 720),
  '21:9': clip(1680, 720),
  '1:1': clip(720, 720),
  '4K': clip(3840, 2160, { seconds: 2, fps: '12' }),
  '320x240': clip(320, 240),
  'odd size': clip(1201, 683, { filter: TO_709.replace('yuv420p', 'yuv444p') }),
  '1366x768': clip(1366, 768),

  '15 fps': small({ fps: '15' }),
  '23.976 fps': hd({ fps: '24000/1001', seconds: 4.3, sound: tone(4.3) }),
  '29.97 fps': small({ fps: '30000/1001', seconds: 4.3, sound: tone(4.3) }),
  '59.94 fps': small({ fps: '60000/1001', sound: tone(2.04) }),
  '120 fps': small({ fps: '120' }),
  VFR: hd({
    fps: '30',
    seconds: 2.2,
    moving: 'select=not(mod(n\\,3))+lt(mod(n\\,20)\\,8)',
    video: `${X264} ${TAG_709} -vsync vfr`,
  }),

  '10-bit': hd({ filter: TO_709.replace('yuv420p', 'yuv420p10le') }),
  '4:2:2': hd({ filter: TO_709.replace('yuv420p', 'yuv422p') }),
  // Diffuse white stands at 203 cd/m2 (ITU-R BT.2408).
  'HDR PQ': hd({
    filter:
      'format=gbrp,zscale=tin=709:pin=709:min=gbr:rin=full:p=2020:m=2020_ncl:t=smpte2084:r=limited:npl=203,format=yuv420p10le',
    video: `${QUIET_X265}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 -color_range tv`,
  }),
  alpha: small({ file: 'clip.mov', transparent: true, filter: 'format=argb', video: '-c:v qtrle -g 1' }),
  'alpha in VP9': small({
    file: 'clip.webm',
    transparent: true,
    filter: TO_709.replace('yuv420p', 'yuva420p'),
    video: `-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -auto-alt-ref 0 ${TAG_709}`,
  }),
  'full range': hd({
    filter: 'scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p',
    video: `${X264} ${TAG_709.replace('range tv', 'range pc')}`,
  }),
  'bt601 colours': clip(640, 480, {
    filter: TO_709.replace('bt709', 'bt601'),
    video: `${X264} -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m -color_range tv`,
  }),
  interlaced: clip(960, 720, INTERLACED),
  'interlaced, right size': hd(INTERLACED),
  'animated GIF': clip(320, 180, {
    file: 'clip.gif',
    fps: '10',
    seconds: 2.5,
    filter: 'format=rgb24,split[a][b];[a]palettegen=max_colors=8[p];[b][p]paletteuse=dither=none'.replaceAll(
      '],[',
      '];[',
    ),
    video: '',
  }),
  HEVC: hd({ video: `${QUIET_X265} ${TAG_709}` }),

  'no audio': small(),
  'shorter audio': small({ sound: tone(1) }),
  'longer audio': small({ sound: tone(3) }),
  '44.1 kHz audio': small({ sound: { ...tone(2.04), options: '-c:a aac -b:a 64k -ar 44100' } }),
  'two audio tracks': small({ sound: tone(2.04, [440, 1760]) }),
  'two audio tracks, right size': hd({ seconds: 3, sound: tone(2.8, [440, 1760]) }),
  'unreadable audio': hd({ ...WITH_SOUND, after: spoilSound }),
  'cover art': small({ sound: tone(2.04), after: addCover }),
  'cover art, right size': hd({ ...WITH_SOUND, after: addCover }),

  'size that changes': hd({ after: appendSmaller }),

  'GPS as tag': hd({ ...WITH_SOUND, file: 'clip.mov', tags: { location: PLACE, model: DEVICE } }),
  'GPS as tag in MP4': hd({ ...WITH_SOUND, tags: { location: PLACE, comment: DEVICE } }),
  'GPS as tag in Matroska': hd({ ...WITH_SOUND, file: 'clip.mkv', tags: { location: PLACE, 's:v:0 title': DEVICE } }),
  'GPS as trailing uuid box': hd({ ...WITH_SOUND, after: appendUuid }),
  'GPS as tag, 4:3': clip(960, 720, { file: 'clip.mov', tags: { location: PLACE, model: DEVICE } }),
  'GPS inside the stream': hd({
    // A user data message (SEI), as cameras write it.
    video: `${X264} ${TAG_709} -bsf:v h264_metadata=sei_user_data=086f3693b7b34f2c965321492feee5b8+${DEVICE}${PLACE}`,
  }),
  'timecode track': hd({ ...WITH_SOUND, file: 'clip.mov', tags: { timecode: '01:02:03:04' } }),

  'corrupt frames': hd({ sound: tone(2), ...NOISY, after: spoilFrames }),
  'corrupt frames in 4:3': clip(960, 720, { ...NOISY, after: spoilFrames }),
  'missing bytes in frames': hd({ ...NOISY, after: blankFrames }),
} satisfies Readonly<Record<string, Recipe>>;

export type ClipKind = keyof typeof RECIPES;

/** Puts the clip into this folder and gives its path. */
export async function makeClip(kind: ClipKind, folder: string): Promise<string> {
  const { file }: Recipe = RECIPES[kind];
  const path = join(folder, file);
  await copyFile(
    await madeOnce(`${kind.replace(/\W/g, '-')}-${file}`, (source) => encode(RECIPES[kind], source)),
    path,
  );
  return path;
}

async function encode(recipe: Recipe, path: string): Promise<void> {
  const { size, seconds, fps, filter, moving, video, tags = {}, sound, transparent = false, after } = recipe;
  const pitches = sound?.pitches ?? [];
  const flat = transparent ? '' : 'format=rgb24,';
  const still = `${flat}${filter},loop=-1:1:0,setpts=N,trim=duration=${seconds}`;
  const chain = `[0:v]${still}${moving === undefined ? '' : `,${moving}`}[v]`;
  await run(
    [
      ...words(`-v error -f rawvideo -pix_fmt rgba -s ${size.width}x${size.height} -r ${fps} -i pipe:0`),
      ...pitches.flatMap((hertz) => words(`-f lavfi -i sine=${hertz}:r=48000:d=${sound?.seconds}`)),
      ...['-filter_complex', chain, '-map', '[v]'],
      ...pitches.flatMap((_, i) => ['-map', `${i + 1}:a`]),
      ...words(`${video} ${sound?.options ?? ''}`),
      ...Object.entries(tags).flatMap(([key, value]) => tagArgs(key, value)),
      path,
    ],
    { path: makerPath, input: markedPicture(size, { transparent }) },
  );
  await after?.(path);
}

/** `location`, or `s:v:0 rotate` for a tag of a stream. */
function tagArgs(key: string, value: string): string[] {
  const [name = '', stream] = key.split(' ').reverse();
  return [stream === undefined ? '-metadata' : `-metadata:${stream}`, `${name}=${value}`];
}

function addCover(path: string): Promise<void> {
  const cover = words('-f lavfi -i color=magenta:s=200x300:d=0.04:r=25 -map 0 -map 1 -c copy');
  return remux(path, [...cover, ...words('-c:v:1 mjpeg -pix_fmt:v:1 yuvj420p -disposition:v:1 attached_pic')]);
}

async function remux(path: string, args: readonly string[]): Promise<void> {
  const plain = join(dirname(path), `plain-${basename(path)}`);
  await rename(path, plain);
  await run(['-v', 'error', '-i', plain, ...args, path], { path: makerPath });
  await rm(plain);
}

/** The same stream goes on in blue, at half the size; what the container says of it stays. */
async function appendSmaller(path: string): Promise<void> {
  const stream = (name: string) => join(dirname(path), `${name}.h264`);
  const blue = words(`-v error -f lavfi -i color=blue:s=640x360:r=25:d=1 -pix_fmt yuv420p ${X264} ${TAG_709}`);
  await run([...blue, stream('blue')], { path: makerPath });
  await run([...words('-v error -i'), path, ...words('-c copy'), stream('first')], { path: makerPath });
  await appendFile(stream('first'), await readFile(stream('blue')));
  await run([...words('-v error -framerate 25 -i'), stream('first'), ...words('-c copy'), path], { path: makerPath });
  await Promise.all(['blue', 'first'].map((name) => rm(stream(name))));
}

/** As cameras and editors do it: a box of their own at the end of the file. */
async function appendUuid(path: string): Promise<void> {
  const text = Buffer.from(`${DEVICE} ${PLACE}`);
  const box = Buffer.alloc(24);
  box.writeUInt32BE(24 + text.length);
  box.write('uuid', 4);
  box.fill(0xbe, 8);
  await appendFile(path, Buffer.concat([box, text]));
}

function spoilFrames(path: string): Promise<void> {
  return overwrite(path, { kind: 'vide', byte: 0xff, from: 20 });
}

function blankFrames(path: string): Promise<void> {
  return overwrite(path, { kind: 'vide', byte: 0x00, from: 0 });
}

function spoilSound(path: string): Promise<void> {
  return overwrite(path, { kind: 'soun', byte: 0xff, from: 0 });
}

/** Every box stays as it was; the samples of the middle third (all, for sound) hold nonsense after their first bytes. */
async function overwrite(path: string, how: { kind: 'vide' | 'soun'; byte: number; from: number }): Promise<void> {
  const ranges = await sampleRanges(path, how.kind);
  const third = Math.floor(ranges.length / 3);
  const file = await open(path, 'r+');
  for (const { offset, length } of how.kind === 'soun' ? ranges : ranges.slice(third, 2 * third)) {
    const count = Math.max(0, length - how.from);
    await file.write(Buffer.alloc(count, how.byte), 0, count, offset + how.from);
  }
  await file.close();
}
