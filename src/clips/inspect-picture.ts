/** What has to be seen of a clip before it can be planned or judged: the best part, its bars, its worth as a reference. */
import { basename } from 'node:path';
import type { MediaInfo } from '../media/info.ts';
import type { Judgement } from '../media/judge/judge.ts';
import type { BestPart, MediaPlan, PictureFindings } from '../media/plan/media-plan.ts';
import type { Ffmpeg } from '../media/prepare.ts';
import type { ClipOptions } from '../shared/clip.ts';
import { isSoraError } from '../shared/errors.ts';
import type { Rect } from '../shared/geometry.ts';
import type { Workspace } from '../workspace.ts';

export interface InspectedClip {
  readonly path: string;
  readonly info: MediaInfo;
  readonly plan: MediaPlan;
}

/** Finds what `--start auto` and `--crop-bars` ask for, with progress. Throws `machine` without an ffmpeg. */
export async function examinePicture(
  workspace: Workspace,
  clip: InspectedClip,
  options: ClipOptions,
): Promise<PictureFindings> {
  const ffmpeg = await workspace.ffmpeg();
  const moment = options.start === 'auto' ? await chooseStart(workspace, clip, { ffmpeg, options }) : undefined;
  if (!options.cropBars) return { moment };
  const { planMedia } = await import('../media/plan/plan.ts');
  const crop = await findPicture(workspace, { ...clip, plan: planMedia(clip.info, options, { moment }) });
  if (!crop)
    workspace.reporter.note(`There are no black bars of equal width in ${basename(clip.path)}; nothing is cropped.`);
  return { moment, crop };
}

async function chooseStart(
  { reporter, runtime }: Workspace,
  { path, info }: InspectedClip,
  { ffmpeg, options }: { ffmpeg: Ffmpeg; options: ClipOptions },
): Promise<BestPart> {
  const { findBestPart } = await import('../media/judge/scan.ts');
  const name = basename(path);
  const task = await reporter.task(`Analysing ${name}`);
  try {
    const moment = await findBestPart({
      ...{ source: path, info, ffmpeg, signal: runtime.signal, duration: options.duration },
      onProgress: (fraction) => task.update(`Analysing ${name}`, fraction),
    });
    const { start, seconds, because } = moment;
    task.done(`Chose ${start} s to ${Number((start + seconds).toFixed(3))} s of ${name}: ${because}`);
    return moment;
  } catch (error) {
    task.fail(`${name} was not analysed`);
    throw error;
  }
}

/** The picture between black bars, in the part that the plan takes; undefined where there are none. Throws `machine` without an ffmpeg. */
export async function findPicture(
  workspace: Workspace,
  { path, info, plan }: InspectedClip,
): Promise<Rect | undefined> {
  if (plan.kind === 'reject' || !info.video) return undefined;
  const { measurePicture } = await import('../media/judge/measure-picture.ts');
  const { activePicture } = await import('../media/judge/bars.ts');
  const { uprightSize } = await import('../media/info.ts');
  const readings = await measurePicture({
    ...{ source: path, info, ffmpeg: await workspace.ffmpeg(), signal: workspace.runtime.signal, ...partOf(plan) },
    until: endOfShape(plan),
    want: { bars: true },
  });
  return activePicture(uprightSize(info.video), readings.lit);
}

function partOf(plan: Exclude<MediaPlan, { kind: 'reject' }>): Judgement['part'] {
  return { start: plan.kind === 'convert' ? plan.start : 0, seconds: plan.target.seconds };
}

function endOfShape(plan: MediaPlan): number | undefined {
  return plan.kind === 'convert' ? plan.until : undefined;
}

/** Undefined for a clip that cannot be used. What this machine cannot measure is told, not thrown. */
export async function judgeClip(
  workspace: Workspace,
  { path, info, plan }: InspectedClip,
  options: ClipOptions,
): Promise<Judgement | undefined> {
  const { video } = info;
  if (plan.kind === 'reject' || !video) return undefined;
  const part = partOf(plan);
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  if (!ffmpeg)
    return {
      part,
      findings: [],
      unmeasured: ['It was not judged: that needs an ffmpeg, and none that works was found.'],
    };
  const { measureKept } = await import('../media/judge/measure-kept.ts');
  const { measuresBlur } = await import('../media/judge/measure-picture.ts');
  const { keptPicture } = await import('../media/judge/bars.ts');
  const { judge } = await import('../media/judge/judge.ts');
  const { measureTracks } = await import('../media/ffmpeg/sound.ts');
  const { signal } = workspace.runtime;
  const blur = await measuresBlur(ffmpeg, signal);
  try {
    const where = { source: path, ...part };
    const [{ readings, between }, sounds] = await Promise.all([
      measureKept(
        { ...where, until: endOfShape(plan), info, ffmpeg, signal, want: { blur } },
        keptPicture(plan, video),
      ),
      options.audio ? measureTracks(info, where, { ffmpeg, signal }) : [],
    ]);
    const unmeasured = [
      ...(blur ? [] : [`ffmpeg ${ffmpeg.version} cannot measure sharpness: 5.1 or later is needed.`]),
      ...(blur && readings.blur.length === 0 ? ['Its sharpness was not judged: no edge was found in it.'] : []),
      ...(video.hdr ? ['Its exposure and contrast were not judged: it is HDR.'] : []),
    ];
    return {
      part,
      findings: judge({ info: { ...info, video }, options, plan, readings, between, sounds }),
      unmeasured,
    };
  } catch (error) {
    if (!isSoraError(error, 'clip') && !isSoraError(error, 'machine')) throw error;
    return { part, findings: [], unmeasured: [`It was not judged. ${error.message}`] };
  }
}
