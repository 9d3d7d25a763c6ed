import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  type ErrorCode,
  EXIT_CODES,
  hintsOf,
  isSoraError,
  problemsError,
  SoraError,
  systemCode,
  WORST_FIRST,
} from '../../src/shared/errors.ts';
import { tempFolder } from '../helpers/temp.ts';

describe('the exit codes', () => {
  it.each([
    ['bug', 1],
    ['usage', 2],
    ['clip', 3],
    ['auth', 4],
    ['refused', 5],
    ['network', 6],
    ['ambiguous', 7],
    ['pending', 8],
    ['unverified', 9],
    ['budget', 10],
    ['policy', 11],
    ['machine', 12],
    ['interrupted', 130],
    ['terminated', 143],
  ] as const)('%s is %i', (code, exit) => {
    expect(EXIT_CODES[code]).toBe(exit);
  });

  it('are as many as there are reasons, each its own, and none is success', () => {
    const codes = Object.values(EXIT_CODES);
    expect(codes).toHaveLength(14);
    expect(new Set(codes).size).toBe(14);
    expect(codes).not.toContain(0);
  });

  it('of several ids are judged in the order 7, 9, 11, 10, 5, 4, 6, 8', () => {
    expect(WORST_FIRST.map((code) => EXIT_CODES[code])).toEqual([7, 9, 11, 10, 5, 4, 6, 8]);
  });
});

describe('SoraError', () => {
  it('says what happened, what to do, about which job, and why', () => {
    const cause = new Error('ECONNRESET');
    const error = new SoraError('ambiguous', 'The answer was lost.', {
      hint: 'Look at the host.',
      requestId: 'req_1',
      jobId: 'job_1',
      cause,
    });
    expect(error).toMatchObject({
      ...{ name: 'SoraError', code: 'ambiguous', message: 'The answer was lost.' },
      ...{ hint: 'Look at the host.', requestId: 'req_1', jobId: 'job_1', problems: [], cause },
    });
    expect(error).toBeInstanceOf(Error);
  });

  it('has no cause when none was given', () => {
    expect('cause' in new SoraError('bug', 'x')).toBe(false);
  });

  it.each([
    [new SoraError('usage', 'x'), undefined, true],
    [new SoraError('usage', 'x'), 'usage', true],
    [new SoraError('usage', 'x'), 'clip', false],
    [Object.assign(new Error('x'), { name: 'SoraError', code: 'usage' }), undefined, false],
    ['usage', undefined, false],
    [undefined, undefined, false],
  ] as const)('isSoraError(%s, %s) is %s', (value, code: ErrorCode | undefined, expected) => {
    expect(isSoraError(value, code)).toBe(expected);
  });
});

describe('problemsError', () => {
  it('says one problem as it is', () => {
    expect(problemsError('clip', ['It is too short.'], { hint: 'Take a longer one.' })).toMatchObject({
      ...{ code: 'clip', message: 'It is too short.', problems: ['It is too short.'], hint: 'Take a longer one.' },
    });
  });

  it('counts and lists several', () => {
    expect(problemsError('usage', ['No name.', 'No file.'])).toMatchObject({
      message: '2 problems:\n- No name.\n- No file.',
      problems: ['No name.', 'No file.'],
      hint: undefined,
    });
  });
});

describe('hintsOf', () => {
  it('is every hint once, as sentences', () => {
    const problems = ['Do this', undefined, 'Do that.', 'Do this'].map(
      (hint) => new SoraError('usage', 'No.', hint === undefined ? {} : { hint }),
    );
    expect(hintsOf(problems)).toEqual({ hint: 'Do this. Do that.' });
    expect(hintsOf(problems.slice(1, 2))).toEqual({});
  });
});

describe('systemCode', () => {
  it('is the code of a system error', async () => {
    const error = await mkdir(await tempFolder()).catch((reason: unknown) => reason);
    expect(systemCode(error)).toBe('EEXIST');
  });

  it.each([[new Error('x')], [Object.assign(new Error('x'), { code: 7 })], [{ code: 'ENOENT' }], [undefined]])(
    'is nothing for %o',
    (error) => {
      expect(systemCode(error)).toBeUndefined();
    },
  );
});
