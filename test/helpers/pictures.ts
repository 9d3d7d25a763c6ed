import { formatSize, type Size } from '../../src/shared/geometry.ts';
import { makerPath, run } from './ffmpeg.ts';

export type PictureKind = 'jpeg' | 'png' | 'transparent png' | 'webp' | 'lossless webp' | 'transparent webp';

const ENCODERS: Readonly<Record<PictureKind, string>> = {
  jpeg: '-c:v mjpeg -q:v 2 -pix_fmt yuvj444p',
  png: '-c:v png -pix_fmt rgb24',
  'transparent png': '-c:v png -pix_fmt rgba',
  webp: '-c:v libwebp -pix_fmt yuv420p',
  'lossless webp': '-c:v libwebp -lossless 1 -pix_fmt bgra',
  'transparent webp': '-c:v libwebp -pix_fmt yuva420p',
};

/** Red on the left, blue on the right; the transparent ones have half opacity. */
export async function pictureOf(kind: PictureKind, size: Size): Promise<Uint8Array> {
  const half = { width: size.width / 2, height: size.height };
  const opacity = kind.startsWith('transparent') ? ',format=rgba,colorchannelmixer=aa=0.5' : ',format=gbrp';
  const graph = `color=red:s=${formatSize(half)}[l];color=blue:s=${formatSize(half)}[r];[l][r]hstack${opacity}`;
  const { stdout } = await run(
    [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      graph,
      '-frames:v',
      '1',
      ...ENCODERS[kind].split(' '),
      '-f',
      'image2pipe',
      '-',
    ],
    { path: makerPath },
  );
  return new Uint8Array(stdout);
}

/** A JPEG segment with an orientation and a camera's name. */
export function exifSegment(orientation: number, little: boolean): Buffer {
  const tiff = Buffer.alloc(8 + 2 + 12 + 4 + 12, 0x43);
  const u16 = (value: number, at: number) => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at));
  const u32 = (value: number, at: number) => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at));
  tiff.write(little ? 'II' : 'MM', 0);
  u16(42, 2);
  u32(8, 4);
  u16(1, 8);
  u16(0x0112, 10);
  u16(3, 12);
  u32(1, 14);
  u16(orientation, 18);
  u16(0, 20);
  u32(0, 22);
  const payload = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
  return Buffer.concat([Buffer.from([0xff, 0xe1, 0, payload.length + 2]), payload]);
}

/** A PNG chunk; readers that skip it do not check its checksum. */
export function pngChunk(kind: string, data: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(kind), Buffer.from(data, 'latin1'), Buffer.alloc(4)]);
}
