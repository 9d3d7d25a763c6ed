/** Time of this process alone, whatever else the machine is doing. */

/** Milliseconds of the processor that `work` takes, the system's among them: which of them are is not told exactly. */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
