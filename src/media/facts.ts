/** A file's facts as lines for people. Pure. */
import { formatSize } from '../domain.ts';
import { formatBytes, oneLine } from '../text.ts';
import { displayedSize, type MediaInfo, type VideoInfo } from './info.ts';

/** One fact a line: container, picture, its oddities, sound. Safe to show. */
export function factLines(info: MediaInfo): string[] {
  const lines = [join([info.container, formatBytes(info.bytes), seconds(info.seconds), info.truncated && 'cut off'])];
  const { video, audio } = info;
  if (video) lines.push(`video: ${videoLine(video)}`, ...oddities(video).map((line) => `       ${line}`));
  if (info.image) lines.push('video: none; it is a single picture');
  if (audio) {
    const channels = audio.channels && `${audio.channels} ${audio.channels === 1 ? 'channel' : 'channels'}`;
    lines.push(
      `audio: ${join([audio.codec, audio.sampleRate && `${audio.sampleRate} Hz`, channels, seconds(audio.seconds)])}`,
    );
  } else {
    lines.push('audio: none');
  }
  if (info.videoStreams > 1 || info.audioStreams > 1)
    lines.push(`streams: ${info.videoStreams} video, ${info.audioStreams} audio; the first of each is used`);
  if (info.coverArt) lines.push('cover art: yes; it is left out');
  return lines.map((line) => line.replace(/\S.*/, (text) => oneLine(text)));
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
    video.rotation !== 0 && `turned by ${video.rotation} degrees`,
    video.pixelAspect !== 1 && `pixel aspect ratio ${video.pixelAspect}`,
    video.scan !== 'progressive' && `${video.scan === 'mixed' ? 'possibly ' : ''}interlaced`,
    video.alpha && 'with transparency',
    video.hdr && `HDR (${video.hdr})`,
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
