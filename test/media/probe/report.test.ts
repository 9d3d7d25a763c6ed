import { describe, expect, it } from 'vitest';
import { type Fields, readReport } from '../../../src/media/probe/report.ts';

const GENERAL: Fields = { '@type': 'General', Format: 'MPEG-4', Duration: 3 };
const AVC: Fields = {
  '@type': 'Video',
  Format: 'AVC',
  Width: 1280,
  Height: 720,
  ScanType: 'Progressive',
  FrameRate: 30,
};

const video = (fields: Fields) => readReport([GENERAL, { ...AVC, ...fields }], 1000)?.video;

describe('readReport', () => {
  it('knows no media where MediaInfo found no stream', () => {
    expect(readReport([{ '@type': 'General', Format: 'HLS' }], 66)).toBeUndefined();
  });

  it('takes an MP4 for one, whatever brand it bears', () => {
    const general = { ...GENERAL, Format: 'iso6', CodecID: 'iso6' };
    expect(readReport([general, AVC], 1000)?.container).toBe('MPEG-4');
  });

  it.each<[string, Fields, object]>([
    ['the exact frame rate', { FrameRate: 29.97, FrameRate_Num: 30_000, FrameRate_Den: 1001 }, { fps: 30_000 / 1001 }],
    ['rotation', { Rotation: '270.000' }, { rotation: 270 }],
    ['negative rotation', { Rotation: '-90.000' }, { rotation: 270 }],
    ['a varying frame rate', { FrameRate_Mode: 'VFR' }, { constantRate: false }],
    ['PQ', { transfer_characteristics: 'PQ' }, { hdr: 'PQ' }],
    ['a tag that stands twice', { colour_primaries: 'BT.709 / BT.709' }, { primaries: 'BT.709' }],
    ['tags that disagree', { colour_primaries: 'BT.709 / BT.2020' }, { primaries: 'BT.709 / BT.2020' }],
    ['full range', { colour_range: 'Full' }, { range: 'full' }],
    ['transparency', { ColorSpace: 'RGBA' }, { alpha: true, rgb: true }],
    ['transparency that ProRes may have', { Format: 'ProRes', Format_Profile: '4444' }, { alpha: true, bitDepth: 10 }],
    ['fields', { ScanType: 'Interlaced' }, { scan: 'interlaced' }],
    ['fields in some frames', { ScanType: 'MBAFF' }, { scan: 'mixed' }],
    [
      'silence about fields in a codec that can hold them',
      { ScanType: undefined, Format_Profile: 'High' },
      { scan: 'mixed' },
    ],
    ['silence about fields in a stream that was not looked into', { ScanType: undefined }, { scan: 'progressive' }],
    ['silence about fields in a codec that cannot', { ScanType: undefined, Format: 'VP9' }, { scan: 'progressive' }],
    ['silence about everything', { FrameRate: undefined }, { fps: undefined, pixelAspect: 1, matrix: undefined }],
  ])('reads %s', (_, fields, expected) => {
    expect(video(fields)).toMatchObject(expected);
  });

  it('takes an animated GIF for a video, until measuring tells', () => {
    const info = readReport(
      [
        { '@type': 'General', Format: 'GIF' },
        { '@type': 'Image', Format: 'GIF', Width: 32, Height: 24 },
      ],
      9,
    );
    expect(info).toMatchObject({ image: false, video: { codec: 'GIF', rgb: true, alpha: true, seconds: undefined } });
  });

  it('tells a picture from a cover', () => {
    const picture: Fields = { '@type': 'Image', Format: 'PNG' };
    expect(readReport([{ '@type': 'General', Format: 'PNG' }, picture], 9)).toMatchObject({
      image: true,
      coverArt: false,
    });
    expect(readReport([GENERAL, AVC, { ...picture, Type: 'Cover' }], 9)).toMatchObject({
      image: false,
      coverArt: true,
    });
  });

  it('does not count what an edit list puts before the picture', () => {
    const late = { ...AVC, Duration: 3.02, Source_Duration: 3, FrameRate: 25, FrameCount: 76 };
    const report = readReport([GENERAL, { ...late, extra: { Source_Delay: '20' } }], 9);
    expect(report?.video).toMatchObject({ delay: 0.02, seconds: 3, frames: 75 });
    const early = readReport([GENERAL, { ...late, extra: { Source_Delay: '-80' } }], 9);
    expect(early?.video).toMatchObject({ delay: 0, seconds: 3.02, frames: 76 });
    expect(readReport([GENERAL, AVC], 9)?.video?.delay).toBe(0);
  });

  it('sees that a file is cut off', () => {
    expect(readReport([{ ...GENERAL, extra: { IsTruncated: 'Yes' } }, AVC], 9)?.truncated).toBe(true);
    expect(readReport([GENERAL, AVC], 9)?.truncated).toBe(false);
  });
});
