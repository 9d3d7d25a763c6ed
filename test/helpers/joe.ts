/** Joe in clips that take less time than the fixture does. */
import { join } from 'node:path';
import { FIXTURES } from './cli.ts';
import { makerPath, run, words } from './ffmpeg.ts';
import { madeOnce } from './once.ts';

const JOE = join(FIXTURES, 'joe.mp4');
const FAST = '-c:v libx264 -preset ultrafast';

/** All of the fixture at 640x480: still a clip to be cut, scaled and padded. */
export function smallJoe(): Promise<string> {
  return madeOnce('joe-small.mp4', (path) => make(words(`-vf scale=640:480 ${FAST} -c:a copy`), path));
}

/** Its first 3 s as a master would have them, so that they are kept as they are. */
export function fittingJoe(): Promise<string> {
  const picture = '-frames:v 72 -vf scale=960:720,pad=1280:720:160:0';
  return madeOnce('joe-fits.mp4', (path) => make(words(`${picture} ${FAST} -af atrim=0:2.9 -c:a aac`), path));
}

function make(args: readonly string[], path: string): Promise<unknown> {
  return run(['-v', 'error', '-i', JOE, ...args, path], { path: makerPath });
}
