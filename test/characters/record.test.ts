import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CharacterJson, characterDigest, characterJson, decodeCharacter } from '../../src/characters/record.ts';
import { createCharacterStore } from '../../src/characters/store.ts';
import type { CharacterClip } from '../../src/shared/character.ts';
import { PLAN_VERSION } from '../../src/shared/clip.ts';
import { hashOf } from '../helpers/samples.ts';
import { tempFolder } from '../helpers/temp.ts';

const AT = { provider: 'openai', baseUrl: 'https://gateway.example.com/v1', profile: 'work' } as const;
const CREATED = '2026-11-21T10:00:00.000Z';

const BASE: CharacterJson = {
  version: 1,
  name: 'Joe',
  registrations: [
    {
      ...{ ...AT, model: 'sora-2', orientation: 'landscape', kind: 'id', value: 'char_1', name: 'Joe' },
      ...{ createdAt: CREATED, expiresAt: '2027-11-21T10:00:00.000Z', stale: true },
      cost: { estimateUsd: 0.25, asOf: '2026-09-24', source: 'a page' },
    },
  ],
  createdAt: CREATED,
};

const PENDING = { ...AT, orientation: 'portrait', name: 'Joe', requests: 2, createdAt: CREATED } as const;

const CLIP: CharacterClip = {
  master: {
    ...{ sha256: hashOf('master'), seconds: 3.5, width: 1280, height: 720, fps: 30, bytes: 1000 },
    picture: { x: 160, y: 0, width: 960, height: 720 },
  },
  source: { fileName: 'joe.mp4', sha256: hashOf('source'), facts: { container: 'MPEG-4', codec: 'H.264' } },
  options: {
    ...{ start: 'auto', duration: 3, fit: 'crop', orientation: 'landscape', resolution: '720p' },
    ...{ audio: true, cropBars: true },
  },
  planVersion: 2,
};

/** By what a character has, with every field that it may have, as it stands on the disk and in `--json`. */
const GOLDEN: readonly [string, CharacterJson][] = [
  ['with a clip', { ...BASE, ...CLIP, pending: [PENDING] }],
  ['whose clip is elsewhere', { ...BASE, ...CLIP, clipless: true }],
  ['of an adopted id', BASE],
  ['whose registration was sent', { ...BASE, ...CLIP, registrations: [], pending: [PENDING] }],
  [
    'whose registration is a task',
    { ...BASE, ...CLIP, registrations: [], pending: [{ ...PENDING, taskId: 'task-7' }] },
  ],
];

const ALL = 'clipless createdAt master name options pending planVersion registrations source version'.split(' ');

describe('the document of a character', () => {
  it('is golden in every field that there is', () => {
    expect([...new Set(GOLDEN.flatMap(([, document]) => Object.keys(document)))].sort()).toEqual(ALL);
  });

  it.each(GOLDEN)('%s is the same after it was decoded, on the disk and for --json', async (_title, document) => {
    const character = decodeCharacter(structuredClone(document));
    expect(characterJson(character)).toEqual(document);
    const [charactersDir, clipsDir] = [await tempFolder(), await tempFolder()];
    await createCharacterStore({ charactersDir, clipsDir }).claim(character, { clipless: true });
    const [file = ''] = await readdir(charactersDir);
    const lacks = document.master ? { clipless: true } : {};
    expect(JSON.parse(await readFile(join(charactersDir, file), 'utf8'))).toEqual({ ...document, ...lacks });
  });

  it('keeps the fields of later versions when a record is changed', async () => {
    const [charactersDir, clipsDir] = [await tempFolder(), await tempFolder()];
    const store = createCharacterStore({ charactersDir, clipsDir });
    const document = { ...BASE, ...CLIP, clipless: true };
    await store.claim(decodeCharacter(document), { clipless: true });
    const path = join(charactersDir, (await readdir(charactersDir))[0] ?? '');
    const more = { voice: 'low', master: { ...CLIP.master, codec: 'AV1' }, pending: [{ ...PENDING, step: 'upload' }] };
    await writeFile(path, JSON.stringify({ ...document, ...more }));
    await store.update('Joe', (joe) => ({ ...joe, registrations: [] }));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...document, ...more, registrations: [] });
  });

  it('has one place for all that belongs to a clip, and a stage for what is pending', () => {
    const [, , , sent, task] = GOLDEN.map(([, document]) => decodeCharacter(document));
    expect(sent).toMatchObject({ clip: CLIP, pending: [{ ...PENDING, stage: 'sent' }] });
    expect(sent).not.toHaveProperty('master');
    expect(task).toMatchObject({ pending: [{ ...PENDING, stage: 'task', taskId: 'task-7' }] });
    expect(decodeCharacter(BASE)).not.toHaveProperty('clip');
  });

  it('is in a list with its clip, and with the facts of its source only where its rules are earlier ones', () => {
    const { master: whole, planVersion, options, source } = CLIP;
    const { width, height, seconds, sha256 } = whole;
    const master = { width, height, seconds };
    const listed = { master, planVersion, options: { start: options.start, audio: options.audio } };
    expect(characterDigest(decodeCharacter({ ...BASE, ...CLIP })).clip).toEqual({
      ...listed,
      source: { facts: source.facts },
    });
    const today = decodeCharacter({ ...BASE, ...CLIP, planVersion: PLAN_VERSION });
    expect(characterDigest(today).clip).toEqual({ ...listed, planVersion: PLAN_VERSION });
    expect(characterDigest(decodeCharacter(BASE))).not.toHaveProperty('clip');
    // Whether that is there has to be looked up.
    const lacking = decodeCharacter({ ...BASE, ...CLIP, clipless: true });
    expect(characterDigest(lacking).clip?.master).toEqual({ ...master, sha256 });
  });
});
