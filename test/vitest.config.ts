import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest begins first, in this order: at the end it would run alone. */
const LONG = `
e2e/readme e2e/outlives e2e/faults e2e/exit-codes e2e/batch slow/media/prepare masters/timing e2e/keys
e2e/hostile slow/batches/run-batch e2e/earlier-home e2e/processes slow/films/assemble e2e/register
slow/sandbox/render/render e2e/ci e2e/toy-host e2e/storyboard e2e/forced-exit slow/disk/lock e2e/chaos
slow/media/ffmpeg/sound e2e/derive slow/commands/character/stills slow/linear masters/matrix-streams
masters/picture-shape masters/picture-colour slow/batches/batch-model slow/storyboards/money e2e/fuzz
e2e/outputs slow/media/judge/judge-master slow/media/judge/meter slow/storyboards/assemble-storyboard
e2e/start slow/storyboards/decisions masters/matrix-picture masters/matrix-shape e2e/main-job e2e/cast
slow/sandbox/wavespeed slow/characters/store e2e/completion slow/commands/doctor e2e/again
slow/sandbox/eachlabs slow/media/judge/measure-picture slow/disk/records slow/commands/character/create
slow/commands/clip masters/hostile e2e/strange-files slow/media/judge/scan
`
  .trim()
  .split(/\s+/);

const FILES = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.test.ts'),
);

const missing = LONG.filter((name) => !FILES.includes(`${name}.test.ts`));
if (missing.length > 0) throw new Error(`LONG names what is no test: ${missing.join(', ')}`);

/** What puts something in the place of a module, which others would then share. */
const isAlone = (file: string): boolean => readFileSync(join(import.meta.dirname, file), 'utf8').includes('vi.mock(');

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.includes(`/test/${name}.`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

function project(name: string, belongs: (file: string) => boolean, isolate: boolean) {
  const include = FILES.filter(belongs).map((file) => `test/${file}`);
  return { extends: true as const, test: { name, include, isolate } };
}

// Everything that is talked to is on this machine, and reading a file of authorities doubles the start of every child.
delete process.env.NODE_EXTRA_CA_CERTS;

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Files share a worker and what it has loaded: most would load for longer than they test. None may leave anything behind.
    projects: [project('shared', (file) => !isAlone(file), false), project('alone', isAlone, true)],
    // What a file becomes is kept from run to run, by its content, in node_modules: making it takes a tenth of all processor time.
    experimental: { fsModuleCache: true },
    globalSetup: 'test/helpers/once.setup.ts',
    // Much of the time goes into waiting for processes and clocks; what takes long by waiting begins first.
    maxWorkers: 2 * availableParallelism(),
    // Young objects of a test are garbage at its end: with room for more of them, collecting takes a twentieth less of all time.
    execArgv: ['--max-semi-space-size=64'],
    sequence: { sequencer: LongestFirst },
    // Real ffmpeg and real processes on two cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    unstubEnvs: true,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest.json' }]] : ['default'],
  },
});
