/** A model that is used by its own schema, and has no input for the length, the shape or the resolution of its videos. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { words } from '../helpers/ffmpeg.ts';
import { createTestRuntime } from '../helpers/runtime.ts';
import { createTestServer, type Scripted } from '../helpers/server.ts';

const MODEL = 'example/reels/v2/text-to-video';
const TEXT = { type: 'string' };
const LENGTH = { duration: { type: 'integer' } };
const SHAPE = { aspect_ratio: { enum: ['16:9', '9:16'] } };
const RESOLUTION = { resolution: { enum: ['720p', '1080p'] } };

function schema(inputs: object, status = 'active'): Scripted {
  const input = { type: 'object', properties: { prompt: TEXT, ...inputs }, required: ['prompt'] };
  const openapi = { components: { schemas: { ReelsInput: input } } };
  return { body: { models: [{ endpoint_id: MODEL, metadata: { status }, openapi }] } };
}

async function dryRun(answer: Scripted, flags: string) {
  const server = await createTestServer();
  server.answer(answer);
  const env = { FAL_KEY: 'k', FAL_BASE_URL: server.url };
  const test = await createTestRuntime({ env });
  const args = ['video', 'generate', 'A hill.', '--dry-run', '--provider', 'fal', '--model', MODEL, ...words(flags)];
  const exit = await runCli(args, test.runtime);
  return { exit, said: test.stderr.text(), shown: test.stdout.text() };
}

describe('what a model has no input for', () => {
  it.each<[object, string, string]>([
    [{ ...SHAPE, ...RESOLUTION }, '--seconds 8', 'no input for length, so that 8 s would be ignored.'],
    [{ ...LENGTH, ...RESOLUTION }, '--aspect 9:16', 'no input for shape, so that 9:16 would be ignored.'],
    [{ ...LENGTH, ...SHAPE }, '--resolution 1080p', 'no input for resolution, so that 1080p would be ignored.'],
    [LENGTH, '--size 1280x720', 'no input for shape and resolution, so that 1280x720 would be ignored.'],
    [
      {},
      '--seconds 8 --aspect 9:16',
      'no input for length, shape and resolution, so that 8 s and 9:16 would be ignored.',
    ],
  ])('is refused where it was asked for by name: %j %s', async (inputs, flags, words) => {
    const { exit, said, shown } = await dryRun(schema(inputs), flags);
    expect([exit, shown]).toEqual([2, '']);
    expect(said).toContain(`${MODEL} has ${words}`);
    expect(said).toMatch(
      /a model that has one, such as (?:--provider \w+ )?--model \S+, or add --allow-undocumented\./,
    );
  });

  it.each<[object, string, string]>([
    [
      { ...SHAPE, ...RESOLUTION },
      '--aspect 9:16',
      'no input for length: it decides that itself, and the video may differ',
    ],
    [{}, '', 'the video may differ from 4 s and 1280x720. --allow-drift accepts it as it is.'],
    [{}, '--seconds 8 --allow-undocumented', 'the video may differ from 8 s and 1280x720.'],
  ])(
    'is a doubt before anything is paid for where nobody asked for it, or is to be sent all the same: %j %s',
    async (inputs, flags, words) => {
      const { exit, said } = await dryRun(schema(inputs), flags);
      expect([exit, said]).toEqual([0, expect.stringContaining(words)]);
    },
  );

  it('is known of a model in no table at a host that publishes none of it', async () => {
    const test = await createTestRuntime({ env: { EACHLABS_API_KEY: 'k' } });
    const flags = words('--provider eachlabs --model sora-2-fast --allow-retired --resolution 1080p --dry-run');
    expect(await runCli(['video', 'generate', 'A hill.', ...flags], test.runtime)).toBe(2);
    expect(test.stderr.text()).toContain('sora-2-fast has no input for resolution, so that 1080p would be ignored.');
  });

  it('is nothing where the model has an input for everything', async () => {
    const { exit, said } = await dryRun(schema({ ...LENGTH, ...SHAPE, ...RESOLUTION }), '--seconds 8');
    expect([exit, said]).toEqual([0, expect.not.stringContaining('has no input')]);
  });
});

describe('a model that its host calls deprecated', () => {
  it('is used, with a warning', async () => {
    const all = { ...LENGTH, ...SHAPE, ...RESOLUTION };
    const { exit, said } = await dryRun(schema(all, 'deprecated'), '');
    expect([exit, said]).toEqual([0, expect.stringMatching(/text-to-video is deprecated at \S+, which may stop it/)]);
    expect((await dryRun(schema(all), '')).said).not.toContain('deprecated');
  });
});
