/** Clips whose frames are numbered: ten bits are drawn into each picture, and read from each picture of a master. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makerPath, run, words } from './ffmpeg.ts';
import { madeOnce } from './once.ts';
import { tempFolder } from './temp.ts';

const BITS = 10;
/** Shares of the picture: where the first bit begins, how far they lie apart, how wide each is, and where they are in height. */
const BIT = { x: 0.1, step: 0.08, width: 0.06, y: 0.4, height: 0.2 };

export interface NumberedClip {
  readonly file: string;
  readonly fps: string;
  /** Frames that are drawn; a filter may leave some out. */
  readonly frames: number;
  /** Behind the numbers. */
  readonly filter?: string;
  /** Encoder and muxer. */
  readonly output: string;
  /** Sound as long as the picture. */
  readonly sound?: string;
}

/** Puts such a clip into a folder of its own and gives its path. */
export async function makeNumbered(clip: NumberedClip): Promise<string> {
  const path = join(await tempFolder(), clip.file);
  const name = `${JSON.stringify(clip).replace(/\W+/g, '-').slice(0, 200)}-${clip.file}`;
  await copyFile(await madeOnce(name, (made) => encode(clip, made)), path);
  return path;
}

async function encode({ fps, frames, filter, output, sound }: NumberedClip, path: string): Promise<void> {
  const bits = Array.from({ length: BITS }, (_, bit) => {
    const at = `x=iw*${(BIT.x + bit * BIT.step).toFixed(3)}:y=ih*${BIT.y}:w=iw*${BIT.width}:h=ih*${BIT.height}`;
    return `drawbox=${at}:c=white:t=fill:enable=mod(floor(n/${2 ** bit})\\,2)`;
  });
  // Something moves besides: two numbers may differ by a single bit.
  const source = `color=0x203040:s=320x180:r=${fps},trim=end_frame=${frames},${bits.join(',')}`;
  const numerator = Number(fps.split('/')[0]) / Number(fps.split('/')[1] ?? 1);
  await run(
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', `${source}${filter === undefined ? '' : `,${filter}`}`],
      ...(sound === undefined ? [] : words(`-f lavfi -i sine=440:r=48000:d=${frames / numerator} ${sound}`)),
      ...['-pix_fmt', 'yuv420p', '-vsync', 'vfr', ...words(output), path],
    ],
    { path: makerPath },
  );
}

/** The number of each picture, in order. */
export async function readNumbers(path: string): Promise<number[]> {
  const [width, height] = [200, 100];
  const filter = `scale=${width}:${height}:flags=neighbor,format=gray`;
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', '-vf', filter, '-vsync', '0', ...words('-f rawvideo -')];
  const { stdout } = await run(args, { path: makerPath });
  const y = Math.round((BIT.y + BIT.height / 2) * height);
  return Array.from({ length: Math.floor(stdout.length / (width * height)) }, (_, index) => {
    const row = index * width * height + y * width;
    const bits = Array.from({ length: BITS }, (_, bit) => {
      const x = Math.round((BIT.x + bit * BIT.step + BIT.width / 2) * width);
      return (stdout[row + x] ?? 0) > 128 ? 2 ** bit : 0;
    });
    return bits.reduce((sum, one) => sum + one, 0);
  });
}

/** Runs of numbers in short: `0..29 29x89` is 0 to 29, then 29 for 89 pictures more. */
export function runsOf(numbers: readonly number[]): string {
  const runs: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] ?? 0;
    const step = numbers[at + 1] === first ? 0 : 1;
    let count = 1;
    while (numbers[at + count] === first + count * step) count += 1;
    runs.push(count === 1 ? String(first) : step === 0 ? `${first}x${count}` : `${first}..${first + count - 1}`);
    at += count;
  }
  return runs.join(' ');
}
