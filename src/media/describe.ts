/** A file's facts as lines for people. Pure. */

import { formatSize } from '../shared/geometry.ts';
import { counted, formatBytes, oneLine } from '../shared/text.ts';
import { type AudioInfo, displayedSize, type MediaInfo, type VideoInfo } from './info.ts';
import { unusable } from './plan/audio-tracks.ts';

/** One fact a line: container, picture, its oddities, sound. Safe to show. */
export function factLines(info: MediaInfo): string[] {
  const lines = [join([info.container, formatBytes(info.bytes), seconds(info.seconds), info.truncated && 'cut off'])];
  const { video } = info;
  if (video) lines.push(`video: ${videoLine(video)}`, ...oddities(video).map((line) => `       ${line}`));
  if (info.image) lines.push(`video: none; it is ${info.motionPhoto ? 'a motion photo' : 'a single picture'}`);
  lines.push(...audioLines(info));
  if (info.videoStreams > 1) lines.push(`streams: ${info.videoStreams} video; ${usedStream(info)}`);
  if (info.coverArt) lines.push('cover art: yes; it is left out');
  return lines.map((line) => line.replace(/\S.*/, (text) => oneLine(text)));
}

/** The track that is used, then the others. */
function audioLines({ audio, audioTracks }: MediaInfo): string[] {
  const others = audioTracks.filter((one) => one !== audio);
  const number = ({ track }: AudioInfo): string => (audioTracks.length > 1 ? `track ${track + 1}, ` : '');
  return [
    audio ? `audio: ${number(audio)}${audioLine(audio)}` : 'audio: none',
    ...others.map((one) => `       left out: ${number(one)}${audioLine(one)}`),
  ];
}

function audioLine(audio: AudioInfo): string {
  const channels = audio.channels && counted(audio.channels, 'channel');
  const rate = audio.sampleRate && `${audio.sampleRate} Hz`;
  return join([audio.codec, rate, channels, seconds(audio.seconds), unusable(audio)]);
}

function usedStream({ video }: MediaInfo): string {
  const chosen = video?.stream ?? 0;
  return chosen === 0 ? 'the first is used' : `number ${chosen + 1} is used, which players show`;
}

function videoLine(video: VideoInfo): string {
  const fps = video.fps === undefined ? 'unknown frame rate' : `${Number(video.fps.toFixed(3))} fps`;
  return join([
    video.profile ? `${video.codec} (${video.profile})` : video.codec,
    formatSize(video),
    video.constantRate ? fps : `${fps} on average (varies)`,
    `${video.bitDepth} bit`,
    video.rgb ? 'RGB' : video.chroma,
    seconds(video.seconds),
    video.frames && `${video.frames} frames`,
  ]);
}

function oddities(video: VideoInfo): string[] {
  const shown = displayedSize(video);
  const colour = [video.primaries, video.transfer, video.matrix].filter((part) => part !== undefined);
  return [
    formatSize(shown) !== formatSize(video) && `shown as ${formatSize(shown)}`,
    video.mirrored && 'mirrored',
    video.rotation !== 0 && `turned by ${video.rotation} degrees`,
    video.pixelAspect !== 1 && `pixel aspect ratio ${Number(video.pixelAspect.toFixed(3))}`,
    video.scan !== 'progressive' && `${video.scan === 'mixed' ? 'possibly ' : ''}interlaced`,
    video.alpha && 'with transparency',
    video.stereo && `3D (${video.stereo})`,
    video.projection && `360 degrees (${video.projection})`,
    video.hdr && `HDR (${video.hdr})`,
    video.dolbyVision && `Dolby Vision profile ${video.dolbyVision.profile}`,
    video.encrypted && 'encrypted',
    video.missingDecoder && 'this ffmpeg has no decoder for it',
    colour.length > 0 && `colours: ${[...new Set(colour)].join(', ')}`,
    video.range === 'full' && 'full range',
  ].filter((line) => typeof line === 'string');
}

function seconds(value: number | undefined): string {
  return value === undefined ? 'unknown length' : `${value.toFixed(3)} s`;
}

function join(parts: readonly (string | number | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== 0 && part !== '').join(', ');
}
