/**
 * Makes a film of its plan: pieces that have not changed are taken as they are, pictures and sound are put together once, and
 * nobody has the film before it was decoded from the first picture to the last.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createOutput, type Output, outputWriteError } from '../disk/publish.ts';
import { type FfmpegCommand, fileUrl, untrustedInputOptions } from '../media/ffmpeg/arguments.ts';
import { decoderComplaints, isSevere } from '../media/ffmpeg/complaints.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { runFluent } from '../media/ffmpeg/fluent.ts';
import { firstWords, machineProblem } from '../media/ffmpeg/process.ts';
import { failureOf } from '../media/ffmpeg/run-plan.ts';
import { DECODER_THREADS, runDecoder } from '../media/verify/decode.ts';
import { SoraError } from '../shared/errors.ts';
import type { Clock } from '../shared/time.ts';
import { discardPieces, makePiece, type Piece, shotsOf, sweepPieces } from './pieces.ts';
import { type AssemblyPlan, type AssemblyWish, planAssembly } from './plan.ts';
import { timescaleOf } from './raster.ts';
import { makeSound } from './sound.ts';
import { readTrack } from './take.ts';
import { concatList, metadataText, subtitlesText } from './texts.ts';

export interface Assembly {
  readonly ffmpeg: Ffmpeg;
  /** Where pieces are kept, absolute; it is made. */
  readonly pieces: string;
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

/** Pictures of the pass that verifies it take so much of the time of one that is encoded. */
const VERIFY_SHARE = 0.2;
const SOUND_SHARE = 0.05;

/**
 * Writes the film to `outputPath`, a fresh path. Throws `usage` for a wish that the takes are too short for, `clip` for a
 * take that cannot be used, `unverified` for a film that is not what was planned, `machine`, or `interrupted`.
 */
export async function assemble(wish: AssemblyWish, outputPath: string, assembly: Assembly): Promise<Assembled> {
  const plan = planAssembly(wish);
  await mkdir(assembly.pieces, { recursive: true }).catch((error: unknown) => {
    throw outputWriteError(error, assembly.pieces);
  });
  await sweepPieces(assembly.pieces, assembly.clock.now());
  let { pieces, film } = await makePieces(plan, assembly);
  const made = pieces.filter(({ reused }) => !reused).length;
  const audio = await put(film, pieces, outputPath, assembly);
  let problem = await findProblem(film, pieces, outputPath, assembly);
  if (problem !== undefined && pieces.some(({ reused }) => reused)) {
    // A piece that was kept may be damaged, or of an encoder that was replaced since.
    await discardPieces(assembly.pieces, pieces);
    ({ pieces, film } = await makePieces(plan, assembly));
    await put(film, pieces, outputPath, assembly);
    problem = await findProblem(film, pieces, outputPath, assembly);
  }
  if (problem !== undefined)
    throw new SoraError('unverified', `The film failed its check: ${problem}.`, {
      hint: 'Try another ffmpeg with SORA_FFMPEG; this one made something else than it was asked for.',
    });
  const copied = film.pieces.filter(({ kind }) => kind === 'copy').length;
  const { size: bytes } = await stat(outputPath);
  return { plan: film, bytes, audio, pieces: { made, reused: pieces.length - made, copied } };
}

interface Made {
  readonly film: AssemblyPlan;
  readonly pieces: readonly Piece[];
}

/** All of them; where one cannot be copied after all, none is. */
async function makePieces(film: AssemblyPlan, assembly: Assembly): Promise<Made> {
  const pieces: Piece[] = [];
  let done = 0;
  const share = 1 - VERIFY_SHARE - SOUND_SHARE;
  for (const piece of film.pieces) {
    const name = shotsOf(piece).at(-1)?.name ?? '';
    const tell = (frames: number): void =>
      assembly.onProgress((share * (done + Math.min(frames, piece.frames))) / film.frames, name);
    tell(0);
    const made = await makePiece(piece, film, { ...assembly, folder: assembly.pieces, onFrames: tell });
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

/** Pieces, sound, subtitles and chapters into one file. Whether it has sound. */
async function put(film: AssemblyPlan, pieces: readonly Piece[], target: string, assembly: Assembly): Promise<boolean> {
  const { pieces: folder, clock, ffmpeg, signal } = assembly;
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
  try {
    const sound = await fresh('sound');
    const onProgress = (fraction: number): void =>
      assembly.onProgress(1 - VERIFY_SHARE - SOUND_SHARE * (1 - 0.8 * fraction), 'sound');
    const audio = await makeSound(film, sound, { ...assembly, folder, onProgress });
    const subtitles = subtitlesText(film);
    const command = putCommand(film, {
      list: await fresh('list', concatList(pieces, film)),
      metadata: await fresh('metadata', metadataText(film)),
      subtitles: subtitles === '' ? undefined : await fresh('subtitles', subtitles),
      sound: audio ? sound : undefined,
      target,
    });
    const run = await runFluent(ffmpeg, command, { signal, timeoutMs: PUT_TIMEOUT_MS, onFrames: () => {} });
    const failure = failureOf(run, { signal });
    if (failure !== undefined)
      throw new SoraError('machine', `The film could not be put together: ${failure}.`, {
        hint: 'Try another ffmpeg with SORA_FFMPEG; see: sora doctor',
      });
    return audio;
  } finally {
    for (const file of files) await file.dispose();
  }
}

const PUT_TIMEOUT_MS = 4 * 3_600_000;

interface PutFiles {
  readonly list: string;
  readonly metadata: string;
  readonly subtitles: string | undefined;
  readonly sound: string | undefined;
  readonly target: string;
}

/** Nothing is encoded but subtitles, which have no other form in MP4. Pure. */
function putCommand(film: AssemblyPlan, { list, metadata, subtitles, sound, target }: PutFiles): FfmpegCommand {
  const local = ['-nostdin', '-protocol_whitelist', 'file'];
  const input = (format: string, path: string, inside = ''): FfmpegCommand['inputs'][number] => ({
    options: [...local, '-format_whitelist', `${format}${inside}`, '-f', format],
    url: fileUrl(path),
  });
  const inputs = [
    input('concat', list, ',mov'),
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
      ...[...maps, '-c:v', 'copy', '-c:a', 'copy', '-map_metadata', '1', '-map_chapters', '1', '-fflags', '+bitexact'],
      ...['-video_track_timescale', String(timescaleOf(film.rate)), '-movflags', '+faststart', '-f', 'mp4'],
    ],
    target: fileUrl(target),
  };
}

const DECODE_TIMEOUT_MS = 4 * 3_600_000;

/** Why the film is not what was planned, to follow a colon; undefined when it is. */
async function findProblem(
  film: AssemblyPlan,
  pieces: readonly Piece[],
  path: string,
  { ffmpeg, signal, onProgress }: Assembly,
): Promise<string | undefined> {
  onProgress(1 - VERIFY_SHARE, 'check');
  const header = pieces[0]?.header;
  if (pieces.some((piece) => piece.header !== header))
    return 'its pieces have different headers, which players do not show';
  const track = await readTrack(path);
  if (track?.avcC !== header) return 'its header is not that of its pieces';
  if (track?.samples !== film.frames) return `it has ${track?.samples ?? 0} pictures instead of ${film.frames}`;
  const listen = ['-loglevel', 'level+info', '-nostats', '-progress', 'pipe:1', '-xerror'];
  const args = [...untrustedInputOptions(), ...listen, ...DECODER_THREADS, '-i', fileUrl(path)];
  const maps = ['-map', '0:v:0', '-map', '0:a:0?', '-f', 'null', '-'];
  const { result, frames } = await runDecoder(ffmpeg, [...args, ...maps], { signal, timeoutMs: DECODE_TIMEOUT_MS });
  const lines = result.stderr.split(/[\r\n]+/);
  if (result.failed) {
    const machine = machineProblem(result.stderr);
    if (machine) throw machine;
    return firstWords(lines.filter(isSevere).join('\n'));
  }
  const complaints = decoderComplaints(lines);
  if (complaints.length > 0) return firstWords(complaints.join('\n'));
  return frames === film.frames ? undefined : `${frames} of its ${film.frames} pictures are shown`;
}
