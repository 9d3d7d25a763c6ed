/**
 * The sound of a film as a file beside its pieces, kept by what it is made of and how: a film that is assembled again with the
 * same sounds copies it.
 */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, hashText } from '../disk/hash.ts';
import { createOutput } from '../disk/publish.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import type { AssemblyPlan } from './plan.ts';
import { isSealed, seal } from './seal.ts';
import { makeSound, type SoundWork } from './sound.ts';

export interface KeptSound {
  readonly path: string;
  /** It was there. */
  readonly reused: boolean;
  /** Removes it, unless it is kept. */
  dispose(): Promise<void>;
}

/**
 * Made unless it is there; undefined where the film has none. A sound of which something was left out is not kept, so that this
 * is said each time. Throws as `makeSound`.
 */
export async function keptSound(film: AssemblyPlan, work: SoundWork): Promise<KeptSound | undefined> {
  if (film.sounds.length === 0 && !film.music) return undefined;
  const { folder, clock, signal, onNote } = work;
  const path = join(folder, await soundName(film, work));
  const kept = { path, dispose: async () => {} };
  if (await isSealed(path)) {
    const now = new Date(clock.now());
    await utimes(path, now, now).catch(() => {});
    return { ...kept, reused: true };
  }
  const made = await createOutput(path, clock);
  try {
    let isWhole = true;
    const noted = (text: string): void => {
      isWhole = false;
      onNote(text);
    };
    await makeSound(film, made.path, { ...work, onNote: noted });
    if (!isWhole) return { path: made.path, reused: false, dispose: () => made.dispose() };
    await seal(made.path, signal);
    await made.publish({ force: true, taken: 'unverified' });
    return { ...kept, reused: false };
  } catch (error) {
    await made.dispose();
    throw error;
  }
}

/** Whatever would change its bytes changes it. */
async function soundName(
  { shots, sounds, music, loudness, frames, rate }: AssemblyPlan,
  { ffmpeg, signal }: { readonly ffmpeg: Ffmpeg; readonly signal: AbortSignal },
): Promise<string> {
  const known = new Map(shots.map(({ take }) => [take.path, take.sha256]));
  const contentOf = async <S extends { readonly path: string }>({ path, ...sound }: S) => {
    const sha256 = known.get(path) ?? (await hashFile(path, signal));
    known.set(path, sha256);
    return { ...sound, sha256 };
  };
  const contents = [];
  for (const sound of sounds) contents.push(await contentOf(sound));
  const bed = music && (await contentOf(music));
  return `${hashText(JSON.stringify(['sound', 2, contents, bed, loudness, frames, rate, ffmpeg.version]))}.mp4`;
}
