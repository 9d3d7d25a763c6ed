import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../../src/commands/video/input.ts';
import type { Registration } from '../../../src/shared/character.ts';
import { EXIT_CODES } from '../../../src/shared/errors.ts';
import type { Job } from '../../../src/shared/job.ts';
import { fingerprintOf } from '../../../src/videos/jobs/fingerprint.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { addCharacter, KEY, NO_LIST, refusal, videoObject, withHost } from '../../helpers/far-end.ts';
import { pictureOf } from '../../helpers/pictures.ts';
import {
  createTestContext,
  createTestRuntime,
  type RuntimeOptions,
  START,
  type TestContext,
} from '../../helpers/runtime.ts';
import { sampleJob } from '../../helpers/samples.ts';
import { createTestServer, type Scripted, type TestServer } from '../../helpers/server.ts';

const FLAGS: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: [], inject: true, wait: false, count: 1 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

const SEEDANCE_25 = 'bytedance/seedance-2.5/text-to-video';
const queued: Scripted = { body: { code: 200, data: { id: 't1', status: 'created' } } };
const price = (data: object): Scripted => ({ body: { code: 200, data } });
const tells = (usd: number): Scripted => price({ price: usd, discounted_price: usd, currency: 'USD' });

async function withWavespeed(
  globals: Parameters<typeof createTestContext>[0] = {},
  options: RuntimeOptions = {},
): Promise<TestContext & { server: TestServer; baseUrl: string }> {
  const server = await createTestServer();
  const baseUrl = `${server.url}/api/v3`;
  const env = { WAVESPEED_BASE_URL: baseUrl, WAVESPEED_API_KEY: KEY, ...options.env };
  const test = await createTestContext({ provider: 'wavespeed', ...globals }, { ...options, env });
  return { ...test, server, baseUrl };
}

const paths = ({ seen }: TestServer): string[] => seen.map(({ method, path }) => `${method} ${path}`);

async function jobs({ context }: TestContext): Promise<readonly Job[]> {
  return (await (await context.jobs()).list()).records;
}

const generate = ({ context }: TestContext, flags: Partial<typeof FLAGS>): Promise<number> =>
  runGenerate(context, { ...FLAGS, ...flags });

describe('a prompt on standard input', () => {
  const sent = async (stdin: Uint8Array): Promise<unknown> => {
    const test = await withHost({}, { stdin });
    test.server.answer(videoObject('queued'));
    await runGenerate(test.context, { ...FLAGS, prompt: '-' });
    return JSON.parse(String(test.server.seen[0]?.body)).prompt;
  };

  it('is sent as it is, without its last line break', async () => {
    expect(await sent(Buffer.from('Zoë\nwaves.\n'))).toBe('Zoë\nwaves.');
  });

  it('P1: is refused when it is not UTF-8, before anything is sent', async () => {
    const test = await withHost({}, { stdin: Buffer.from('Zoë waves.', 'latin1') });
    await expect(runGenerate(test.context, { ...FLAGS, prompt: '-' })).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('not text in UTF-8') },
      hint: expect.stringContaining('iconv'),
    });
    expect(test.server.seen).toEqual([]);
  });

  it('P1: is refused when it has the sign for what could not be read, wherever it is from', async () => {
    const test = await withHost({}, { stdin: 'caf\ufffd' });
    for (const prompt of ['-', 'caf\ufffd'])
      await expect(runGenerate(test.context, { ...FLAGS, prompt })).rejects.toMatchObject({
        ...{ code: 'usage', message: expect.stringContaining('U+FFFD') },
      });
    expect(test.server.seen).toEqual([]);
  });
});

describe('a picture on standard input', () => {
  it('is sent, and the record names no place where it could be read again', async () => {
    const picture = await pictureOf('png', { width: 36, height: 64 });
    const test = await withHost({}, { stdin: picture });
    test.server.answer(videoObject('queued'));
    expect(await generate(test, { reference: '-', size: { width: 36, height: 64 } })).toBe(0);
    expect(test.server.seen[0]?.body.includes(Buffer.from(picture))).toBe(true);
    const [job] = await jobs(test);
    expect(job?.request.reference).toEqual({ kind: 'image', sha256: expect.any(String), label: 'reference' });
  });
});

describe('a size that is not documented', () => {
  const size = { width: 1000, height: 1000 };

  it('is worth one warning, and is sent', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'));
    expect(await generate(test, { size })).toBe(0);
    expect(test.stderr.text().match(/1000x1000 is not one of the documented sizes/g)).toHaveLength(1);
  });

  it('is worth no second warning when a character has been registered for it', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer({ body: { id: 'char_1', name: 'Joe', created_at: 1 } }, videoObject('queued'));
    expect(await generate(test, { size, character: ['Joe'] })).toBe(0);
    expect(test.server.seen).toHaveLength(2);
    expect(test.stderr.text().match(/1000x1000 is not one of the documented sizes/g)).toHaveLength(1);
  });

  it.each([
    ['no words of the host say it', { provider: 'eachlabs', env: { EACHLABS_API_KEY: 'k' } }, {}, 'usage'],
    ['it would cost too much', {}, { maxCost: 0.01, model: 'sora-2-pro', allowUnknownCost: false }, 'budget'],
  ])(
    'is refused without a warning where %s',
    async (_title, { provider, env }: Partial<{ provider: string; env: Record<string, string> }>, flags, code) => {
      const test = await withHost(provider === undefined ? {} : { provider }, env === undefined ? {} : { env });
      await expect(generate(test, { size, ...flags })).rejects.toMatchObject({ code });
      expect(test.stderr.text()).toBe('');
      expect(test.server.seen).toEqual([]);
    },
  );
});

describe('several videos', () => {
  it('are followed by one command', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'), videoObject('queued', { id: 'video_2' }));
    expect(await generate(test, { count: 2 })).toBe(0);
    const [second, first] = (await jobs(test)).map(({ id }) => id);
    expect(test.stdout.text()).toBe(
      `${first} is queued.\n${second} is queued.\nFollow them with: sora video wait ${first} ${second}\n`,
    );
  });
});

describe('a dry run', () => {
  it('tells what all of its videos would cost, and where that is from, without asking anybody', async () => {
    const test = await withHost();
    expect(await generate(test, { dryRun: true, count: 3, seconds: 8 })).toBe(0);
    const { host } = new URL(test.baseUrl);
    expect(test.stderr.text()).toContain(
      `Cost: $2.40 (3 x $0.80; as of 2026-09-24: the vendor’s price page; ${host} may ask for another price)\n`,
    );
    const json = await test.again({ json: true });
    await generate(json, { dryRun: true, count: 3, seconds: 8 });
    expect(JSON.parse(json.stdout.text()).cost).toEqual({
      ...{ usd: 2.4, estimateUsd: 2.4, asOf: '2026-09-24' },
      source: expect.stringContaining('the vendor’s price page'),
    });
  });

  it('is the same text each time in the sandbox, whose port is not', async () => {
    const runs = await Promise.all([1, 2].map(() => createTestContext({ provider: 'sandbox' })));
    for (const test of runs) await generate(test, { dryRun: true });
    const [one, two] = runs.map(({ stdout }) => stdout.text());
    expect(one).toMatch(/^POST sandbox:\/v1\/videos /);
    expect(two).toBe(one);
    const json = await createTestContext({ provider: 'sandbox', json: true });
    await generate(json, { dryRun: true });
    expect(JSON.parse(json.stdout.text()).request.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/videos$/);
  });

  it('P2: says which job its key has already, and that nothing would be paid, also beyond --max-cost', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'));
    await generate(test, { key: 'nightly' });
    const [job] = await jobs(test);
    const again = await test.again();
    expect(await generate(again, { key: 'nightly', dryRun: true, maxCost: 0.1 })).toBe(0);
    expect(again.stderr.text()).toContain(`existing: ${job?.id}\nCost: none, because nothing would be sent\n`);
    const json = await test.again({ json: true });
    await generate(json, { key: 'nightly', dryRun: true });
    expect(JSON.parse(json.stdout.text())).toMatchObject({ existing: job?.id, cost: { usd: 0 } });
    expect(test.server.seen).toHaveLength(1);
    await expect(generate(again, { prompt: 'Another.', key: 'nightly', dryRun: true })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('P2: of several names those that there are, and says nothing of a key that is free', async () => {
    const test = await withHost({ json: true });
    test.server.answer(videoObject('queued'), refusal(400, 'invalid_value'));
    await expect(generate(test, { key: 'nightly', count: 2 })).rejects.toMatchObject({
      ...{ code: 'refused', message: expect.stringMatching(/^1 of 2 jobs was sent\. /) },
      hint: expect.stringMatching(/^What was sent continues at the host\. Follow it with: sora video wait job_\w+$/),
    });
    const made = (await jobs(test)).find(({ status }) => status === 'queued');
    const again = await test.again();
    await generate(again, { key: 'nightly', count: 2, dryRun: true });
    expect(JSON.parse(again.stdout.text())).toMatchObject({ existing: [made?.id], cost: { usd: 0.8 } });
    const free = await test.again();
    await generate(free, { key: 'weekly', dryRun: true });
    expect(JSON.parse(free.stdout.text())).not.toHaveProperty('existing');
  });

  it('names the table alone where the table is of that very host', async () => {
    const test = await createTestContext({ provider: 'wavespeed' }, { env: { WAVESPEED_API_KEY: KEY } });
    await generate(test, { dryRun: true });
    expect(test.stderr.text()).toContain('Cost: $0.96 (as of 2026-11-21: the model’s page at wavespeed.ai)\n');
  });

  it('says that a cost is unknown, never that it is nothing', async () => {
    const test = await withHost();
    expect(await generate(test, { dryRun: true, model: 'another' })).toBe(0);
    expect(test.stderr.text()).toContain('Cost: unknown\n');
    const json = await test.again({ json: true });
    await generate(json, { dryRun: true, model: 'another' });
    expect(JSON.parse(json.stdout.text()).cost).toBeNull();
  });

  it('counts the clips of characters where the model bills them', async () => {
    const test = await withWavespeed({ json: true });
    await addCharacter(test, 'Joe');
    await generate(test, { dryRun: true, model: SEEDANCE_25, character: ['Joe'] });
    // 4 s of video and 3.5 s of clip.
    expect(JSON.parse(test.stdout.text()).cost.usd).toBe(2.7);
  });

  it('costs nothing in the sandbox, as of today', async () => {
    const test = await createTestContext({ provider: 'sandbox', json: true });
    await generate(test, { dryRun: true, count: 5, maxCost: 0, model: 'another' });
    expect(JSON.parse(test.stdout.text()).cost).toEqual({
      ...{ usd: 0, estimateUsd: 0, asOf: '2026-11-21', source: 'the sandbox is free' },
    });
  });
});

describe('P6: --max-cost', () => {
  it.each([true, false])('refuses beyond it before anything is sent or uploaded (dry run: %s)', async (dryRun) => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    const flags = { character: ['Joe'], dryRun, count: 3, maxCost: 1.19 };
    await expect(generate(test, flags)).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringMatching(
        /^This costs \$1\.20 \(3 x \$0\.40; .*--max-cost allows \$1\.19\. No job was sent\.$/,
      ),
    });
    expect(EXIT_CODES.budget).toBe(10);
    expect(test.server.seen).toEqual([]);
    expect(await jobs(test)).toEqual([]);
  });

  it('lets through what costs as much as it says, and keeps the estimate with each job', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'), videoObject('queued', { id: 'video_2' }));
    await generate(test, { count: 2, maxCost: 0.8 });
    const cost = { estimateUsd: 0.4, asOf: '2026-09-24', source: expect.stringContaining('price page') };
    expect(await jobs(test)).toMatchObject([{ cost }, { cost }]);
  });

  it('refuses an unknown price before anything is sent', async () => {
    const test = await withHost();
    await expect(generate(test, { model: 'another', maxCost: 100 })).rejects.toMatchObject({
      code: 'budget',
      hint: expect.stringContaining('--allow-unknown-cost'),
    });
    expect(test.server.seen).toEqual([]);
  });

  it('sends at an unknown price with --allow-unknown-cost, and keeps no estimate', async () => {
    const test = await withHost();
    test.server.answer(videoObject('queued'));
    await generate(test, { model: 'another', maxCost: 1, allowUnknownCost: true });
    const [job] = await jobs(test);
    expect(job?.status).toBe('queued');
    expect(job).not.toHaveProperty('cost');
  });

  it('refuses a known price beyond it whatever --allow-unknown-cost says', async () => {
    const test = await withHost();
    await expect(generate(test, { maxCost: 0.1, allowUnknownCost: true })).rejects.toMatchObject({ code: 'budget' });
  });

  it.each([
    ['2.79', 10],
    ['$2.80', 0],
    ['.5', 10],
    ['two', 2],
    ['-1', 2],
    ['', 2],
  ])('of %j for two videos of $1.40 exits %i', async (amount, exit) => {
    const env = { OPENAI_BASE_URL: 'https://gateway.example.com/v1' };
    const { runtime, stderr } = await createTestRuntime({ env });
    const wish = ['--model', 'sora-2-pro', '--size', '1920x1080', '--seconds', '2', '--count', '2', '--dry-run'];
    expect(await runCli(['video', 'generate', 'A hill.', ...wish, `--max-cost=${amount}`], runtime)).toBe(exit);
    if (exit !== 2) expect(stderr.text()).toContain('$2.80 (2 x $1.40;');
  });

  it('P2: gives the job of a key that was sent already, though it would be too dear now', async () => {
    const test = await withHost({ json: true });
    test.server.answer(videoObject('queued'));
    await generate(test, { key: 'nightly', maxCost: 1 });
    const again = await test.again();
    again.clock.ms += 1000;
    expect(await generate(again, { key: 'nightly', maxCost: 0.1 })).toBe(0);
    expect(JSON.parse(again.stdout.text()).id).toBe((await jobs(test))[0]?.id);
    expect(test.server.seen).toHaveLength(1);
  });
});

describe('the host’s own price', () => {
  it('is asked before a job is sent, and is what the job keeps', async () => {
    const test = await withWavespeed();
    test.server.answer(price({ price: 1.2, discounted_price: 0.9, currency: 'USD' }), queued);
    await generate(test, {});
    expect(paths(test.server)).toEqual([
      'POST /api/v3/model/price',
      'POST /api/v3/bytedance/seedance-2.0/text-to-video',
    ]);
    expect((await jobs(test))[0]?.cost).toEqual({
      ...{ estimateUsd: 0.9, asOf: new Date(START).toISOString().slice(0, 10) },
      source: expect.stringMatching(/^the price call of 127\.0\.0\.1:\d+$/),
    });
  });

  it('goes before the table', async () => {
    const test = await withWavespeed();
    test.server.answer(tells(1.5));
    await expect(generate(test, { maxCost: 1 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('$1.50'),
    });
    expect(paths(test.server)).toEqual(['POST /api/v3/model/price']);
  });

  it('is not asked by a dry run alone', async () => {
    const test = await withWavespeed();
    await generate(test, { dryRun: true });
    expect(test.stderr.text()).toContain('Cost: $0.96 ');
    expect(test.server.seen).toEqual([]);
  });

  it('is asked by a dry run that has to keep to --max-cost', async () => {
    const test = await withWavespeed();
    test.server.answer(tells(0.5));
    await generate(test, { dryRun: true, maxCost: 1 });
    expect(test.stderr.text()).toMatch(/Cost: \$0\.50 \(as of 2026-11-21: the price call of 127\.0\.0\.1:\d+\)/);
  });

  it.each<[string, Scripted]>([
    ['is refused', refusal(400, 'no_such_model')],
    ['is zero', tells(0)],
    ['is in another currency', price({ price: 5, currency: 'CNY' })],
    ['is no number', price({ price: 'ask us' })],
    ['is nowhere in the answer', price({})],
  ])('falls back to the table when it %s', async (_title, answer) => {
    const test = await withWavespeed();
    test.server.answer(answer, queued);
    await generate(test, { maxCost: 1 });
    expect((await jobs(test))[0]?.cost).toMatchObject({ estimateUsd: 0.96, source: expect.stringContaining('page') });
    expect(test.stderr.text()).not.toContain('did not tell');
  });

  it('is missed by a dry run, which says once why, and what that leaves unknown', async () => {
    const test = await withWavespeed();
    test.server.answer(refusal(400, 'no_such_model'));
    const flags = { model: 'somebody/new-model', maxCost: 1, allowUnknownCost: true, dryRun: true, seconds: 4 };
    await generate(test, flags);
    const why = /did not tell its price: .* What this costs is not known\.\n/g;
    expect(test.stderr.text().match(why)).toHaveLength(1);
  });

  it('is not taken for an estimate of clips that the host does not have: the table says what is refused', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    await expect(generate(test, { model: SEEDANCE_25, character: ['Joe'], maxCost: 2.6 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('$2.70'),
    });
    expect(test.server.seen).toEqual([]);
  });

  it('is asked again after an upload, and still refuses the job', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    const upload = { method: 'PUT', url: `${test.server.url}/put/1`, headers: { 'Content-Type': 'video/mp4' } };
    const download_url = 'https://files.example/joe.mp4';
    test.server.answer({ body: { code: 200, data: { download_url, upload } } }, {}, tells(1.5));
    await expect(generate(test, { character: ['Joe'], maxCost: 1 })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('$1.50'),
    });
    expect(paths(test.server)).toEqual(['POST /api/v3/media/uploads', 'PUT /put/1', 'POST /api/v3/model/price']);
    expect(await jobs(test)).toEqual([]);
    const joe = await (await test.context.characters()).find('Joe');
    expect(joe?.registrations.map(({ value }) => value)).toEqual([download_url]);
  });

  it('is asked with the clips where the host has them', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    const url = 'https://files.example/joe.mp4';
    const registration: Registration = {
      ...{ provider: 'wavespeed', baseUrl: test.baseUrl, orientation: 'landscape', kind: 'url', value: url },
      ...{ name: 'Joe', createdAt: new Date(START).toISOString() },
    };
    await (await test.context.characters()).update('Joe', (joe) => ({ ...joe, registrations: [registration] }));
    test.server.answer(tells(0.7), queued);
    await generate(test, { character: ['Joe'], maxCost: 1 });
    expect(JSON.parse(String(test.server.seen[0]?.body))).toEqual({
      model_id: 'bytedance/seedance-2.0/text-to-video',
      inputs: JSON.parse(String(test.server.seen[1]?.body)),
    });
    expect(JSON.parse(String(test.server.seen[0]?.body)).inputs.reference_videos).toEqual([url]);
  });
});

describe('P2: an equal request that is lost while a character is registered for this one', () => {
  it('stands in the way: nothing is sent', async () => {
    const test = await withHost();
    const { name } = await addCharacter(test, 'Joe');
    const request = {
      ...{ prompt: 'Joe waves.', model: 'sora-2', seconds: 4, size: { width: 1280, height: 720 } },
      characters: [{ name, value: 'char_1' }],
    };
    const fingerprint = fingerprintOf({ provider: 'openai', baseUrl: test.baseUrl, request });
    const id = newJobId(START, () => 0.5);
    const lost = sampleJob(id, { baseUrl: test.baseUrl, request, fingerprint, status: 'unknown' });
    const onRequest = (): void => {
      mkdirSync(test.context.paths().jobs, { recursive: true });
      writeFileSync(join(test.context.paths().jobs, `${id}.json`), JSON.stringify(lost));
    };
    test.server.answer({ body: { id: 'char_1', object: 'character', name }, onRequest }, NO_LIST);
    await expect(generate(test, { prompt: 'Joe waves.', character: ['Joe'] })).rejects.toMatchObject({
      ...{ code: 'ambiguous', jobId: id },
    });
    expect(paths(test.server)).toEqual(['POST /v1/videos/characters', 'GET /v1/videos?limit=100&order=desc']);
  });
});

describe('P6: what a model cannot be asked for', () => {
  it('is refused before a character is uploaded for it', async () => {
    const test = await withWavespeed();
    await addCharacter(test, 'Joe');
    const flags = { character: ['Joe'], size: { width: 1000, height: 600 } };
    await expect(generate(test, flags)).rejects.toMatchObject({
      code: 'usage',
      message: 'bytedance/seedance-2.0/text-to-video does not make videos of 1000x600.',
    });
    expect(test.server.seen).toEqual([]);
    expect(await jobs(test)).toEqual([]);
  });
});

describe('a model that is not in the table', () => {
  it.each([
    ['openai', 'wan-9', 'https://api.openai.com/v1/videos', { model: 'wan-9', size: '1280x720' }],
    ['wavespeed', 'kling/v9/text-to-video', 'https://api.wavespeed.ai/api/v3/kling/v9/text-to-video', {}],
    ['eachlabs', 'kling-v9', 'https://api.eachlabs.ai/v1/prediction', { model: 'kling-v9' }],
  ] as const)('is used by its id at %s: %s', async (provider, model, url, body) => {
    const test = await createTestContext({ provider, json: true });
    await generate(test, { dryRun: true, model });
    const { request, cost } = JSON.parse(test.stdout.text());
    expect(request).toMatchObject({ url, body });
    expect(cost).toBeNull();
  });
});
