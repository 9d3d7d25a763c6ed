import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { permissionWarnings } from '../../src/disk/permissions.ts';
import { tempFolder } from '../helpers/temp.ts';

async function fileOf(mode: number, folderMode: number): Promise<string> {
  const path = join(await tempFolder(), 'keys.json');
  await writeFile(path, '{}');
  await chmod(path, mode);
  await chmod(dirname(path), folderMode);
  return path;
}

describe('exposures', () => {
  it.each([0o600, 0o400])('are none of a file of mode %o in a folder that others cannot write to', async (mode) => {
    for (const folder of [0o700, 0o755, 0o1777])
      expect(await permissionWarnings(await fileOf(mode, folder), 'linux')).toEqual([]);
  });

  it.each([
    [0o644, 'read'],
    [0o640, 'read'],
    [0o660, 'read or change'],
    [0o602, 'read or change'],
  ])('tell of a file of mode %o that others may %s it, and what ends that', async (mode, verb) => {
    const path = await fileOf(mode, 0o700);
    expect(await permissionWarnings(path, 'linux')).toEqual([
      `Others on this machine may ${verb} ${path}. Run: chmod 600 ${path}`,
    ]);
  });

  it.each([0o770, 0o777])('tell of a folder of mode %o that others may put another file there', async (mode) => {
    const path = await fileOf(0o600, mode);
    expect(await permissionWarnings(path, 'darwin')).toEqual([
      `Others on this machine may replace ${path}. Run: chmod 700 ${dirname(path)}`,
    ]);
  });

  it('are none on Windows', async () => {
    expect(await permissionWarnings(await fileOf(0o666, 0o777), 'win32')).toEqual([]);
  });

  it('are a trouble of the machine where nothing can be looked at', async () => {
    await expect(permissionWarnings('/nowhere/at/all.json', 'linux')).rejects.toMatchObject({ code: 'machine' });
  });
});
