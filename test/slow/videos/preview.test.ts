import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { FIXTURES } from '../../helpers/cli.ts';
import { addCharacter, addJob, addMadeFrom, videoObject, withHost } from '../../helpers/far-end.ts';
import {
  createTestContext,
  createTestRuntime,
  type RuntimeOptions,
  START,
  type TestRuntime,
} from '../../helpers/runtime.ts';

const WORDS = ['video', 'generate', 'Joe waves.', '--dry-run', '--json'];
const ENDED = 'https://api.openai.com/v1';

/** Everything that leaves this machine would go through a proxy that is not there, and fail. */
const OFFLINE = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

interface Run extends TestRuntime {
  readonly exit: number;
}

async function run(args: readonly string[], { env, ...options }: RuntimeOptions = {}): Promise<Run> {
  const test = await createTestRuntime({ ...options, env: { ...OFFLINE, ...env } });
  return { ...test, exit: await runCli(args, test.runtime) };
}

const json = (test: TestRuntime) => JSON.parse(test.stdout.text());

describe('a dry run without a key', () => {
  it.each([
    [
      'openai',
      'https://api.openai.com/v1/videos',
      { prompt: 'Joe waves.', model: 'sora-2', seconds: '4', size: '1280x720' },
    ],
    [
      'wavespeed',
      'https://api.wavespeed.ai/api/v3/bytedance/seedance-2.0/text-to-video',
      { prompt: 'Joe waves.', aspect_ratio: '16:9', resolution: '720p', duration: 4 },
    ],
    [
      'eachlabs',
      'https://api.eachlabs.ai/v1/prediction',
      {
        model: 'bytedance-seedance-2-0-reference-to-video',
        input: { prompt: 'Joe waves.', aspect_ratio: '16:9', duration: 4, resolution: '720p' },
      },
    ],
  ])('shows the exact request of %s, and asks nobody', async (provider, url, body) => {
    const test = await run([...WORDS, '--provider', provider, '--max-cost', '9']);
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(json(test).request).toEqual({ method: 'POST', url, contentType: 'application/json', body });
  });

  it('says so on stderr, and that it is no obstacle', async () => {
    const test = await run(['video', 'generate', 'Joe waves.', '--dry-run', '--provider', 'wavespeed']);
    expect(test.exit).toBe(0);
    expect(test.stderr.text()).toContain(
      'No key is set for wavespeed: this command needs none, but sending the request does.',
    );
    expect(test.stderr.text()).toContain('Cost: $0.96');
    const keyed = await run(['video', 'generate', 'Joe waves.', '--dry-run', '--provider', 'wavespeed'], {
      env: { WAVESPEED_API_KEY: 'ws-0123456789' },
    });
    expect(keyed.stderr.text()).not.toContain('No key');
  });

  it('is the only thing that works without one', async () => {
    expect((await run(['video', 'generate', 'Joe waves.', '--provider', 'wavespeed'])).exit).toBe(4);
  });

  it.each([
    ['extend', 'videos/extensions', { prompt: 'He walks on.', seconds: '8', video: { id: 'video_a' } }],
    ['edit', 'videos/edits', { prompt: 'He walks on.', video: { id: 'video_a' } }],
    ['remix', 'videos/video_a/remix', { prompt: 'He walks on.' }],
  ])('shows %s of a video that is finished by its record', async (kind, path, body) => {
    const test = await createTestContext({}, { env: OFFLINE });
    const job = await addJob(test, { baseUrl: ENDED, status: 'succeeded', remoteId: 'video_a' });
    const seconds = kind === 'extend' ? ['--seconds', '8'] : [];
    const wish = [kind, job.id, 'He walks on.', ...seconds, '--dry-run', '--json'];
    expect(await runCli(['video', ...wish], test.runtime), test.stderr.text()).toBe(0);
    expect(json(test).request).toMatchObject({ url: `${ENDED}/${path}`, body });
    const sent = await test.again();
    expect(await runCli(['video', kind, job.id, 'He walks on.'], sent.runtime)).toBe(4);
  });

  it('says that it cannot ask about a video that was not finished', async () => {
    const test = await createTestContext({}, { env: OFFLINE });
    const job = await addJob(test, { baseUrl: ENDED, status: 'running' });
    expect(await runCli(['video', 'edit', job.id, 'At night.', '--dry-run'], test.runtime)).toBe(4);
    expect(test.stderr.text()).toContain(
      `Job ${job.id} was running when it was last checked, and its host cannot be asked without a key.`,
    );
  });

  it('says what only the host’s own schema settles', async () => {
    const test = await createTestContext({ provider: 'eachlabs' }, { env: OFFLINE });
    await addCharacter(test, 'Joe');
    const wish = ['-c', 'Joe', '--model', 'sora-2-text-to-video', '--allow-retired', '--provider', 'eachlabs'];
    expect(await runCli([...WORDS, ...wish], test.runtime), test.stderr.text()).toBe(0);
    expect(json(test).request).toMatchObject({
      body: { input: { characters: [{ id: '<id of Joe, once it is registered>' }] } },
      note: expect.stringContaining("the host's own schema is asked"),
    });
    const known = await test.again();
    await runCli([...WORDS, '-c', 'Joe', '--provider', 'eachlabs'], known.runtime);
    expect(json(known).request).not.toHaveProperty('note');
  });

  it.each([
    ['openai', [], `${ENDED}/videos/characters`, { name: 'Joe', video: '<video/mp4, the prepared clip>' }, 0],
    [
      'wavespeed',
      ['openai/sora-2/text-to-video'],
      'https://api.wavespeed.ai/api/v3/openai/sora-2/characters',
      { name: 'Joe', video: '<URL of the clip, once it is uploaded>' },
      0.001,
    ],
    [
      'eachlabs',
      ['sora-2-text-to-video'],
      'https://api.eachlabs.ai/v1/prediction',
      { model: 'sora-2-characters', input: { video_url: '<URL of the clip, once it is uploaded>', name: 'Joe' } },
      undefined,
    ],
    ['wavespeed', [], undefined, undefined, undefined],
  ])('of a character shows what %s would be sent %#', async (provider, [model], url, body, usd) => {
    const test = await createTestRuntime({ env: OFFLINE });
    const as = ['--provider', provider];
    await runCli(['config', 'set', 'provider', provider], test.runtime);
    if (model !== undefined) await runCli(['config', 'set', 'model', model], test.runtime);
    test.stdout.chunks.length = 0;
    const create = ['character', 'create', join(FIXTURES, 'joe.mp4'), '--name', 'Joe', '--dry-run', '--json', ...as];
    expect(await runCli(create, test.runtime), test.stderr.text()).toBe(0);
    const { request, cost } = json(test);
    expect(cost?.usd).toBe(usd);
    if (url === undefined) expect(request).toBeNull();
    else expect(request).toMatchObject({ method: 'POST', url, body });
  });

  it('of a character that the host knows already shows that nothing would be sent', async () => {
    const test = await createTestContext({}, { env: OFFLINE });
    const path = join(FIXTURES, 'joe.mp4');
    await addMadeFrom(test, 'Joe', path);
    const create = ['character', 'create', path, '--name', 'Joe'];
    const { orientation, kind, value } = { orientation: 'landscape', kind: 'id', value: 'char_1' } as const;
    const registration = { provider: 'openai', baseUrl: ENDED, orientation, kind, value, name: 'Joe' };
    const createdAt = new Date(START).toISOString();
    const store = await test.context.characters();
    await store.update('Joe', (joe) => ({ ...joe, registrations: [{ ...registration, createdAt }] }));
    const again = await test.again();
    expect(await runCli([...create, '--dry-run', '--provider', 'openai'], again.runtime)).toBe(0);
    expect(again.stderr.text()).toContain('openai knows Joe already: nothing would be sent.');
    expect(again.stdout.text()).not.toContain('POST');
  });

  it('of a character says what it costs to register it, and that nothing is where nobody is chosen', async () => {
    const test = await createTestRuntime({ env: OFFLINE });
    const create = ['character', 'create', join(FIXTURES, 'joe.mp4'), '--name', 'Joe', '--dry-run'];
    expect(await runCli(create, test.runtime)).toBe(0);
    expect(test.stderr.text()).toContain('It would be kept on this machine, and not registered: No provider');
    await runCli(['config', 'set', 'provider', 'wavespeed'], test.runtime);
    await runCli(['config', 'set', 'model', 'openai/sora-2/text-to-video'], test.runtime);
    expect(await runCli(create, test.runtime)).toBe(0);
    expect(test.stderr.text()).toContain('Cost: $0.001 (1 character at $0.001; as of 2026-11-21: ');
  });
});

describe('options of a wait', () => {
  it.each([
    [['--timeout', '1h'], '--timeout needs --wait or -o.'],
    [['--force', '--poll-interval', '2s'], '--poll-interval and --force need --wait or -o.'],
    [['--allow-drift'], '--allow-drift needs --wait or -o.'],
  ])('are refused without a wait: %j', async (words, message) => {
    for (const command of [
      ['generate', 'Joe waves.'],
      ['edit', '@last', 'At night.'],
    ]) {
      const test = await createTestContext({}, { env: OFFLINE });
      await addJob(test, { baseUrl: ENDED, status: 'succeeded' });
      const wish = ['video', ...command, ...words, '--dry-run', '--provider', 'openai'];
      expect(await runCli(wish, test.runtime)).toBe(2);
      expect(test.stderr.text()).toContain(message);
    }
  });

  it('have their defaults where they are not typed: a wait ends after 30 minutes', async () => {
    const test = await withHost();
    const job = await addJob(test, { baseUrl: test.baseUrl, status: 'running' });
    test.server.answer({ ...videoObject('in_progress', { id: job.remoteId }), forever: true });
    expect(await runCli(['video', 'wait', job.id, '--poll-interval', '10m'], test.runtime)).toBe(8);
    expect(test.clock.ms - START).toBe(30 * 60_000);
  });

  it.each([['--wait'], ['-o', 'sea.mp4']])('are taken with one: %s', async (...wait) => {
    const { exit, stderr } = await run([...WORDS, '--provider', 'openai', '--timeout', '1h', '--force', ...wait]);
    expect(exit, stderr.text()).toBe(0);
  });
});
