import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRefused } from '../../../src/shared/job.ts';
import { decodeJob, type JobJson, jobDigest, jobJson, UnusableJobError } from '../../../src/videos/jobs/record.ts';
import { createJobStore } from '../../../src/videos/jobs/store.ts';
import { hashOf } from '../../helpers/samples.ts';
import { tempFolder } from '../../helpers/temp.ts';

const ID = 'job_0mi8ovgg0000000';
const OTHER = 'job_0mi8ovgg0000001';

/** As every state may have it. */
const BASE = {
  version: 1,
  id: ID,
  provider: 'openai',
  baseUrl: 'https://gateway.example.com/v1',
  profile: 'work',
  backend: 'litellm',
  model: 'sora-2',
  request: {
    prompt: 'Joe waves.',
    model: 'sora-2',
    seconds: 4,
    size: { width: 1280, height: 720 },
    characters: [{ name: 'Joe', value: 'char_1' }],
    reference: { kind: 'image', sha256: hashOf('picture'), label: 'sea.png', source: '/pictures/sea.png' },
    from: { jobId: OTHER, kind: 'extend' },
  },
  fingerprint: hashOf('fingerprint'),
  account: '0123abcd',
  key: 'nightly',
  characters: ['Joe'],
  autoCast: ['Joe'],
  tags: ['nightly'],
  replaces: OTHER,
  cost: { estimateUsd: 0.4, asOf: '2026-09-24', source: 'a page', actualUsd: 0.35 },
  uptimeSeconds: 5000,
  createdAt: '2026-11-21T10:00:00.000Z',
  updatedAt: '2026-11-21T10:00:05.000Z',
} as const;

const FAILURE = { code: 'server_error', message: 'No.', policy: false } as const;

/** Each state with every field that it may have, as it stands on the disk and in `--json`. */
const GOLDEN: readonly [string, JobJson][] = [
  ['sending', { ...BASE, status: 'submitting' }],
  ['unresolved', { ...BASE, status: 'unknown', failure: FAILURE }],
  ['refused', { ...BASE, status: 'failed', failure: FAILURE }],
  [
    'refused because it was closed',
    { ...BASE, status: 'failed', failure: { ...FAILURE, code: 'closed' }, replacedBy: OTHER },
  ],
  ['refused because it never left', { ...BASE, status: 'failed', failure: { ...FAILURE, code: 'unsent' } }],
  ...(['queued', 'running', 'succeeded', 'failed', 'expired', 'cancelled'] as const).map(
    (status): [string, JobJson] => [
      `at its host, ${status}`,
      {
        ...BASE,
        status,
        remoteId: 'video_1',
        remoteStatus: 'warming',
        progress: 45,
        failure: FAILURE,
        outputPath: '/films/a.mp4',
        outputSha256: hashOf('film'),
        outputDecoded: false,
        finishedAt: '2026-11-21T10:01:30.000Z',
        expiresAt: '2026-11-22T10:00:00.000Z',
        remoteDeleted: true,
        result: { model: 'sora-2', size: '1280x720', seconds: 4 },
      },
    ],
  ),
  ['of an earlier version, saved', { ...BASE, status: 'succeeded', remoteId: 'video_1', outputPath: '/films/a.mp4' }],
];

const ALL =
  `account autoCast backend baseUrl characters cost createdAt expiresAt failure fingerprint finishedAt id key model
  outputDecoded outputPath outputSha256 profile progress provider remoteDeleted remoteId remoteStatus replacedBy replaces
  request result status tags updatedAt uptimeSeconds version`.split(/\s+/);

describe('the document of a job', () => {
  it('is golden in every field that there is', () => {
    expect([...new Set(GOLDEN.flatMap(([, document]) => Object.keys(document)))].sort()).toEqual(ALL);
  });

  it.each(GOLDEN)('%s is the same after it was decoded, on the disk and for --json', async (_title, document) => {
    const job = decodeJob(structuredClone(document));
    expect(jobJson(job)).toEqual(document);
    const dir = await tempFolder();
    await createJobStore({ dir }).create(job);
    expect(JSON.parse(await readFile(join(dir, `${ID}.json`), 'utf8'))).toEqual(document);
  });

  it('keeps the fields of later versions when a record is changed', async () => {
    const dir = await tempFolder();
    const store = createJobStore({ dir });
    const path = join(dir, `${ID}.json`);
    const later = {
      ...GOLDEN.at(-1)?.[1],
      kind: 'film',
      request: { ...BASE.request, seed: 7 },
    };
    await writeFile(path, JSON.stringify(later));
    await store.update(ID, (job) => ({ ...job, updatedAt: '2026-11-21T11:00:00.000Z' }));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...later, updatedAt: '2026-11-21T11:00:00.000Z' });
  });

  it('has one place for a saved video, and only where its host has the job', () => {
    const job = decodeJob(GOLDEN.find(([title]) => title.endsWith('succeeded'))?.[1]);
    expect(job).toMatchObject({ output: { path: '/films/a.mp4', sha256: hashOf('film'), decoded: false } });
    expect(job).not.toHaveProperty('outputPath');
  });

  it.each(['submitting', 'unknown'] as const)(
    'that is %s and names what the host has is a job at its host',
    (status) => {
      expect(decodeJob({ ...BASE, status, remoteId: 'video_1' })).toMatchObject({
        status: 'queued',
        remoteId: 'video_1',
      });
    },
  );

  it.each(['queued', 'running', 'succeeded', 'expired', 'cancelled'])('that is %s at no host is unusable', (status) => {
    const decode = (): unknown => decodeJob({ ...BASE, status });
    expect(decode).toThrow(UnusableJobError);
    expect(decode).toThrow(`its status is ${status}, but it has no remoteId`);
  });

  it.each(GOLDEN)(
    '%s is in a list with its status, its progress, its id, its tags, and whether its file is here',
    (_title, document) => {
      const { status, remoteId, remoteStatus, progress, expiresAt, remoteDeleted, outputPath, replacedBy, failure } =
        document;
      const {
        request,
        cost: _cost,
        id: _id,
        characters: _names,
        createdAt: _at,
        ...state
      } = jobDigest(decodeJob(document));
      expect(state).toEqual(
        JSON.parse(
          JSON.stringify({
            ...{ status, remoteId, remoteStatus, progress, expiresAt, remoteDeleted, tags: document.tags, replacedBy },
            ...(outputPath !== undefined && { output: {} }),
            // Of a refused one, for it says whether a host has said no.
            ...(isRefused(decodeJob(document)) && failure?.code && { failure: { code: failure.code } }),
          }),
        ),
      );
      expect(request).toEqual({ prompt: 'Joe waves.', seconds: 4, size: { width: 1280, height: 720 } });
    },
  );
});
