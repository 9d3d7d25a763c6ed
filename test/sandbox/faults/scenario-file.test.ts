import { describe, expect, it } from 'vitest';
import { parseScenario, ScenarioError } from '../../../src/sandbox/faults/scenario-file.ts';

const answer = { respond: { status: 500 } };

describe('a scenario that cannot be played', () => {
  const rule = (fields: object) => ({ version: 1, rules: [{ match: {}, ...fields }] });

  it.each<[string, unknown, string]>([
    ['no object', [], 'scenario must be an object.'],
    ['no version', {}, 'scenario needs "version".'],
    ['another version', { version: 2 }, 'scenario.version must be 1, not 2.'],
    [
      'an unknown field',
      { version: 1, rule: [] },
      'no field "rule"; known are version, use, jobSeconds, skewSeconds, rules, jobs.',
    ],
    ['an inherited field', { version: 1, toString: 1 }, 'no field "toString"'],
    ['negative seconds', { version: 1, jobSeconds: -1 }, 'scenario.jobSeconds must be seconds from 0, not -1.'],
    ['rules that are no list', { version: 1, rules: {} }, 'scenario.rules must be a list.'],
    ['a rule without match', { version: 1, rules: [answer] }, 'scenario.rules[0] needs "match".'],
    ['a path that is relative', { version: 1, rules: [{ match: { path: 'a' }, ...answer }] }, 'begins with / or *'],
    ['a rule that does nothing', rule({ times: 1 }), 'does nothing'],
    ['two effects at once', rule({ ...answer, reset: 'after' }), 'respond and reset, which exclude each other'],
    ['applyFirst alone', rule({ applyFirst: true, delayMs: 1 }), 'applyFirst without respond'],
    ['a status below 200', rule({ respond: { status: 100 } }), 'HTTP status from 200 to 599, not 100.'],
    ['a header that is a number', rule({ respond: { status: 200, headers: { 'retry-after': 1 } } }), 'object of texts'],
    ['a reset of another kind', rule({ reset: 'maybe' }), '"before" or "after", not "maybe".'],
    ['half a time', rule({ ...answer, times: 0.5 }), 'whole number'],
    [
      'a failure without words',
      { version: 1, jobs: [{ fail: { code: 'x' } }] },
      'scenario.jobs[0].fail needs "message".',
    ],
    ['no object in a rule', { version: 1, rules: [7] }, 'scenario.rules[0] must be an object.'],
    ['a list as an object', rule({ respond: [] }), 'scenario.rules[0].respond must be an object.'],
    ['an unknown call', { version: 1, rules: [{ match: { call: 'pay' }, ...answer }] }, '"create", "status"'],
    ['an unknown short name', { version: 1, use: ['chaos'] }, 'scenario.use[0] must be "slow", "rate-limit"'],
    ['a header that splits', rule({ respond: { status: 200, headers: { a: 'b\r\nc: d' } } }), 'object of texts'],
    ['a header without a name', rule({ headers: { '': 'x' } }), 'named as headers are'],
    ['a corruption of another kind', rule({ corrupt: { at: 0, with: 'love' } }), '"zeros", "flipped" or "nothing"'],
    ['a corruption of nothing', rule({ corrupt: { at: 0, bytes: 0, with: 'zeros' } }), 'a whole number from 1, not 0.'],
    ['a trickle without a pace', rule({ trickle: { bytes: 1 } }), 'scenario.rules[0].trickle needs "everyMs".'],
    ['a trickle of nothing', rule({ reset: 'after', trickle: { bytes: 1, everyMs: 1 } }), 'has reset and trickle'],
    ['no status at all', { version: 1, jobs: [{ status: [] }] }, 'a text, or a list of such, not [].'],
    ['a progress in words', { version: 1, jobs: [{ progress: [1, 'half'] }] }, 'a number, or a list of such'],
    ['a time that is no number', { version: 1, skewSeconds: '1h' }, 'scenario.skewSeconds must be seconds, not "1h".'],
    ['an odd side', { version: 1, jobs: [{ made: { size: '721x1280' } }] }, 'even sides'],
  ])('says where it is wrong: %s', (_, json, words) => {
    expect(() => parseScenario(json)).toThrow(ScenarioError);
    expect(() => parseScenario(json)).toThrow(words);
  });

  it('names every problem at once', () => {
    const json = { version: 3, jobSeconds: 'soon', rules: [{ match: {}, delay: 1 }] };
    expect(() => parseScenario(json)).toThrow(/version.*\n.*jobSeconds.*\n.*no field "delay"/);
  });

  it('names them one by one', () => {
    const json = { version: 1, jobSeconds: -1, rules: [{ match: {}, reset: 'after', ...answer, times: 'two' }] };
    const problems: readonly string[] = catchProblems(json);
    expect(problems).toEqual([
      'scenario.jobSeconds must be seconds from 0, not -1.',
      'scenario.rules[0].times must be a whole number from 0, not "two".',
      'scenario.rules[0] has respond and reset, which exclude each other.',
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('takes %s for a field that it does not know', (name) => {
    const inner = `{"version":1,"rules":[{"match":{"${name}":{}},"delayMs":1}],"${name}":{"version":1}}`;
    expect(catchProblems(JSON.parse(inner))).toEqual([
      `scenario.rules[0].match has no field "${name}"; known are call, method, path.`,
      expect.stringContaining(`scenario has no field "${name}"`),
    ]);
    const headers = JSON.parse(`{"version":1,"rules":[{"match":{},"headers":{"${name}":{}}}]}`);
    expect(catchProblems(headers)).toEqual([expect.stringContaining('must be an object of texts')]);
  });
});

describe('a scenario that can be played', () => {
  it('is what the file says, field by field', () => {
    const file = {
      version: 1,
      use: ['slow', 'clock-ahead'],
      jobSeconds: 0.5,
      skewSeconds: -5,
      rules: [
        {
          match: { call: 'content', method: 'GET', path: '/files/*' },
          skip: 1,
          times: 0,
          delayMs: 3,
          truncateBytes: 0,
        },
        { match: {}, respond: { status: 599, headers: { 'x-a': 'b' }, body: null }, applyFirst: true },
        { match: {}, headers: { etag: '' }, corrupt: { at: -9, with: 'zeros' }, trickle: { bytes: 1, everyMs: 0 } },
      ],
      jobs: [
        { fail: { code: 'x', message: 'y' }, jobSeconds: 0, keepSeconds: 0, linkSeconds: 1.5 },
        { status: ['a', 'b'], progress: -1, end: 'c', made: { model: 'm', size: '20x40', seconds: '9' } },
      ],
    };
    expect(parseScenario(file)).toEqual(file);
  });
});

function catchProblems(json: unknown): readonly string[] {
  try {
    parseScenario(json);
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
  }
  return [];
}
