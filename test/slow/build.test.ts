import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../helpers/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the build with one text of its script replaced, in a folder of its own. */
async function buildWith(text: string, replacement: string) {
  const cwd = await tempFolder();
  for (const name of ['src', 'bin', 'node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(cwd, name));
  const script = readFileSync(join(ROOT, '.build.js'), 'utf8');
  expect(script).toContain(text);
  writeFileSync(join(cwd, '.build.js'), script.replace(text, replacement));
  const ran = await execa(process.execPath, ['.build.js'], { cwd, reject: false });
  return { ...ran, isBuilt: existsSync(join(cwd, 'dist', 'help.txt')) };
}

describe('the build', () => {
  it.each([
    ['file', "'disk/records.ts'", "'disk/recordings.ts'", 'name files that are not there: disk/recordings.ts'],
    ['package', "'proper-lockfile'", "'proper-lock'", 'name packages that nothing uses: proper-lock'],
  ])('fails when its lists name a %s that is missing', async (_, text, replacement, complaint) => {
    const { exitCode, stderr, isBuilt } = await buildWith(text, replacement);
    expect({ exitCode, isBuilt }).toEqual({ exitCode: 1, isBuilt: false });
    expect(stderr).toContain(complaint);
  });
});
