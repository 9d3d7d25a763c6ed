/**
 * The pieces of a film as files: each is made once and kept, by what it is made of and how. A film that is assembled again
 * makes only those that have changed.
 */
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders, requireWritable } from '../disk/atomic-write.ts';
import { hashText } from '../disk/hash.ts';
import { createOutput, refuseFullDisk } from '../disk/publish.ts';
import { makeTemporaryFolder } from '../disk/temporary-folder.ts';
import { afterOpening, decoderComplaints } from '../media/ffmpeg/complaints.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import { runFluent } from '../media/ffmpeg/fluent.ts';
import { firstWords } from '../media/ffmpeg/process.ts';
import { failureOf } from '../media/ffmpeg/run-plan.ts';
import { inspectCommand } from '../shared/clip.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import type { Clock } from '../shared/time.ts';
import { decodeProblem } from './check-film.ts';
import { beginsClosed } from './header.ts';
import { beginsInside, needsPadding, pieceCommand } from './piece-commands.ts';
import { PIECE_NAME } from './piece-names.ts';
import type { AssemblyPlan, PlannedPiece, PlannedShot } from './plan.ts';
import { isSealed, seal } from './seal.ts';
import { readTrack } from './take.ts';

export interface Piece {
  /** A file in the folder of pieces. */
  readonly name: string;
  readonly frames: number;
  /** The `avcC` box of its pictures, in hex. */
  readonly header: string;
  /** It was there. */
  readonly reused: boolean;
}

export interface PieceWork {
  /** Absolute; it exists. */
  readonly folder: string;
  readonly ffmpeg: Ffmpeg;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told how many pictures of the piece are done. */
  readonly onFrames: (frames: number) => void;
}

/**
 * The folder of pieces, which is made; where it cannot be written to, a temporary one: only a later film is the slower for that,
 * and `onNote` is told why. Without a folder there is nothing to tell. Throws `machine`.
 */
export async function openPieces(
  folder: string | undefined,
  onNote: (text: string) => void,
): Promise<{ readonly path: string; dispose(): Promise<void> }> {
  if (folder === undefined) return makeTemporaryFolder(TEMPORARY);
  try {
    const made = await makeFolders(folder, { owner: 'user' });
    await requireWritable(folder, 'user');
    // Its takes may lie elsewhere, so that nothing else tells git that these can be made again.
    if (made !== undefined) await writeFile(join(folder, '.gitignore'), '*\n');
    return { path: folder, dispose: async () => {} };
  } catch (error) {
    if (!isSoraError(error, 'machine')) throw error;
    onNote(`The pieces of the film are not kept, so that the next film takes as long as this one. ${error.message}`);
    return makeTemporaryFolder(TEMPORARY);
  }
}

const TEMPORARY = 'sora-pieces-';

const KEPT_MS = 30 * 86_400_000;

/** Removes pieces that no film has used for thirty days. Never fails. */
export async function sweepPieces(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => PIECE_NAME.test(one))) {
    const path = join(folder, name);
    const { mtimeMs = nowMs } = await stat(path).catch(() => ({ mtimeMs: undefined }));
    if (nowMs - mtimeMs > KEPT_MS) await rm(path, { force: true }).catch(() => {});
  }
}

/** Shots whose pictures a piece shows. */
export function shotsOf(piece: PlannedPiece): readonly PlannedShot[] {
  if (piece.kind === 'copy') return [piece.shot];
  return piece.kind === 'encode' ? [piece.stretch.shot] : [piece.out.shot, piece.into.shot];
}

/** The name of its file: whatever would change its bytes changes it. */
function pieceName(piece: PlannedPiece, film: AssemblyPlan, ffmpeg: Ffmpeg): string {
  const command = pieceCommand(piece, film, { target: '/', padded: needsPadding(piece, film) });
  const takes = shotsOf(piece).map(({ take }) => take.sha256);
  const inputs = command.inputs.map(({ options }) => options);
  return `${hashText(JSON.stringify([1, takes, inputs, command.output, piece.frames, ffmpeg.version]))}.mp4`;
}

/** What a take may be short of, where its last pictures lie between two places of the grid; more than that is damage. */
const MOST_MISSING = 2;

/**
 * The piece, made unless it is there. It is sealed once it is known to be good: what was encoded by its count and by what was
 * said of the take while it was decoded, what was copied by decoding it. Undefined for a copy that turns out to begin inside a
 * group of pictures. Throws `clip` for a take that is damaged.
 */
export async function makePiece(piece: PlannedPiece, film: AssemblyPlan, work: PieceWork): Promise<Piece | undefined> {
  const { folder, clock, ffmpeg, signal } = work;
  const name = pieceName(piece, film, ffmpeg);
  const path = join(folder, name);
  const known = (await isSealed(path)) ? await readTrack(path).catch(() => undefined) : undefined;
  if (known?.avcC !== undefined && known.samples === piece.frames) {
    const now = new Date(clock.now());
    await utimes(path, now, now).catch(() => {});
    return { name, frames: piece.frames, header: known.avcC, reused: true };
  }
  const made = await createOutput(path, clock);
  try {
    const padded = needsPadding(piece, film);
    await run(piece, film, { ...work, target: made.path, padded });
    let track = await readTrack(made.path).catch(() => undefined);
    if (track?.samples !== piece.frames) await refuseFullDisk(made.path);
    const missing = piece.frames - (track?.samples ?? 0);
    if (piece.kind === 'copy') {
      if (missing !== 0 || !(await beginsClosed(made.path))) return undefined;
      const problem = await decodeProblem(made.path, piece.frames, { ffmpeg, signal });
      if (problem !== undefined) throw damaged(piece, problem);
    } else if (missing > 0 && missing <= MOST_MISSING && !padded) {
      await run(piece, film, { ...work, target: made.path, padded: true });
      track = await readTrack(made.path).catch(() => undefined);
    }
    if (track?.avcC === undefined || track.samples !== piece.frames)
      throw damaged(piece, 'not all of its pictures can be decoded');
    await seal(made.path, signal);
    await made.publish({ force: true, taken: 'unverified' });
    return { name, frames: piece.frames, header: track.avcC, reused: false };
  } finally {
    await made.dispose();
  }
}

function named(piece: PlannedPiece): string {
  return shotsOf(piece)
    .map(({ name }) => name)
    .join(' and ');
}

function damaged(piece: PlannedPiece, why: string): SoraError {
  return new SoraError('clip', `${named(piece)}: ${why}.`, {
    hint: 'It is damaged, or changes its size midway. Play it to find where, or leave that part out.',
  });
}

/** What a long take may need, and then some: an encode goes on as long as it makes pictures. */
const TIMEOUT_MS = 24 * 3_600_000;

async function run(
  piece: PlannedPiece,
  film: AssemblyPlan,
  { target, padded, ffmpeg, signal, onFrames }: PieceWork & { readonly target: string; readonly padded: boolean },
): Promise<void> {
  const command = pieceCommand(piece, film, { target, padded });
  const lead = Math.max(0, ...shotsOf(piece).map(({ take }) => take.timeline.end)) * 1000;
  const stallMs = 60_000 + lead;
  const ended = await runFluent(ffmpeg, command, { signal, timeoutMs: TIMEOUT_MS, stallMs, onFrames });
  const failure = failureOf(ended, { signal, stallMs });
  if (failure === undefined) {
    const said = afterOpening(ended.stderr.split('\n'));
    const [complaint] = piece.kind === 'copy' ? [] : decoderComplaints(said, { isInside: beginsInside(piece, film) });
    if (complaint !== undefined) throw damaged(piece, firstWords(complaint));
    return;
  }
  throw new SoraError('clip', `${named(piece)} cannot be used in the film: ${failure}.`, {
    hint: `To see what it is: ${inspectCommand(shotsOf(piece)[0]?.take.path ?? '')}`,
  });
}
