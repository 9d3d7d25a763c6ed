/** Whole, valid records for tests that care about one field. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { characterJson, decodeCharacter } from '../../src/characters/record.ts';
import type { CharacterStore, MadeFile } from '../../src/characters/store.ts';
import type { Character, CharacterWithClip } from '../../src/shared/character.ts';
import { DEFAULT_CLIP_OPTIONS, PLAN_VERSION } from '../../src/shared/clip.ts';
import { isUnanswered, type Job, type Remote, type Unanswered } from '../../src/shared/job.ts';
import { decodeJob, type JobJson } from '../../src/videos/jobs/record.ts';

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A character whose clip is a file that holds `content`. */
export function sampleCharacter(name: string, content = name): CharacterWithClip {
  return {
    version: 1,
    name,
    clip: {
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
    },
    registrations: [],
    createdAt: '2026-11-21T10:00:00.000Z',
  };
}

/** Stores a sample character together with its clip. */
export async function keepSample(
  store: CharacterStore,
  name: string,
  { content = name, replace = false }: { content?: string; replace?: boolean } = {},
): Promise<CharacterWithClip> {
  const temp = await store.tempClipPath();
  await writeFile(temp, content);
  return store.keep(sampleCharacter(name, content), temp, { replace });
}

/** A character of pictures alone, whose files hold `contents`, with everything that is known of one. */
export function samplePictures(name: string, contents: readonly string[]): Character {
  return {
    ...{ version: 1, name, description: 'a girl in a red coat', kind: 'drawn' },
    consent: {
      text: 'drawn by us',
      file: { fileName: 'consent.pdf', sha256: hashOf('consent'), bytes: 7 },
      recordedAt: '2026-11-21T10:00:00.000Z',
    },
    stills: contents.map((content) => ({
      ...{ sha256: hashOf(content), mime: 'image/png', width: 800, height: 1000 },
      ...{ bytes: Buffer.byteLength(content), fileName: `${content}.png` },
    })),
    registrations: [],
    createdAt: '2026-11-21T10:00:00.000Z',
  };
}

/** Puts files of those contents where a store may take them from. */
export async function madeFiles(
  store: CharacterStore,
  contents: readonly string[],
  extension = 'png',
): Promise<readonly MadeFile[]> {
  return Promise.all(
    contents.map(async (content) => {
      const path = await store.tempClipPath(extension);
      await writeFile(path, content);
      return { path, sha256: hashOf(content), extension };
    }),
  );
}

/** Stores a character of pictures with its pictures and its consent. */
export async function keepPictures(
  store: CharacterStore,
  name: string,
  contents: readonly string[],
): Promise<Character> {
  const files = [...(await madeFiles(store, contents)), ...(await madeFiles(store, ['consent'], 'pdf'))];
  return store.place(name, files, () => samplePictures(name, contents));
}

/** The character with some fields of its record as given. */
export function changeRecord(character: Character, fields: object): Character {
  return decodeCharacter({ ...characterJson(character), ...fields });
}

/** Of a record; `undefined` leaves out the id of the host that a job of that status has. */
export type JobFields = Partial<Omit<JobJson, 'remoteId'>> & { readonly remoteId?: string | undefined };

const UNANSWERED: readonly unknown[] = ['submitting', 'unknown'];

/** Queued unless `fields` say otherwise; with an id of its host where its status is one that only a host gives. */
export function sampleJob(id: string, { remoteId, ...fields }: JobFields = {}): Job {
  const { status = 'queued' } = fields;
  const own = remoteId ?? (status === 'failed' || UNANSWERED.includes(status) ? undefined : `video_of_${id}`);
  const record = {
    version: 1,
    id,
    provider: 'openai',
    baseUrl: 'https://gateway.example.com/v1',
    profile: 'default',
    request: { prompt: 'Joe waves.', seconds: 4, size: { width: 1280, height: 720 }, characters: [] },
    fingerprint: hashOf('fingerprint'),
    characters: [],
    createdAt: '2026-11-21T10:00:00.000Z',
    updatedAt: '2026-11-21T10:00:00.000Z',
    ...fields,
    status,
    remoteId: own,
  };
  return decodeJob(JSON.parse(JSON.stringify(record)));
}

/** The same, of a job that its host has. */
export function sampleRemote(id: string, fields: JobFields = {}): Remote {
  return asRemote(sampleJob(id, { remoteId: `video_of_${id}`, ...fields }));
}

/** A record of such a job whose host's id was lost: none of the states of a job. Returns its path. */
export async function writeUnusable(dir: string, id: string, fields: JobFields = {}): Promise<string> {
  const { remoteId: _lost, ...record } = sampleRemote(id, { status: 'succeeded', ...fields });
  const path = join(dir, `${id}.json`);
  await mkdir(dir, { recursive: true });
  await writeFile(path, JSON.stringify(record));
  return path;
}

export function asRemote(job: Job | undefined): Remote {
  if (job?.remoteId === undefined) throw new Error(`no host has ${job?.id}`);
  return job;
}

export function asUnanswered(job: Job | undefined): Unanswered {
  if (job && isUnanswered(job)) return job;
  throw new Error(`it is known what became of ${job?.id}`);
}

/** The id that a host gives its job number `index`, where a job of that status has one. */
export function idOfHost(index: number, { status }: Pick<JobFields, 'status'>): { remoteId?: string } {
  return UNANSWERED.includes(status) ? {} : { remoteId: `video_${index}` };
}
