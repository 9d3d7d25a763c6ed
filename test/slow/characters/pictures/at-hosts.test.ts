/** Characters whose pictures travel to models that take pictures, at a sandbox in this process. */
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitCast } from '../../../../src/characters/fit-cast.ts';
import { registerMissing } from '../../../../src/characters/register-cast.ts';
import { markUnreachable } from '../../../../src/characters/stale.ts';
import { syncCast } from '../../../../src/characters/sync.ts';
import { hashText } from '../../../../src/disk/hash.ts';
import { KLING_40_CHARACTERS, SEEDANCE_20_CHARACTERS } from '../../../../src/providers/models.ts';
import type { Character, Still } from '../../../../src/shared/character.ts';
import { checkOrder } from '../../../../src/videos/check-order.ts';
import { newJobId } from '../../../../src/videos/jobs/record.ts';
import { forgetUnreadClips } from '../../../../src/videos/jobs/unread-clips.ts';
import { planVideo, type VideoPlan } from '../../../../src/videos/plan.ts';
import { sendVideos } from '../../../../src/videos/send.ts';
import type { Workspace } from '../../../../src/workspace.ts';
import { bringJoe } from '../../../helpers/joe.ts';
import { pictureOf } from '../../../helpers/pictures.ts';
import { START } from '../../../helpers/runtime.ts';
import { sampleCharacter, sampleJob, samplePictures } from '../../../helpers/samples.ts';
import { openWorkspace } from '../../../helpers/workspace.ts';

const SIZE = { width: 1280, height: 720 };
const KLING = 'kwaivgi/kling-v4.0/reference-to-video';
const VEO = 'fal-ai/veo3.1/reference-to-video';
const OMNI = 'google/gemini-omni-1.1-flash/reference-to-video';

const square = async (side: number) => Buffer.from(await pictureOf('png', { width: side, height: side }));
const pictures = [await square(400), await square(360), await square(340), await square(320), await square(256)];

/** A character of pictures alone; those whose sides are given by their place in the list. */
async function made(workspace: Workspace, name: string, which: readonly number[]): Promise<Character> {
  const store = await workspace.characters();
  const files = [];
  const stills: Still[] = [];
  for (const index of which) {
    // Of its own for each character, so that none shares a file with another.
    const bytes = Buffer.concat([pictures[index] ?? Buffer.alloc(0), Buffer.from(name)]);
    const path = await store.tempClipPath('png');
    await writeFile(path, bytes);
    const sha256 = hashText(bytes);
    files.push({ path, sha256, extension: 'png' });
    const side = [400, 360, 340, 320, 256][index] ?? 0;
    stills.push({
      sha256,
      mime: 'image/png',
      width: side,
      height: side,
      bytes: bytes.length,
      fileName: `${index}.png`,
    });
  }
  const createdAt = '2026-11-21T10:00:00.000Z';
  return store.place(name, files, () => ({ version: 1, name, stills, registrations: [], createdAt }));
}

async function planOf(
  workspace: Workspace,
  names: readonly string[],
  { model, reference, isPreview = false }: { model?: string; reference?: Uint8Array; isPreview?: boolean } = {},
): Promise<VideoPlan> {
  const provider = await workspace.provider();
  const store = await workspace.characters();
  const characters = (await Promise.all(names.map((name) => store.find(name)))).flatMap((one) => one ?? []);
  const input = {
    prompt: `${names.join(' and ')} wave.`,
    characters,
    size: SIZE,
    seconds: 4,
    ...(reference && { reference }),
  };
  return planVideo(workspace, { input, provider, model: model ?? provider.defaultModel, inject: true, isPreview });
}

const urlsOf = (plan: VideoPlan) => plan.video.characters.map(({ values }) => values);
const uploadsOf = async (workspace: Workspace, name: string) =>
  (await (await workspace.characters()).find(name))?.uploads;

it('pictures of a clip are chosen, and not kept, for a plan that is only shown', async () => {
  const { workspace, home } = await openWorkspace({ provider: 'fal' });
  await bringJoe(home);
  const kept = () => readdirSync(join(home, 'clips'));
  const before = kept();
  const [preview, again] = [
    await planOf(workspace, ['Joe'], { model: VEO, isPreview: true }),
    await planOf(workspace, ['Joe'], { model: VEO, isPreview: true }),
  ];
  expect(kept()).toEqual(before);
  const plan = await planOf(workspace, ['Joe'], { model: VEO });
  expect(kept()).toEqual(expect.arrayContaining([expect.stringMatching(/\.stills\.json$/)]));
  const chosen = [preview, again, plan].map(({ cast }) => cast[0]?.target.pictures);
  expect(chosen[0]?.length).toBeGreaterThan(0);
  expect(chosen[0]?.[0]).toBe(chosen[1]?.[0]);
  expect(chosen[2]).toEqual(chosen[0]);
  expect(preview.video.prompt).toBe(plan.video.prompt);
});

describe.each(['wavespeed', 'eachlabs'] as const)('pictures of characters at %s', (host) => {
  it('are uploaded once, told by what the prompt calls them, and kept in the record of the job', async () => {
    const { workspace } = await openWorkspace({ provider: host });
    await made(workspace, 'Mia', [0, 1]);
    await made(workspace, 'Rex', [2]);
    const plan = await planOf(workspace, ['Mia', 'Rex']);
    expect(plan.missing).toHaveLength(2);
    expect(plan.video.prompt).toBe(
      'Mia and Rex wave. Mia is the character in @Image1 and @Image2. Rex is the character in @Image3.',
    );
    expect(urlsOf(plan)[0]).toEqual([
      "<URL of Mia's picture 1, once it is uploaded>",
      "<URL of Mia's picture 2, once it is uploaded>",
    ]);
    const [{ job } = {}] = await sendVideos(workspace, plan, { count: 1, resend: false, allowUnknownCost: true });
    const [mia, rex] = [await uploadsOf(workspace, 'Mia'), await uploadsOf(workspace, 'Rex')];
    const values = mia?.map(({ url }) => url) ?? [];
    expect(values).toHaveLength(2);
    expect(job?.request.characters).toEqual([
      { name: 'Mia', value: values[0], mode: 'image', values },
      { name: 'Rex', value: rex?.[0]?.url, mode: 'image', values: [rex?.[0]?.url] },
    ]);
    const again = await planOf(workspace, ['Mia']);
    expect(again.missing).toEqual([]);
    expect(urlsOf(again)).toEqual([values]);
    expect(again.fingerprint).toBe((await planOf(workspace, ['Mia'])).fingerprint);
  });

  it('are uploaded again where the host could not read one, and that one alone', async () => {
    const { workspace, told } = await openWorkspace({ provider: host });
    await made(workspace, 'Mia', [0, 1]);
    await registerMissing(workspace, (await planOf(workspace, ['Mia'])).cast);
    const [first, second] = (await uploadsOf(workspace, 'Mia')) ?? [];
    await markUnreachable(workspace, [second?.url ?? '']);
    expect(told.notes.at(-1)).toMatch(/a picture of Mia .* is uploaded again/);
    const plan = await planOf(workspace, ['Mia']);
    expect(plan.missing).toHaveLength(1);
    const [known] = await registerMissing(workspace, plan.cast);
    expect(known?.values?.[0]).toBe(first?.url);
    expect(known?.values?.[1]).not.toBe(second?.url);
    expect(await uploadsOf(workspace, 'Mia')).toHaveLength(2);
  });

  it('are all uploaded again where a job tells that the host could not read one of them', async () => {
    const { workspace } = await openWorkspace({ provider: host });
    await made(workspace, 'Mia', [0, 1]);
    await registerMissing(workspace, (await planOf(workspace, ['Mia'])).cast);
    const values = ((await uploadsOf(workspace, 'Mia')) ?? []).map(({ url }) => url);
    const failure = { message: 'Failed to download.', policy: false, unreachable: true };
    const characters = [{ name: 'Mia', value: values[0] ?? '', mode: 'image', values }] as const;
    const request = { prompt: 'Mia waves.', seconds: 4, size: SIZE, characters };
    await forgetUnreadClips(
      workspace,
      sampleJob(
        newJobId(START, () => 0.5),
        { status: 'failed', failure, request },
      ),
    );
    expect((await uploadsOf(workspace, 'Mia'))?.map(({ stale }) => stale)).toEqual([true, true]);
  });
});

describe('pictures of characters', () => {
  it('are one alone where the model has a field for one, and two characters are refused', async () => {
    const { workspace } = await openWorkspace({ provider: 'eachlabs' });
    await made(workspace, 'Mia', [0, 1]);
    await made(workspace, 'Rex', [2]);
    const model = 'some-new-image-to-video';
    expect(urlsOf(await planOf(workspace, ['Mia'], { model })).map((values) => values.length)).toEqual([1]);
    await expect(planOf(workspace, ['Mia', 'Rex'], { model })).rejects.toMatchObject({ code: 'usage' });
  });

  it('are uploaded again once the host has deleted them', async () => {
    const { workspace } = await openWorkspace({ provider: 'wavespeed' });
    await made(workspace, 'Mia', [0]);
    await registerMissing(workspace, (await planOf(workspace, ['Mia'])).cast);
    expect((await planOf(workspace, ['Mia'])).missing).toEqual([]);
    await workspace.runtime.clock.sleep(7 * 86_400_000, workspace.runtime.signal);
    expect((await planOf(workspace, ['Mia'])).missing).toHaveLength(1);
  });

  it('are as many of each as the model takes of all, beside a first picture', async () => {
    const { workspace } = await openWorkspace({ provider: 'wavespeed' });
    for (const name of ['Mia', 'Rex', 'Zoë']) await made(workspace, name, [0, 1, 2, 3, 4]);
    const counts = async (names: string[], more: Parameters<typeof planOf>[2] = {}) =>
      urlsOf(await planOf(workspace, names, { model: OMNI, ...more })).map((values) => values.length);
    expect(await counts(['Mia'])).toEqual([4]);
    expect(await counts(['Mia', 'Rex'])).toEqual([3, 3]);
    const first = await pictureOf('png', SIZE);
    expect(await counts(['Mia', 'Rex'], { reference: first })).toEqual([3, 2]);
    expect(await counts(['Rex', 'Mia'], { reference: first })).toEqual([3, 2]);
    expect(await counts(['Mia', 'Rex', 'Zoë'], { reference: first })).toEqual([2, 2, 1]);
  });

  it('that are too small for a model stay behind, and a character of such alone is refused', async () => {
    const { workspace } = await openWorkspace({ provider: 'wavespeed' });
    await made(workspace, 'Mia', [4, 0]);
    await made(workspace, 'Rex', [4]);
    const plan = await planOf(workspace, ['Mia'], { model: KLING });
    expect(plan.cast[0]?.target.pictures?.map(({ width }) => width)).toEqual([400]);
    await expect(planOf(workspace, ['Rex'], { model: KLING })).rejects.toMatchObject({
      code: 'usage',
      message: `${KLING} takes no picture of Rex: the first is 256x256, and it takes at least 300 pixels a side.`,
      hint: expect.stringContaining('sora character stills'),
    });
  });

  it('P6: do not help with a model that takes ids, which says what would take them', async () => {
    const { workspace, told } = await openWorkspace({ provider: 'openai' });
    const mia = await made(workspace, 'Mia', [0]);
    const provider = await workspace.provider();
    const input = { prompt: 'Mia waves.', characters: [mia], size: SIZE, seconds: 4 };
    await expect(checkOrder(workspace, { input, provider, model: 'sora-2' })).rejects.toMatchObject({
      code: 'usage',
      message: 'sora-2 does not take this cast: Mia has pictures, and no clip.',
      hint: expect.stringMatching(/--provider \w+ --model \S+/),
    });
    expect(await syncCast(workspace, [mia], { provider })).toEqual([{ character: mia }]);
    expect(told.notes.at(-1)).toMatch(/^Mia has pictures alone, which .* does not take: it is left out\.$/);
    const [named] = await syncCast(workspace, [mia], { provider, isNamed: true });
    expect(named?.error?.message).toBe('Mia: Mia has pictures, and no clip.');
  });

  it('are those of a clip only for a model that takes nothing else, or where they were given', async () => {
    const joe = sampleCharacter('Joe');
    const mia = samplePictures('Mia', ['front']);
    const modes = (cast: readonly Character[], inputs = SEEDANCE_20_CHARACTERS) =>
      fitCast(cast, inputs, 'landscape').cast.map(({ input }) => input.mode);
    expect(modes([joe])).toEqual(['clip-url']);
    expect(modes([joe, mia])).toEqual(['clip-url', 'image']);
    expect(modes([joe], SEEDANCE_20_CHARACTERS.slice(1))).toEqual(['image']);
    const short = { ...joe, clip: { ...joe.clip, master: { ...joe.clip.master, seconds: 2 } } };
    expect(modes([short], KLING_40_CHARACTERS)).toEqual([]);
    expect(modes([{ ...short, stills: mia.stills ?? [] }], KLING_40_CHARACTERS)).toEqual(['image']);
  });

  it('are synced like clips: uploaded, then known', async () => {
    const { workspace } = await openWorkspace({ provider: 'wavespeed' });
    const mia = await made(workspace, 'Mia', [0, 1]);
    const provider = await workspace.provider();
    const sync = async () =>
      (await syncCast(workspace, [(await (await workspace.characters()).find('Mia')) ?? mia], { provider }))[0];
    expect(await sync()).toMatchObject({
      did: 'registered',
      registration: { values: [{}, {}].map(() => expect.any(String)) },
    });
    expect((await sync())?.did).toMatch(/^(?:known|unchecked)$/);
  });
});
