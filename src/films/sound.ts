/** The sound of a film: what its takes, voices and music sound like, each where it belongs, as one track of AAC. */
import { createOutput } from '../disk/publish.ts';
import { type FfmpegCommand, fileUrl, SOUND_INPUT } from '../media/ffmpeg/arguments.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { runFluent } from '../media/ffmpeg/fluent.ts';
import { failureOf } from '../media/ffmpeg/run-plan.ts';
import { decodeSound } from '../media/ffmpeg/sound.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import type { Clock } from '../shared/time.ts';
import { type Loudness, measuredLoudness, mixGraph } from './mix.ts';
import type { AssemblyPlan, PlannedSound } from './plan.ts';
import { SAMPLE_RATE, sampleAt } from './raster.ts';
import { refuseSilence } from './sound-file.ts';
import { createSoundTrack, type SoundTrack } from './sound-track.ts';

export interface SoundWork {
  readonly ffmpeg: Ffmpeg;
  /** Where files in the making are; it exists. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** What is left out, as sentences. */
  readonly onNote: (text: string) => void;
}

/** Raw floats as `sound-track.ts` writes them. */
const RAW = ['-f', 'f32le', '-ar', String(SAMPLE_RATE)];

/** Writes the sound of a film that has any to `target` as MP4, exactly as long as the pictures. */
export async function makeSound(film: AssemblyPlan, target: string, work: SoundWork): Promise<void> {
  const { folder, clock, signal } = work;
  const length = sampleAt(film.frames, film.rate);
  const files = {
    scenes: await createOutput(`${folder}/scenes`, clock),
    music: await createOutput(`${folder}/music`, clock),
  };
  try {
    let loudest = 0;
    const scenes = await createSoundTrack(files.scenes.path, length, signal);
    try {
      for (const [index, sound] of film.sounds.entries()) {
        await addSound(scenes, sound, work);
        work.onProgress((0.5 * (index + 1)) / film.sounds.length);
      }
      loudest = scenes.peak + (await makeMusic(film, files.music.path, work));
    } finally {
      await scenes.close();
    }
    await encode(film, { scenes: files.scenes.path, music: files.music.path, target }, { ...work, loudest });
  } finally {
    await files.scenes.dispose();
    await files.music.dispose();
  }
}

/** A take's own sound that does not decode is silent, which is told; throws `clip` for one that was asked for by its file's name. */
async function addSound(
  track: SoundTrack,
  sound: Omit<PlannedSound, 'fadeIn' | 'fadeOut'> & {
    readonly fadeIn?: number;
    readonly fadeOut?: number;
    readonly loops?: boolean;
  },
  { ffmpeg, folder, clock, signal, onNote }: SoundWork,
): Promise<void> {
  const { path, audio, start, origin, samples } = sound;
  const nut = await createOutput(`${folder}/sound`, clock);
  const raw = await createOutput(`${folder}/samples`, clock);
  try {
    const part = { source: path, audio, start, origin, seconds: samples / SAMPLE_RATE, isSoundFile: true };
    const heard = await decodeSound({ ...part, outputPath: nut.path }, ffmpeg, { signal });
    if (sound.isAskedFor) refuseSilence(path, heard, audio.seconds && Math.min(audio.seconds, part.seconds));
    if (typeof heard === 'string') onNote(`${oneLine(path)}: its sound cannot be decoded, and is left out: ${heard}.`);
    else if (heard.complaint !== undefined)
      onNote(`${oneLine(path)}: some of its sound could not be decoded and is silent: ${heard.complaint}.`);
    if (typeof heard === 'string' || heard.seconds === 0) return;
    await runSound(rawCommand(nut.path, raw.path), { ffmpeg, signal });
    await track.add(raw.path, { ...sound, channels: audio.channels === 1 ? 1 : 2 });
  } finally {
    await nut.dispose();
    await raw.dispose();
  }
}

/** From samples with time stamps to samples alone: silence fills what is missing. */
function rawCommand(nut: string, raw: string): FfmpegCommand {
  const filters = ['-map', '0:a:0', '-filter:a', 'aresample=async=1:first_pts=0'];
  return {
    inputs: [{ options: ['-nostdin', ...SOUND_INPUT], url: fileUrl(nut) }],
    output: [...filters, '-c:a', 'pcm_f32le', '-f', 'f32le'],
    target: fileUrl(raw),
  };
}

/** As long as the film: what is shorter begins anew. Returns its peak. */
async function makeMusic(film: AssemblyPlan, path: string, work: SoundWork): Promise<number> {
  const { music, frames, rate } = film;
  if (!music) return 0;
  const length = sampleAt(frames, rate);
  const fade = Math.min(Math.round(music.fadeSeconds * SAMPLE_RATE), Math.floor(length / 2));
  const track = await createSoundTrack(path, length, work.signal);
  try {
    const whole = {
      ...music,
      isAskedFor: true,
      start: 0,
      origin: undefined,
      at: 0,
      samples: length,
      gainDb: music.levelDb,
    };
    await addSound(track, { ...whole, fadeIn: fade, fadeOut: fade, loops: true }, work);
    return track.peak;
  } finally {
    await track.close();
  }
}

interface Paths {
  readonly scenes: string;
  readonly music: string;
  readonly target: string;
}

async function encode(
  film: AssemblyPlan,
  paths: Paths,
  { ffmpeg, signal, loudest, onProgress, onNote }: SoundWork & { readonly loudest: number },
): Promise<void> {
  const inputs = [paths.scenes, ...(film.music ? [paths.music] : [])].map((path) => ({
    options: ['-nostdin', '-protocol_whitelist', 'file', ...RAW, '-ac', '2'],
    url: fileUrl(path),
  }));
  const isLoud = loudest > 1;
  let loudness: Loudness = {};
  if (film.loudness !== 'off' || isLoud) {
    const target = film.loudness === 'off' ? DEFAULT_LOUDNESS : film.loudness;
    const output = ['-filter_complex', mixGraph(film, { target }), '-map', '[mix]', '-f', 'null'];
    const { stderr } = await runSound({ inputs, output, target: '-' }, { ffmpeg, signal });
    const measured = measuredLoudness(stderr);
    if (!measured && film.loudness !== 'off')
      onNote('Its sound is silence, or too short to be brought to a loudness: it was left as it is.');
    if (film.loudness !== 'off') loudness = measured ? { target, measured } : {};
    // What would be clipped is turned down.
    else loudness = { attenuation: Math.max(0, Number(measured?.input_tp ?? 0)) };
    onProgress(0.75);
  }
  const graph = mixGraph(film, loudness);
  const codec = ['-c:a', 'aac', '-b:a', '192k', '-ar', String(SAMPLE_RATE), '-ac', '2', '-flags:a', '+bitexact'];
  const output = ['-filter_complex', graph, '-map', '[mix]', ...codec, '-fflags', '+bitexact', '-f', 'mp4'];
  await runSound({ inputs, output, target: fileUrl(paths.target) }, { ffmpeg, signal });
  onProgress(1);
}

/** For the measurement of a sound that is not brought to any. */
const DEFAULT_LOUDNESS = -14;
const TIMEOUT_MS = 4 * 3_600_000;

async function runSound(
  command: FfmpegCommand,
  { ffmpeg, signal }: Pick<SoundWork, 'ffmpeg' | 'signal'>,
): Promise<{ stderr: string }> {
  // Sound alone tells no pictures, and little of what it has written.
  const run = await runFluent(ffmpeg, command, {
    signal,
    timeoutMs: TIMEOUT_MS,
    stallMs: TIMEOUT_MS,
    onFrames: () => {},
  });
  const failure = failureOf(run, { signal });
  if (failure !== undefined)
    throw new SoraError('machine', `The sound of the film could not be made: ${failure}.`, {
      hint: 'Try another ffmpeg with SORA_FFMPEG; see: sora doctor',
    });
  return run;
}
