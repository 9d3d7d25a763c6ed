/**
 * Counts what a run of vitest reports: `node .ci/count.js <report.json>` prints passed, failed and skipped tests in one line.
 * On stderr it names each that was skipped; one that skips.txt does not expect counts as failed, because nothing held it.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

const [report] = process.argv.slice(2);
const expected = readFileSync(new URL('skips.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes(' | '))
  .map((line) => line.split(' | '));

const tests = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap((file) => file.assertionResults);
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
let unexpected = 0;
for (const { fullName } of skipped) {
  const why = expected.find(([beginning]) => fullName.startsWith(beginning))?.[1];
  process.stderr.write(`  skipped: ${fullName} (${why ?? 'NOT EXPECTED'})\n`);
  if (why === undefined) unexpected += 1;
}
const of = (wanted) => tests.filter(({ status }) => status === wanted).length;
process.stdout.write(`${of('passed')} ${of('failed') + unexpected} ${skipped.length - unexpected}\n`);
