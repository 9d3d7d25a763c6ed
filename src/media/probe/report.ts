/** What MediaInfo reports, read into our facts. Pure. */

import type { AudioInfo, MediaInfo, VideoInfo } from '../info.ts';
import { chooseAudio } from '../plan/audio-tracks.ts';
import { turnedBy } from './track-header.ts';

/** One track of a report: field names are MediaInfo's. */
export type Fields = Readonly<Record<string, unknown>>;

/** Of the video streams, that one. Undefined when MediaInfo found no stream at all: then it is no media file. */
export function readReport(tracks: readonly Fields[], bytes: number, stream = 0): MediaInfo | undefined {
  const of = (type: string): Fields[] => tracks.filter((track) => track['@type'] === type);
  const general = generalOf(tracks);
  const [videos, audios, images] = [of('Video'), of('Audio'), of('Image')];
  if (videos.length + audios.length + images.length === 0) return undefined;
  const container = containerOf(tracks) ?? 'unknown';
  // MediaInfo takes an animated GIF for a picture; measuring tells.
  const first = inOrder(videos)[stream] ?? videos[0] ?? (container === 'GIF' ? images[0] : undefined);
  const audioTracks = inOrder(audios).map(readAudio);
  const cover = images.some((image) => text(image, 'Type') === 'Cover') || general.Cover !== undefined;
  return {
    container,
    bytes,
    seconds: number(general, 'Duration'),
    video: first && readVideo(first, stream),
    audio: chooseAudio(audioTracks),
    audioTracks,
    videoStreams: videos.length,
    coverArt: cover && first !== undefined,
    image: !first && images.length > 0 && audios.length === 0,
    motionPhoto: false,
    truncated: isTruncated(tracks),
  };
}

/** As they stand in the file: MediaInfo lists them by their ids. */
function inOrder(tracks: readonly Fields[]): Fields[] {
  // A transport stream puts the number of the programme in front: `0-1`.
  const order = (track: Fields): number =>
    Number(
      String(track.StreamOrder ?? '')
        .split('-')
        .at(-1),
    );
  return [...tracks].sort((a, b) => (order(a) || 0) - (order(b) || 0));
}

function readVideo(track: Fields, stream: number): VideoInfo {
  const format = text(track, 'Format') ?? 'unknown';
  const colourSpace = tag(track, 'ColorSpace') ?? (format === 'GIF' ? 'RGBA' : 'YUV');
  const transfer = tag(track, 'transfer_characteristics');
  const range = tag(track, 'colour_range');
  const num = number(track, 'FrameRate_Num');
  const den = number(track, 'FrameRate_Den');
  const fps = num && den ? num / den : number(track, 'FrameRate');
  const late = lateStart(track);
  const frames = late && fps ? Math.round(late.seconds * fps) : number(track, 'FrameCount');
  return {
    codec: format === 'AVC' ? 'H.264' : format,
    profile: text(track, 'Format_Profile'),
    stream,
    width: Math.abs(number(track, 'Width') ?? 0),
    height: Math.abs(number(track, 'Height') ?? 0),
    // Negative where a matrix mirrors the picture.
    pixelAspect: Math.abs(number(track, 'PixelAspectRatio') || 1),
    ...{ window: undefined, mirrored: false, stereo: undefined, projection: undefined },
    rotation: turnedBy(number(track, 'Rotation') ?? 0),
    fps: fps || undefined,
    constantRate: tag(track, 'FrameRate_Mode') !== 'VFR',
    frames,
    stored: framesOfCut(track, fps) ?? frames,
    seconds: late?.seconds ?? number(track, 'Duration'),
    delay: late?.delay ?? 0,
    bitDepth: number(track, 'BitDepth') ?? (format === 'ProRes' ? 10 : 8),
    chroma: tag(track, 'ChromaSubsampling'),
    rgb: colourSpace.startsWith('RGB'),
    // ProRes 4444 may carry transparency; MediaInfo does not say whether it does.
    alpha: colourSpace.endsWith('A') || (format === 'ProRes' && /^4444/.test(text(track, 'Format_Profile') ?? '')),
    range: range === 'Full' ? 'full' : range === 'Limited' ? 'limited' : undefined,
    primaries: tag(track, 'colour_primaries'),
    transfer,
    matrix: matrixOf(tag(track, 'matrix_coefficients')),
    hdr: hdrOf(transfer),
    dolbyVision: undefined,
    encrypted: text(track, 'Encryption') !== undefined,
    missingDecoder: undefined,
    scan: scanOf(track, format),
  };
}

export function hdrOf(transfer: string | undefined): VideoInfo['hdr'] {
  return transfer === 'PQ' || transfer === 'HLG' ? transfer : undefined;
}

/** An edit list may begin with nothing: MediaInfo counts that in, and says beside it what the picture itself takes. */
function lateStart(track: Fields): { delay: number; seconds: number } | undefined {
  const milliseconds = sourceDelay(track);
  const seconds = number(track, 'Source_Duration');
  return milliseconds && milliseconds > 0 && seconds ? { delay: milliseconds / 1000, seconds } : undefined;
}

/** An edit list may begin inside the stream: then MediaInfo counts what is shown, and says beside it how long all of it is. */
function framesOfCut(track: Fields, fps: number | undefined): number | undefined {
  const seconds = number(track, 'Source_Duration');
  return (sourceDelay(track) ?? 0) < 0 && seconds && fps ? Math.round(seconds * fps) : undefined;
}

/** Milliseconds from the beginning of the file to that of the stream, by the edit list; negative where it begins inside. */
function sourceDelay({ extra }: Fields): number | undefined {
  return typeof extra === 'object' && extra !== null ? number({ ...extra }, 'Source_Delay') : undefined;
}

function readAudio(fields: Fields, track: number): AudioInfo {
  const codec = text(fields, 'Format') ?? 'unknown';
  const channels = number(fields, 'Channels');
  const [sampleRate, samplesPerFrame] = [number(fields, 'SamplingRate'), number(fields, 'SamplesPerFrame')];
  // Where an edit list hides some, it counts what is left, and says beside it how many there are.
  const packets = number(fields, 'Source_FrameCount') ?? number(fields, 'FrameCount');
  return {
    track,
    codec,
    seconds: number(fields, 'Duration'),
    stored: packets && samplesPerFrame && sampleRate ? (packets * samplesPerFrame) / sampleRate : undefined,
    channels,
    // Every other codec has an order of its own.
    laidOut: !codec.includes('PCM') || (channels ?? 0) <= 2 || text(fields, 'ChannelLayout') !== undefined,
    // Of MP4 both the flag of the track and that of its group.
    chosen: /^Yes/.test(text(fields, 'Default') ?? ''),
    ...{ aside: false, decodable: undefined },
    sampleRate,
    samplesPerFrame,
  };
}

/** Undefined for a format that MediaInfo does not know. An MP4 of a brand that it does not know it calls by that brand. */
export function containerOf(tracks: readonly Fields[]): string | undefined {
  const general = generalOf(tracks);
  const format = text(general, 'Format');
  return format !== undefined && format === text(general, 'CodecID') ? 'MPEG-4' : format;
}

function generalOf(tracks: readonly Fields[]): Fields {
  return tracks.find((track) => track['@type'] === 'General') ?? {};
}

/** The file is shorter than its own boxes say. */
export function isTruncated(tracks: readonly Fields[]): boolean {
  const { extra } = generalOf(tracks);
  return typeof extra === 'object' && extra !== null && 'IsTruncated' in extra && extra.IsTruncated === 'Yes';
}

/** Codecs that can hold fields; for streams that mix fields and frames MediaInfo may say nothing. */
const FIELD_CODECS: ReadonlySet<string> = new Set([
  'AVC',
  'HEVC',
  'MPEG Video',
  'MPEG-4 Visual',
  'VC-1',
  'DV',
  'ProRes',
]);

/** Of a stream that was not looked into (AVI, some TS), which has no profile either, the first frames tell. */
function scanOf(track: Fields, format: string): VideoInfo['scan'] {
  const scan = tag(track, 'ScanType');
  const isSilent = scan === undefined && (!FIELD_CODECS.has(format) || text(track, 'Format_Profile') === undefined);
  if (scan === 'Progressive' || isSilent) return 'progressive';
  return scan === 'Interlaced' ? 'interlaced' : 'mixed';
}

/** `Identity` is no matrix: it marks RGB in a YUV codec. */
function matrixOf(matrix: string | undefined): string | undefined {
  return matrix === 'Identity' ? undefined : matrix;
}

function text(track: Fields, field: string): string | undefined {
  const value = track[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A tag that stands in both container and stream comes as `BT.709 / BT.709`. */
function tag(track: Fields, field: string): string | undefined {
  return [...new Set(text(track, field)?.split(' / '))].join(' / ') || undefined;
}

/** MediaInfo writes some numbers as text, and several values as `a / b`. */
function number(track: Fields, field: string): number | undefined {
  const value = track[field];
  const parsed = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}
