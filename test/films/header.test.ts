import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { beginsClosed } from '../../src/films/header.ts';
import { tempFolder } from '../helpers/temp.ts';

const SEI = 6;
const IDR = 5;
const SLICE = 1;

/** An MP4 of nothing but its media box, with units of these types. */
function mediaOf(types: readonly number[]): Buffer {
  const units = Buffer.concat(types.map((type) => Buffer.from([0, 0, 0, 3, 0x60 | type, 0, 0])));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + units.length, 0);
  head.write('mdat', 4, 'latin1');
  return Buffer.concat([head, units]);
}

it.each([
  ['an IDR picture', [IDR], true],
  ['an IDR picture behind what stands before it', [SEI, IDR], true],
  ['a picture that refers to others, behind what stands before it', [SEI, SEI, SLICE], false],
])('a file begins with %s', async (_what, types, isClosed) => {
  const path = join(await tempFolder(), 'a.mp4');
  await writeFile(path, mediaOf(types));
  expect(await beginsClosed(path)).toBe(isClosed);
});
