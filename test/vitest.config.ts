import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Much of the time goes into waiting for processes and clocks: two run at once even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real ffmpeg and real processes on two cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    unstubEnvs: true,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest.json' }]] : ['default'],
  },
});
