import { describe, expect, it } from 'vitest';
import { playScenario, ScenarioError } from '../../src/sandbox/scenario.ts';

const answer = { respond: { status: 500 } };

describe('the rules of a scenario', () => {
  it.each<[string, { method?: string; path?: string }, string, string, boolean]>([
    ['everything', {}, 'DELETE', '/videos/1', true],
    ['a method', { method: 'get' }, 'GET', '/videos', true],
    ['another method', { method: 'POST' }, 'GET', '/videos', false],
    ['a path', { path: '/videos' }, 'GET', '/videos', true],
    ['no prefix of a path', { path: '/videos' }, 'GET', '/videos/1', false],
    ['a star within a segment', { path: '/videos/*/content' }, 'GET', '/videos/1/content', true],
    ['a star across segments', { path: '/videos/*' }, 'GET', '/videos/1/content', false],
    ['two stars across segments', { path: '/videos/**' }, 'GET', '/videos/1/content', true],
    ['a path whatever its query', { path: '/videos' }, 'GET', '/videos?limit=2', true],
    [
      'a path with its query',
      { path: '/*/*/content?variant=thumbnail' },
      'GET',
      '/videos/1/content?variant=thumbnail',
      true,
    ],
    ['a path with another query', { path: '/videos?limit=2' }, 'GET', '/videos?limit=3', false],
    ['a dot as a dot', { path: '/a.b' }, 'GET', '/aXb', false],
  ])('match %s', (_, match, method, path, matches) => {
    const player = playScenario({ version: 1, rules: [{ match, ...answer }] });
    expect(player.fault(method, path)?.respond?.status === 500).toBe(matches);
  });

  it('skip, last for their times, and leave the rest to the next rule', () => {
    const player = playScenario({
      version: 1,
      rules: [
        { match: { path: '/videos' }, skip: 1, times: 2, respond: { status: 501 } },
        { match: { method: 'GET' }, times: 1, respond: { status: 502 } },
        { match: {}, respond: { status: 503 } },
      ],
    });
    const statuses = Array.from({ length: 6 }, () => player.fault('GET', '/videos')?.respond?.status);
    expect(statuses).toEqual([502, 501, 501, 503, 503, 503]);
  });

  it('hand out the fates of jobs in order', () => {
    const player = playScenario({ version: 1, jobs: [{ status: 'dreaming' }, {}, { end: 'expired' }] });
    expect([player.fate(), player.fate(), player.fate(), player.fate()]).toEqual([
      { status: 'dreaming' },
      {},
      { end: 'expired' },
      {},
    ]);
  });

  it('are none without a scenario', () => {
    const player = playScenario(undefined);
    expect([player.fault('GET', '/'), player.fate(), player.jobSeconds]).toEqual([undefined, {}, 4]);
  });
});

describe('a scenario that cannot be played', () => {
  const rule = (fields: object) => ({ version: 1, rules: [{ match: {}, ...fields }] });

  it.each<[string, unknown, string]>([
    ['no object', [], 'scenario must be an object.'],
    ['no version', {}, 'scenario needs "version".'],
    ['another version', { version: 2 }, 'scenario.version must be 1, not 2.'],
    ['an unknown field', { version: 1, rule: [] }, 'no field "rule"; known are version, jobSeconds, rules, jobs.'],
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
    ['an odd side', { version: 1, jobs: [{ made: { size: '721x1280' } }] }, 'even sides'],
  ])('says where it is wrong: %s', (_, json, words) => {
    expect(() => playScenario(json)).toThrow(ScenarioError);
    expect(() => playScenario(json)).toThrow(words);
  });

  it('names every problem at once', () => {
    const json = { version: 3, jobSeconds: 'soon', rules: [{ match: {}, delay: 1 }] };
    expect(() => playScenario(json)).toThrow(/version.*\n.*jobSeconds.*\n.*no field "delay"/);
  });
});
