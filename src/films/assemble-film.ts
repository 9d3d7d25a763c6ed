/** A film from files: what takes, voices and music are is read, the film is assembled, and has its name when it is whole. */
import { basename, resolve } from 'node:path';
import { hashFile } from '../disk/hash.ts';
import { checkFree, createOutput } from '../disk/publish.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { usableParts } from '../media/ffmpeg/run-plan.ts';
import { displayedSize } from '../media/info.ts';
import { fpsOf, type Rate, targetRate } from '../media/plan/frame.ts';
import { isSoraError, SoraError, throwProblems } from '../shared/errors.ts';
import { formatSize, type Size } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { listOf } from '../shared/text.ts';
import { roughDuration } from '../shared/time.ts';
import type { Workspace } from '../workspace.ts';
import { assemble } from './assemble.ts';
import { findHeader } from './header.ts';
import {
  type AssemblyPlan,
  type AssemblyWish,
  type FilmTake,
  type Music,
  placementOf,
  planAssembly,
  type Shot,
  type SoundSource,
} from './plan.ts';
import { readSoundFile } from './sound-file.ts';
import { readTake } from './take.ts';
import { voicesThatGoOn } from './voices.ts';

/** A shot whose files nobody has looked into. */
export interface ShotRequest extends Omit<Shot, 'take' | 'voice'> {
  /** Absolute. */
  readonly path: string;
  readonly voice?: string;
}

/** Paths are absolute. */
export interface AssemblyRequest extends Omit<AssemblyWish, 'size' | 'rate' | 'shots' | 'music'> {
  readonly shots: readonly ShotRequest[];
  /** That of the first take unless given, with even sides. */
  readonly size?: Size;
  /** Made of the size of the first take. */
  readonly sizeFrom?: (first: Size) => Size;
  /** That of the first take unless given. */
  readonly rate?: Rate;
  readonly music?: Omit<Music, keyof SoundSource> & { readonly path: string };
}

export interface FilmPlace {
  /** The MP4 file, from the working directory. */
  readonly output: string;
  /** Replaces what is there. */
  readonly force: boolean;
  /** Where pieces are kept, absolute; they are not unless given. */
  readonly pieces?: string | undefined;
}

/** The size is that of the video, as it is shown. */
export interface Fitted extends Size {
  readonly scaled: boolean;
  /** Black ones, beside the picture or above and below it. */
  readonly bars?: 'sides' | 'top and bottom';
  /** Its rate, where that is another. */
  readonly fps?: number;
}

export interface WrittenFilm extends Size {
  readonly path: string;
  readonly fps: number;
  readonly frames: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly audio: boolean;
  /** In the order of the film: when each begins to be seen, and for how long it is. */
  readonly scenes: readonly {
    readonly name: string;
    readonly path: string;
    readonly start: number;
    readonly seconds: number;
    /** How its pictures were brought into those of the film, where they were others. */
    readonly fitted?: Fitted;
  }[];
  readonly pieces: { readonly made: number; readonly reused: number; readonly copied: number };
}

/** The film that `assembleFilm` would make, of takes that are looked at. Throws as it does. */
export async function planFilm(workspace: Workspace, request: AssemblyRequest): Promise<AssemblyPlan> {
  const task = await workspace.reporter.task('Looking at the takes');
  try {
    const ffmpeg = await workspace.ffmpeg();
    return planAssembly(await readWish(workspace, ffmpeg, request, (what) => task.update(`Looking at ${what}`)));
  } finally {
    task.stop();
  }
}

/** Throws `usage` for a place that is taken and files that are not there, `clip` for those that cannot be used, all at once. */
export async function assembleFilm(
  workspace: Workspace,
  request: AssemblyRequest,
  place: FilmPlace,
): Promise<WrittenFilm> {
  const { runtime, reporter } = workspace;
  const path = await checkedTarget(workspace, place);
  refuseOwnInput(path, request);
  const ffmpeg = await workspace.ffmpeg();
  const name = basename(path);
  const task = await reporter.task(`Assembling ${name}`);
  const made = await createOutput(path, runtime.clock);
  const notes: string[] = [];
  try {
    const wish = await readWish(workspace, ffmpeg, request, (what) => task.update(`Looking at ${what}`));
    const left = timeLeft(() => runtime.clock.now());
    const { plan, ...done } = await assemble(wish, made.path, {
      ...{ ffmpeg, pieces: place.pieces, clock: runtime.clock, signal: runtime.signal },
      onNote: (text) => void notes.push(text),
      onProgress: (fraction, what) => {
        const rest = left(fraction);
        task.update(() => `Assembling ${name}: ${what}${rest()}`, fraction);
      },
    });
    await made.publish({ force: place.force, taken: 'usage' });
    const film = { path, ...sizeOf(plan), ...done, scenes: scenesOf(plan) };
    task.done(`Assembled ${name}: ${film.seconds} s`);
    for (const note of new Set([...fittedNotes(plan), ...notes, ...voiceNotes(plan)])) reporter.note(note);
    return film;
  } catch (error) {
    task.fail(`${name} was not assembled`);
    throw error;
  } finally {
    await made.dispose();
  }
}

function sizeOf({
  size,
  rate,
  frames,
}: AssemblyPlan): Pick<WrittenFilm, 'width' | 'height' | 'fps' | 'frames' | 'seconds'> {
  const fps = fpsOf(rate);
  return { ...size, fps: rounded(fps), frames, seconds: rounded(frames / fps) };
}

function voiceNotes({ shots, rate, frames }: AssemblyPlan): readonly string[] {
  const fps = fpsOf(rate);
  const voices = shots.flatMap(({ name, voice, at, frames: own }) =>
    voice ? [{ name, seconds: voice.audio.seconds, from: at / fps, to: (at + own) / fps }] : [],
  );
  return voicesThatGoOn(voices, frames / fps);
}

function scenesOf({ shots, rate, size }: AssemblyPlan): WrittenFilm['scenes'] {
  const fps = fpsOf(rate);
  return shots.map(({ name, take, at, frames }) => {
    const fitted = fittedOf(take, { size, rate });
    return {
      ...{ name, path: take.path, start: rounded(at / fps), seconds: rounded(frames / fps) },
      ...(fitted && { fitted }),
    };
  });
}

/** Undefined where each of its pictures is one of the film. */
function fittedOf(
  { video }: Pick<FilmTake, 'video'>,
  { size, rate }: Pick<AssemblyPlan, 'size' | 'rate'>,
): Fitted | undefined {
  const shown = displayedSize(video);
  const { picture } = placementOf(video, size);
  const isOther = (a: Size, b: Size): boolean => a.width !== b.width || a.height !== b.height;
  const [scaled, padded] = [isOther(picture, shown), isOther(picture, size)];
  const fps = video.fps === undefined || Math.abs(video.fps - fpsOf(rate)) < 0.01 ? undefined : rounded(video.fps);
  if (!scaled && !padded && fps === undefined) return undefined;
  return {
    ...shown,
    scaled,
    ...(padded && { bars: picture.width < size.width ? 'sides' : 'top and bottom' }),
    ...(fps !== undefined && { fps }),
  };
}

/** A sentence for the scenes whose pictures are fitted in one and the same way. */
function fittedNotes(plan: AssemblyPlan): readonly string[] {
  const alike = new Map<string, Set<string>>();
  for (const { name, fitted } of scenesOf(plan)) {
    if (!fitted) continue;
    const { scaled, bars, fps, ...size } = fitted;
    const how = [
      ...(scaled ? [`scaled to fit ${formatSize(plan.size)}`] : []),
      ...(bars ? [`given black bars at the ${bars}`] : []),
      ...(fps === undefined ? [] : [`brought from ${fps} to ${rounded(fpsOf(plan.rate))} fps`]),
    ];
    const said = `(${formatSize(size)}) was ${listOf(how)}.`;
    alike.set(said, (alike.get(said) ?? new Set()).add(name));
  }
  return [...alike].map(
    ([said, names]) => `${listOf([...names])} ${names.size > 1 ? said.replace(' was ', ' were ') : said}`,
  );
}

/** One line about a film for people. */
export function filmLine({ path, seconds, fps, audio, pieces: { made, reused }, ...size }: WrittenFilm): string {
  const kept = reused === 0 ? '' : `; ${made} of ${made + reused} pieces were made, the others were kept`;
  return `${path}: ${formatSize(size)}, ${seconds} s, ${fps} fps, ${audio ? 'with' : 'without'} sound${kept}`;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

/** Before anything is read: where the film will lie. */
async function checkedTarget({ runtime }: Workspace, { output, force }: FilmPlace): Promise<string> {
  const target = resolve(runtime.cwd, output);
  if (output === '-' || /[/\\]$/.test(output) || !/\.(?:mp4|m4v)$/i.test(target))
    throw new SoraError('usage', `${option('output')} names the MP4 file to write.`, {
      hint: `For example: ${option('output')} film.mp4`,
    });
  await checkFree(target, { force, example: 'film.mp4' });
  return target;
}

/** Also with `force`: what a film is made of was paid for. */
function refuseOwnInput(target: string, { shots, music }: AssemblyRequest): void {
  const inputs = [...shots.flatMap(({ path, voice }) => [path, ...(voice === undefined ? [] : [voice])]), music?.path];
  if (!inputs.some((path) => path !== undefined && resolve(path) === target)) return;
  throw new SoraError('usage', `${target} is one of the files that the film is made of.`, {
    hint: `Name another file with ${option('output')}.`,
  });
}

/** At once; each looks with a few processes of its own. */
const LOOKS = 2;

async function readWish(
  workspace: Workspace,
  ffmpeg: Ffmpeg,
  { sizeFrom = (first) => first, ...request }: AssemblyRequest,
  onLook: (what: string) => void,
): Promise<AssemblyWish> {
  const { signal } = workspace.runtime;
  const problems: SoraError[] = [];
  const takes = new Map<string, FilmTake>();
  const sounds = new Map<string, SoundSource>();
  const takeLook = (path: string) => async (): Promise<void> =>
    void takes.set(path, await readFilmTake(path, { ffmpeg, signal }));
  const soundLook = (path: string) => async (): Promise<void> =>
    void sounds.set(path, await readSoundFile(path, { ffmpeg, signal }));
  const heard = [...request.shots.flatMap(({ voice }) => voice ?? []), ...(request.music ? [request.music.path] : [])];
  const todo = [
    ...[...new Set(request.shots.map(({ path }) => path))].map((path) => ({ path, look: takeLook(path) })),
    ...[...new Set(heard)].map((path) => ({ path, look: soundLook(path) })),
  ];
  const next = async (): Promise<void> => {
    for (let one = todo.shift(); one; one = todo.shift()) {
      onLook(basename(one.path));
      await one.look().catch((error: unknown) => {
        if (!isSoraError(error) || (error.code !== 'usage' && error.code !== 'clip')) throw error;
        problems.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, next));
  throwProblems(problems);

  const shots = request.shots.flatMap(({ path, voice, ...shot }): Shot[] => {
    const [take, over] = [takes.get(path), voice === undefined ? undefined : sounds.get(voice)];
    return take ? [{ ...shot, take, ...(over && { voice: over }) }] : [];
  });
  const [first] = shots;
  if (!first)
    throw new SoraError('usage', 'A film needs a video at least.', { hint: 'Name the videos in their order.' });
  const { music: wished, ...film } = request;
  const music = wished && sounds.get(wished.path);
  return {
    ...film,
    shots,
    size: request.size ?? even(sizeFrom(displayedSize(first.take.video))),
    rate: request.rate ?? targetRate(first.take.video.fps ?? 24),
    ...(wished && music && { music: { ...wished, ...music } }),
  };
}

/** Chroma is stored for pairs. */
function even({ width, height }: Size): Size {
  return { width: 2 * Math.round(width / 2), height: 2 * Math.round(height / 2) };
}

async function readFilmTake(
  path: string,
  { ffmpeg, signal }: { readonly ffmpeg: Ffmpeg; readonly signal: AbortSignal },
): Promise<FilmTake> {
  const [take, sha256] = await Promise.all([readTake(path, { ffmpeg, signal }), hashFile(path, signal)]);
  const { info } = await usableParts({ info: take.info, ffmpeg, signal });
  return { ...take, info, video: info.video ?? take.video, sha256, header: await findHeader(take, signal) };
}

/** Not before so much of it is known. */
const LEAST_MS = 3000;
const LEAST_FRACTION = 0.03;

/** What is said of the time that is left, by the time that it took so far; nothing at the beginning. */
function timeLeft(now: () => number): (fraction: number) => () => string {
  const begun = now();
  return (fraction) => {
    const toldAt = now();
    const whole = (toldAt - begun) / fraction;
    if (toldAt - begun < LEAST_MS || fraction < LEAST_FRACTION) return () => '';
    return () => {
      const seconds = Math.max(1, (whole - (now() - begun)) / 1000);
      return `, ${roughDuration(seconds > 20 ? Math.ceil(seconds / 5) * 5 : seconds)} left`;
    };
  };
}
