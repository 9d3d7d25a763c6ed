/** Builds `dist` from `src`. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const folders = (path) =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/**
 * What becomes one file each: opening files takes longer than reading them. `files` are of `src`; a library comes with what
 * it needs.
 */
const GROUPS = [
  {
    // What every command needs.
    name: 'cli',
    files: [
      ...[
        'cli/run.ts',
        'cli/program.ts',
        'cli/help-command.ts',
        'cli/help-document.ts',
        'cli/options.ts',
        'cli/cost-options.ts',
        'shared/money.ts',
        'shared/options.ts',
        'context.ts',
        'settings/choose-provider.ts',
        'terminal/ui.ts',
        'terminal/progress.ts',
      ],
      ...[
        'terminal/table.ts',
        'terminal/width.ts',
        'shared/time.ts',
        'disk/hash.ts',
        'providers/index.ts',
        'providers/provider.ts',
      ],
      // The rows of the table; their adapters are loaded when they are used.
      ...folders('src/providers').map((host) => `providers/${host}/index.ts`),
      ...['disk/paths.ts', 'disk/links.ts', 'disk/system-reason.ts', 'disk/temporary-folder.ts', 'shared/json.ts'],
      ...['shared/job.ts', 'shared/character.ts', 'shared/clip.ts', 'shared/geometry.ts', 'shared/base-url.ts'],
    ],
    packages: ['commander', 'chalk'],
  },
  {
    // What every adapter needs.
    name: 'route',
    files: ['providers/route.ts', 'providers/stop-job.ts', 'http/ranged-content.ts'],
    packages: [],
  },
  {
    name: 'store',
    files: [
      ...[
        'characters/store.ts',
        'characters/record.ts',
        'characters/clip-store.ts',
        'disk/schema.ts',
        'disk/list-cache.ts',
      ],
      ...[
        'disk/atomic-write.ts',
        'videos/jobs/store.ts',
        'videos/jobs/record.ts',
        'videos/jobs/fingerprint.ts',
        'videos/jobs/short-id.ts',
        'disk/lock.ts',
        'characters/names.ts',
      ],
      ...['disk/records.ts', 'disk/listing.ts', 'characters/find.ts', 'characters/merge.ts', 'characters/lack.ts'],
    ],
    packages: ['valibot'],
  },
  { name: 'settings', files: ['settings/settings.ts'], packages: [] },
  { name: 'stdin', files: ['terminal/stdin.ts'], packages: [] },
  // What models take, and what they cost.
  {
    name: 'prices',
    files: ['costs/cost.ts', 'providers/ratios.ts', 'providers/models.ts', 'providers/references.ts'],
    packages: [],
  },
  { name: 'clips', files: ['clips/inspect.ts', 'clips/prepare.ts'], packages: [] },
  // What is looked at of a video before anything is done with it.
  { name: 'probe', files: ['media/probe/probe.ts', 'media/plan/issues.ts'], packages: [] },
  // What every look at a picture needs.
  { name: 'bars', files: ['media/judge/bars.ts', 'media/judge/thresholds.ts'], packages: [] },
  { name: 'publish', files: ['disk/publish.ts', 'disk/part-file.ts'], packages: [] },
  {
    // What every command needs that looks at jobs.
    name: 'jobs',
    files: [
      ...['shared/deadline.ts', 'videos/jobs/find.ts', 'videos/jobs/lifecycle.ts', 'videos/jobs/poll.ts'],
      ...[
        'videos/jobs/not-downloaded.ts',
        'videos/jobs/wait.ts',
        'videos/jobs/error.ts',
        'videos/jobs/wait-display.ts',
        'videos/jobs/job-names.ts',
        'videos/jobs/totals.ts',
        'films/source.ts',
        'films/sound-hint.ts',
      ],
    ],
    packages: [],
  },
  {
    // What every command needs that sends a video.
    name: 'send',
    files: [
      ...['videos/send.ts', 'videos/quote.ts', 'videos/submit.ts', 'videos/plan.ts', 'videos/spending.ts'],
      ...['videos/jobs/costs.ts', 'videos/lost/replace.ts', 'videos/reference-image.ts', 'videos/follow.ts'],
      ...[
        'costs/spending.ts',
        'costs/budget.ts',
        'costs/max-cost.ts',
        'characters/register.ts',
        'characters/register-cast.ts',
        'commands/video/results.ts',
      ],
    ],
    packages: [],
  },
  {
    // What every command of a film reads its file with.
    name: 'storyboard',
    files: [
      ...[
        'build',
        'located',
        'markdown',
        'parse-storyboard',
        'problem',
        'read-markdown',
        'scene-links',
        'settings',
      ].map((name) => `storyboards/file/${name}.ts`),
      ...['storyboards/file/values.ts', 'storyboards/file/variables.ts', 'storyboards/read-storyboard.ts'],
      ...['storyboards/storyboard.ts', 'disk/given-text.ts', 'disk/within.ts'],
    ],
    packages: [],
  },
  ...['conf', 'csv-parse', 'fluent-ffmpeg', 'execa', 'mediainfo.js', 'ora', 'proper-lockfile', 'undici', 'yaml'].map(
    (name) => ({
      ...{ name, files: [], packages: [name] },
    }),
  ),
];

// A name that nothing has would be left out of its group in silence, and each start would take longer.
const missing = GROUPS.flatMap(({ files }) => files).filter((file) => !existsSync(join('src', file)));
if (missing.length > 0) throw new Error(`The groups of .build.js name files that are not there: ${missing.join(', ')}`);

const escaped = (names) => names.map((name) => name.replaceAll('.', '\\.')).join('|');

const { output } = await build({
  input: 'src/main.ts',
  platform: 'node',
  // It brings a program beside its own files. Everything else becomes part of dist: execa alone is 160 files, and opening
  // them takes a tenth of a second.
  external: ['ffmpeg-static'],
  // Its condition for bundlers is meant for browsers.
  resolve: { alias: { 'mediainfo.js$': fileURLToPath(import.meta.resolve('mediainfo.js')) } },
  plugins: [
    {
      // What two libraries load at each start and never use here: commander to run subcommands that are programs of their
      // own, chalk to find out whether a terminal has colours, which ui.ts tells it. 2 ms each.
      name: 'unused',
      resolveId: (id, importer) => {
        if (id === 'node:child_process' && importer?.includes('/commander/')) return '\0no-child-process';
        return id === '#supports-color' ? '\0no-supports-color' : null;
      },
      load: (id) => {
        if (id === '\0no-child-process') return 'export {};';
        return id === '\0no-supports-color' ? 'export default { stdout: false, stderr: false };' : null;
      },
    },
  ],
  output: {
    dir: 'dist',
    cleanDir: true,
    // Node links ES modules one turn of the event loop at a time: as CommonJS a list is shown 8 ms earlier.
    format: 'cjs',
    // Nor is a module of Node's own: the first `import()` that is left loads all that Node needs for ES modules, 15 ms.
    dynamicImportInCjs: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // Names stay, for the stacks of --debug.
    minify: { compress: true, mangle: false, codegen: true },
    codeSplitting: {
      groups: [
        { name: 'start', tags: ['$initial'] },
        ...GROUPS.map(({ name, files, packages }) => ({
          name,
          test: new RegExp(`/src/(${escaped(files)})$|/node_modules/(${escaped(packages)})/`),
        })),
      ],
    },
  },
});

const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
const unused = GROUPS.flatMap(({ packages }) => packages).filter(
  (name) => !modules.some((id) => id.includes(`/node_modules/${name}/`)),
);
if (unused.length > 0) throw new Error(`The groups of .build.js name packages that nothing uses: ${unused.join(', ')}`);

// What `sora demo` makes a character of.
copyFileSync('fixtures/joe.mp4', join('dist', 'joe.mp4'));
// What `sora help <topic>` shows, beside the chunk that reads it.
for (const name of readdirSync('src/help').filter((entry) => entry.endsWith('.md'))) {
  copyFileSync(join('src/help', name), join('dist', name));
}

// What `sora skill` prints.
cpSync('src/help/sora-cli', 'dist/sora-cli', { recursive: true });

// The help of the program as a whole is the same every time: main.ts prints this instead of making it.
writeFileSync('dist/help.txt', execFileSync(process.execPath, ['bin/sora.js', '--help'], { env: { COLUMNS: '80' } }));

/** The package that a bundled file is from; undefined for our own. */
function packageOf(file) {
  if (!file.includes('/node_modules/')) return undefined;
  const isNamed = (folder) =>
    existsSync(join(folder, 'package.json')) && JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name;
  let folder = dirname(file);
  while (!isNamed(folder)) folder = dirname(folder);
  return folder;
}

// What is bundled is passed on, and its licences ask to go with it.
const packages = [...new Set(modules.map(packageOf).filter((folder) => folder !== undefined))].map((folder) => {
  const { name, version, license, licenses = [] } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `${name} ${version} (${license ?? licenses.map(({ type }) => type).join(', ')})${text}\n`;
});
writeFileSync('dist/licenses.txt', packages.toSorted().join(`\n${'-'.repeat(80)}\n\n`));
