/** What `sora sandbox serve` prints, given to the vendors' own tools: each reads the variables that it reads at its vendor. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makeMachine } from '../helpers/cli.ts';
import { serveSandbox } from '../helpers/serve.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program as its author would write it for the vendors themselves, where the tool reads a base URL by itself. */
const PROGRAM = `
import OpenAI from 'openai';
import RunwayML from '@runwayml/sdk';
import { Client } from 'wavespeed';
import { createFalClient } from '@fal-ai/client';

const { WAVESPEED_BASE_URL, EACHLABS_BASE_URL, EACHLABS_API_KEY, FAL_BASE_URL } = process.env;
const { id } = await new OpenAI().videos.create({ prompt: 'A lighthouse.' });
const { creditBalance } = await new RunwayML().organization.retrieve();
const wavespeed = new Client(undefined, { baseUrl: WAVESPEED_BASE_URL });
const { outputs } = await wavespeed.run('openai/sora-2/text-to-video', { prompt: 'A lighthouse.' });
const fal = createFalClient({
  fetch: (url, init) => fetch(String(url).replace(/^https:\\/\\/[a-z]+\\.fal\\.(run|ai)/, FAL_BASE_URL), init),
});
const request = await fal.queue.submit('bytedance/seedance-2.0/reference-to-video', { input: { prompt: 'A hill.' } });
const prediction = await fetch(EACHLABS_BASE_URL + '/v1/prediction', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + EACHLABS_API_KEY },
  body: JSON.stringify({ model: 'sora-2-text-to-video', version: '1.0.0', input: { prompt: 'A hill.' } }),
});
const { predictionID } = await prediction.json();
console.log(JSON.stringify({ id, creditBalance, outputs, request: request.request_id, predictionID }));
`;

describe('the variables of sandbox serve', { timeout: 120_000 }, () => {
  it('are all that the vendors’ own tools need, and the sandbox ends by Ctrl-C', async () => {
    const machine = makeMachine();
    writeFileSync(join(machine.dir, 'scenario.json'), JSON.stringify({ version: 1, jobSeconds: 0 }));
    const { variables, stop } = await serveSandbox(machine, 'host', ['--scenario', 'scenario.json']);
    const options = { env: { HOME: machine.dir, XDG_CONFIG_HOME: machine.dir, ...variables }, extendEnv: false };
    const libraries = await execa(process.execPath, ['--input-type=module', '-e', PROGRAM], { ...options, cwd: ROOT });
    expect(JSON.parse(libraries.stdout)).toEqual({
      id: expect.stringMatching(/^video_/),
      creditBalance: 100_000,
      outputs: [expect.stringMatching(/\.mp4$/)],
      request: expect.stringMatching(/./),
      predictionID: expect.stringMatching(/^prediction_/),
    });
    const program = join(ROOT, 'node_modules/@wavespeed/cli/dist/cli.js');
    const wavespeed = (...args: string[]) =>
      execa(process.execPath, [program, ...args], { ...options, cwd: machine.dir });
    await wavespeed('config', '--base-url', String(variables.WAVESPEED_BASE_URL));
    expect(JSON.parse((await wavespeed('balance', '--json')).stdout)).toMatchObject({ balance: 99.6 });
    expect(await stop()).toBe(0);
  });
});
