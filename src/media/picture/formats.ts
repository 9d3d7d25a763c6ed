/** Pictures by their bytes: what they are, how large, which way up, and without what cameras write into them. Pure. */

import type { ImageMime } from '../../shared/clip.ts';
import type { Size } from '../../shared/geometry.ts';

/** The kind of picture that hosts take, by its first bytes; undefined for all others. */
export function sniffImage(bytes: Uint8Array): ImageMime | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (ascii(bytes, 1, 3) === 'PNG' && bytes[0] === 0x89) return 'image/png';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return 'image/webp';
  return undefined;
}

/** Width and height as stored, or undefined when they cannot be read. */
export function imageSize(bytes: Uint8Array): Size | undefined {
  const mime = sniffImage(bytes);
  const size = mime === 'image/png' ? pngSize(bytes) : mime === 'image/jpeg' ? jpegSize(bytes) : webpSize(bytes);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

/** The EXIF orientation of a JPEG: 1 is upright, 2 to 8 are turned or mirrored. 1 for everything else. */
export function imageOrientation(bytes: Uint8Array): number {
  if (sniffImage(bytes) !== 'image/jpeg') return 1;
  for (const { marker, start, end } of jpegSegments(bytes)) {
    if (marker === 0xe1 && ascii(bytes, start, 4) === 'Exif') return exifOrientation(view(bytes, start + 6, end));
  }
  return 1;
}

/**
 * The same pixels without place, device, author and date: EXIF, XMP, IPTC and comments are cut out, colour profiles stay.
 * A file that cannot be parsed comes back as it is.
 */
export function stripMetadata(bytes: Uint8Array): Uint8Array {
  const mime = sniffImage(bytes);
  const cuts = mime === 'image/jpeg' ? jpegCuts(bytes) : mime === 'image/png' ? pngCuts(bytes) : webpCuts(bytes);
  if (cuts.length === 0) return bytes;
  const kept: Uint8Array[] = [];
  let from = 0;
  for (const [start, end] of cuts) {
    kept.push(bytes.subarray(from, start));
    from = end;
  }
  const stripped = new Uint8Array(Buffer.concat([...kept, bytes.subarray(from)]));
  if (mime === 'image/webp') repairWebp(stripped);
  return stripped;
}

type Range = readonly [start: number, end: number];

interface Segment {
  readonly marker: number;
  /** Of the whole segment, its marker included. */
  readonly from: number;
  /** Of its payload. */
  readonly start: number;
  readonly end: number;
}

/** JPEG segments up to the start of the scan (ITU-T T.81, B.1). */
function* jpegSegments(bytes: Uint8Array): Generator<Segment> {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (length < 2 || at + 2 + length > bytes.length) return;
    yield { marker, from: at, start: at + 4, end: at + 2 + length };
    at += 2 + length;
  }
}

function jpegSize(bytes: Uint8Array): Size | undefined {
  for (const { marker, start, end } of jpegSegments(bytes)) {
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && end - start >= 5) {
      const frame = view(bytes, start, end);
      return { height: frame.getUint16(1), width: frame.getUint16(3) };
    }
  }
  return undefined;
}

/** APP1 (EXIF, XMP), APP13 (IPTC) and comments. APP0, the colour profile (APP2) and Adobe's colour mark (APP14) stay. */
function jpegCuts(bytes: Uint8Array): Range[] {
  return [...jpegSegments(bytes)]
    .filter(({ marker }) => marker === 0xe1 || marker === 0xed || marker === 0xfe)
    .map(({ from, end }): Range => [from, end]);
}

function exifOrientation(exif: DataView): number {
  if (exif.byteLength < 14) return 1;
  const little = exif.getUint16(0) === 0x4949;
  const directory = exif.getUint32(4, little);
  if (directory + 2 > exif.byteLength) return 1;
  const entries = exif.getUint16(directory, little);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > exif.byteLength) return 1;
    if (exif.getUint16(entry, little) !== 0x0112) continue;
    const value = exif.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function pngSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 24) return undefined;
  const header = view(bytes, 16, 24);
  return { width: header.getUint32(0), height: header.getUint32(4) };
}

function pngCuts(bytes: Uint8Array): Range[] {
  const cuts: Range[] = [];
  const data = view(bytes, 0, bytes.length);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + data.getUint32(at);
    if (end > bytes.length) return cuts;
    if (['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME'].includes(ascii(bytes, at + 4, 4))) cuts.push([at, end]);
    at = end;
  }
  return cuts;
}

function webpSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 30) return undefined;
  const data = view(bytes, 0, 30);
  const kind = ascii(bytes, 12, 4);
  if (kind === 'VP8X')
    return {
      width: 1 + (data.getUint32(24, true) & 0xffffff),
      height: 1 + (data.getUint16(27, true) | (data.getUint8(29) << 16)),
    };
  if (kind === 'VP8L') {
    const bits = data.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (kind !== 'VP8 ') return undefined;
  return { width: data.getUint16(26, true) & 0x3fff, height: data.getUint16(28, true) & 0x3fff };
}

function webpCuts(bytes: Uint8Array): Range[] {
  if (sniffImage(bytes) !== 'image/webp') return [];
  const cuts: Range[] = [];
  const data = view(bytes, 0, bytes.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = data.getUint32(at + 4, true);
    const end = Math.min(bytes.length, at + 8 + size + (size % 2));
    if (['EXIF', 'XMP '].includes(ascii(bytes, at, 4))) cuts.push([at, end]);
    at = end;
  }
  return cuts;
}

/** The length and the flags of a RIFF whose EXIF and XMP were cut out. */
function repairWebp(bytes: Uint8Array): void {
  view(bytes, 0, 8).setUint32(4, bytes.length - 8, true);
  if (ascii(bytes, 12, 4) === 'VP8X') bytes[20] = (bytes[20] ?? 0) & ~0x0c;
}

function view(bytes: Uint8Array, start: number, end: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start));
}

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
