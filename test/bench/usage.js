// Preloaded into a measured process: writes what it used to the file that SORA_BENCH_USAGE names.
import { writeFileSync } from 'node:fs';

const cpuMs = ({ userCPUTime, systemCPUTime }) => (userCPUTime + systemCPUTime) / 1000;

/** What starting took, for what is about the time afterwards. */
const START_MS = 3000;
let startMs = 0;
setTimeout(() => {
  startMs = cpuMs(process.resourceUsage());
}, START_MS).unref();

process.on('exit', () => {
  const usage = process.resourceUsage();
  const used = { afterStartMs: cpuMs(usage) - startMs, maxRSS: usage.maxRSS };
  writeFileSync(process.env.SORA_BENCH_USAGE, JSON.stringify(used));
});
