/**
 * A stereo track of samples in a file, to which sounds are added where they belong: exact to the sample, in as little memory
 * for a hundred sounds as for one. Raw 32-bit floats at 48 kHz, silent where nothing was added.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { outputWriteError } from '../disk/publish.ts';

export interface SoundTrack {
  /** In samples. */
  readonly length: number;
  /** The loudest sample so far, 1 being full scale. */
  readonly peak: number;
  add(path: string, options: AddedSound): Promise<void>;
  close(): Promise<void>;
}

export interface AddedSound {
  readonly channels: 1 | 2;
  /** Samples of the track, from its beginning. What does not fit is left out. */
  readonly at: number;
  readonly samples: number;
  readonly gainDb: number;
  /** It rises evenly over its first samples, and falls evenly over the last of `samples`. */
  readonly fadeIn?: number;
  readonly fadeOut?: number;
  /** Begins anew where it ends, up to `samples`. */
  readonly loops?: boolean;
}

const BYTES = 4;
const CHANNELS = 2;
/** A second at a time. */
const CHUNK = 48_000;

/** Opens a file, which it empties, as a track of so many samples. Throws `machine` when the disk is in the way. */
export async function createSoundTrack(path: string, length: number, signal: AbortSignal): Promise<SoundTrack> {
  const refused = (error: unknown): never => {
    throw outputWriteError(error, path);
  };
  const file = await open(path, 'w+').catch(refused);
  await file.truncate(length * CHANNELS * BYTES).catch(refused);
  let peak = 0;
  return {
    length,
    get peak() {
      return peak;
    },
    async add(from, sound) {
      const source = await open(from);
      try {
        const there = Math.floor((await source.stat()).size / sound.channels / BYTES);
        const most = Math.max(0, Math.min(sound.samples, length - sound.at));
        const whole = sound.loops && there > 0 ? most : Math.min(most, there);
        for (let done = 0; done < whole; ) {
          signal.throwIfAborted();
          const begin = done % Math.max(1, there);
          const count = Math.min(CHUNK, whole - done, there - begin);
          const samples = await read(source, begin * sound.channels, count * sound.channels);
          const at = (sound.at + done) * CHANNELS;
          const mixed = await read(file, at, count * CHANNELS);
          peak = Math.max(peak, mixInto(mixed, samples, { ...sound, offset: done }));
          await file.write(mixed, 0, mixed.byteLength, at * BYTES).catch(refused);
          done += count;
        }
      } finally {
        await source.close();
      }
    },
    close: () => file.close(),
  };
}

/** What is missing is silent. */
async function read(file: FileHandle, from: number, count: number): Promise<Float32Array> {
  const samples = new Float32Array(count);
  await file.read(samples, 0, samples.byteLength, from * BYTES);
  return samples;
}

/** Adds samples of one or two channels to those of a track; `offset`: how many of the sound came before. Returns the peak. */
function mixInto(
  mixed: Float32Array,
  samples: Float32Array,
  { channels, gainDb, fadeIn = 0, fadeOut = 0, samples: whole, offset }: AddedSound & { readonly offset: number },
): number {
  const gain = 10 ** (gainDb / 20);
  let peak = 0;
  for (let index = 0; index < mixed.length / CHANNELS; index += 1) {
    const at = offset + index;
    const rise = at < fadeIn ? (at + 0.5) / fadeIn : 1;
    const fall = at >= whole - fadeOut ? (whole - at - 0.5) / fadeOut : 1;
    const factor = gain * rise * fall;
    for (let side = 0; side < CHANNELS; side += 1) {
      const value = samples[index * channels + (channels === 1 ? 0 : side)] ?? 0;
      const place = index * CHANNELS + side;
      // Damaged sound may decode to what is no number.
      const sum = (mixed[place] ?? 0) + (Number.isFinite(value) ? value * factor : 0);
      mixed[place] = sum;
      peak = Math.max(peak, Math.abs(sum));
    }
  }
  return peak;
}
