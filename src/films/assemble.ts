/**
 * Makes a film of its plan: pieces that have not changed are taken as they are, pictures and sound are put together once, and
 * nobody has the film before it was checked.
 */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOutput, type Output, outputWriteError, refuseFullDisk } from '../disk/publish.ts';
import { type FfmpegCommand, fileUrl } from '../media/ffmpeg/arguments.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { runFluent } from '../media/ffmpeg/fluent.ts';
import { failureOf } from '../media/ffmpeg/run-plan.ts';
import { SoraError } from '../shared/errors.ts';
import type { Clock } from '../shared/time.ts';
import { filmProblem } from './check-film.ts';
import { keptSound } from './kept-sound.ts';
import { makePiece, openPieces, type Piece, shotsOf, sweepPieces } from './pieces.ts';
import { type AssemblyPlan, type AssemblyWish, planAssembly } from './plan.ts';
import { timescaleOf } from './raster.ts';
import { concatList, metadataText, subtitlesText } from './texts.ts';

export interface Assembly {
  readonly ffmpeg: Ffmpeg;
  /** Where pieces are kept, absolute; they are not unless given. */
  readonly pieces?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of all the work, 0 to 1, and what is worked on. */
  readonly onProgress: (fraction: number, what: string) => void;
  readonly onNote: (text: string) => void;
}

/** What was made. */
export interface Assembled {
  readonly plan: AssemblyPlan;
  readonly bytes: number;
  readonly audio: boolean;
  readonly pieces: { readonly made: number; readonly reused: number; readonly copied: number };
}

/** Of all the work. */
const SOUND_SHARE = 0.1;
const CHECK_SHARE = 0.02;

/**
 * Writes the film to `outputPath`, a fresh path. Throws `usage` for a wish that the takes are too short for, `clip` for a
 * take that cannot be used, `unverified` for a film that is not what was planned, `machine`, or `interrupted`.
 */
export async function assemble(wish: AssemblyWish, outputPath: string, assembly: Assembly): Promise<Assembled> {
  const plan = planAssembly(wish);
  const folder = await openPieces(assembly.pieces, assembly.onNote);
  try {
    return await assembleIn(folder.path, plan, outputPath, assembly);
  } finally {
    await folder.dispose();
  }
}

async function assembleIn(
  folder: string,
  plan: AssemblyPlan,
  outputPath: string,
  { clock, ...rest }: Assembly,
): Promise<Assembled> {
  const work = { ...rest, clock, folder };
  await sweepPieces(folder, clock.now());
  let { pieces, film } = await makePieces(plan, work);
  const made = pieces.filter(({ reused }) => !reused).length;
  let { audio, problem, kept } = await put(film, pieces, outputPath, work);
  if (problem !== undefined && kept.length > 0) {
    // What was kept may be of an encoder that was replaced since.
    for (const path of kept) await rm(path, { force: true });
    ({ pieces, film } = await makePieces(plan, work));
    ({ audio, problem, kept } = await put(film, pieces, outputPath, work));
  }
  if (problem !== undefined)
    throw new SoraError('unverified', `The film failed its check: ${problem}.`, {
      hint: 'Try another ffmpeg with SORA_FFMPEG; this one made something else than it was asked for.',
    });
  const copied = film.pieces.filter(({ kind }) => kind === 'copy').length;
  const { size: bytes } = await stat(outputPath);
  return { plan: film, bytes, audio, pieces: { made, reused: pieces.length - made, copied } };
}

/** In a folder of pieces that is there. */
type Work = Omit<Assembly, 'pieces'> & { readonly folder: string };

interface Made {
  readonly film: AssemblyPlan;
  readonly pieces: readonly Piece[];
}

/** All of them; where one cannot be copied after all, none is. */
async function makePieces(film: AssemblyPlan, assembly: Work): Promise<Made> {
  const pieces: Piece[] = [];
  let done = 0;
  const share = 1 - SOUND_SHARE - CHECK_SHARE;
  for (const piece of film.pieces) {
    const name = shotsOf(piece).at(-1)?.name ?? '';
    const tell = (frames: number): void =>
      assembly.onProgress((share * (done + Math.min(frames, piece.frames))) / film.frames, name);
    tell(0);
    const made = await makePiece(piece, film, { ...assembly, onFrames: tell });
    if (!made) return makePieces(withoutCopies(film), assembly);
    pieces.push(made);
    done += piece.frames;
  }
  return { film, pieces };
}

function withoutCopies(film: AssemblyPlan): AssemblyPlan {
  const shots = film.shots.map((shot) => ({ ...shot, take: { ...shot.take, header: undefined } }));
  return planAssembly({ ...film, shots });
}

/**
 * Pieces, sound, subtitles and chapters into one file: whether it has sound, what is wrong with it, to follow a colon, and what
 * of it was there before.
 */
async function put(
  film: AssemblyPlan,
  pieces: readonly Piece[],
  target: string,
  assembly: Work,
): Promise<{ audio: boolean; problem: string | undefined; kept: readonly string[] }> {
  const { folder, clock, ffmpeg, signal } = assembly;
  const header = pieces[0]?.header;
  const kept = pieces.filter(({ reused }) => reused).map(({ name }) => join(folder, name));
  if (pieces.some((piece) => piece.header !== header))
    return { audio: false, problem: 'its pieces have different headers, which players do not show', kept };
  const files: Output[] = [];
  const fresh = async (name: string, text?: string): Promise<string> => {
    const file = await createOutput(`${folder}/${name}`, clock);
    files.push(file);
    if (text !== undefined)
      await writeFile(file.path, text).catch((error: unknown) => {
        throw outputWriteError(error, folder);
      });
    return file.path;
  };
  const onProgress = (fraction: number): void =>
    assembly.onProgress(1 - CHECK_SHARE - SOUND_SHARE * (1 - 0.9 * fraction), 'sound');
  const sound = await keptSound(film, { ...assembly, onProgress });
  const audio = sound !== undefined;
  try {
    const subtitles = subtitlesText(film);
    const packets = await fresh('packets');
    const command = putCommand(film, {
      list: await fresh('list', concatList(pieces, film)),
      metadata: await fresh('metadata', metadataText(film)),
      subtitles: subtitles === '' ? undefined : await fresh('subtitles', subtitles),
      sound: sound?.path,
      ...{ packets, target },
    });
    const run = await runFluent(ffmpeg, command, { signal, timeoutMs: PUT_TIMEOUT_MS, onFrames: () => {} });
    const failure = failureOf(run, { signal });
    if (failure !== undefined)
      throw new SoraError('machine', `The film could not be put together: ${failure}.`, {
        hint: 'Try another ffmpeg with SORA_FFMPEG; see: sora doctor',
      });
    assembly.onProgress(1 - CHECK_SHARE, 'check');
    const problem = await filmProblem(film, target, { audio, header, packets, ffmpeg, signal });
    if (problem !== undefined) await refuseFullDisk(target);
    return { audio, problem, kept: [...kept, ...(sound?.reused ? [sound.path] : [])] };
  } finally {
    await sound?.dispose();
    for (const file of files) await file.dispose();
  }
}

const PUT_TIMEOUT_MS = 4 * 3_600_000;

interface PutFiles {
  readonly list: string;
  readonly metadata: string;
  readonly subtitles: string | undefined;
  readonly sound: string | undefined;
  /** Where what is stored of each picture is listed. */
  readonly packets: string;
  readonly target: string;
}

/** Nothing is encoded but subtitles, which have no other form in MP4. Pure. */
function putCommand(
  film: AssemblyPlan,
  { list, metadata, subtitles, sound, packets, target }: PutFiles,
): FfmpegCommand {
  const local = ['-nostdin', '-protocol_whitelist', 'file'];
  const input = (format: string, path: string, inside = ''): FfmpegCommand['inputs'][number] => ({
    options: [...local, '-format_whitelist', `${format}${inside}`, '-f', format],
    url: fileUrl(path),
  });
  const pieces = input('concat', list, ',mov');
  const inputs = [
    // Otherwise each keyframe would get the header a second time.
    { ...pieces, options: ['-auto_convert', '0', ...pieces.options] },
    input('ffmetadata', metadata),
    ...(sound === undefined ? [] : [input('mov', sound)]),
    ...(subtitles === undefined ? [] : [input('srt', subtitles)]),
  ];
  const maps = [
    ...['-map', '0:v:0'],
    ...(sound === undefined ? [] : ['-map', '2:a:0']),
    ...(subtitles === undefined ? [] : ['-map', `${inputs.length - 1}:s:0`, '-c:s', 'mov_text']),
  ];
  return {
    inputs,
    output: [
      ...['-map', '0:v:0', '-c', 'copy', '-f', 'framecrc', fileUrl(packets)],
      ...[...maps, '-c:v', 'copy', '-c:a', 'copy', '-map_metadata', '1', '-map_chapters', '1', '-fflags', '+bitexact'],
      ...['-video_track_timescale', String(timescaleOf(film.rate)), '-movflags', '+faststart', '-f', 'mp4'],
    ],
    target: fileUrl(target),
  };
}
