/** A picture in the place of one that nobody has yet: a PNG of a size, of which nobody looks at the pixels. Pure. */
import type { Size } from '../shared/geometry.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Its header says the size; it is planned with, and never sent. */
export function blankPicture({ width, height }: Size): Uint8Array {
  const header = Buffer.alloc(25);
  header.writeUInt32BE(13, 0);
  header.write('IHDR', 4, 'latin1');
  header.writeUInt32BE(width, 8);
  header.writeUInt32BE(height, 12);
  header.set([8, 2, 0, 0, 0], 16);
  const end = Buffer.alloc(12);
  end.write('IEND', 4, 'latin1');
  return new Uint8Array(Buffer.concat([Buffer.from(SIGNATURE), header, end]));
}
