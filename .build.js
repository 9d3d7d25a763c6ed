/** Builds `dist` from `src`. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

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
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // Names stay, for the stacks of --debug.
    minify: { compress: true, mangle: false, codegen: true },
    // What every command needs is one file: at start-up, opening files takes longer than reading them.
    codeSplitting: {
      groups: [
        { name: 'start', tags: ['$initial'] },
        {
          name: 'cli',
          test: /\/src\/(cli|program|program-help|options|context|choice|ui|progress|table|width|time|hash|providers\/(index|provider)|store\/paths)\.ts$|\/node_modules\/(commander|chalk)\//,
        },
        {
          name: 'store',
          test: /\/src\/(store\/(characters|character-record|clips|decode|digests|files|jobs|job-record|locks|names|records))\.ts$|\/valibot\//,
        },
        // A file each, with what they need.
        ...['conf', 'execa', 'fluent-ffmpeg', 'mediainfo.js', 'ora', 'proper-lockfile', 'undici'].map((name) => ({
          name,
          test: new RegExp(`/node_modules/${name}/`),
        })),
      ],
    },
  },
});

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
const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
const packages = [...new Set(modules.map(packageOf).filter((folder) => folder !== undefined))].map((folder) => {
  const { name, version, license, licenses = [] } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `${name} ${version} (${license ?? licenses.map(({ type }) => type).join(', ')})${text}\n`;
});
writeFileSync('dist/licenses.txt', packages.toSorted().join(`\n${'-'.repeat(80)}\n\n`));
