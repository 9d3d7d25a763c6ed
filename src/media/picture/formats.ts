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

/** The EXIF orientation: 1 is upright, 2 to 8 are turned or mirrored. 1 where nothing is said of it. */
export function imageOrientation(bytes: Uint8Array): number {
  const exif = exifOf(bytes);
  return exif ? exifOrientation(exif) : 1;
}

function exifOf(bytes: Uint8Array): DataView | undefined {
  const tiff = (start: number, end: number): DataView =>
    view(bytes, ascii(bytes, start, 4) === 'Exif' ? start + 6 : start, end);
  const mime = sniffImage(bytes);
  if (mime === 'image/jpeg') {
    for (const { marker, start, end } of jpegSegments(bytes))
      if (marker === 0xe1 && ascii(bytes, start, 4) === 'Exif') return tiff(start, end);
  }
  if (mime === 'image/png')
    for (const { kind, start, end } of pngChunks(bytes)) if (kind === 'eXIf') return tiff(start, end);
  if (mime === 'image/webp')
    for (const { kind, start, end } of webpChunks(bytes)) if (kind === 'EXIF') return tiff(start, end);
  return undefined;
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

/**
 * APP1 (EXIF, XMP), APP13 (IPTC) and comments, and what follows the picture: phones put a whole video there. APP0, the colour
 * profile (APP2) and Adobe's colour mark (APP14) stay.
 */
function jpegCuts(bytes: Uint8Array): Range[] {
  const end = jpegEnd(bytes);
  return [
    ...[...jpegSegments(bytes)]
      .filter(({ marker }) => marker === 0xe1 || marker === 0xed || marker === 0xfe)
      .map(({ from, end: to }): Range => [from, to]),
    ...(end === undefined || end === bytes.length ? [] : [[end, bytes.length] as const]),
  ];
}

/** Where the picture ends: after the marker EOI, which no scan contains (T.81, B.1.1.5); undefined where it is cut off. */
function jpegEnd(bytes: Uint8Array): number | undefined {
  const first = [...jpegSegments(bytes)].at(-1)?.end;
  for (let at = first ?? 2; at + 2 <= bytes.length; ) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd7)) at += 1;
    else if (marker === 0xd9) return at + 2;
    else if (marker === 0xff) at += 1;
    // Tables stand between the scans of a progressive picture.
    else at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  }
  return undefined;
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

interface Chunk {
  readonly kind: string;
  /** Of the whole chunk. */
  readonly from: number;
  readonly to: number;
  /** Of its payload. */
  readonly start: number;
  readonly end: number;
}

function* pngChunks(bytes: Uint8Array): Generator<Chunk> {
  const data = view(bytes, 0, bytes.length);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const to = at + 12 + data.getUint32(at);
    if (to > bytes.length) return;
    const kind = ascii(bytes, at + 4, 4);
    yield { kind, from: at, to, start: at + 8, end: to - 4 };
    if (kind === 'IEND') return;
    at = to;
  }
}

function pngCuts(bytes: Uint8Array): Range[] {
  const chunks = [...pngChunks(bytes)];
  const last = chunks.at(-1);
  return [
    ...chunks
      .filter(({ kind }) => ['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME'].includes(kind))
      .map(({ from, to }): Range => [from, to]),
    ...(last?.kind === 'IEND' && last.to < bytes.length ? [[last.to, bytes.length] as const] : []),
  ];
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

function* webpChunks(bytes: Uint8Array): Generator<Chunk> {
  const data = view(bytes, 0, bytes.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = data.getUint32(at + 4, true);
    const to = Math.min(bytes.length, at + 8 + size + (size % 2));
    yield { kind: ascii(bytes, at, 4), from: at, to, start: at + 8, end: Math.min(bytes.length, at + 8 + size) };
    at = to;
  }
}

function webpCuts(bytes: Uint8Array): Range[] {
  if (sniffImage(bytes) !== 'image/webp') return [];
  return [...webpChunks(bytes)]
    .filter(({ kind }) => ['EXIF', 'XMP '].includes(kind))
    .map(({ from, to }): Range => [from, to]);
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
