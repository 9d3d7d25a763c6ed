/** A video as hosts make it of an order of 4 s at 720p, in a moment. */
import { makerPath, run, words } from './ffmpeg.ts';
import { madeOnce } from './once.ts';

/** Its path. */
export function film720(): Promise<string> {
  const picture = '-v error -f lavfi -i testsrc=s=1280x720:r=24:d=4 -pix_fmt yuv420p -c:v libx264 -preset ultrafast';
  return madeOnce('film-720p-4s.mp4', (path) => run([...words(picture), path], { path: makerPath }));
}
