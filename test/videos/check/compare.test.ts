import { describe, expect, it } from 'vitest';
import type { Job, VideoRequest } from '../../../src/shared/job.ts';
import { findSameVideo } from '../../../src/videos/check/compare.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { cpuMsOf } from '../../helpers/cpu.ts';
import { type JobFields, sampleJob } from '../../helpers/samples.ts';

let made = 0;

/** Eight hashes of one picture that moves a little. */
function hashes(): readonly string[] {
  return Array.from({ length: 8 }, (_, index) => `0123456789abcd${index}0`);
}

function jobOf(
  request: Partial<VideoRequest>,
  { frames = hashes(), ...fields }: JobFields & { frames?: readonly string[] } = {},
): Job {
  made += 1;
  const whole = {
    prompt: `Prompt ${made}.`,
    seconds: 4,
    size: { width: 1280, height: 720 },
    characters: [],
    ...request,
  };
  return sampleJob(
    newJobId(made * 1000, () => 0.5),
    {
      ...{ status: 'succeeded', remoteId: `video_${made}`, request: whole },
      ...{ outputPath: `/videos/${made}.mp4`, outputCheck: { hashes: frames, remarks: [] } },
      ...fields,
    },
  );
}

const OTHER = Array.from({ length: 8 }, (_, index) => `fedcba98765432${index}0`.slice(0, 16));
const THIRD = OTHER.map((hash) => hash.replaceAll('f', '0').replaceAll('9', '6'));
const picture = (sha: string) => ({ kind: 'image', sha256: sha.repeat(64), label: 'a.png' }) as const;

/** The id of the job whose video that of the first looks like. */
function sameAs(
  job: Job,
  jobs: readonly Job[],
  plain = hashes(),
  mirrored: readonly string[] = OTHER,
): string | undefined {
  return findSameVideo(job, { plain, mirrored }, [job, ...jobs])?.job.id;
}

describe('the same picture as a video of another request', () => {
  it('is found, mirrored too, and nothing else', () => {
    const [job, other, third] = [jobOf({}), jobOf({}), jobOf({}, { frames: THIRD })];
    expect(sameAs(job, [third, other])).toBe(other.id);
    expect(findSameVideo(job, { plain: OTHER, mirrored: hashes() }, [other])).toEqual({
      ...{ job: other, isMirrored: true, distance: 0 },
    });
    expect(sameAs(job, [third])).toBeUndefined();
    expect(sameAs(job, [])).toBeUndefined();
  });

  const reference = picture('a');
  const source = jobOf({});
  const extension = jobOf({ from: { jobId: source.id, kind: 'extend' } });
  const take = (scene: string, file = '/film.md') => ({ take: { file, scene, n: 1, path: 'a.mp4' } });
  it.each<[string, Job, readonly Job[]]>([
    ['another take of one prompt', jobOf({ prompt: 'Joe.' }), [jobOf({ prompt: 'Joe.', seconds: 8 })]],
    ['another take of one scene', jobOf({}, take('a')), [jobOf({}, take('a'))]],
    ['an extension, and what it extends', extension, [source]],
    ['what an extension extends', source, [extension]],
    ['the extension of an extension', jobOf({ from: { jobId: extension.id, kind: 'extend' } }), [source, extension]],
    ['two that were made from one video', jobOf({ from: { jobId: source.id, kind: 'edit' } }), [extension, source]],
    ['two that begin with one picture', jobOf({ reference }), [jobOf({ reference })]],
    ['one that begins as the other ends', jobOf({ reference: picture('b') }), [jobOf({})]],
    ['one that ends as the other begins', jobOf({}), [jobOf({ reference: picture('c') })]],
  ])('is nothing to remark of %s', (_, job, jobs) => {
    expect(sameAs(job, jobs)).toBeUndefined();
  });

  it('is one of two scenes of a film that have nothing in common', () => {
    const [job, other] = [jobOf({}, take('a')), jobOf({}, take('b'))];
    expect(sameAs(job, [other])).toBe(other.id);
  });

  it('is not told of pictures that say nothing, and of videos that nobody has looked at', () => {
    const black = Array.from({ length: 8 }, () => '0'.repeat(16));
    expect(sameAs(jobOf({}), [jobOf({}, { frames: black })], black)).toBeUndefined();
    expect(sameAs(jobOf({}), [jobOf({}, { frames: [] })])).toBeUndefined();
  });

  it('is looked for among a thousand in a moment', () => {
    const jobs = Array.from({ length: 1000 }, () => jobOf({}, { frames: OTHER }));
    const other = jobOf({});
    // The first one may be disturbed, by compiling it, too.
    const cpuMs = [1, 2, 3].map(() => cpuMsOf(() => expect(sameAs(jobOf({}), [...jobs, other])).toBe(other.id)));
    expect(Math.min(...cpuMs)).toBeLessThan(100);
  });
});
