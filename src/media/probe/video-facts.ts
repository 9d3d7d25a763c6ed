/**
 * One video stream as three sources know it: MediaInfo, the container's own header, and the frames that the converting
 * ffmpeg decodes. Where they differ, frames win over headers, and headers over MediaInfo. Pure.
 */

import type { Rect, Size } from '../../shared/geometry.ts';
import type { VideoInfo } from '../info.ts';
import type { DecodedFrame, FirstFrames } from './first-frames.ts';
import { pixelFormatOf } from './pixel-format.ts';
import { hdrOf } from './report.ts';
import { type TrackHeader, turnedBy } from './track-header.ts';

export interface Sources {
  /** As MediaInfo names it. */
  readonly container: string;
  readonly track: TrackHeader | undefined;
  /** Undefined where no ffmpeg is at hand. */
  readonly first: FirstFrames | undefined;
}

export function mergeVideo(video: VideoInfo, { container, track, first }: Sources): VideoInfo {
  const frame = first?.frames[0];
  const listed = first?.streams.filter(isPicture)[video.stream];
  const stereo = track?.stereo ?? listed?.sideData.stereo ?? frame?.sideData.stereo;
  const rotation = listed?.sideData.rotation ?? frame?.sideData.rotation;
  return {
    ...video,
    ...shapeOf(video, { track, frame, stereo }),
    ...(track?.turn ?? { mirrored: false, rotation: rotation === undefined ? video.rotation : turnedBy(rotation) }),
    ...pixelsOf(video, first?.frames ?? []),
    ...(track?.alpha && { alpha: true }),
    stereo,
    projection: track?.projection ?? listed?.sideData.projection ?? frame?.sideData.projection,
    dolbyVision: track?.dolbyVision ?? listed?.sideData.dolbyVision,
    encrypted: video.encrypted || track?.encrypted === true,
    missingDecoder: first && !frame ? missingDecoder(video, container, first.complaints) : undefined,
  };
}

function isPicture({ kind, dispositions }: FirstFrames['streams'][number]): boolean {
  return kind === 'video' && !dispositions.includes('attached pic');
}

function missingDecoder({ codec }: VideoInfo, container: string, complaints: readonly string[]): string | undefined {
  if (complaints.some((line) => line.includes('Format not on whitelist'))) return `files of the kind ${container}`;
  const words = /Decoder \(codec (\S+)\) not found|no decoder found for: (\S+)/.exec(complaints.join('\n'));
  return words ? codec : undefined;
}

interface Shape {
  readonly track: TrackHeader | undefined;
  readonly frame: DecodedFrame | undefined;
  readonly stereo: string | undefined;
}

/** Size and pixel aspect ratio of what is shown: without cropped lines, and of one eye. */
function shapeOf(
  video: VideoInfo,
  { track, frame, stereo }: Shape,
): Pick<VideoInfo, 'width' | 'height' | 'pixelAspect' | 'window'> {
  const stored: Size = frame ?? video;
  const whole: Rect = { x: 0, y: 0, width: stored.width, height: stored.height };
  const cropped = (track && croppedTo(track, stored)) ?? whole;
  const aspect = pixelAspectOf(video, { track, frame, cropped });
  const { window, pixelAspect } = oneEye(cropped, aspect, stereo);
  const isWhole = window.width === stored.width && window.height === stored.height;
  return { width: window.width, height: window.height, pixelAspect, window: isWhole ? undefined : window };
}

/** Undefined when nothing is cropped, or the decoder did so already. */
function croppedTo({ crop, stored }: TrackHeader, size: Size): Rect | undefined {
  if (!crop || !stored || stored.width !== size.width || stored.height !== size.height) return undefined;
  // Chroma is stored for pairs of lines and columns.
  const [x, y] = [crop.left + (crop.left % 2), crop.top + (crop.top % 2)];
  const [width, height] = [stored.width - x - crop.right, stored.height - y - crop.bottom];
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Matroska's display size is that of the cropped picture; where there are two eyes, writers do not agree on what it is. */
function pixelAspectOf(
  video: VideoInfo,
  { track, frame, cropped }: Pick<Shape, 'track' | 'frame'> & { cropped: Rect },
): number {
  const { display, crop, stereo } = track ?? {};
  const shown =
    display && crop && !stereo ? (display.width * cropped.height) / (display.height * cropped.width) : undefined;
  const aspect = shown ?? frame?.pixelAspect ?? (crop || stereo ? 1 : video.pixelAspect);
  // Players show such a difference by no pixel.
  return Math.abs(aspect - 1) < 0.0005 ? 1 : aspect;
}

/** Wider (or taller) than this, both eyes have their full width (or height). */
const FULL_WIDTH_RATIO = 2.4;
const FULL_HEIGHT_RATIO = 1.2;

/** The left or upper of two pictures, stretched to its shape where both were squeezed into the place of one. */
function oneEye(whole: Rect, pixelAspect: number, stereo: string | undefined): { window: Rect; pixelAspect: number } {
  const ratio = (whole.width * pixelAspect) / whole.height;
  if (stereo === 'side by side') {
    const window = { ...whole, width: Math.max(2, Math.floor(whole.width / 4) * 2) };
    return { window, pixelAspect: ratio > FULL_WIDTH_RATIO ? pixelAspect : pixelAspect * 2 };
  }
  if (stereo === 'top and bottom') {
    const window = { ...whole, height: Math.max(2, Math.floor(whole.height / 4) * 2) };
    return { window, pixelAspect: ratio < FULL_HEIGHT_RATIO ? pixelAspect : pixelAspect / 2 };
  }
  return { window: whole, pixelAspect };
}

/** Sample format, colours and fields. An untagged frame leaves what MediaInfo read: some containers tell only that. */
function pixelsOf(video: VideoInfo, frames: readonly DecodedFrame[]): Partial<VideoInfo> {
  const [frame] = frames;
  if (!frame) return {};
  const { alpha, ...format } = pixelFormatOf(frame.pixelFormat);
  const transfer = named(TRANSFERS, frame.transfer) ?? video.transfer;
  return {
    ...format,
    alpha: alpha ?? video.alpha,
    range: format.rgb ? undefined : (frame.range ?? video.range),
    primaries: named(PRIMARIES, frame.primaries) ?? video.primaries,
    transfer,
    matrix: named(MATRICES, frame.matrix) ?? video.matrix,
    hdr: hdrOf(transfer),
    scan: video.scan === 'progressive' && frames.some(({ interlaced }) => interlaced) ? 'mixed' : video.scan,
  };
}

type Names = Readonly<Record<string, string>>;

function named(names: Names, name: string | undefined): string | undefined {
  return name === undefined ? undefined : names[name];
}

/** ffmpeg's names as MediaInfo's. `gbr` is no matrix. */
const MATRICES: Names = {
  bt709: 'BT.709',
  fcc: 'FCC 73.682',
  bt470bg: 'BT.470 System B/G',
  smpte170m: 'BT.601',
  smpte240m: 'SMPTE 240M',
  bt2020nc: 'BT.2020 non-constant',
  bt2020c: 'BT.2020 constant',
  ictcp: 'ICtCp',
};

const PRIMARIES: Names = {
  bt709: 'BT.709',
  bt470m: 'BT.470 System M',
  bt470bg: 'BT.601 PAL',
  smpte170m: 'BT.601 NTSC',
  smpte240m: 'SMPTE 240M',
  film: 'Generic film',
  bt2020: 'BT.2020',
  smpte428: 'XYZ',
  smpte428_1: 'XYZ',
  smpte431: 'DCI P3',
  smpte432: 'Display P3',
  'jedec-p22': 'EBU Tech 3213',
  ebu3213: 'EBU Tech 3213',
};

const TRANSFERS: Names = {
  bt709: 'BT.709',
  bt470m: 'BT.470 System M',
  bt470bg: 'BT.470 System B/G',
  smpte170m: 'BT.601',
  smpte240m: 'SMPTE 240M',
  linear: 'Linear',
  'iec61966-2-4': 'xvYCC',
  'iec61966-2-1': 'sRGB/sYCC',
  bt1361e: 'BT.1361',
  'bt2020-10': 'BT.2020 (10-bit)',
  'bt2020-12': 'BT.2020 (12-bit)',
  smpte2084: 'PQ',
  smpte428: 'SMPTE 428M',
  'arib-std-b67': 'HLG',
};
