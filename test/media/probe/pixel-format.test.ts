import { expect, it } from 'vitest';
import { pixelFormatOf } from '../../../src/media/probe/pixel-format.ts';

it.each([
  ['yuv420p', 8, '4:2:0', false, false],
  ['yuvj420p', 8, '4:2:0', false, false],
  ['yuv422p10le', 10, '4:2:2', false, false],
  ['yuva444p12le', 12, '4:4:4', false, true],
  ['yuv410p', 8, '4:1:0', false, false],
  ['nv12', 8, '4:2:0', false, false],
  ['p010le', 10, '4:2:0', false, false],
  ['yuyv422', 8, '4:2:2', false, false],
  ['y210le', 10, '4:2:2', false, false],
  ['xv36le', 12, '4:4:4', false, false],
  ['uyyvyy411', 8, '4:1:1', false, false],
  ['gray', 8, '4:0:0', false, false],
  ['gray10le', 10, '4:0:0', false, false],
  ['ya8', 8, '4:0:0', false, true],
  ['monow', 8, '4:0:0', false, false],
  ['rgb24', 8, undefined, true, false],
  ['0rgb', 8, undefined, true, false],
  ['argb', 8, undefined, true, true],
  ['bgra', 8, undefined, true, true],
  ['gbrp', 8, undefined, true, false],
  ['gbrap12le', 12, undefined, true, true],
  ['gbrpf32le', 32, undefined, true, false],
  ['rgb48le', 16, undefined, true, false],
  ['rgba64le', 16, undefined, true, true],
  ['x2rgb10le', 10, undefined, true, false],
  ['pal8', 8, undefined, true, undefined],
])('%s has %d bit, chroma %s', (name, bitDepth, chroma, rgb, alpha) => {
  expect(pixelFormatOf(name)).toEqual({ bitDepth, chroma, rgb, alpha });
});
