/** Videos whose pictures say which they are: each is a little brighter than the one before. */
import { makerPath, run, words } from './ffmpeg.ts';

const STEP = 4;
const DARKEST = 20;

/** A graph of filters: so many pictures of an even grey that tells their number. At most 50 of them can be told apart. */
export function numbered(frames: number, { size = '64x48', fps = '25' } = {}): string {
  return `color=black:s=${size}:r=${fps},geq=lum=${DARKEST}+${STEP}*N:cb=128:cr=128,trim=end_frame=${frames},format=yuv420p`;
}

/** Made by options of ffmpeg; sharp enough to be told apart. */
export async function makeNumbered(
  path: string,
  options: string,
  { frames = 25, fps = '25', size = '64x48', filter = 'null' } = {},
): Promise<string> {
  const graph = `${numbered(frames, { size, fps })},${filter}`;
  await run(['-v', 'error', '-f', 'lavfi', '-i', graph, ...words(options), path], { path: makerPath });
  return path;
}

/** The numbers of the pictures of a video or of a PNG, by their grey in the middle. */
export async function readNumbers(path: string): Promise<number[]> {
  const level = 'crop=8:8,scale=1:1,format=yuv444p,extractplanes=y';
  const input = ['-v', 'error', '-i', path, '-map', '0:v:0', '-vf', level];
  const { stdout } = await run([...input, ...words('-vsync passthrough -f rawvideo -')], { path: makerPath });
  return [...stdout].map((luma) => Math.round((luma - DARKEST) / STEP));
}
