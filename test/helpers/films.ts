/** Films for tests: assembled of files by the use case, and what is in them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AssemblyRequest,
  assembleFilm,
  type ShotRequest,
  type WrittenFilm,
} from '../../src/films/assemble-film.ts';
import type { Workspace } from '../../src/workspace.ts';
import { makerPath, run, words } from './ffmpeg.ts';
import { sampleRanges } from './mp4.ts';

export type ShotWish = Partial<ShotRequest> & { readonly path: string };

/** Cuts, sound as it is, no loudness, unless a shot or the film says otherwise. */
export function filmOf(shots: readonly ShotWish[], more: Partial<AssemblyRequest> = {}): AssemblyRequest {
  const plain = { name: 'a shot', soundDb: 0, holdSeconds: 0, fadeSeconds: 0 };
  return { loudness: 'off', subtitles: true, ...more, shots: shots.map((shot) => ({ ...plain, ...shot })) };
}

/** Assembles `film.mp4` in the working folder, with pieces in `pieces` there. */
export function assembleIn(workspace: Workspace, request: AssemblyRequest, output = 'film.mp4'): Promise<WrittenFilm> {
  return assembleFilm(workspace, request, { output, force: true, pieces: join(workspace.runtime.cwd, 'pieces') });
}

/** Mono samples of its sound, as played: silence where nothing plays. */
export async function playedSound(path: string): Promise<Float32Array> {
  const filters = words('-map 0:a:0 -af aresample=async=1:first_pts=0,pan=mono|c0=c0 -ar 48000 -f f32le -');
  const { stdout } = await run(['-v', 'error', '-i', path, ...filters], { path: makerPath });
  return new Float32Array(new Uint8Array(stdout).buffer, 0, Math.floor(stdout.length / 4));
}

/** Of each tenth of a second. */
export function loudnessOf(samples: Float32Array): number[] {
  const tenth = 4800;
  return Array.from({ length: Math.floor(samples.length / tenth) }, (_, index) => {
    const part = samples.subarray(index * tenth, (index + 1) * tenth);
    return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / tenth);
  });
}

/** The texts of its subtitles, as they are stored; empty ones left out. */
export async function subtitlesOf(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  const texts = (await sampleRanges(path, 'sbtl')).map(({ offset }) =>
    bytes.toString('utf8', offset + 2, offset + 2 + bytes.readUInt16BE(offset)),
  );
  return texts.filter((text) => text !== '');
}
