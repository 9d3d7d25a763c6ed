/**
 * Which audio track of a file is used, and why not another: one rule for plans, copies, encodes and what is measured.
 * As players do: of those that can be decoded the first that is enabled or the default. Pure.
 */
import type { AudioInfo, MediaInfo } from '../info.ts';

/** What ffmpeg lists of an audio stream. */
export interface ListedAudio {
  /** ffmpeg's name; `none` when it does not know the codec. */
  readonly codec: string;
  /** Such as `default`, `comment`, `visual impaired`. */
  readonly dispositions: readonly string[];
  /** What follows the codec: `(LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 9 kb/s`. */
  readonly details: string;
}

/** Words that are spoken over the sound of a film, or a mix for some listeners only. */
const ASIDE = new Set(['comment', 'hearing impaired', 'visual impaired', 'descriptions', 'karaoke', 'lyrics']);

/** The track that is used; undefined when there is none that holds anything that can be decoded. */
export function chooseAudio(tracks: readonly AudioInfo[]): AudioInfo | undefined {
  const rank = ({ chosen, aside }: AudioInfo): number => (chosen ? 0 : 2) + (aside ? 1 : 0);
  return tracks.filter((one) => unusable(one) === undefined).sort((a, b) => rank(a) - rank(b))[0];
}

/** Why a track cannot be used, to follow "it"; undefined when it can. */
export function unusable({ decodable, seconds }: AudioInfo): string | undefined {
  if (decodable === false) return 'cannot be decoded by this ffmpeg';
  return seconds === 0 ? 'is empty' : undefined;
}

/** The same tracks as the ffmpeg that converts sees them; what it does not list, it cannot be asked for. */
export function mergeAudio(tracks: readonly AudioInfo[], listed: readonly ListedAudio[]): readonly AudioInfo[] {
  return listed.map((stream, track) => {
    const known = tracks[track] ?? { ...UNKNOWN, codec: stream.codec };
    return {
      ...known,
      track,
      chosen: known.chosen || stream.dispositions.includes('default'),
      aside: stream.dispositions.some((disposition) => ASIDE.has(disposition)),
      decodable: hasDecoder(stream) ? undefined : false,
    };
  });
}

const UNKNOWN = {
  ...{ track: 0, seconds: undefined, channels: undefined, laidOut: true, sampleRate: undefined },
  ...{ samplesPerFrame: undefined, chosen: false, aside: false, decodable: undefined },
} satisfies Partial<AudioInfo>;

/** A decoder tells its sample format when it is opened; without any packet ffmpeg may not know the rate either. */
function hasDecoder({ codec, details }: ListedAudio): boolean {
  if (codec === 'none') return false;
  return !/\d Hz\b/.test(details) || /, (?:u8|s16|s32|s64|flt|dbl)p?\b/.test(details);
}

/** The same file with these tracks; the first that can be used is. */
export function withAudioTracks(info: MediaInfo, audioTracks: readonly AudioInfo[]): MediaInfo {
  return { ...info, audioTracks, audio: chooseAudio(audioTracks) };
}

/** `audio track 2 (AAC)`, as people count. */
export function trackName({ track, codec }: AudioInfo): string {
  return `audio track ${track + 1} (${codec})`;
}
