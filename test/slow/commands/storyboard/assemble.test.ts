import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStoryboardAssemble } from '../../../../src/commands/storyboard/assemble.ts';
import { runStoryboardExport } from '../../../../src/commands/storyboard/export.ts';
import { createContext } from '../../../../src/context.ts';
import { createUi } from '../../../../src/terminal/ui.ts';
import { ffmpegPath } from '../../../helpers/ffmpeg.ts';
import { subtitlesOf } from '../../../helpers/films.ts';
import { runtimeIn } from '../../../helpers/runtime.ts';
import { filmOf, filmWorld } from '../../../storyboards/world.ts';

const FLAGS = { output: 'film.mp4', force: false, allowStale: false, subtitles: 'track' } as const;

describe('storyboard assemble', () => {
  it('makes the film of the chosen takes without a key, and export the same for editors and as subtitles', async () => {
    const world = await filmWorld();
    const scenes = {
      harbour: '- subtitle: Look.\n- trim: 0-1\n\nA harbour.',
      boat: '- transition: fade 0.5\n- trim: 0-1\n- subtitle: Two --> lines\n\nA boat.',
    };
    await world.write(filmOf(scenes));
    const run = async <R>(work: (context: ReturnType<typeof createContext>) => Promise<R>, quiet = false) => {
      const env = { SORA_FFMPEG: ffmpegPath, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
      const { runtime, stdout, stderr } = runtimeIn({ dir: world.dir, home: world.home }, { env });
      const plain = { color: { stdout: false, stderr: false }, animate: false };
      const ui = createUi({ ...runtime, json: !quiet, quiet, ...plain });
      const context = createContext(runtime, { json: !quiet, quiet, debug: false, provider: 'openai' }, ui);
      await work(context).finally(() => context.close());
      return { stdout: stdout.text(), stderr: stderr.text() };
    };
    const request = { file: 'rain.md', vars: new Map<string, string>(), allowOutside: false };
    await expect(run((context) => runStoryboardAssemble(context, request, FLAGS))).rejects.toMatchObject({
      code: 'usage',
      problems: [expect.stringContaining('harbour'), expect.stringContaining('boat')],
    });
    await world.render();
    const made = JSON.parse((await run((context) => runStoryboardAssemble(context, request, FLAGS))).stdout);
    expect(made).toMatchObject({ frames: 36, fps: 24, scenes: [{ name: 'harbour' }, { name: 'boat', start: 0.5 }] });
    expect(await subtitlesOf(made.path)).toEqual(['Look.', 'Two --\u2060> lines']);
    // P4: a take is not overwritten, whatever is forced.
    const taken = { ...FLAGS, output: 'rain.takes/harbour.mp4', force: true };
    await expect(run((context) => runStoryboardAssemble(context, request, taken))).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('folder of the takes') },
    });
    const bare = { ...FLAGS, force: true, subtitles: 'none' } as const;
    const { stdout } = await run((context) => runStoryboardAssemble(context, request, bare), true);
    expect(stdout).toBe(`${join(world.dir, 'film.mp4')}\n`);
    await expect(subtitlesOf(made.path)).rejects.toThrow();

    const to = { to: 'otio', output: 'film.otio', force: false, allowStale: false } as const;
    await run((context) => runStoryboardExport(context, request, to));
    const otio = JSON.parse(await readFile(join(world.dir, 'film.otio'), 'utf8'));
    const kinds = otio.tracks.children[0].children.map((child: { OTIO_SCHEMA: string }) => child.OTIO_SCHEMA);
    expect(kinds).toEqual(['Clip.1', 'Transition.1', 'Clip.1']);
    expect(otio.tracks.children[0].children[0].media_reference.target_url).toMatch(/^rain\.takes\/harbour-/);
    const { stdout: srt } = await run((context) =>
      runStoryboardExport(context, request, { ...to, to: 'srt', output: '-' }),
    );
    // Of what is shown, a dissolve from 0.5 s on, not of the four seconds that were ordered.
    expect(srt).toBe(
      '1\n00:00:00,000 --> 00:00:00,500\nLook.\n\n2\n00:00:00,500 --> 00:00:01,500\nTwo --\u2060> lines\n',
    );
    const piped = await run((context) =>
      runStoryboardExport(context, { ...request, file: '-' }, { ...to, output: '-' }),
    ).catch((error: unknown) => error);
    expect(piped).toMatchObject({ code: 'usage', message: expect.stringContaining('standard input') });
  });

  it('names the variant whose scenes all have their takes, where the film itself lacks them', async () => {
    const world = await filmWorld();
    const text = filmOf({ harbour: 'A harbour.', boat: 'A boat.' });
    await world.write(
      text.replace('seconds: 4', 'seconds: 4\nvariants:\n  none: {style: Bare.}\n  de: {style: Rainy.}'),
    );
    world.variant = 'de';
    await world.render();
    const { runtime } = runtimeIn({ dir: world.dir, home: world.home }, { env: { SORA_FFMPEG: ffmpegPath } });
    const ui = createUi({
      ...runtime,
      json: false,
      quiet: false,
      color: { stdout: false, stderr: false },
      animate: false,
    });
    const context = createContext(runtime, { json: false, quiet: false, debug: false }, ui);
    const request = { file: 'rain.md', vars: new Map<string, string>(), allowOutside: false };
    const whole =
      'Every scene of the variant de has its take: sora storyboard assemble rain.md --variant de -o film.mp4';
    for (const variant of [{}, { variant: 'none' }])
      await expect(runStoryboardAssemble(context, { ...request, ...variant }, FLAGS)).rejects.toMatchObject({
        ...{ code: 'usage', hint: expect.stringContaining(whole), problems: expect.objectContaining({ length: 2 }) },
      });
    await context.close();
  });
});
