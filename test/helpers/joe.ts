/** Joe in clips that take less time than the fixture does, and in a cast. */
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PLAN_VERSION } from '../../src/shared/clip.ts';
import { FIXTURES } from './cli.ts';
import { ffmpegPath, makerPath, run, words } from './ffmpeg.ts';
import { runHere } from './here.ts';
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

/** Its first 2.1 s as a good clip of 1280x720, in a codec that is quick to decode: what tests of judgements spoil. */
export function goodJoe(): Promise<string> {
  const picture = '-t 2.1 -vf crop=1920:1080,scale=1280:720 -c:v mpeg4 -q:v 3 -c:a copy';
  return madeOnce('joe-good.mp4', (path) => make(words(picture), path));
}

/** Puts Joe into a home that has nobody: made of `fittingJoe`, and registered nowhere. */
export async function bringJoe(home: string): Promise<void> {
  const clip = await fittingJoe();
  const made = await madeOnce(`joe-home-${PLAN_VERSION}`, async (path) => {
    const env = { SORA_HOME: path, SORA_FFMPEG: ffmpegPath };
    const { exitCode, stderr } = await runHere({ dir: dirname(path), env }, [
      'character',
      'create',
      clip,
      '--name',
      'Joe',
      '--local',
    ]);
    if (exitCode !== 0) throw new Error(stderr);
  });
  await cp(made, home, { recursive: true, preserveTimestamps: true });
}

function make(args: readonly string[], path: string): Promise<unknown> {
  return run(['-v', 'error', '-i', JOE, ...args, path], { path: makerPath });
}
