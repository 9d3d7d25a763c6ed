import type { Size } from '../../src/shared/geometry.ts';
import { decode } from './ffmpeg.ts';
import { type Mp4, type Mp4Track, readMp4 } from './mp4.ts';

const UPRIGHT = [65_536, 0, 0, 0, 65_536, 0, 0, 0, 1_073_741_824];
const BT709 = '1,1,1';
const UNSPECIFIED = '2,2,2';
/** The muxer signs its work (`\u00a9too`); no other word about the file is allowed. */
const KNOWN_BOXES = [
  /^(ftyp|free|mdat|moov|moov\/mvhd)$/,
  /^moov\/trak(\/tkhd|\/edts|\/edts\/elst|\/mdia|\/mdia\/.*)?$/,
  /^moov\/udta(\/meta(\/hdlr|\/ilst|\/ilst\/\u00a9too)?)?$/,
];
const NTSC_FILM = 24_000 / 1001;
const MAX_BYTES = 50_000_000;

export interface Master {
  readonly size: Size;
  readonly fps: number;
  readonly frames: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly soundSeconds: number | undefined;
  /** Where the file is not what a master must be. */
  readonly faults: readonly string[];
}

export async function measureMaster(path: string, { madeByUs }: { madeByUs: boolean }): Promise<Master> {
  const mp4 = await readMp4(path);
  const video = mp4.tracks.find(({ kind }) => kind === 'vide');
  const sound = mp4.tracks.find(({ kind }) => kind === 'soun');
  if (!video) throw new Error(`${path} has no picture.`);
  const { frames, complaints } = await decode(path);
  const faults = [
    ...containerFaults(mp4),
    ...videoFaults(video),
    ...(sound ? soundFaults(sound, video) : []),
    ...(madeByUs && video.sps?.colour === undefined ? ['the colours are not described'] : []),
    ...(frames.length === video.samples ? [] : [`${frames.length} frames decode of ${video.samples} stored`]),
    ...(complaints === '' ? [] : [`it does not decode cleanly: ${complaints}`]),
  ];
  return {
    size: { width: video.width, height: video.height },
    fps: video.timescale / (video.durations[0]?.delta ?? 0),
    frames: video.samples,
    seconds: mp4.seconds,
    bytes: mp4.bytes,
    soundSeconds: sound?.seconds,
    faults,
  };
}

function containerFaults(mp4: Mp4): string[] {
  const kinds = mp4.tracks.map(({ kind }) => kind).join();
  const foreign = mp4.boxes.filter((path) => !KNOWN_BOXES.some((known) => known.test(path)));
  const faults: [boolean, string][] = [
    [!/^(isom|iso[2-9]|mp4[12])$/.test(mp4.brand), `the brand is ${mp4.brand}`],
    [mp4.topLevel.indexOf('moov') > mp4.topLevel.indexOf('mdat'), 'moov stands behind mdat'],
    [kinds !== 'vide' && kinds !== 'vide,soun', `the tracks are ${kinds}`],
    [foreign.length > 0, `it holds ${foreign.join()}`],
    [mp4.creationTime !== 0, 'it says when it was made'],
    [mp4.seconds < 2 || mp4.seconds > 4, `it takes ${mp4.seconds} s`],
    [mp4.bytes > MAX_BYTES, `it has ${mp4.bytes} bytes`],
  ];
  return told(faults);
}

function videoFaults({ sps, durations, timescale, ...track }: Mp4Track): string[] {
  const fps = timescale / (durations[0]?.delta ?? 0);
  const colours = [sps?.colour, track.colr].filter((colour) => colour !== undefined).map(String);
  const faults: [boolean, string][] = [
    [track.codec !== 'avc1', `the picture is ${track.codec}`],
    [sps?.chroma !== 1 || sps.bitDepth !== 8, 'it is not 8-bit 4:2:0'],
    [sps?.progressive !== true, 'it is interlaced'],
    [sps?.fullRange !== false, 'its range is full'],
    [colours.some((colour) => colour !== BT709 && colour !== UNSPECIFIED), `its colours are ${colours.join(' and ')}`],
    [(sps?.sar ?? 1) !== 1 || (track.pasp ?? 1) !== 1, 'its pixels are not square'],
    [track.matrix.join() !== UPRIGHT.join(), `its matrix is ${track.matrix.join()}`],
    [durations.length !== 1, `its frames last ${durations.map(({ count, delta }) => `${count} x ${delta}`).join()}`],
    [fps < NTSC_FILM - 0.001 || fps > 60, `it has ${fps} frames a second`],
    [track.mediaSeconds < 2 || track.mediaSeconds > 4, `its frames take ${track.mediaSeconds} s`],
    [track.width * 9 !== track.height * 16 && track.width * 16 !== track.height * 9, 'its ratio is not exact'],
    [
      Math.min(track.width, track.height) < 720 || Math.min(track.width, track.height) > 1080,
      'its size is out of range',
    ],
    [track.width % 2 === 1 || track.height % 2 === 1, 'its sides are odd'],
  ];
  return told(faults);
}

function soundFaults(sound: Mp4Track, video: Mp4Track): string[] {
  const faults: [boolean, string][] = [
    [sound.codec !== 'mp4a' || sound.audioObjectType !== 2, `the sound is ${sound.codec} ${sound.audioObjectType}`],
    [sound.sampleRate !== 48_000, `its sound has ${sound.sampleRate} Hz`],
    [sound.seconds > video.seconds, `the sound takes ${sound.seconds} s, the picture ${video.seconds} s`],
  ];
  return told(faults);
}

function told(faults: readonly [boolean, string][]): string[] {
  return faults.filter(([wrong]) => wrong).map(([, sentence]) => sentence);
}
