import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HOST_NAMES, PROVIDERS } from '../../src/providers/index.ts';
import { makeMachine } from '../helpers/cli.ts';
import { run } from '../helpers/ffmpeg.ts';
import { showingFfmpeg } from '../helpers/ffmpeg-cache.ts';
import { createH3Host } from '../helpers/h3-host.ts';
import { quickened } from '../helpers/here.ts';
import { bringJoe, fittingJoe } from '../helpers/joe.ts';
import { serveSandbox } from '../helpers/serve.ts';

/** The share of pixels of a frame that are as teal as Joe's pullover. */
async function tealShare(path: string): Promise<number> {
  const { stdout } = await run([
    '-v',
    'error',
    '-ss',
    '1',
    '-i',
    path,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ]);
  let teal = 0;
  for (let at = 0; at + 2 < stdout.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = stdout.subarray(at, at + 3);
    if (Math.abs(red - 28) < 24 && Math.abs(green - 155) < 24 && Math.abs(blue - 148) < 24) teal += 1;
  }
  return teal / (stdout.length / 3);
}

it('a character outlives the host that it was made at', async () => {
  const machine = makeMachine({ SORA_FFMPEG: showingFfmpeg() });
  const { sora, dir } = quickened(machine);
  const first = await serveSandbox(machine, 'host-openai');
  const { OPENAI_BASE_URL = '', OPENAI_API_KEY = '' } = first.variables;
  const openai = { OPENAI_BASE_URL, OPENAI_API_KEY };
  const made = await sora(['character', 'create', await fittingJoe(), '--name', 'Joe'], { env: openai });
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const once = await sora(['video', 'generate', 'Joe waves.', '-c', 'Joe', '-o', 'openai.mp4'], { env: openai });
  expect(once, once.stderr).toMatchObject({ exitCode: 0 });
  await first.stop();
  expect((await sora(['video', 'generate', 'Joe runs.', '-c', 'Joe'], { env: openai })).exitCode).toBe(6);

  const second = await serveSandbox(machine, 'host-others');
  const shares: number[] = [await tealShare(join(dir, 'openai.mp4'))];
  const others = HOST_NAMES.filter((name) => name !== 'openai');
  for (const name of others) {
    const { keyVariable, baseUrlVariable } = PROVIDERS[name];
    const variables = Object.fromEntries(
      [keyVariable, baseUrlVariable].map((variable) => [variable, second.variables[variable] ?? '']),
    );
    const args = ['video', 'generate', 'He waves.', '-c', 'Joe', '--provider', name, '-o', `${name}.mp4`];
    const done = await sora(args, { env: variables });
    expect(done, `${name}: ${done.stderr}`).toMatchObject({ exitCode: 0 });
    shares.push(await tealShare(join(dir, `${name}.mp4`)));
  }
  // And on a server of one's own, where the clip travels in the request.
  const own = await createH3Host('vllm-omni');
  const flags = ['--provider', 'openai', '--base-url', own.baseUrl, '--backend', 'vllm-omni', '-o', 'h3.mp4'];
  const last = await sora(['video', 'generate', 'Joe waves.', '-c', 'Joe', ...flags]);
  expect(last, last.stderr).toMatchObject({ exitCode: 0 });
  expect(last.stderr).toContain('1344x768 is asked for, not 1280x720');
  expect(own.created).toMatchObject([
    {
      prompt: 'Joe waves. <Subject 1> is Joe, the character in <Video 1>.',
      input_references: expect.stringMatching(/^<video\/mp4, \d{4,} bytes>$/),
    },
  ]);
  shares.push(await tealShare(join(dir, 'h3.mp4')));
  for (const share of shares) expect(share).toBeGreaterThan(0.005);

  const joe = JSON.parse((await sora(['character', 'show', 'Joe', '--json'])).stdout);
  expect(joe.registrations.map((one: { provider: string; kind: string }) => `${one.provider} ${one.kind}`)).toEqual([
    'openai id',
    ...others.map((name) => `${name} url`),
  ]);
}, 240_000);

it('a clip that the host has deleted is uploaded again, and fits however it is turned', async () => {
  const machine = makeMachine();
  const { sora, dir } = quickened(machine);
  const host = await serveSandbox(machine, 'host-forgetful');
  const { WAVESPEED_BASE_URL = '', WAVESPEED_API_KEY = '' } = host.variables;
  const env = { WAVESPEED_BASE_URL, WAVESPEED_API_KEY };
  await bringJoe(machine.home);
  const send = ['video', 'generate', 'Joe waves.', '-c', 'Joe', '--aspect', '9:16'];
  const first = await sora(send, { env });
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  rmSync(join(dir, 'host-forgetful', 'sandbox', 'uploads'), { recursive: true });
  mkdirSync(join(dir, 'host-forgetful', 'sandbox', 'uploads'));
  const second = await sora(send, { env });
  expect(second, second.stderr).toMatchObject({ exitCode: 0 });
  const joe = JSON.parse((await sora(['character', 'show', 'Joe', '--json'])).stdout);
  expect(joe.registrations.map((one: { stale?: boolean }) => one.stale === true)).toEqual([true, false]);
}, 120_000);
