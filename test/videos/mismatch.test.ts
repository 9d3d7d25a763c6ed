import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/shared/job.ts';
import { findMismatch } from '../../src/videos/mismatch.ts';
import { sampleJob } from '../helpers/samples.ts';

const REQUEST = {
  prompt: 'Joe runs.',
  model: 'sora-2',
  seconds: 4,
  size: { width: 1280, height: 720 },
  characters: [],
};
const JOB: Job = sampleJob('job_0mi8ovgg0000000', { request: REQUEST });

describe('findDrift', () => {
  const facts = { width: 1280, height: 720, seconds: 4 };
  it.each([
    ['nothing', {}, {}, []],
    ['a dated snapshot', { model: 'sora-2-2025-12-08' }, {}, []],
    ['a vendor prefix', { model: 'openai/sora-2' }, {}, []],
    ['0.4 s more', {}, { seconds: 4.4 }, []],
    ['another model', { model: 'wan-2' }, {}, [/model wan-2 instead of sora-2/]],
    ['a pro model', { model: 'sora-2-pro' }, {}, [/sora-2-pro/]],
    ['another size', {}, { width: 1920, height: 1080 }, [/1920x1080 instead of 1280x720/]],
    ['another orientation', {}, { width: 720, height: 1280 }, [/another orientation/]],
    ['another length', {}, { seconds: 5 }, [/5.0 s instead of 4 s/]],
    ['half a second more', {}, { seconds: 4.5 }, []],
    ['0.6 s less', {}, { seconds: 3.4 }, [/3.4 s instead of 4 s/]],
    ['a size that the host tells of another file', { size: '1920x1080' }, {}, [/^the host says 1920x1080$/]],
    ['a size that the host tells as it was asked for', { size: '1280*720' }, {}, []],
    ['a size that is no size', { size: 'large' }, {}, []],
    ['a file of another size than asked and told', { size: '1280x720' }, { width: 640, height: 360 }, [/640x360/]],
    ['another size once, told or measured', { size: '640x360' }, { width: 640, height: 360 }, [/^640x360 instead/]],
    [
      'a size that is neither asked for nor there',
      { size: '1920*1080' },
      { width: 640, height: 360 },
      [/640x360 instead/, /the host says 1920x1080/],
    ],
    ['all at once', { model: 'x' }, { width: 640, height: 360, seconds: 8 }, [/model/, /640x360/, /8.0 s/]],
  ])('names %s', (_title, result, differing, expected) => {
    const drift = findMismatch({ ...JOB, result }, { ...facts, ...differing });
    expect(drift).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(drift[index]).toMatch(pattern);
  });
});
