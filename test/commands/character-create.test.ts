import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreateInput, runCharacterCreate } from '../../src/commands/character-create.ts';
import { DEFAULT_CLIP_OPTIONS, isMade, type MadeCharacter } from '../../src/domain.ts';
import { PLAN_VERSION } from '../../src/media/plan.ts';
import { makeClip } from '../helpers/clips.ts';
import { createTestContext, type TestContext } from '../helpers/host.ts';

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

async function created(input: Partial<CreateInput> = {}): Promise<TestContext & { joe: MadeCharacter }> {
  const test = await createTestContext();
  await writeFile(join(test.dir, 'joe.mp4'), clip);
  await runCharacterCreate(test.context, { ...CREATE, ...input });
  return { ...test, joe: await find(test) };
}

async function find({ context }: TestContext): Promise<MadeCharacter> {
  const joe = await (await context.characters()).find('Joe');
  if (!joe || !isMade(joe)) throw new Error('Joe is not there');
  return joe;
}

/** Changes the record as it lies on the disk. */
async function rewrite({ context, joe }: TestContext & { joe: MadeCharacter }, change: object): Promise<void> {
  const store = await context.characters();
  await store.update('Joe', () => ({ ...joe, ...change }));
}

const REGISTRATION = {
  ...{ provider: 'sandbox', baseUrl: 'sandbox:', orientation: 'landscape', kind: 'id', value: 'char_1' },
  ...{ name: 'Joe', createdAt: '2026-11-21T10:00:00.000Z' },
} as const;

describe('character create', () => {
  it('keeps what was wished, the best part and cropped bars among it', async () => {
    const wishes = { ...options, start: 'auto', cropBars: true } as const;
    const { joe } = await created({ options: wishes });
    expect(joe).toMatchObject({ options: wishes, planVersion: PLAN_VERSION, master: { width: 1280, height: 720 } });
  });

  it('takes the same clip of a record that does not know of bars for the same', async () => {
    const test = await created();
    const { cropBars: _new, ...old } = test.joe.options;
    await rewrite(test, { options: old });
    await runCharacterCreate(test.context, CREATE);
    expect((await find(test)).options).toEqual(old);
    const cropped = runCharacterCreate(test.context, { ...CREATE, options: { ...options, cropBars: true } });
    await expect(cropped).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--force') });
  });

  it('prepares the same clip anew when it was made by other rules, and keeps what is still true', async () => {
    const test = await created();
    await rewrite(test, { planVersion: PLAN_VERSION - 1, registrations: [REGISTRATION] });
    await runCharacterCreate(test.context, CREATE);
    const joe = await find(test);
    expect(joe).toMatchObject({ planVersion: PLAN_VERSION, master: test.joe.master, registrations: [REGISTRATION] });
    expect(test.stderr.text()).toContain('Joe was prepared by another version of sora, and is prepared anew.');
  });
});
