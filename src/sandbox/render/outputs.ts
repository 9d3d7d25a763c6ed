/** The files of finished jobs, each made once. */
import { stat } from 'node:fs/promises';
import type { JobRecord } from '../jobs.ts';
import type { State } from '../state.ts';
import type { Renderer } from './render.ts';

export type OutputVariant = 'video' | 'thumbnail' | 'spritesheet';

/** The files of finished jobs, made when they are first asked for and kept. */
export interface Outputs {
  /** Path of a whole file; throws RenderError. */
  file(job: JobRecord, variant: OutputVariant): Promise<string>;
}

const SUFFIXES = { video: 'mp4', thumbnail: 'webp', spritesheet: 'jpg' } as const satisfies Record<
  OutputVariant,
  string
>;

export function createOutputs(state: State, renderer: Renderer): Outputs {
  const inWork = new Map<string, Promise<void>>();

  async function make(job: JobRecord, variant: OutputVariant, target: string): Promise<void> {
    if (variant !== 'video') return renderer[variant](await file(job, 'video'), job.seconds, target);
    const { width, height, seconds, prompt, model, shown, picture } = job;
    return renderer.video(
      {
        scene: { width, height, seconds, prompt, model, names: shown.map(({ name }) => name) },
        clips: shown.map(({ id }) => state.clipPath(id)),
        ...(picture ? { picture: { path: state.picturePath(job.id), type: picture } } : {}),
      },
      target,
    );
  }

  async function file(job: JobRecord, variant: OutputVariant): Promise<string> {
    const path = state.outputPath(job.id, SUFFIXES[variant]);
    const running = inWork.get(path);
    if (running) await running;
    else if (!(await exists(path))) {
      // Looked up again: another request may have begun while the disk was asked.
      const work = inWork.get(path) ?? make(job, variant, path).finally(() => inWork.delete(path));
      inWork.set(path, work);
      await work;
    }
    return path;
  }

  return { file };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
