/** A video of an order of 4 s at 720p, of few pictures, which are quick to measure. */
import { makerPath, run, words } from './ffmpeg.ts';
import { madeOnce } from './once.ts';

/** Its path. */
export function film720(): Promise<string> {
  const picture = '-v error -f lavfi -i testsrc=s=1280x720:r=8:d=4 -pix_fmt yuv420p -c:v libx264 -preset ultrafast';
  return madeOnce('film-720p-4s.mp4', (path) => run([...words(picture), path], { path: makerPath }));
}
