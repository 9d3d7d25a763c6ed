import { describe, expect, it } from 'vitest';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { checkSayable, isRatio, ratioName, ratioOf, ratiosOf, sizeOf, sizesOf } from '../../src/providers/ratios.ts';
import { formatSize, parseSize, type Size } from '../../src/shared/geometry.ts';
import { createTestContext, type TestContext } from '../helpers/runtime.ts';

const of = (text: string): Size => parseSize(text) as Size;

describe('a shape', () => {
  it.each([
    ['16:9', 720, '1280x720'],
    ['9:16', 720, '720x1280'],
    ['16:9', 480, '854x480'],
    ['4:3', 720, '960x720'],
    ['3:4', 1080, '1080x1440'],
    ['1:1', 1080, '1080x1080'],
    ['21:9', 720, '1680x720'],
    ['16:9', 2160, '3840x2160'],
  ] as const)('of %s at %i is %s, and is named so again', (ratio, short, size) => {
    expect(formatSize(sizeOf(ratio, short))).toBe(size);
    expect(ratioOf(of(size))).toBe(ratio);
  });

  it('is told by its name, or else by its smallest numbers', () => {
    expect(ratioName(of('864x480'))).toBe('16:9');
    expect(ratioName(of('1792x1024'))).toBe('7:4');
    expect(ratioName(of('1000x700'))).toBe('10:7');
    expect(ratiosOf([of('1280x720'), of('1920x1080'), of('720x1280')])).toEqual(['16:9', '9:16']);
    expect([isRatio('21:9'), isRatio('2:1'), isRatio('constructor')]).toEqual([true, false, false]);
  });

  it.each([
    ['720x720', 'of another shape'],
    ['1920x1080', 'at another length of the shorter side'],
    ['1000x700', 'without a name'],
  ])('that a model cannot be told is refused with what it can: %s, %s', (size) => {
    expect(() => checkSayable('m', of(size), sizesOf([480, 720], ['16:9', '9:16']))).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `m does not make videos of ${size}.`,
        hint: 'It makes 16:9, 9:16 with a shorter side of 480, 720: say --aspect, or --size with one of these sides.',
      }),
    );
    expect(() => checkSayable('m', of(size), [])).not.toThrow();
  });
});

const FLAGS: GenerateFlags = {
  ...{ character: [], inject: true, wait: false, count: 1, allowRetired: true },
  ...{ resend: false, dryRun: true, timeout: 1800, force: false, allowDrift: false },
};

async function requestOf(test: TestContext, flags: Partial<GenerateFlags>): Promise<Record<string, unknown>> {
  test.stdout.chunks.length = 0;
  await runGenerate(test.context, { ...FLAGS, prompt: 'A hill.', ...flags });
  return JSON.parse(test.stdout.text()).request.body;
}

const RESOLUTIONS: Readonly<Record<number, string>> = { 480: '480p', 720: '720p', 1080: '1080p', 2160: '4k' };

/** What each backend calls a size, by hand from its documentation. */
const WORDS: Readonly<Record<string, (size: Size, model: string) => Record<string, unknown>>> = {
  openai: (size) => ({ size: formatSize(size) }),
  wavespeed(size, model) {
    if (model.endsWith('image-to-video')) return {};
    if (model.endsWith('image-to-video-pro')) return { resolution: RESOLUTIONS[Math.min(size.width, size.height)] };
    if (model.startsWith('openai/')) return { size: `${size.width}*${size.height}` };
    return { aspect_ratio: ratioName(size), resolution: RESOLUTIONS[Math.min(size.width, size.height)] };
  },
  eachlabs: (size, model) => ({
    aspect_ratio: ratioName(size),
    ...(/pro$|reference/.test(model) && { resolution: `${Math.min(size.width, size.height)}p` }),
  }),
};

const MODELS = (
  await Promise.all(
    (['openai', 'wavespeed', 'eachlabs'] as const).map(async (provider) =>
      (await PROVIDERS[provider].models()).map(({ id, sizes }) => ({ provider, id, sizes })),
    ),
  )
).flat();

describe('both ways of saying a size', () => {
  it.each(MODELS)('give the same request, in the words of $provider, for $id', async ({ provider, id, sizes }) => {
    const test = await createTestContext({ provider, json: true });
    const picture = /image-to-video/.test(id) ? { reference: 'https://p.example/a.png' } : {};
    expect(sizes.length).toBeGreaterThan(0);
    for (const size of sizes) {
      const { prompt, model, input, ...body } = await requestOf(test, { ...picture, model: id, size });
      const said = { ...body, ...(input as object | undefined) };
      expect(pick(said), formatSize(size)).toEqual(WORDS[provider]?.(size, id));
      const resolution = RESOLUTIONS[Math.min(size.width, size.height)];
      const aspect = ratioOf(size);
      if (resolution === undefined || aspect === undefined) continue;
      const other = await requestOf(test, { ...picture, model: id, aspect, resolution });
      expect(other, formatSize(size)).toEqual({
        prompt,
        ...(model !== undefined && { model }),
        ...body,
        ...(input !== undefined && { input }),
      });
    }
  });

  it.each([
    ['wavespeed', 'bytedance/seedance-2.0/text-to-video', { aspect: '16:9', resolution: '4k' }],
    ['wavespeed', 'openai/sora-2/image-to-video', { aspect: '16:9', resolution: '1080p' }],
    ['wavespeed', 'openai/sora-2/image-to-video-pro', { aspect: '16:9', resolution: '480p' }],
    ['eachlabs', 'bytedance-seedance-2-0-reference-to-video', { size: of('1000x700') }],
    ['eachlabs', 'sora-2-text-to-video', { aspect: '1:1' }],
    ['eachlabs', 'sora-2-text-to-video', { aspect: '16:9', resolution: '1080p' }],
  ] as const)('are refused early where %s cannot tell %s: %j', async (provider, model, wish) => {
    const test = await createTestContext({ provider });
    const picture = /image-to-video/.test(model) ? { reference: 'https://p.example/a.png' } : {};
    await expect(requestOf(test, { ...picture, ...wish, model })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`${model} does not make videos of`),
      hint: expect.stringContaining('shorter side'),
    });
  });
});

function pick(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => ['size', 'aspect_ratio', 'resolution'].includes(name)),
  );
}
