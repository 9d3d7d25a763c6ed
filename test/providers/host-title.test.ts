import { describe, expect, it } from 'vitest';
import { hostTitle } from '../../src/providers/index.ts';
import { warnOfCharacters } from '../../src/videos/warn-of-host.ts';
import { withHost } from '../helpers/far-end.ts';
import { createTestContext } from '../helpers/runtime.ts';

describe('what people call a host', () => {
  it.each<[Parameters<typeof hostTitle>[0], string]>([
    [{ provider: 'wavespeed', baseUrl: 'https://api.wavespeed.ai/api/v3' }, 'wavespeed'],
    [{ name: 'openai', baseUrl: 'https://api.openai.com/v1' }, 'openai'],
    [{ provider: 'openai', baseUrl: 'https://gateway.example/v1' }, 'gateway.example'],
    [{ provider: 'openai', baseUrl: 'http://localhost:4000/v1' }, 'localhost:4000'],
    [{ provider: 'eachlabs', baseUrl: 'https://eachlabs.gateway.example' }, 'eachlabs.gateway.example'],
    [{ provider: 'sandbox', baseUrl: 'sandbox:' }, 'the sandbox'],
    // By a version that knows more hosts.
    [{ provider: 'toy', baseUrl: 'https://toy.example/v1' }, 'toy.example'],
    [{ provider: 'toy', baseUrl: 'toy:' }, 'toy'],
  ])('of %j is %s', (place, title) => {
    expect(hostTitle(place)).toBe(title);
  });

  it('is no port of the sandbox, wherever its answers are told', async () => {
    const { context } = await createTestContext({ provider: 'sandbox' });
    const provider = await context.provider();
    const video = { prompt: 'A hill.', model: 'sora-2', seconds: 5, size: { width: 1280, height: 720 } };
    const call = { signal: context.runtime.signal };
    await expect(provider.createVideo({ ...video, characters: [], reference: undefined }, call)).rejects.toMatchObject({
      message: expect.stringMatching(/^The sandbox answered 400: /),
    });
  });
});

describe('a host that is not known to take characters', () => {
  it('is warned of once a home, with what ends the warning', async () => {
    const test = await withHost();
    const provider = await test.context.provider();
    const warn = async (characters: readonly string[], again = test) => {
      await warnOfCharacters(again.context, await again.context.provider(), characters);
      return again.stderr.text();
    };
    expect(await warn([])).toBe('');
    const said = await warn(['Joe']);
    expect(said).toContain(`warning: ${new URL(provider.baseUrl).host} is not known to take characters`);
    expect(said).toMatch(/--backend, .*: sora config set backend <kind>/);
    expect(await warn(['Joe'])).toBe(said);
    const elsewhere = { ...test, ...(await test.again({}, { env: { OPENAI_BASE_URL: 'https://other.example/v1' } })) };
    expect(await warn(['Joe'], elsewhere)).toContain('other.example is not known to take characters');
  });

  it('is not where it was said what it is', async () => {
    const { context, stderr } = await withHost({ backend: 'openai' });
    await warnOfCharacters(context, await context.provider(), ['Joe']);
    expect(stderr.text()).toBe('');
  });
});

it('a vendor that serves no videos any more is warned of once a home', async () => {
  const env = { OPENAI_API_KEY: 'sk-test-1234567890' };
  const test = await createTestContext({ provider: 'openai' }, { env });
  await test.context.provider();
  expect(test.stderr.text()).toMatch(/^warning: api\.openai\.com stopped serving videos .*--base-url/);
  const later = await test.again();
  await later.context.provider();
  expect(later.stderr.text()).toBe('');
});
