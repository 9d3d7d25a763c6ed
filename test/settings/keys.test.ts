import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { keysPath, readKeys, removeKey, storeKey } from '../../src/settings/keys.ts';
import { tempFolder } from '../helpers/temp.ts';

const LINUX = { platform: 'linux' };

async function home(content?: unknown): Promise<string> {
  const dir = join(await tempFolder(), 'sora');
  if (content === undefined) return dir;
  await mkdir(dir, { mode: 0o700 });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(keysPath(dir), text, { mode: 0o600 });
  return dir;
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('stored keys', () => {
  it('are none without a file, and looking or removing makes nothing', async () => {
    const dir = await home();
    expect(await readKeys(dir, LINUX)).toEqual({});
    expect(await removeKey(dir, 'openai')).toBe(false);
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('P5: lie in a file and a folder that only their owner can read', async () => {
    const dir = await home();
    expect(await storeKey(dir, 'openai', 'sk-one')).toBe(false);
    expect([await modeOf(dir), await modeOf(keysPath(dir))]).toEqual(['700', '600']);
    expect(JSON.parse(await readFile(keysPath(dir), 'utf8'))).toEqual({ version: 1, keys: { openai: 'sk-one' } });
    expect(await readdir(dir)).toEqual(['keys.json']);
  });

  it('are replaced and removed one by one, and leave what else is in the file', async () => {
    const dir = await home({ version: 1, note: 'mine', keys: { later: 'x', openai: 'old' } });
    expect(await storeKey(dir, 'openai', 'new')).toBe(true);
    expect(await storeKey(dir, 'eachlabs', 'el')).toBe(false);
    expect(await removeKey(dir, 'openai')).toBe(true);
    expect(await removeKey(dir, 'openai')).toBe(false);
    expect(JSON.parse(await readFile(keysPath(dir), 'utf8'))).toEqual({
      version: 1,
      note: 'mine',
      keys: { later: 'x', eachlabs: 'el' },
    });
  });

  it('P4: lose none of several that are stored at once', async () => {
    const dir = await home();
    const names = Array.from({ length: 12 }, (_, index) => `host${index}`);
    await Promise.all(names.map((name) => storeKey(dir, name, `key of ${name}`)));
    expect(Object.keys(await readKeys(dir, LINUX)).toSorted()).toEqual(names.toSorted());
  });

  it('are written through a link to where the file really is', async () => {
    const dir = await home({ version: 1, keys: {} });
    const linked = join(await tempFolder(), 'linked');
    await mkdir(linked);
    await symlink(keysPath(dir), keysPath(linked));
    await storeKey(linked, 'openai', 'k');
    expect(await readKeys(dir, LINUX)).toEqual({ openai: 'k' });
  });

  it('earn a warning when others may read them, and a write ends that', async () => {
    const dir = await home({ version: 1, keys: { openai: 'secret' } });
    await chmod(keysPath(dir), 0o640);
    const warn = vi.fn();
    expect(await readKeys(dir, { ...LINUX, warn })).toEqual({ openai: 'secret' });
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`chmod 600 ${keysPath(dir)}`)]]);
    await readKeys(dir, { platform: 'win32', warn });
    await storeKey(dir, 'openai', 'other');
    await readKeys(dir, { ...LINUX, warn });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['{"version":1,"keys":{"openai":"sk-secret"', 'it is not valid JSON'],
    [['sk-secret'], 'it is not an object'],
    [{ keys: { openai: 'sk-secret' } }, 'it has no version'],
    [{ version: 2, keys: {} }, 'it was written by a newer version of sora'],
    [{ version: 1 }, 'keys is not an object'],
    [{ version: 1, keys: { openai: 7 } }, 'keys.openai is not text'],
  ])('P5: refuse the file %j without quoting it, and leave it as it is', async (content, reason) => {
    const dir = await home(content);
    const before = await readFile(keysPath(dir), 'utf8');
    for (const work of [
      () => readKeys(dir, LINUX),
      () => storeKey(dir, 'openai', 'k'),
      () => removeKey(dir, 'openai'),
    ]) {
      const error = await work().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'machine', message: expect.stringContaining(reason) });
      expect(`${(error as Error).message}${(error as Error).cause ?? ''}`).not.toContain('sk-secret');
    }
    expect(await readFile(keysPath(dir), 'utf8')).toBe(before);
  });
});
