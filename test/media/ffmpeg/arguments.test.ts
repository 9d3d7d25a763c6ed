import { describe, expect, it } from 'vitest';
import { ffmpegArgs, ffmpegCommand } from '../../../src/media/ffmpeg/arguments.ts';
import { videoFilters } from '../../../src/media/ffmpeg/video-filters.ts';
import type { VideoInfo } from '../../../src/media/info.ts';
import type { ConvertPlan } from '../../../src/media/plan/media-plan.ts';
import { planMedia } from '../../../src/media/plan/plan.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { mediaInfo } from '../../helpers/media-info.ts';

function args(video: Partial<VideoInfo>, audioSeconds = 2.9): readonly string[] {
  const info = mediaInfo(video, { seconds: audioSeconds });
  const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
  return ffmpegArgs({ plan, info, source: '/in/-a%d:b.mp4', outputPath: '/out/c.mp4' });
}

function filters(video: Partial<VideoInfo>): string[] {
  const info = mediaInfo({ codec: 'HEVC', ...video });
  const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
  if (plan.kind !== 'convert' || !info.video) throw new Error('expected convert');
  return videoFilters(plan satisfies ConvertPlan, info, info.video);
}

const wordAfter = (list: readonly string[], option: string): string | undefined => list[list.indexOf(option) + 1];

describe('every command', () => {
  it.each([
    ['a copy', {}],
    ['an encode', { codec: 'HEVC' }],
  ])('treats the source of %s as hostile', (_, video) => {
    const list = args(video);
    const input = list.slice(0, list.indexOf('-i'));
    expect(input).toContain('-nostdin');
    expect(wordAfter(input, '-protocol_whitelist')).toBe('file');
    expect(wordAfter(input, '-format_whitelist')?.split(',')).not.toEqual(expect.arrayContaining(['hls']));
    expect(wordAfter(input, '-format_whitelist')).not.toMatch(/concat|image2|dash/);
    expect(wordAfter(list, '-i')).toBe('file:/in/-a%d:b.mp4');
    expect(list.at(-1)).toBe('file:/out/c.mp4');
  });

  it.each([
    ['a copy', {}],
    ['an encode', { codec: 'HEVC' }],
  ])('writes %s without metadata and with the index in front', (_, video) => {
    expect(args(video).join(' ')).toMatch(
      /-map_metadata -1 -map_chapters -1 -fflags \+bitexact.* -movflags \+faststart -f mp4/,
    );
  });

  it.each(['-vsync', '-fps_mode', '-vframes', '-y'])('never uses %s', (option) => {
    expect([...args({}), ...args({ codec: 'HEVC' })]).not.toContain(option);
  });

  it('refuses a relative path, which could be read as an option', () => {
    const info = mediaInfo();
    const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
    expect(() => ffmpegArgs({ plan, info, source: '-y.mp4', outputPath: '/o.mp4' })).toThrow(TypeError);
  });

  it('does not exist for a rejected clip', () => {
    const info = mediaInfo(null);
    const plan = planMedia(info, DEFAULT_CLIP_OPTIONS);
    expect(() => ffmpegArgs({ plan, info, source: '/a.mp4', outputPath: '/o.mp4' })).toThrow(TypeError);
  });
});

describe('a copy', () => {
  it('copies the first video that is no cover art, and the first audio', () => {
    expect(args({}).join(' ')).toContain('-map 0:V:0 -map 0:a:0 -sn -dn -c copy');
  });

  it('reads sound that outlasts the picture a second time, with an end', () => {
    const info = mediaInfo({}, { seconds: 3.02 });
    const command = ffmpegCommand({
      plan: planMedia(info, DEFAULT_CLIP_OPTIONS),
      info,
      source: '/a.mp4',
      outputPath: '/o.mp4',
    });
    expect(command.inputs).toHaveLength(2);
    expect(wordAfter(command.inputs[1]?.options ?? [], '-t')).toBe('2.957');
    expect(command.output.join(' ')).toContain('-map 0:V:0 -map 1:a:0');
  });
});

describe('an encode', () => {
  it('cuts the picture by count and the sound 50 ms before it', () => {
    const list = args({ codec: 'HEVC', fps: 25, seconds: 10 }, 10);
    expect(list.slice(list.indexOf('-filter:v')).join(' ')).toContain(' -t 3.990000 ');
    expect(wordAfter(list, '-filter:a')).toContain('atrim=end=3.950000');
  });

  it('keeps a bounded file and a fixed number of threads', () => {
    const list = args({ codec: 'HEVC' });
    expect([wordAfter(list, '-fs'), wordAfter(list, '-threads')]).toEqual(['50000000', '4']);
  });

  it('reads VP9 with transparency by the decoder that knows of it', () => {
    expect(wordAfter(args({ codec: 'VP9', alpha: true }), '-c:v')).toBe('libvpx-vp9');
    expect(wordAfter(args({ codec: 'VP9' }), '-c:v')).toBe('libx264');
  });
});

describe('videoFilters', () => {
  const FIRST = [
    'select=isnan(prev_t)+gt(t\\,prev_t)',
    'settb=AVTB',
    'setpts=round(PTS-0.000000/TB)-2',
    'fps=fps=30:start_time=0:eof_action=pass',
  ];
  const LAST = [
    'setsar=1',
    'format=yuv420p',
    'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
  ];

  it('touches no pixel that is right already', () => {
    expect(filters({})).toEqual([...FIRST, ...LAST]);
  });

  it('pads without resampling', () => {
    expect(filters({ width: 960 })).toEqual([...FIRST, 'pad=w=1280:h=720:x=160:y=0:color=black', ...LAST]);
  });

  it.each<[string, Partial<VideoInfo>, RegExp]>([
    [
      'standard definition',
      { width: 640, height: 480, matrix: undefined },
      /scale=w=960:h=720:in_color_matrix=bt601:in_range=tv:out_color_matrix=bt709/,
    ],
    [
      'untagged high definition',
      { matrix: undefined, range: 'full' },
      /in_color_matrix=bt709:in_range=pc:out_color_matrix=bt709:out_range=tv/,
    ],
    ['tagged BT.601', { matrix: 'BT.601' }, /in_color_matrix=bt601/],
    ['RGB', { rgb: true, chroma: undefined }, /format=gbrp,scale=w=1280:h=720:out_color_matrix=bt709/],
    ['transparency', { alpha: true }, /format=gbrap,setparams=range=pc,premultiply=inplace=1,format=gbrp/],
    ['PQ', { hdr: 'PQ' }, /zscale=tin=smpte2084.*tonemap=/],
    ['HLG', { hdr: 'HLG' }, /zscale=tin=arib-std-b67:t=arib-std-b67.*haldclut,.*tin=smpte2084.*tonemap=/],
    ['wide gamut', { primaries: 'Display P3' }, /colorspace=iprimaries=smpte432/],
    ['odd sides', { width: 1201, height: 683 }, /format=yuv444p,pad=.*scale=flags=.*format=yuv420p/],
    ['interlaced fields', { scan: 'interlaced' }, /^yadif=.*deint=all,select.*,fps/],
    ['fields in some frames', { scan: 'mixed' }, /^yadif=.*deint=interlaced,select.*,fps/],
  ])('treats %s', (_, video, expected) => {
    expect(filters(video).join(',')).toMatch(expected);
  });

  it('crops bars first', () => {
    const info = mediaInfo({ width: 960 });
    const plan = planMedia(info, DEFAULT_CLIP_OPTIONS, { crop: { x: 0, y: 90, width: 960, height: 540 } });
    expect(ffmpegArgs({ plan, info, source: '/a', outputPath: '/b' }).join(' ')).toContain(
      'eof_action=pass,crop=w=960:h=540:x=0:y=90,scale=w=1280:h=720:',
    );
  });

  it('crops the middle when asked', () => {
    const info = mediaInfo({ width: 960 });
    const plan = planMedia(info, { ...DEFAULT_CLIP_OPTIONS, fit: 'crop' });
    expect(ffmpegArgs({ plan, info, source: '/a', outputPath: '/b' }).join(' ')).toContain(
      'crop=w=1280:h=720:x=0:y=120',
    );
  });
});
