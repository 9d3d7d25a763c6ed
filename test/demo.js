// `sora demo` as the built program runs it, with the ffmpeg of the development dependencies: `npm run demo`.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import installer from '@ffmpeg-installer/ffmpeg';
import { execa } from 'execa';

const root = fileURLToPath(new URL('..', import.meta.url));
await rm(`${root}/.demo`, { recursive: true, force: true });
const { exitCode } = await execa('node', ['bin/sora.js', 'demo', '.demo'], {
  ...{ cwd: root, stdio: 'inherit', reject: false },
  env: { SORA_FFMPEG: installer.path },
});
if (exitCode === 0) process.stdout.write(`\nHere sora is "node bin/sora.js", with SORA_FFMPEG=${installer.path}\n`);
process.exitCode = exitCode ?? 1;
