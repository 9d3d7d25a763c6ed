import { describe, expect, it } from 'vitest';
import { FAULT_NAMES, FAULTS, type NamedFault } from '../../../src/sandbox/faults/named.ts';
import { playScenario } from '../../../src/sandbox/faults/scenario.ts';

describe('a short name', () => {
  it.each(FAULT_NAMES)('%s stands for what a file could say itself', (name) => {
    const { rules = [], job, skewSeconds = 0 }: NamedFault = FAULTS[name];
    const spelled = playScenario({ version: 1, rules, skewSeconds, jobs: job ? [job] : [] });
    const short = playScenario({ version: 1, use: [name] });
    const requests = Array.from({ length: 5 }, () => ({ method: 'POST', path: '/videos', call: 'create' as const }));
    expect(requests.map((request) => short.fault(request))).toEqual(requests.map((request) => spelled.fault(request)));
    expect([short.skewMs, short.fate()]).toEqual([spelled.skewMs, spelled.fate()]);
  });

  it('comes after the rules of the file, and leaves a job what it says itself', () => {
    const rules = [{ match: {}, times: 1, respond: { status: 418 } }];
    const player = playScenario({
      version: 1,
      use: ['down', 'odd-progress', 'expired'],
      rules,
      jobs: [{ progress: 7 }],
    });
    const statuses = [1, 2].map(() => player.fault({ method: 'GET', path: '/' })?.respond?.status);
    expect(statuses).toEqual([418, 503]);
    expect(player.fate()).toEqual({ progress: 7, keepSeconds: 0 });
    expect(player.fate()).toEqual({ progress: [0.25, 33.3, 250], keepSeconds: 0 });
  });
});
