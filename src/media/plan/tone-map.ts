/** From HDR to the light of a master, in filters that ffmpeg 4.1 to 9.0 have. Pure. */
import type { VideoInfo } from '../info.ts';

/**
 * Scaled first, because linear light is computed in floating point and 4K of it is slow. 203 nits is where HDR has the
 * white of paper (ITU-R BT.2408); mobius leaves what is darker as it is and bends only the highlights.
 */
export function toneMapFilters(video: VideoInfo, scale: string, format: string): string[] {
  const range = video.range === 'full' ? 'pc' : 'tv';
  const yuv = `min=bt2020nc:rin=${range}`;
  return [
    `scale=${scale}:in_color_matrix=bt2020:out_color_matrix=bt2020:in_range=${range}:out_range=${range}`,
    'format=yuv444p10le',
    ...(video.hdr === 'HLG' ? hlgToPq(yuv) : []),
    `zscale=tin=smpte2084:pin=bt2020:${video.hdr === 'HLG' ? 'min=gbr:rin=pc' : yuv}:t=linear:npl=203`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=mobius:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
    `format=${format}`,
  ];
}

/** Steps of the table to a side are its square: with 36, dark colours are off by two levels. */
const TABLE_LEVEL = 7;
const WHITE = 65_535;

/**
 * The same light in PQ, by a table of colours. HLG's system gamma is of the luminance, and brightens each channel alike
 * (ITU-R BT.2100, for a screen of 1000 nits); zscale raises each channel by itself, which saturates colours, and what it
 * does with `agamma=0` is not the same in builds of 2018.
 */
function hlgToPq(yuv: string): string[] {
  const [red, green, blue] = ['r', 'g', 'b'].map(pqOfHlg);
  const table = [
    `haldclutsrc=level=${TABLE_LEVEL}:rate=1:duration=1`,
    // Old builds would make it of 8 bit.
    'format=rgb48le',
    'format=gbrp16le',
    // Threads of old builds share the variables of an expression.
    `geq=r=${red}:g=${green}:b=${blue}:threads=1`,
    'format=rgb48le[table]',
  ];
  return [
    `zscale=tin=arib-std-b67:t=arib-std-b67:pin=bt2020:p=bt2020:${yuv}:m=gbr:r=pc`,
    'format=gbrp16le',
    `format=rgb48le[hlg];${table.join(',')};[hlg][table]haldclut`,
    'format=gbrp16le',
  ];
}

/** An expression of `geq`: one channel of a 16-bit HLG colour in PQ. */
function pqOfHlg(channel: string): string {
  const luminance = `0.2627*${sceneLight('r')}+0.678*${sceneLight('g')}+0.0593*${sceneLight('b')}`;
  const steps = [
    `st(0,pow(${luminance},0.2)*${sceneLight(channel)}/10)`,
    // SMPTE ST 2084; 1 is 10000 nits.
    'st(1,pow(ld(0),0.1593017578125))',
    `${WHITE}*pow((0.8359375+18.8515625*ld(1))/(1+18.6875*ld(1)),78.84375)`,
  ];
  return steps.join(';').replace(/[,;]/g, '\\$&');
}

/** The inverse of HLG's transfer function, from 0 to 1. */
function sceneLight(channel: string): string {
  const signal = `(${channel}(X,Y)/${WHITE})`;
  return `if(lte(${signal},0.5),pow(${signal},2)/3,(exp((${signal}-0.55991073)/0.17883277)+0.28466892)/12)`;
}
