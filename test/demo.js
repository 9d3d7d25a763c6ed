// The main job, through the real program, against the built-in sandbox: `npm run demo`.
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import installer from '@ffmpeg-installer/ffmpeg';
import { execa } from 'execa';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { SORA_HOME: '.demo/home', SORA_PROVIDER: 'sandbox', SORA_FFMPEG: installer.path };

const steps = [
  ['character', 'create', 'fixtures/joe.mp4', '--name', 'Joe'],
  ['character', 'list'],
  ['video', 'generate', 'Joe waves at the sea.', '-c', 'Joe', '-o', '.demo/joe-at-the-sea.mp4'],
  [
    'video',
    'generate',
    'A rainy night in the city.',
    '-c',
    'Joe',
    '--aspect',
    '9:16',
    '-o',
    '.demo/joe-in-the-rain.mp4',
  ],
  ['video', 'list'],
];

await rm(`${root}/.demo`, { recursive: true, force: true });
await mkdir(`${root}/.demo`);
for (const args of steps) {
  const shown = args.map((word) => (/^[\w./:-]+$/.test(word) ? word : `"${word}"`)).join(' ');
  process.stdout.write(`\n$ sora ${shown}\n`);
  const { exitCode } = await execa('node', ['bin/sora.js', ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode !== 0) process.exit(exitCode ?? 1);
}

process.stdout.write(`
The videos are here:
  .demo/joe-at-the-sea.mp4   1280x720
  .demo/joe-in-the-rain.mp4  720x1280, with the name put into the prompt and a portrait copy of Joe's clip

Next, with the same settings in your shell:
  export SORA_HOME=${root}.demo/home SORA_PROVIDER=sandbox SORA_FFMPEG=${installer.path}
  node bin/sora.js character show Joe
  node bin/sora.js video generate "Joe rides a bicycle." -c Joe --dry-run
  node bin/sora.js --help
`);
