/** Whole, valid records for tests that care about one field. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { CharacterStore } from '../../src/characters/store.ts';
import type { MadeCharacter } from '../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS, PLAN_VERSION } from '../../src/shared/clip.ts';
import type { Job } from '../../src/shared/job.ts';

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A character whose clip is a file that holds `content`. */
export function sampleCharacter(name: string, content = name): MadeCharacter {
  return {
    version: 1,
    name,
    master: {
      sha256: hashOf(content),
      seconds: 3.5,
      width: 1280,
      height: 720,
      fps: 30,
      bytes: Buffer.byteLength(content),
    },
    source: { fileName: 'joe.mp4', sha256: hashOf(`source of ${content}`) },
    options: DEFAULT_CLIP_OPTIONS,
    planVersion: PLAN_VERSION,
    registrations: [],
    createdAt: '2026-11-21T10:00:00.000Z',
  };
}

/** Stores a sample character together with its clip. */
export async function keepSample(
  store: CharacterStore,
  name: string,
  { content = name, replace = false }: { content?: string; replace?: boolean } = {},
): Promise<MadeCharacter> {
  const temp = await store.tempClipPath();
  await writeFile(temp, content);
  return store.keep(sampleCharacter(name, content), temp, { replace });
}

export function sampleJob(id: string, fields: Partial<Job> = {}): Job {
  return {
    version: 1,
    id,
    provider: 'openai',
    baseUrl: 'https://gateway.example.com/v1',
    profile: 'default',
    request: { prompt: 'Joe waves.', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
    fingerprint: hashOf('fingerprint'),
    characters: [],
    status: 'queued',
    createdAt: '2026-11-21T10:00:00.000Z',
    updatedAt: '2026-11-21T10:00:00.000Z',
    ...fields,
  };
}
