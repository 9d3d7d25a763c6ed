import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CharacterJson } from '../../../src/characters/record.ts';
import { runCli } from '../../../src/cli/run.ts';
import { KEY } from '../../helpers/far-end.ts';
import { variablesAt } from '../../helpers/hosts.ts';
import { createTestRuntime, runtimeIn, type TestRuntime } from '../../helpers/runtime.ts';
import { makeClip, sandbox, type TestSandbox } from '../../sandbox/harness.ts';

const GEMINI = 'google/gemini-omni-1.1-flash/reference-to-video';
const KLING = 'kwaivgi/kling-v4.0/reference-to-video';
const NTSC = { size: '1920x1080', seconds: 3.5, filter: 'fps=24000/1001' };

/** A host whose models check what is uploaded, and a machine with one character of 1080p at 23.976 fps. */
async function world(clip: Parameters<typeof makeClip>[0] = NTSC) {
  const on: TestSandbox = await sandbox({ key: KEY, ffmpeg: 'none' });
  const env = variablesAt(new URL(on.url).origin, KEY);
  const first = await createTestRuntime({ env });
  let runs = 0;
  const run = async (...args: readonly string[]): Promise<TestRuntime & { exit: number; said: string }> => {
    const test = runtimeIn(first, { env });
    runs += 1;
    test.clock.ms += runs * 60_000;
    const exit = await runCli(args, test.runtime);
    return { ...test, exit, said: test.stderr.text().replaceAll(/\s+/g, ' ') };
  };
  await writeFile(join(first.dir, 'joe.mp4'), Buffer.from(await (await makeClip(clip)).arrayBuffer()));
  const created = await run('character', 'create', 'joe.mp4', '--name', 'Joe', '--local');
  expect(created.exit, created.said).toBe(0);
  const generate = (model: string, ...more: readonly string[]) =>
    run('video', 'generate', 'Joe waves.', '-c', 'Joe', '--provider', 'wavespeed', '--model', model, ...more);
  const copies = async () => {
    const shown = await run('character', 'show', 'Joe', '--json');
    const { registrations } = JSON.parse(shown.stdout.text()) as CharacterJson;
    return registrations.map(({ kind, copy }) => [kind, copy]);
  };
  const uploads = () => on.log.filter((line) => /media\/uploads/.test(line)).length;
  return { run, generate, copies, uploads };
}

beforeAll(() => makeClip(NTSC));

describe('a clip that a model does not take as it is', () => {
  it('travels as a copy that the host takes, made once for each model, and is told and shown', async () => {
    const { run, generate, copies, uploads } = await world();
    const dry = await generate('bytedance/seedance-2.0/text-to-video', '--dry-run');
    const why = 'bytedance/seedance-2.0/text-to-video takes 409600-927408 pixels and 24-60 frames per second.';
    expect(dry.said).toContain(`A copy of Joe's clip (1280x720, 24 fps) would be made and uploaded: ${why}`);
    expect([dry.exit, uploads(), await copies()]).toEqual([0, 0, []]);

    const small = await generate('bytedance/seedance-2.0/text-to-video');
    expect(small.exit, small.said).toBe(0);
    expect(small.said).toContain(`A copy of Joe's clip (1280x720, 24 fps) is made and uploaded: ${why}`);
    const short = await generate(GEMINI);
    expect(short.exit, short.said).toBe(0);
    expect(short.said).toContain(`(2.9 s) is made and uploaded: ${GEMINI} takes at most 3 s.`);
    const fast = await generate(KLING);
    expect(fast.exit, fast.said).toBe(0);
    const registered = [
      ['url', '1280x720, 24 fps'],
      ['url', '2.9 s'],
      ['url', '24 fps'],
    ];
    expect([uploads(), await copies()]).toEqual([3, registered]);

    const again = await generate(GEMINI, '--resend');
    expect(again.exit, again.said).toBe(0);
    expect(again.said).not.toContain('is made');
    expect([uploads(), await copies()]).toEqual([3, registered]);
    const shown = await run('character', 'show', 'Joe');
    expect(shown.stdout.text().replaceAll(/\s+/g, ' ')).toContain('landscape, a copy, 2.9 s, as Joe');
  });

  it('is refused before anything is uploaded where no copy helps, with a model that takes it', async () => {
    const { generate, copies, uploads } = await world({ seconds: 2 });
    const refused = await generate(KLING);
    expect([refused.exit, uploads(), await copies()]).toEqual([2, 0, []]);
    expect(refused.said).toContain("Joe's clip is 2 s long, and 3 to 30 s are needed.");
    expect(refused.said).toContain('such as --model bytedance/seedance-2.0/text-to-video');
  });
});
