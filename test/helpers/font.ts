/** Fonts that are as small as they can be: some letters, and all of them the same square. */

type Form = 4 | 12;

/** A TrueType font, or a collection that begins with it; its table of letters in one of the two usual forms. */
export function makeFont(
  letters: string,
  { form = 4, collection = false }: { form?: Form; collection?: boolean } = {},
) {
  const codes = [...letters].map((letter) => letter.codePointAt(0) ?? 0).toSorted((a, b) => a - b);
  const subtable = form === 4 ? segments(codes) : groups(codes);
  const tables: Readonly<Record<string, Buffer>> = {
    cmap: Buffer.concat([u16(0, 1, 3, form === 4 ? 1 : 10), u32(12), subtable]),
    glyf: SQUARE,
    head: Buffer.concat([
      u32(0x10000, 0x10000, 0, 0x5f0f3cf5),
      u16(0, EM),
      Buffer.alloc(16),
      u16(0, 0, EM, EM, 0, 8, 2, 0, 0),
    ]),
    hhea: Buffer.concat([u32(0x10000), u16(EM, 0, 0, EM, 0, 0, EM), Buffer.alloc(16), u16(2)]),
    hmtx: u16(EM, 0, EM, 0),
    // Glyph 0, which stands for letters that are not there, is empty.
    loca: u16(0, 0, SQUARE.length / 2),
    maxp: Buffer.concat([u32(0x10000), u16(2, 4, 1, 0, 0, 1), Buffer.alloc(16)]),
  };
  const before = collection ? 16 : 0;
  const names = Object.keys(tables);
  let offset = before + 12 + names.length * 16;
  const records = names.map((name) => {
    const { length } = tables[name] ?? SQUARE;
    const record = Buffer.concat([Buffer.from(name), u32(0, offset, length)]);
    offset += padded(length);
    return record;
  });
  const bodies = names.map((name) => Buffer.concat([tables[name] ?? SQUARE], padded(tables[name]?.length ?? 0)));
  const font = [u32(0x10000), u16(names.length, 0, 0, 0), ...records, ...bodies];
  return Buffer.concat([...(collection ? [Buffer.from('ttcf'), u32(0x10000, 1, before)] : []), ...font]);
}

const EM = 1000;

/** One contour of four points, from the line up. */
const SQUARE = Buffer.concat([
  u16(1, 0, 0, 900, 900, 3, 0),
  Buffer.from([1, 1, 1, 1]),
  u16(0, 0, 900, 0),
  u16(0, 900, 0, -900),
]);

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** A segment for each letter and the last one, which every font has; of odd letters by way of the list of glyphs. */
function segments(codes: readonly number[]): Buffer {
  const count = codes.length + 1;
  const isListed = (index: number): boolean => index % 2 === 1;
  const ranges = codes.map((_, index) => (isListed(index) ? 2 * (count - index) : 0));
  const deltas = codes.map((code, index) => (isListed(index) ? 0 : (1 - code) & 0xffff));
  const parts = [[...codes, 0xffff], [0], [...codes, 0xffff], [...deltas, 1], [...ranges, 0], [1]];
  const body = u16(...parts.flat());
  return Buffer.concat([u16(4, 14 + body.length, 0, 2 * count, 0, 0, 0), body]);
}

function groups(codes: readonly number[]): Buffer {
  const body = u32(...codes.flatMap((code) => [code, code, 1]));
  return Buffer.concat([u16(12, 0), u32(16 + body.length, 0, codes.length), body]);
}

function u16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function u32(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => u16(value >>> 16, value & 0xffff)));
}
