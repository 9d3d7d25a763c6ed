import { describe, expect, it } from 'vitest';
import { runGenerate } from '../../src/commands/video/generate.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import type { CharacterKind } from '../../src/shared/character.ts';
import { SoraError } from '../../src/shared/errors.ts';
import { checkOrder } from '../../src/videos/check-order.ts';
import { withNextModel } from '../../src/videos/jobs/face-refusal.ts';
import { newJobId } from '../../src/videos/jobs/record.ts';
import { defaultModelFor } from '../../src/videos/refuse-cast.ts';
import { createTestContext, START } from '../helpers/runtime.ts';
import { keepSample, sampleCharacter, sampleRemote } from '../helpers/samples.ts';

const SEEDANCE = 'bytedance/seedance-2.0/text-to-video';
const KLING = 'kwaivgi/kling-v4.0/reference-to-video';
const JOB = newJobId(START, () => 0.5);
const ENV = { WAVESPEED_API_KEY: 'k', EACHLABS_API_KEY: 'k', FAL_KEY: 'k' };

async function orderOf(host: 'wavespeed' | 'eachlabs', kind: CharacterKind | undefined, seconds = 3.5) {
  const { context } = await createTestContext({ provider: host }, { env: ENV });
  const { clip, ...sample } = sampleCharacter('Joe');
  const joe = { ...sample, ...(kind && { kind }), clip: { ...clip, master: { ...clip.master, seconds } } };
  const input = { prompt: 'Joe waves.', seconds: 5, size: { width: 1280, height: 720 }, characters: [joe] };
  return { context, order: { input, provider: await context.provider() } };
}

describe('the default model', () => {
  it.each([
    ['wavespeed', undefined, 3.5, SEEDANCE],
    ['wavespeed', 'drawn', 3.5, SEEDANCE],
    ['wavespeed', 'person', 3.5, KLING],
    // Kling wants 3 s.
    ['wavespeed', 'person', 2, 'alibaba/wan-3.0/reference-to-video'],
  ] as const)('at %s for a character of kind %s, with a clip of %d s, is %s', async (host, kind, seconds, model) => {
    const { order } = await orderOf(host, kind, seconds);
    expect(await defaultModelFor(order)).toBe(model);
  });

  it('stays where the host has none that takes people, with a warning and the model of another host', async () => {
    const { context, order } = await orderOf('eachlabs', 'person');
    const model = await defaultModelFor(order);
    expect(model).toBe(order.provider.defaultModel);
    expect(await checkOrder(context, { ...order, model })).toEqual([
      expect.stringMatching(/refuses people, .*: Joe\. A model that takes people: --provider \w+ --model \S+\.$/),
    ]);
  });

  it('is replaced for people and told, and one that is named is warned of', async () => {
    const test = await createTestContext({ provider: 'wavespeed' }, { env: ENV });
    const store = await test.context.characters();
    await keepSample(store, 'Joe');
    await store.update('Joe', (joe) => ({ ...joe, kind: 'person' }));
    const flags = {
      ...{
        prompt: 'Joe waves.',
        character: ['Joe'],
        inject: true,
        autoCast: false,
        wait: false,
        count: 1,
        resend: false,
      },
      ...{ dryRun: true, timeout: 60, force: false, allowDrift: false, isChecked: false, seconds: 5 },
    };
    await runGenerate(test.context, flags as unknown as Parameters<typeof runGenerate>[1]);
    expect(test.stdout.text()).toContain(KLING);
    expect(test.stderr.text()).toContain(`${SEEDANCE} refuses people: ${KLING} is used.`);
    const named = await test.again();
    await runGenerate(named.context, { ...flags, model: SEEDANCE } as unknown as Parameters<typeof runGenerate>[1]);
    expect(named.stdout.text()).toContain(SEEDANCE);
    expect(named.stderr.text()).toContain(
      `${SEEDANCE} refuses people, also those whom nobody can tell from real ones: Joe.`,
    );
  });

  it('that refuses people is marked in the table of its host, and no host has only such for them', async () => {
    for (const host of ['wavespeed', 'fal'] as const) {
      const models = await PROVIDERS[host].models();
      expect(models.filter(({ people }) => people === false).map(({ family }) => family)).toEqual(
        models.flatMap(({ family }) => (family?.startsWith('seedance') ? [family] : [])),
      );
    }
  });
});

describe('a refusal over a face', () => {
  async function told(message: string, fields: object = {}) {
    const { context } = await createTestContext({}, { env: ENV });
    await keepSample(await context.characters(), 'Joe');
    const job = sampleRemote(JOB, {
      ...{ provider: 'wavespeed', baseUrl: 'https://api.wavespeed.ai/api/v3', status: 'failed', characters: ['Joe'] },
      request: {
        prompt: 'Joe waves.',
        model: SEEDANCE,
        seconds: 5,
        size: { width: 1280, height: 720 },
        characters: [],
      },
      failure: { message, policy: true },
      ...fields,
    });
    return withNextModel(context, job, new SoraError('policy', message, { hint: 'Change the prompt.', jobId: job.id }));
  }

  it.each([
    'Input video may contain real person.',
    'face_detection_error',
    'Real faces are not supported.',
    'people-in-user-uploads',
  ])('names the model that takes people: %s', async (message) => {
    expect(await told(message)).toMatchObject({
      ...{ code: 'policy', jobId: JOB },
      hint: `Not every model refuses a face. Try: --model ${KLING}. Change the prompt.`,
    });
  });

  it('is not what every refusal is about', async () => {
    expect((await told('Copyrighted material.')).hint).toBe('Change the prompt.');
    expect((await told('The surface is too dark.')).hint).toBe('Change the prompt.');
  });
});
