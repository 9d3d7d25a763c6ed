/** Builds `dist` from `src`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { build } from 'rolldown';

await build({
  input: 'src/main.ts',
  platform: 'node',
  // Loaded from node_modules by the commands that need them; everything else becomes part of dist.
  external: ['conf', 'execa', 'ffmpeg-static', 'fluent-ffmpeg', 'mediainfo.js', 'ora', 'proper-lockfile', 'undici'],
  plugins: [
    {
      // commander loads it for subcommands that are programs of their own, of which there are none: 2 ms at each start.
      name: 'no-child-process-in-commander',
      resolveId: (id, importer) =>
        id === 'node:child_process' && importer?.includes('/commander/') ? '\0no-child-process' : null,
      load: (id) => (id === '\0no-child-process' ? 'export {};' : null),
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
          test: /\/src\/(cli|program|program-help|options|context|choice|ui|progress|table|width|time|providers\/(index|provider)|store\/paths)\.ts$|\/node_modules\/(commander|chalk)\//,
        },
        {
          name: 'store',
          test: /\/src\/(store\/(characters|character-record|clips|decode|digests|files|jobs|job-record|locks|names|records)|hash)\.ts$|\/valibot\//,
        },
      ],
    },
  },
});

// The help of the program as a whole is the same every time: main.ts prints this instead of making it.
writeFileSync('dist/help.txt', execFileSync(process.execPath, ['bin/sora.js', '--help'], { env: { COLUMNS: '80' } }));
