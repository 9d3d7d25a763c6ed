/** The graph that makes one sound of the scenes and the music, and brings it to a loudness. Pure. */
import type { AssemblyPlan } from './plan.ts';
import { SAMPLE_RATE, sampleAt } from './raster.ts';

/** What `loudnorm` says of a sound. */
export interface Measured {
  readonly input_i: string;
  readonly input_tp: string;
  readonly input_lra: string;
  readonly input_thresh: string;
  readonly target_offset: string;
}

/** Twice, once to measure: in one pass `loudnorm` would turn the sound up and down as it goes. */
export interface Loudness {
  /** LUFS to bring it to, or to measure it for. */
  readonly target?: number;
  /** Of the first pass. */
  readonly measured?: Measured;
  /** Decibels by which it is turned down instead. */
  readonly attenuation?: number;
}

/** Peaks stay below -1 dBTP, as platforms ask. */
const TRUE_PEAK = -1;
/** As much as the filter takes: where a sound varies by more than its target, it is turned up and down as it goes. */
const RANGE = 20;

/** Input 0 is the scenes, input 1 the music, both as long as the film; it ends in `[mix]`. */
export function mixGraph(
  { music, frames, rate }: Pick<AssemblyPlan, 'music' | 'frames' | 'rate'>,
  { target, measured, attenuation = 0 }: Loudness,
): string {
  const stereo = 'aformat=sample_fmts=fltp:channel_layouts=stereo';
  // Some filters give a little more than they were given.
  const exact = `atrim=end_sample=${sampleAt(frames, rate)}`;
  const norm =
    target === undefined
      ? attenuation > 0
        ? [`volume=-${attenuation.toFixed(2)}dB`]
        : []
      : [
          ['loudnorm', [`I=${target}`, `TP=${TRUE_PEAK}`, `LRA=${RANGE}`, ...measurement(measured)].join(':')].join(
            '=',
          ),
          `aresample=${SAMPLE_RATE}`,
          stereo,
        ];
  const end = [exact, ...(norm.length > 0 ? [...norm, exact] : [])].join(',');
  if (!music) return `[0:a]${stereo},${end}[mix]`;
  // Speech at 0.1 (-20 dB) lowers it by about 10 dB; it comes back within half a second.
  const duck = 'sidechaincompress=threshold=0.02:ratio=4:attack=20:release=500';
  // What lies in the queue of one input when the other one ends is dropped by sidechaincompress, and ffmpeg 7 reads its inputs in
  // threads of their own: a second of the music was silent on a busy machine. Neither ends before the film does.
  const input = `${stereo},apad`;
  return [
    music.duck
      ? `[0:a]${input},asplit=2[dry][key];[1:a]${input}[music];[music][key]${duck}[bed]`
      : `[0:a]${input}[dry];[1:a]${input}[bed]`,
    // `amix` halves each of two; before ffmpeg 4.4 it could not be told otherwise.
    `[dry][bed]amix=inputs=2:duration=first,volume=2,${end}[mix]`,
  ].join(';');
}

function measurement(measured: Measured | undefined): string[] {
  if (!measured) return ['print_format=json'];
  return [
    `measured_I=${measured.input_i}`,
    `measured_TP=${measured.input_tp}`,
    // 0, of an even sound, counts as unknown there.
    `measured_LRA=${Math.max(0.1, Number(measured.input_lra))}`,
    `measured_thresh=${measured.input_thresh}`,
    `offset=${measured.target_offset}`,
    'linear=true',
  ];
}

/** Reads what `loudnorm` printed. Undefined for silence, and for a sound that is too short to be measured. */
export function measuredLoudness(stderr: string): Measured | undefined {
  const value = (name: keyof Measured): string => new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(stderr)?.[1] ?? '';
  const measured: Measured = {
    ...{ input_i: value('input_i'), input_tp: value('input_tp'), input_lra: value('input_lra') },
    ...{ input_thresh: value('input_thresh'), target_offset: value('target_offset') },
  };
  const isNumber = Object.values(measured).every((text) => text !== '' && Number.isFinite(Number(text)));
  return isNumber && Number(measured.input_i) > -70 ? measured : undefined;
}
