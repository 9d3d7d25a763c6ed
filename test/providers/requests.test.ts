/**
 * One prompt at every model of every host, as `--dry-run` shows it, against a file that a person has read. A host joins by its
 * table: `UPDATE_REQUESTS=1` writes the file anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { HOST_NAMES, PROVIDERS } from '../../src/providers/index.ts';
import type { ModelFacts } from '../../src/providers/models.ts';
import { KEY } from '../helpers/far-end.ts';
import { createTestContext, runtimeIn } from '../helpers/runtime.ts';
import { changeRecord, keepSample, madeFiles, samplePictures } from '../helpers/samples.ts';

const FILE = fileURLToPath(new URL('../../fixtures/requests.json', import.meta.url));
const isUpdate = process.env.UPDATE_REQUESTS !== undefined;

const ROWS = (
  await Promise.all(HOST_NAMES.map(async (host) => (await PROVIDERS[host].models()).map((model) => ({ host, model }))))
).flat();

const written: Record<string, unknown> = {};
const expected: Readonly<Record<string, unknown>> = isUpdate ? {} : JSON.parse(readFileSync(FILE, 'utf8'));

/** Nothing leaves this machine: there is no such proxy. */
const OFFLINE = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

/** Two characters with pictures of their own: one as most are, the other larger, longer and slower than some models take. */
async function machine() {
  const keys = Object.fromEntries(HOST_NAMES.map((host) => [PROVIDERS[host].keyVariable, KEY]));
  const env = { ...OFFLINE, ...keys };
  const test = await createTestContext({}, { env });
  const store = await test.context.characters();
  for (const [name, master] of [
    ['Joe', {}],
    ['Mia', { width: 1920, height: 1080, seconds: 4, fps: 23.976 }],
  ] as const) {
    const { clip } = await keepSample(store, name);
    const kept = await store.update(name, (current) =>
      changeRecord(current, { master: { ...clip.master, ...master } }),
    );
    const contents = [`front of ${name}`, `side of ${name}`];
    const { stills = [] } = samplePictures(name, contents);
    await store.place(name, await madeFiles(store, contents), () => ({ ...kept, stills }));
  }
  return { dir: test.dir, home: test.home, env };
}

/** The request, or why there is none. */
async function previewOf(host: string, { id, seconds }: ModelFacts): Promise<unknown> {
  const { env, ...places } = await machine();
  const test = runtimeIn(places, { env });
  const length = seconds.length === 0 || seconds.includes(8) ? 8 : seconds[0];
  const flags = ['--provider', host, '--model', id, '--seconds', String(length), '--allow-retired'];
  const words = ['video', 'generate', 'Joe waves at Mia.', '-c', 'Joe', '-c', 'Mia', ...flags, '--dry-run', '--json'];
  const exit = await runCli(words, test.runtime);
  const said = JSON.parse(test.stdout.text() || test.stderr.text());
  if (exit !== 0) return { exit, error: said.error.message };
  const { request, copies } = said;
  return {
    url: request.url,
    body: request.body,
    ...(copies && { copies }),
    ...(request.note && { note: request.note }),
  };
}

describe('the request for one prompt', () => {
  it.each(ROWS)('at $host of $model.id is what a person has read', async ({ host, model }) => {
    const row = `${host} ${model.id}`;
    written[row] = await previewOf(host, model);
    if (!isUpdate) expect(written[row]).toEqual(expected[row]);
  });

  it('is in the file for every model of every table, and for no other', () => {
    if (!isUpdate) expect(Object.keys(expected)).toEqual(ROWS.map(({ host, model }) => `${host} ${model.id}`));
  });
});

afterAll(() => {
  if (isUpdate) writeFileSync(FILE, `${JSON.stringify(written, null, 2)}\n`);
});
