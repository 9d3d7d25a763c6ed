/** The files of finished jobs, each made once. */
import { copyFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FIRST_HOST, type JobRecord } from '../jobs.ts';
import type { State } from '../state.ts';
import type { Renderer } from './render.ts';
import type { SceneRequest } from './scene.ts';

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
    const { width, height, seconds, model, shown, picture } = job;
    const { shows } = job.fate;
    if (shows === 'reused') {
      const other = await otherJob(job);
      if (other) return copy(await file(other, 'video'), target);
    }
    return renderer.video(
      {
        scene: { width, height, seconds, model, parts: partsOf(job), names: shown.map(({ name }) => name) },
        clips: shown.map(({ id }) => state.clipPath(id)),
        ...(picture ? { picture: { path: state.picturePath(job.id), type: picture } } : {}),
        ...(shows !== undefined && shows !== 'reused' && { shows }),
      },
      target,
    );
  }

  /** The newest job before it at the same host that asked for something else and shows it. */
  async function otherJob({ host = FIRST_HOST, sequence, prompt }: JobRecord): Promise<JobRecord | undefined> {
    const jobs = await state.jobs(host);
    return jobs.findLast(
      (job) => job.sequence < sequence && job.prompt !== prompt && job.character === undefined && !job.fate.shows,
    );
  }

  async function copy(from: string, target: string): Promise<void> {
    const unfinished = join(state.workDir, basename(target));
    await copyFile(from, unfinished);
    await rename(unfinished, target);
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

/** What its video is made of, one after the other: an extension goes on from what was there. */
function partsOf({ before = [], prompt, take = 1 }: JobRecord): SceneRequest['parts'] {
  const [first = { prompt, take }, ...rest] = [...before, { prompt, take }];
  const added = rest.map((part, index) => ({ ...part, from: before[index]?.until ?? 0 }));
  return [{ ...first, from: 0 }, ...added];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
