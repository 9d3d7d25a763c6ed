/** What ffmpeg's names of pixel formats mean. Pure. */

export interface PixelFormat {
  readonly bitDepth: number;
  /** `4:2:0`, or `4:0:0` for grey; undefined for RGB. */
  readonly chroma: string | undefined;
  readonly rgb: boolean;
  /** Undefined for a palette, whose colours may be transparent. */
  readonly alpha: boolean | undefined;
}

const PLANAR = /^(yuva?j?)(4\d\d)p(\d*)/;
const RGB = /^(?:gbr|rgb|bgr|argb|abgr|0rgb|0bgr|x2rgb|x2bgr|pal8|bayer|xyz)/;
const ALPHA = /^(?:yuva|gbrap|rgba|bgra|argb|abgr|ya\d|ayuv|vuya)/;
/** Formats in which the planes of colour are interleaved. */
const PACKED: readonly { readonly name: RegExp; readonly chroma: string }[] = [
  { name: /^(?:nv12|nv21|p0\d\d)/, chroma: '4:2:0' },
  { name: /^(?:nv16|nv20|yuyv|uyvy|yvyu|y2\d\d|p2\d\d)/, chroma: '4:2:2' },
  { name: /^(?:nv24|nv42|ayuv|vuy|xv\d\d|p4\d\d)/, chroma: '4:4:4' },
  { name: /^uyyvyy/, chroma: '4:1:1' },
  { name: /^(?:gray|ya\d|mono)/, chroma: '4:0:0' },
];

/** Reads names such as `yuv420p10le`, `gbrap`, `nv12`. */
export function pixelFormatOf(name: string): PixelFormat {
  const rgb = RGB.test(name);
  const planar = PLANAR.exec(name)?.[2];
  const chroma = planar ? [...planar].join(':') : PACKED.find((packed) => packed.name.test(name))?.chroma;
  return {
    bitDepth: bitDepthOf(name),
    chroma: rgb ? undefined : chroma,
    rgb,
    alpha: name === 'pal8' ? undefined : ALPHA.test(name),
  };
}

/** Bits of one sample: what is counted for a whole pixel is divided among its samples. */
function bitDepthOf(name: string): number {
  const planar = /(?:p|gray|ya)(9|1\d|32|f32)(?:le|be)$/.exec(name)?.[1];
  if (planar !== undefined) return planar === 'f32' ? 32 : Number(planar);
  const pixel = /^(?:rgb|bgr)(48|96)|^(?:rgba|bgra|ayuv)(64|128)/.exec(name);
  if (pixel) return pixel[1] === undefined ? Number(pixel[2]) / 4 : Number(pixel[1]) / 3;
  const packed = /^(?:p[024]|y2|xv)(10|12|16|30|36|48)/.exec(name)?.[1];
  if (packed !== undefined) return Number(packed) > 16 ? Number(packed) / 3 : Number(packed);
  return /^x2(?:rgb|bgr)10/.test(name) ? 10 : 8;
}
