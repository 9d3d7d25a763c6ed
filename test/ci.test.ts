import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { tempFolder } from './helpers/temp.ts';

const COUNT = fileURLToPath(new URL('../.ci/count.js', import.meta.url));
const DISK = 'P4: a full disk loses nothing that was there';

/** What it says of a run in which tests of these names had these ends. */
async function countOf(tests: readonly (readonly [fullName: string, status: string])[]) {
  const report = join(await tempFolder(), 'report.json');
  const assertionResults = tests.map(([fullName, status]) => ({ fullName, status }));
  writeFileSync(report, JSON.stringify({ testResults: [{ assertionResults }, { assertionResults: [] }] }));
  return execa(process.execPath, [COUNT, report]);
}

describe('the count of a run', () => {
  it('is of what passed, failed, and was skipped where that is expected, by name and with why', async () => {
    const { stdout, stderr } = await countOf([
      ['a', 'passed'],
      ['b', 'passed'],
      ['c', 'failed'],
      [DISK, 'skipped'],
    ]);
    expect(stdout).toBe('2 1 1');
    expect(stderr).toBe(`  skipped: ${DISK} (only root may mount a small disk, and not in every container)`);
  });

  it.each(['skipped', 'pending', 'todo'])(
    'takes a test that is %s for failed where nobody expects it',
    async (status) => {
      const { stdout, stderr } = await countOf([
        ['a', 'passed'],
        ['a fact that is held nowhere', status],
      ]);
      expect(stdout).toBe('1 1 0');
      expect(stderr).toBe('  skipped: a fact that is held nowhere (NOT EXPECTED)');
    },
  );
});
