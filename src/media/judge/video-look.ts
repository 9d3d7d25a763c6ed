/** What is measured of a whole video in the pass that decodes it: small pictures of all of it, blocks, and loudness. */

import { PICTURE_INPUT, pictureStream } from '../ffmpeg/picture-input.ts';
import { readMetadata } from '../ffmpeg/picture-look.ts';
import { displayedSize, type VideoInfo } from '../info.ts';
import type { ExtraOutputs } from '../verify/decode.ts';
import { createBarFinder } from './bars.ts';
import { picturesOf, smallPictures } from './measure-picture.ts';
import { median } from './median.ts';
import { createMeter, type Sample } from './meter.ts';
import { chooseFrames, type HashPair, hashPicture } from './picture-hash.ts';
import { createFreezeFinder, type Stretch } from './stillness.ts';

export interface VideoMeasurements {
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** Seconds at which another shot begins. */
  readonly cuts: readonly number[];
  /** Where one picture stands, as long as it must to be told. */
  readonly frozen: readonly Stretch[];
  /** `blockdetect`; undefined where the build lacks it. */
  readonly blockiness: number | undefined;
  /** RMS level in dB; undefined where there is no sound. */
  readonly loudness: number | undefined;
  /** Per cent of the frame that black bars take. */
  readonly bars: number;
  readonly hashes: readonly HashPair[];
}

export interface VideoLook extends ExtraOutputs {
  /** After the run: what it found, by what ffmpeg said. Undefined where not one picture came. */
  measured(stderr: string): VideoMeasurements | undefined;
}

/** `blocks`: whether this build has `blockdetect`. */
export function createVideoLook(video: VideoInfo, { blocks }: { readonly blocks: boolean }): VideoLook {
  const { filters, output, size, fps } = smallPictures(video);
  const meter = createMeter(size, fps);
  const freezes = createFreezeFinder(size, fps);
  const bars = createBarFinder(size);
  const hashes: HashPair[] = [];
  return {
    input: PICTURE_INPUT,
    sound: 'volumedetect',
    outputs: [
      ...['-map', pictureStream(video), '-vf', filters, ...output, 'pipe:3'],
      ...(blocks ? ['-map', pictureStream(video), '-vf', BLOCKS, '-f', 'null', '-'] : []),
    ],
    async read(stream) {
      for await (const picture of picturesOf(stream, size)) {
        meter.add(picture);
        freezes.add(picture);
        bars.add(picture);
        hashes.push(hashPicture(picture, size));
      }
    },
    measured(stderr) {
      if (meter.count === 0) return undefined;
      const { samples, cuts } = meter.read((index) => index / fps);
      return {
        ...{ samples, cuts, seconds: meter.count / fps, frozen: freezes.stretches() },
        ...{ blockiness: readBlocks(stderr), loudness: readLoudness(stderr) },
        ...{ bars: bars.share(displayedSize(video)), hashes: chooseFrames(hashes) },
      };
    },
  };
}

/** A few pictures a second are enough: blocks come from the model, and stay. */
const BLOCKS = 'fps=2,format=yuv420p,blockdetect,metadata=print:key=lavfi.block';

function readBlocks(stderr: string): number | undefined {
  const printed = readMetadata(stderr.split(/[\r\n]+/)).join('\n');
  const values = [...printed.matchAll(/^lavfi\.block=(\S+)$/gm)].map(([, value]) => Number(value));
  return values.length === 0 ? undefined : median(values.filter(Number.isFinite));
}

function readLoudness(stderr: string): number | undefined {
  const found = /\bmean_volume: (-?[\d.]+|-inf) dB/.exec(stderr)?.[1];
  return found === undefined ? undefined : Number.isFinite(Number(found)) ? Number(found) : -100;
}
