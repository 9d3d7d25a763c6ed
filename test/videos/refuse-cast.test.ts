import { describe, expect, it } from 'vitest';
import { checkOrder } from '../../src/videos/check-order.ts';
import { createTestContext } from '../helpers/runtime.ts';
import { sampleCharacter } from '../helpers/samples.ts';

const KLING = 'kwaivgi/kling-v4.0/reference-to-video';
const SEEDANCE_25 = 'bytedance/seedance-2.5/text-to-video';

async function check(
  name: 'wavespeed' | 'eachlabs' | 'sandbox',
  model: string | undefined,
  more: { prompt?: string; seconds?: number; masters?: readonly object[] } = {},
) {
  const env = { WAVESPEED_API_KEY: 'k', EACHLABS_API_KEY: 'k' };
  const { context } = await createTestContext({ provider: name }, { env });
  const { prompt = 'Joe waves.', seconds = 5, masters = [{}] } = more;
  const characters = masters.map((master, index) => {
    const sample = sampleCharacter(['Joe', 'Mia', 'Ann', 'Zoë'][index] ?? 'Extra');
    return { ...sample, clip: { ...sample.clip, master: { ...sample.clip.master, ...master } } };
  });
  const input = { prompt, seconds, size: { width: 1280, height: 720 }, characters };
  const provider = await context.provider();
  return checkOrder(context, { input, provider, model: model ?? provider.defaultModel });
}

describe('P6: a character that a model cannot take', () => {
  it('is refused with the model of the same host that would take it, and how its clip would be long enough', async () => {
    await expect(check('wavespeed', KLING, { masters: [{ seconds: 2 }] })).rejects.toMatchObject({
      code: 'usage',
      message: `${KLING} does not take this cast: Joe's clip is 2 s long, and 3 to 30 s are needed.`,
      hint:
        'Use a model that takes it, such as --model bytedance/seedance-2.0/text-to-video. Or make a longer clip of Joe, from joe.mp4: ' +
        'sora character create <clip> --name "Joe" --duration 3 --force',
    });
  });

  it('is refused with a model that makes such a video', async () => {
    await expect(check('wavespeed', KLING, { seconds: 20, masters: [{ seconds: 2 }] })).rejects.toMatchObject({
      hint: expect.stringContaining(`such as --model ${SEEDANCE_25}.`),
    });
  });

  it('is one too many, with the model that takes so many', async () => {
    const masters = [{}, {}, {}, {}];
    await expect(check('wavespeed', undefined, { masters })).rejects.toMatchObject({
      message: 'wavespeed takes at most 3 characters in a video, not 4: Joe, Mia, Ann and Zoë.',
      hint: `Leave some out, or use a model that takes them, such as --model ${SEEDANCE_25}.`,
    });
    await expect(check('wavespeed', 'openai/sora-2/image-to-video', { seconds: 8 })).rejects.toMatchObject({
      problems: expect.arrayContaining(['openai/sora-2/image-to-video takes no characters: it would leave out Joe.']),
    });
  });

  it('is not refused where a copy of its clip fits', async () => {
    for (const master of [{ width: 1920, height: 1080 }, { seconds: 4 }, { fps: 23.976 }])
      expect(await check('wavespeed', undefined, { masters: [master] })).toEqual([]);
  });
});

describe('words that a model takes for an edit', () => {
  it.each([
    ['Joe changes his hat, then removes it.', '"remove" and "change"'],
    ['KEEP UNCHANGED the room.', '"keep unchanged"'],
  ])('earn a warning at Seedance 2.5: %s', async (prompt, words) => {
    expect(await check('wavespeed', SEEDANCE_25, { prompt })).toEqual([
      `${SEEDANCE_25} may take ${words} in the prompt for an edit of the characters' clips, and then refuses length and shape: say it in other words.`,
    ]);
  });

  it.each([
    ['without a character', SEEDANCE_25, 'Change the scene.', []],
    ['as part of another word', SEEDANCE_25, 'The address of an exchange.', [{}]],
    ['at another model', undefined, 'Change the scene.', [{}]],
  ] as const)('earn none %s', async (_title, model, prompt, masters) => {
    expect(await check('wavespeed', model, { prompt, masters })).toEqual([]);
  });
});
