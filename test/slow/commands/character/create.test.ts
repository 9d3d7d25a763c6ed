import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { characterJson } from '../../../../src/characters/record.ts';
import { runCli } from '../../../../src/cli/run.ts';
import { type CreateInput, runCharacterCreate } from '../../../../src/commands/character/create.ts';
import { hashText } from '../../../../src/disk/hash.ts';
import type { CharacterWithClip, Registration } from '../../../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS, PLAN_VERSION } from '../../../../src/shared/clip.ts';
import { makeClip } from '../../../helpers/clips.ts';
import { refusal, withHost } from '../../../helpers/far-end.ts';
import { createTestContext, type TestContext } from '../../../helpers/runtime.ts';
import { changeRecord } from '../../../helpers/samples.ts';

const options = DEFAULT_CLIP_OPTIONS;
const CREATE = {
  file: 'joe.mp4',
  name: 'Joe',
  options,
  force: false,
  local: true,
  dryRun: false,
} satisfies CreateInput;

let folder: string;
let clip: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-create-'));
  clip = await readFile(await makeClip('2.0 s', folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function created(input: Partial<CreateInput> = {}): Promise<TestContext & { joe: CharacterWithClip }> {
  const test = await createTestContext();
  await writeFile(join(test.dir, 'joe.mp4'), clip);
  await runCharacterCreate(test.context, { ...CREATE, ...input });
  return { ...test, joe: await find(test) };
}

async function find({ context }: TestContext): Promise<CharacterWithClip> {
  const joe = await (await context.characters()).find('Joe');
  if (!joe?.clip) throw new Error('Joe is not there');
  return joe;
}

/** Changes the record as it lies on the disk. */
async function rewrite({ context, joe }: TestContext & { joe: CharacterWithClip }, change: object): Promise<void> {
  const store = await context.characters();
  await store.update('Joe', () => changeRecord(joe, change));
}

const REGISTRATION: Registration = {
  ...{ provider: 'sandbox', baseUrl: 'sandbox:', orientation: 'landscape', kind: 'id', value: 'char_1' },
  ...{ name: 'Joe', createdAt: '2026-11-21T10:00:00.000Z' },
};

const PENDING = {
  ...{ provider: 'sandbox', baseUrl: 'sandbox:', profile: 'default', orientation: 'landscape', name: 'Joe' },
  createdAt: '2026-11-21T10:00:00.000Z',
} as const;

describe('character create', () => {
  it.each([
    [
      'a host that cannot register at all',
      refusal(501, 'api_not_implemented'),
      'refused',
      'Joe is kept on this machine.\n',
    ],
    [
      'a wrong key',
      refusal(401, 'invalid_api_key'),
      'auth',
      'machine; the same command tries the registration again.\n',
    ],
  ])('says whether the same command would help, after %s', async (_title, answer, code, note) => {
    const test = await withHost();
    await writeFile(join(test.dir, 'joe.mp4'), clip);
    test.server.answer(answer);
    await expect(runCharacterCreate(test.context, { ...CREATE, local: false })).rejects.toMatchObject({ code });
    expect(test.stderr.text()).toContain(note);
  });

  it('says before it prepares that nothing is registered, where no host is chosen', async () => {
    const test = await createTestContext();
    await writeFile(join(test.dir, 'joe.mp4'), clip);
    await expect(runCharacterCreate(test.context, { ...CREATE, local: false })).rejects.toMatchObject({
      ...{ code: 'usage', message: expect.stringContaining('Joe is prepared and kept, but not registered') },
      hint: expect.stringMatching(/^To keep it without a registration, add --local\. Name one: /),
    });
    const said = test.stderr.text();
    const note = said.indexOf('Joe will be kept on this machine, and not registered: No provider is configured.');
    expect(note).toBeGreaterThanOrEqual(0);
    expect(note).toBeLessThan(said.indexOf('Preparing joe.mp4'));
  });

  it('keeps what was wished, the best part and cropped bars among it', async () => {
    const wishes = { ...options, start: 'auto', cropBars: true } as const;
    const { joe } = await created({ options: wishes });
    expect(joe.clip).toMatchObject({ options: wishes, planVersion: PLAN_VERSION });
    expect(joe.clip.master).toMatchObject({ width: 1280, height: 720 });
    expect(joe.clip.source.facts).toMatchObject({ container: 'MPEG-4', codec: 'H.264', fps: expect.any(Number) });
  });

  it('takes the same clip of a record that does not know of bars for the same', async () => {
    const test = await created();
    const { cropBars: _new, ...old } = test.joe.clip.options;
    await rewrite(test, { options: old });
    await runCharacterCreate(test.context, CREATE);
    expect((await find(test)).clip.options).toEqual(old);
    const cropped = runCharacterCreate(test.context, { ...CREATE, options: { ...options, cropBars: true } });
    await expect(cropped).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--force') });
  });

  it('prepares the same clip anew when it was made by other rules', async () => {
    const test = await created();
    await rewrite(test, { planVersion: PLAN_VERSION - 1 });
    await runCharacterCreate(test.context, CREATE);
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION, master: test.joe.clip.master });
    expect(test.stderr.text()).toContain('Joe was prepared by another version of sora and is prepared again.');
  });

  it.each([
    ['known to a host', { registrations: [REGISTRATION] }],
    ['being made at a host', { pending: [PENDING] }],
  ])('leaves one that is %s as it is, and with --force keeps what is still true', async (_, bond) => {
    const test = await created();
    await rewrite(test, { planVersion: PLAN_VERSION - 1, ...bond });
    await runCharacterCreate(test.context, CREATE);
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION - 1, ...bond });
    expect(test.stderr.text()).toContain('--force prepares and registers it again');
    await runCharacterCreate(test.context, { ...CREATE, force: true });
    expect(characterJson(await find(test))).toMatchObject({
      planVersion: PLAN_VERSION,
      master: test.joe.clip.master,
      ...bond,
    });
  });

  it('keeps what hosts know of another clip only where that clip was lost', async () => {
    const test = await created();
    const store = await test.context.characters();
    const unlike = async (): Promise<void> => {
      const path = await store.tempClipPath();
      await writeFile(path, 'made by other rules');
      const master = { ...test.joe.clip.master, sha256: hashText('made by other rules') };
      const clip = { ...test.joe.clip, planVersion: PLAN_VERSION - 1, master };
      await store.keep({ ...test.joe, registrations: [REGISTRATION], clip }, path, { replace: true });
      await store.update('Joe', (joe) => ({ ...joe, registrations: [REGISTRATION] }));
    };
    await unlike();
    await rm(store.clipPath((await find(test)).clip.master.sha256));
    await runCharacterCreate(test.context, CREATE);
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION, registrations: [REGISTRATION] });

    await unlike();
    await runCharacterCreate(test.context, { ...CREATE, force: true });
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION, registrations: [] });
  });

  it('gives nothing up for what may not be paid, and a dry run of what is known costs nothing', async () => {
    const test = await createTestContext({}, { env: { WAVESPEED_API_KEY: 'key-123456' } });
    await writeFile(join(test.dir, 'joe.mp4'), clip);
    for (const [field, value] of [
      ['provider', 'wavespeed'],
      ['model', 'openai/sora-2/text-to-video'],
    ] as const)
      await runCli(['config', 'set', field, value], test.runtime);
    await runCharacterCreate(test.context, CREATE);
    const joe = await find(test);
    const known = { ...REGISTRATION, provider: 'wavespeed', baseUrl: 'https://api.wavespeed.ai/api/v3' };
    await rewrite({ ...test, joe }, { planVersion: PLAN_VERSION - 1, registrations: [known] });
    const paid = { ...CREATE, local: false, maxCost: 0 };
    const { context } = await test.again();
    await expect(runCharacterCreate(context, { ...paid, force: true })).rejects.toMatchObject({ code: 'budget' });
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION - 1, registrations: [known] });

    const { clip: _, ...clipless } = joe;
    const store = await test.context.characters();
    await store.remove('Joe');
    await store.claim({ ...clipless, registrations: [known] }, { clipless: true });
    for (const dryRun of [true, false]) await runCharacterCreate((await test.again()).context, { ...paid, dryRun });
    expect(characterJson(await find(test))).toMatchObject({ planVersion: PLAN_VERSION, registrations: [known] });
    // Of a new one it is named as it is kept.
    const { context: other, stdout } = await test.again({ json: true });
    await runCharacterCreate(other, { ...CREATE, name: 'Ann', local: false, dryRun: true });
    const { cost } = JSON.parse(stdout.text());
    expect(cost.usd).toBeGreaterThan(0);
    expect(cost.estimateUsd).toBe(cost.usd);
  });

  it('of a picture that is given as a clip says how characters of pictures are made', async () => {
    const { context } = await createTestContext();
    const file = fileURLToPath(new URL('../../../../fixtures/joe-at-the-sea.png', import.meta.url));
    await expect(runCharacterCreate(context, { ...CREATE, file })).rejects.toMatchObject({
      ...{ code: 'clip', message: 'It is a single picture, not a video.' },
      hint: expect.stringMatching(/: sora character create --name <name> --image \S+joe-at-the-sea\.png$/),
    });
  });
});
