/** What a file is, and what would be done to it. Everything that prepares a clip begins here. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import type { MediaInfo } from '../media/info.ts';
import type { PictureFindings } from '../media/plan/media-plan.ts';
import { type ClipOptions, inspectCommand } from '../shared/clip.ts';
import { problemsError } from '../shared/errors.ts';
import { shellOption, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import type { InspectedClip } from './inspect-picture.ts';

/** Looks at a file and plans. Throws `usage` for a path that is no file and for wishes that cannot be met, `clip` for what is no media. */
export async function inspectClip(
  workspace: Workspace,
  file: string,
  options: ClipOptions,
  known: PictureFindings = {},
): Promise<InspectedClip> {
  const path = await realFile(resolve(workspace.runtime.cwd, file));
  const { signal } = workspace.runtime;
  const start = typeof options.start === 'number' ? options.start : 0;
  const { info: looked, ffmpeg } = await probeAtOnce(workspace, path, start);
  const { probePart } = await import('../media/probe/probe.ts');
  const { planMedia } = await import('../media/plan/plan.ts');
  let info = looked;
  const first = { path, info, plan: planMedia(info, options, known) };
  let found: PictureFindings = known;
  if (first.plan.kind !== 'reject' && (options.start === 'auto' || options.cropBars)) {
    const { examinePicture } = await import('./inspect-picture.ts');
    found = { ...known, ...(await examinePicture(workspace, first, options)) };
    if (found.moment) info = await probePart(path, info, { ffmpeg, start: found.moment.start, signal });
  }
  const plan = found === known ? first.plan : planMedia(info, options, found);
  if (plan.kind === 'reject' || !info.video) return { path, info, plan };
  if (plan.kind === 'convert') return inOneShape(workspace, { path, info, plan }, { options, found });
  // The last that can keep it from being copied, and the only one for which the file is read to its end.
  const { findOtherSize } = await import('../media/probe/h264-sizes.ts');
  const otherSize = await findOtherSize(path, info.video, signal);
  if (!otherSize) return { path, info, plan };
  const converted = planMedia(info, options, { ...found, otherSize });
  return inOneShape(workspace, { path, info, plan: converted }, { options, found: { ...found, otherSize } });
}

/** The name that a process has for a file it has open. */
const OWN_FILE = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;

/** `/dev/stdin` and its like name another file in each process: the one that it is in this one. */
async function realFile(path: string): Promise<string> {
  return OWN_FILE.test(path) ? realpath(path).catch(() => path) : path;
}

/**
 * Looks at the file with the ffmpeg that is asked first, which tells its version on that occasion: one start of it less.
 * Where another turns out to be the one that works, or none, the look is taken again with that.
 */
async function probeAtOnce(
  workspace: Workspace,
  path: string,
  start: number,
): Promise<{ info: MediaInfo; ffmpeg: Ffmpeg | undefined }> {
  const { probeMedia } = await import('../media/probe/probe.ts');
  const options = { signal: workspace.runtime.signal, start };
  const program = await workspace.ffmpegProgram();
  const onBanner = (printed: string): void => void workspace.ffmpeg(printed).catch(() => {});
  const early = probeMedia(path, { ...options, ffmpeg: program, onBanner });
  await early.catch(() => {});
  // A machine without ffmpeg can still inspect what headers tell.
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  const isSame = ffmpeg?.path === program?.path;
  return { info: await (isSame ? early : probeMedia(path, { ...options, ffmpeg })), ffmpeg };
}

/** Formats whose every picture has the size of the file. */
const ONE_SHAPE = /^(?:GIF|ProRes|JPEG|DV)$/;

/** Takes a part in which the picture has one shape, where it changes on the way: an encode would stretch the others. */
async function inOneShape(
  workspace: Workspace,
  clip: InspectedClip,
  { options, found }: { options: ClipOptions; found: PictureFindings },
): Promise<InspectedClip> {
  const { path, info, plan } = clip;
  const { video } = info;
  const ffmpeg = await workspace.ffmpeg().catch(() => undefined);
  if (!ffmpeg || !video || plan.kind !== 'convert' || ONE_SHAPE.test(video.codec)) return clip;
  const { bestSegment, findResolutionSegments, mayChangeSize, partInOneResolution } = await import(
    '../media/probe/shapes.ts'
  );
  const { videoSeconds } = await import('../media/info.ts');
  const isAsked = typeof options.start === 'number';
  const { signal } = workspace.runtime;
  const { seconds } = plan.target;
  const stretchesIn = (start: number, end: number): ReturnType<typeof findResolutionSegments> =>
    findResolutionSegments(path, ffmpeg, {
      ...{ start: Math.max(video.delay, start), end: Math.min(end, videoSeconds(video) ?? end) },
      ...{ stream: video.stream, signal },
    });
  // Where nothing was asked for, twice as much as is needed, as far as it goes.
  const isOnePart = isAsked || found.moment !== undefined;
  const end = plan.start + (isOnePart ? 1 : 2) * seconds;
  if (!mayChangeSize({ timeline: info.timeline, video }, end)) return clip;
  let stretches = await stretchesIn(plan.start, end);
  // Only a part that was chosen may begin earlier.
  if (stretches.length > 1 && !isAsked && found.moment)
    stretches = await stretchesIn(plan.start - seconds, plan.start + 2 * seconds);
  const best = bestSegment(stretches, isAsked);
  if (!best) return clip;
  const part = partInOneResolution(stretches, best, options.duration);
  if (typeof part === 'string') return { ...clip, plan: { kind: 'reject', issues: [part] } };
  const { planMedia } = await import('../media/plan/plan.ts');
  const { probePart } = await import('../media/probe/probe.ts');
  const sized: MediaInfo = { ...info, video: { ...video, ...best.size, window: undefined } };
  const shaped = await probePart(path, sized, { ffmpeg, start: part.start, signal });
  const { crop: _, ...others } = found;
  return { path, info: shaped, plan: planMedia(shaped, options, { ...others, moment: part }) };
}

export function refuseRejected({ path, info, plan }: InspectedClip): void {
  if (plan.kind !== 'reject') return;
  const hint = info.image
    ? `A character can be made of pictures alone: sora character create --name <name> ${shellOption('image', shellQuote(path))}`
    : `To see what it is: ${inspectCommand(path)}`;
  throw problemsError('clip', plan.issues, { hint });
}
