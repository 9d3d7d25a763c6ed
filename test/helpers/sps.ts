/** Reads an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1 and annex E) as far as the colour description. */

export interface Sps {
  readonly profile: number;
  /** 1 is 4:2:0. */
  readonly chroma: number;
  readonly bitDepth: number;
  readonly progressive: boolean;
  /** Of a sample: 1 is square; undefined is unspecified. */
  readonly sar: number | undefined;
  readonly fullRange: boolean;
  /** Primaries, transfer and matrix, when described; 1 is bt709. */
  readonly colour: readonly number[] | undefined;
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);

export function parseSps(nal: Uint8Array): Sps {
  const bits = createBits(nal);
  bits.take(8);
  const profile = bits.take(8);
  bits.take(16);
  bits.golomb();
  const high = HIGH_PROFILES.has(profile) ? readHigh(bits) : { chroma: 1, bitDepth: 8 };
  bits.golomb();
  skipOrder(bits);
  bits.golomb();
  bits.take(1);
  bits.golomb();
  bits.golomb();
  const progressive = bits.take(1) === 1;
  if (!progressive) bits.take(1);
  bits.take(1);
  if (bits.take(1)) for (let i = 0; i < 4; i += 1) bits.golomb();
  return { profile, ...high, progressive, ...readVui(bits) };
}

interface Bits {
  take(count: number): number;
  /** Unsigned; a signed one has the same length. */
  golomb(): number;
}

function createBits(nal: Uint8Array): Bits {
  const bytes: number[] = [];
  for (const [i, byte] of nal.entries()) {
    const escaped = byte === 3 && nal[i - 1] === 0 && nal[i - 2] === 0;
    if (!escaped) bytes.push(byte);
  }
  let at = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1, at += 1) value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  const golomb = (): number => {
    let zeros = 0;
    while (zeros < 32 && take(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + take(zeros);
  };
  return { take, golomb };
}

function readHigh(bits: Bits): Pick<Sps, 'chroma' | 'bitDepth'> {
  const chroma = bits.golomb();
  if (chroma === 3) bits.take(1);
  const bitDepth = 8 + Math.max(bits.golomb(), bits.golomb());
  bits.take(1);
  if (bits.take(1)) throw new Error('Scaling lists are not read.');
  return { chroma, bitDepth };
}

function skipOrder(bits: Bits): void {
  const type = bits.golomb();
  if (type === 0) bits.golomb();
  if (type === 1) throw new Error('Picture order type 1 is not read.');
}

const SAR_BY_INDEX: Readonly<Record<number, number>> = {
  1: 1,
  2: 12 / 11,
  3: 10 / 11,
  4: 16 / 11,
  5: 40 / 33,
  14: 4 / 3,
  15: 3 / 2,
  16: 2,
};
const EXTENDED_SAR = 255;

function readVui(bits: Bits): Pick<Sps, 'sar' | 'fullRange' | 'colour'> {
  if (!bits.take(1)) return { sar: undefined, fullRange: false, colour: undefined };
  let sar: number | undefined;
  if (bits.take(1)) {
    const index = bits.take(8);
    sar = index === EXTENDED_SAR ? bits.take(16) / bits.take(16) : SAR_BY_INDEX[index];
  }
  if (bits.take(1)) bits.take(1);
  if (!bits.take(1)) return { sar, fullRange: false, colour: undefined };
  bits.take(3);
  const fullRange = bits.take(1) === 1;
  const colour = bits.take(1) ? [bits.take(8), bits.take(8), bits.take(8)] : undefined;
  return { sar, fullRange, colour };
}
