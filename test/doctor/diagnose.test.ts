import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose, worstOf } from '../../src/doctor/diagnose.ts';
import { checkStore, storeError } from '../../src/doctor/store.ts';
import { bringJoe } from '../helpers/joe.ts';
import { openWorkspace } from '../helpers/workspace.ts';

describe('a diagnosis without a command line', () => {
  it('asks the chosen host, and has no fault', async () => {
    const { workspace, printed } = await openWorkspace();
    const findings = await diagnose(workspace, { api: true });
    expect(findings.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(worstOf(findings)).toBeUndefined();
    const checks = findings.map(({ check }) => check);
    expect(checks).toEqual(expect.arrayContaining(['node', 'ffmpeg', 'store readable', 'provider', 'base URL']));
    expect(checks.length).toBeGreaterThan(checks.indexOf('base URL') + 1);
    expect(printed()).toBe('');
  });

  it('counts a broken record as a fault of this machine, and names it in the report of the store', async () => {
    const { workspace, home } = await openWorkspace();
    await bringJoe(home);
    const whole = await checkStore(workspace);
    expect(whole).toMatchObject({ characters: 1, jobs: 0, problems: [] });
    expect(storeError(whole, '')).toBeUndefined();
    const path = join(workspace.paths().characters, `${'0'.repeat(64)}.json`);
    await writeFile(path, '{');
    const findings = await diagnose(workspace, { api: false });
    expect(findings.find(({ check }) => check === 'store readable')).toMatchObject({ ok: false, code: 'machine' });
    expect(worstOf(findings)).toBe('machine');
    expect((await checkStore(workspace)).problems).toMatchObject([{ path }]);
  });
});
