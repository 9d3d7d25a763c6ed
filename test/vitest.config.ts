import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest begins first, in this order: at the end it would run alone. */
const LONG = [
  ...[
    'slow/batches/run-batch',
    'slow/commands/character/sync',
    'slow/commands/doctor',
    'fingerprints',
    'e2e/readme',
    'e2e/faults',
  ],
  ...['slow/commands/json', 'e2e/batch', 'e2e/ci', 'slow/batches/batch-model', 'e2e/outlives', 'masters/timing'],
  ...['e2e/toy-host', 'e2e/earlier-home', 'masters/matrix-shape', 'slow/films/assemble', 'slow/media/ffmpeg/sound'],
  ...[
    'slow/media/prepare',
    'slow/media/judge/judge-master',
    'e2e/forced-exit',
    'e2e/fuzz',
    'e2e/hostile',
    'masters/picture-shape',
  ],
  ...[
    'masters/matrix-picture',
    'e2e/keys',
    'e2e/chaos',
    'masters/matrix-streams',
    'masters/picture-colour',
    'e2e/register',
  ],
  ...['e2e/exit-codes', 'e2e/processes', 'e2e/outputs', 'slow/media/judge/measure-picture', 'e2e/again', 'e2e/agent'],
  ...[
    'slow/sandbox/render/render',
    'slow/commands/clip',
    'slow/characters/register',
    'e2e/main-job',
    'e2e/strange-files',
  ],
  ...['masters/hostile', 'e2e/home'],
];

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
