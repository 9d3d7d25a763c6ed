import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureRegistered } from '../../../src/characters/register.ts';
import { runGenerate } from '../../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../../src/commands/video/input.ts';
import { probeMedia } from '../../../src/media/probe/probe.ts';
import type { Character, CharacterClip, CharacterWithClip, Registration } from '../../../src/shared/character.ts';
import type { Orientation } from '../../../src/shared/geometry.ts';
import { makeClip } from '../../helpers/clips.ts';
import { addCharacter, refusal, videoObject, withHost } from '../../helpers/far-end.ts';
import * as marks from '../../helpers/picture.ts';
import { prepare } from '../../helpers/prepare.ts';
import { START, type TestContext } from '../../helpers/runtime.ts';
import { sampleCharacter } from '../../helpers/samples.ts';
import { readForm, type Scripted, type Seen } from '../../helpers/server.ts';

const FLAGS: GenerateFlags & { prompt: string } = {
  ...{ prompt: 'A man waves.', character: ['Joe'], inject: true, wait: false, count: 1 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

const made = (id: string, name: string | null = 'Joe'): Scripted => ({ body: { id, name, created_at: 1 } });

async function register(
  { context }: TestContext,
  character: Character,
  orientation: Orientation = 'landscape',
): Promise<Registration> {
  return ensureRegistered(context, character, { provider: await context.provider(), orientation, mode: 'id' });
}

describe('a character without a registration', () => {
  it('is uploaded once, and the registration is kept with it', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    test.server.answer(made('char_1'));
    const registration = await register(test, joe);
    expect(registration).toEqual({
      ...{ provider: 'openai', baseUrl: test.baseUrl, profile: 'default', orientation: 'landscape' },
      ...{ kind: 'id', value: 'char_1', name: 'Joe', createdAt: new Date(START).toISOString() },
    });
    const stored = await (await test.context.characters()).find('Joe');
    expect(stored).toEqual({ ...joe, registrations: [registration] });
    expect(await register(test, stored ?? joe)).toEqual(registration);

    const [seen] = test.server.seen as [Seen];
    expect(`${seen.method} ${seen.path}`).toBe('POST /v1/videos/characters');
    const form = await readForm(seen);
    const file = form.get('video') as File;
    expect([form.get('name'), file.name, file.type, await file.text()]).toEqual([
      'Joe',
      'clip.mp4',
      'video/mp4',
      'Joe',
    ]);
  });

  it('keeps a registration that another process added meanwhile', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe', { baseUrl: 'https://elsewhere.example.com/v1' });
    test.server.answer(made('char_1'));
    await register(test, { ...joe, registrations: [] });
    const stored = await (await test.context.characters()).find('Joe');
    expect(stored?.registrations.map(({ value }) => value)).toEqual(['char_Joe', 'char_1']);
  });

  it.each([
    ['auth', refusal(401, 'invalid_api_key')],
    ['policy', refusal(400, 'people-in-user-uploads')],
  ])('stays as it was when the host answers as %s %#', async (code, answer) => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    test.server.answer(answer);
    await expect(register(test, joe)).rejects.toMatchObject({ code });
    expect(await (await test.context.characters()).find('Joe')).toEqual(joe);
    expect(test.server.seen).toHaveLength(1);
  });

  it('P2: is named with its id when the registration could not be written down', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    const folder = test.context.paths().characters;
    const [record = ''] = await readdir(folder);
    test.server.answer({ ...made('char_1'), onRequest: () => writeFileSync(join(folder, record), 'torn') });
    await expect(register(test, joe)).rejects.toMatchObject({ message: expect.stringContaining('as char_1') });
  });

  it('is refused before anything is sent when its clip is gone', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    await rm((await test.context.characters()).clipPath(joe.clip.master.sha256));
    await expect(register(test, joe)).rejects.toMatchObject({
      code: 'machine',
      hint: expect.stringContaining('sora character create <clip> --name "Joe" --force'),
    });
    expect(test.server.seen).toEqual([]);
  });
});

describe('the notice on likeness', () => {
  it('is said exactly once per home, before the first upload', async () => {
    const first = await withHost();
    const saidBefore: boolean[] = [];
    const onRequest = (): void => void saidBefore.push(first.stderr.text().includes('permission'));
    first.server.answer({ ...made('char_1'), onRequest }, made('char_2', 'Mia'), made('char_3', 'Zoë'));
    await register(first, await addCharacter(first, 'Joe'));
    await register(first, await addCharacter(first, 'Mia'));
    const later = await first.again();
    await register(later, await addCharacter(later, 'Zoë'));
    expect(saidBefore).toEqual([true]);
    expect(first.stderr.text().match(/needs that person’s permission/g)).toHaveLength(1);
    expect(later.stderr.text()).not.toContain('permission');

    const elsewhere = await withHost({ quiet: true });
    elsewhere.server.answer(made('char_1'));
    await register(elsewhere, await addCharacter(elsewhere, 'Joe'));
    expect(elsewhere.stderr.text().match(/permission/g)).toHaveLength(1);
  });

  it('is not said when nothing is uploaded', async () => {
    const test = await withHost();
    await register(test, await addCharacter(test, 'Joe', { baseUrl: test.baseUrl }));
    await runGenerate(test.context, { ...FLAGS, character: ['Joe'], dryRun: true });
    expect(test.stderr.text()).not.toContain('permission');
  });
});

describe('a video that lies the other way', () => {
  let clip: Buffer;
  /** A master with bars, as `prepare` makes it. */
  let barred: { readonly bytes: Buffer; readonly master: CharacterClip['master'] };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sora-register-'));
    clip = await readFile(await makeClip('no audio', folder));
    const path = join(folder, 'barred.mp4');
    const { clip: master } = await prepare(await makeClip('4:3', folder), path);
    barred = { bytes: await readFile(path), master };
    await rm(folder, { recursive: true });
  });

  async function addJoe({ context }: TestContext): Promise<CharacterWithClip> {
    const store = await context.characters();
    const temp = await store.tempClipPath();
    await writeFile(temp, clip);
    const sha256 = createHash('sha256').update(clip).digest('hex');
    // Smaller than a master ever is, so that the conversion takes no time.
    const sample = sampleCharacter('Joe');
    const master = { sha256, bytes: clip.byteLength, seconds: 2.04, width: 640, height: 360, fps: 25 };
    return store.keep({ ...sample, clip: { ...sample.clip, master } }, temp);
  }

  it('gets a derived clip, which is registered beside the other and removed', async () => {
    const test = await withHost();
    const joe = await addJoe(test);
    test.server.answer(made('char_landscape'), made('char_portrait'), videoObject('queued'));
    await register(test, joe);
    expect(await runGenerate(test.context, { ...FLAGS, size: { width: 720, height: 1280 } })).toBe(0);
    // 640x360 in the width of 720: 405 of 1280 lines.
    const note = `Joe's clip is landscape; a portrait copy is registered for this video. Black bars take 68 % of it.`;
    const said = test.stderr.text().replaceAll(/\s+/g, ' ');
    expect(said).toContain(`${note} To fill the frame, add --fit crop.`);

    const [master, derived, video] = test.server.seen as [Seen, Seen, Seen];
    expect(((await readForm(master)).get('video') as File).size).toBe(clip.byteLength);
    const upload = join(test.dir, 'upload.mp4');
    await writeFile(upload, Buffer.from(await ((await readForm(derived)).get('video') as File).arrayBuffer()));
    const info = await probeMedia(upload, { signal: test.runtime.signal });
    expect(info.video).toMatchObject({ codec: 'H.264', width: 720, height: 1280, rotation: 0, pixelAspect: 1 });
    expect(JSON.parse(video.body.toString())).toMatchObject({ characters: [{ id: 'char_portrait' }] });

    const stored = await (await test.context.characters()).find('Joe');
    expect(stored?.registrations.map(({ orientation, value }) => [orientation, value])).toEqual([
      ['landscape', 'char_landscape'],
      ['portrait', 'char_portrait'],
    ]);
    expect(await readdir(test.context.paths().clips)).toEqual([`${joe.clip.master.sha256}.mp4`]);
  });

  it.each([
    ['whose bars are written down', 2, { x: 160, y: 0, width: 960, height: 720 }],
    ['of an earlier version, whose bars are found', 1, undefined],
  ])('is not given the bars of a clip %s', async (_, planVersion, picture) => {
    const test = await withHost();
    const store = await test.context.characters();
    const path = await store.tempClipPath();
    const { bytes, master } = barred;
    await writeFile(path, bytes);
    expect(master.picture).toEqual({ x: 160, y: 0, width: 960, height: 720 });
    const { picture: _known, ...plain } = master;
    const sample = sampleCharacter('Joe');
    const own = { ...sample.clip, planVersion, master: picture ? { ...plain, picture } : plain };
    const kept = { ...sample, clip: own };
    test.server.answer(made('char_portrait'));
    await register(test, await store.keep(kept, path), 'portrait');

    const form = await readForm(test.server.seen[0] as Seen);
    await writeFile(join(test.dir, 'upload.mp4'), Buffer.from(await (form.get('video') as File).arrayBuffer()));
    const lit = marks.boundsOf(
      await marks.readFrame(join(test.dir, 'upload.mp4'), { width: 972, height: 1728 }),
      marks.isLit,
    );
    expect(marks.offBy(lit, { x: 6, y: 504, width: 960, height: 720 })).toBeLessThanOrEqual(3);
  });

  it('leaves no derived clip behind when the host refuses it', async () => {
    const test = await withHost();
    const joe = await addJoe(test);
    test.server.answer(refusal(400, 'invalid_value'));
    await expect(register(test, joe, 'portrait')).rejects.toMatchObject({ code: 'refused' });
    expect(await readdir(test.context.paths().clips)).toEqual([`${joe.clip.master.sha256}.mp4`]);
    expect((await stat((await test.context.characters()).clipPath(joe.clip.master.sha256))).size).toBe(clip.byteLength);
  });
});

describe('P1: the name that a host knows', () => {
  it('is what the prompt says, not the local one', async () => {
    const test = await withHost({ json: true });
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl, hostName: 'joe.smith' });
    test.server.answer(videoObject('queued'), videoObject('queued', { id: 'video_2' }));
    await runGenerate(test.context, { ...FLAGS, prompt: 'Joe waves.' });
    await runGenerate(test.context, { ...FLAGS, prompt: 'Look, joe.smith waves.' });
    const sent = test.server.seen.map(({ body }) => JSON.parse(body.toString()).prompt);
    expect(sent).toEqual(['Featuring joe.smith. Joe waves.', 'Look, joe.smith waves.']);
    const { records } = await (await test.context.jobs()).list();
    expect(records[0]?.request.characters).toEqual([{ name: 'joe.smith', value: 'char_Joe' }]);
  });

  it('is taken from the answer to a new registration, in one normal form', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(made('char_1', 'Zoe\u0308'), videoObject('queued'));
    await runGenerate(test.context, FLAGS);
    expect(JSON.parse(test.server.seen[1]?.body.toString() ?? '').prompt).toBe('Featuring Zoë. A man waves.');
    expect((await (await test.context.characters()).find('Joe'))?.registrations[0]?.name).toBe('Zoë');
  });

  it('is the local one when the host does not say', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer(made('char_1', null), videoObject('queued'));
    await runGenerate(test.context, FLAGS);
    expect(JSON.parse(test.server.seen[1]?.body.toString() ?? '').prompt).toBe('Featuring Joe. A man waves.');
  });

  it('is enough for --no-inject', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe', { baseUrl: test.baseUrl, hostName: 'joe.smith' });
    test.server.answer(videoObject('queued'));
    await runGenerate(test.context, { ...FLAGS, prompt: 'Look, joe.smith waves.', inject: false });
    expect(JSON.parse(test.server.seen[0]?.body.toString() ?? '').prompt).toBe('Look, joe.smith waves.');
    const local = runGenerate(test.context, { ...FLAGS, prompt: 'Joe waves.', inject: false });
    await expect(local).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('joe.smith') });
  });

  it('counts for the limit on length, before anything is uploaded', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    const prompt = 'x'.repeat(32_000 - 'Featuring Joe. '.length + 1);
    await expect(runGenerate(test.context, { ...FLAGS, prompt })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('32001 characters'),
    });
    expect(test.server.seen).toEqual([]);
  });
});
