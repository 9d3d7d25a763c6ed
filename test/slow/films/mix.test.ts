import { expect, it } from 'vitest';
import { mixGraph } from '../../../src/films/mix.ts';
import { describeBuilds } from '../../helpers/builds.ts';
import { run, words } from '../../helpers/ffmpeg.ts';

/** Seconds of sound at the end of which a tone is still heard. */
async function lastHeard(build: string, slow: 'scenes' | 'music', duck: boolean): Promise<number> {
  const music = { duck } as unknown as NonNullable<Parameters<typeof mixGraph>[0]['music']>;
  const pace = (input: 'scenes' | 'music'): string[] => (input === slow ? ['-re'] : []);
  const { stdout } = await run(
    [
      ...['-v', 'error', ...pace('scenes'), ...words('-f lavfi -i aevalsrc=0|0:s=48000:d=2')],
      ...[...pace('music'), ...words('-f lavfi -i sine=f=3000:r=48000:d=2')],
      ...['-filter_complex', mixGraph({ music, frames: 50, rate: { num: 25, den: 1 } }, {})],
      ...words('-map [mix] -f f32le -'),
    ],
    { path: build },
  );
  const samples = new Float32Array(new Uint8Array(stdout).buffer);
  expect(samples).toHaveLength(2 * 96_000);
  return samples.findLastIndex((sample) => Math.abs(sample) > 0.01) / 2 / 48_000;
}

describeBuilds('the sound of a film', ({ path: build }) => {
  // As one of ffmpeg's threads may be on a busy machine.
  it('has its music to the end, whichever of its inputs is read more slowly', async () => {
    const heard = await Promise.all([
      lastHeard(build, 'scenes', true),
      lastHeard(build, 'music', true),
      lastHeard(build, 'scenes', false),
      lastHeard(build, 'music', false),
    ]);
    expect(heard).toEqual(heard.map(() => expect.closeTo(2, 2)));
  });
});
