import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSealed, seal } from '../../src/films/seal.ts';
import { createTestContext } from '../helpers/runtime.ts';

const { signal } = new AbortController();

describe('a file that is sealed', () => {
  const sealed = async () => {
    const { dir } = await createTestContext();
    const path = join(dir, 'piece.mp4');
    await writeFile(path, Buffer.from('\0\0\0\x10mdatpictures', 'latin1'));
    await seal(path, signal);
    return { path, bytes: await readFile(path) };
  };

  it('holds what it held, and one box more that readers skip', async () => {
    const { path, bytes } = await sealed();
    expect(await isSealed(path)).toBe(true);
    expect(bytes.toString('latin1', 0, 16)).toBe('\0\0\0\x10mdatpictures');
    expect(bytes.readUInt32BE(16)).toBe(bytes.length - 16);
    expect(bytes.toString('latin1', 20, 24)).toBe('free');
  });

  it('is not what it was with any other byte, shorter, longer, without its seal, or not there', async () => {
    const { path, bytes } = await sealed();
    const changed = [...bytes.keys()].map((at) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return copy;
    });
    for (const other of [
      ...changed,
      bytes.subarray(1),
      bytes.subarray(0, -1),
      bytes.subarray(0, 16),
      Buffer.alloc(0),
    ]) {
      await writeFile(path, other);
      expect(await isSealed(path)).toBe(false);
    }
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(await isSealed(path)).toBe(false);
    expect(await isSealed(`${path}.none`)).toBe(false);
  });
});
