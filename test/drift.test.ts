import { describe, expect, it } from 'vitest';
import type { Job } from '../src/domain.ts';
import { findDrift } from '../src/drift.ts';
import { sampleJob } from './store/samples.ts';

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
    ['all at once', { model: 'x' }, { width: 640, height: 360, seconds: 8 }, [/model/, /640x360/, /8.0 s/]],
  ])('names %s', (_title, result, differing, expected) => {
    const drift = findDrift({ ...JOB, status: 'succeeded', result }, { ...facts, ...differing });
    expect(drift).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(drift[index]).toMatch(pattern);
  });
});
