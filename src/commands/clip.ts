/** Clips: what a file is, what would be done to it, and doing it. `character create` and registrations prepare through here. */
import { realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { checkFree, createOutput } from '../disk/publish.ts';
import { temporary } from '../disk/temporary.ts';
import type { Ffmpeg } from '../media/ffmpeg/find.ts';
import type { Found, MediaInfo, MediaPlan } from '../media/plan/plan.ts';
import { refuseAll, SoraError } from '../shared/errors.ts';
import {
  type Clip,
  type ClipOptions,
  DEFAULT_CLIP_OPTIONS,
  formatSize,
  type MadeCharacter,
  type Orientation,
  orientationOf,
  type Rect,
} from '../shared/model.ts';
import { formatBytes, shellOption, shellPhrase, shellQuote } from '../shared/text.ts';

export interface InspectedClip {
  readonly path: string;
  readonly info: MediaInfo;
  readonly plan: MediaPlan;
}

/** Looks at a file and plans. Throws `usage` for a path that is no file and for wishes that cannot be met, `clip` for what is no media. */
export async function inspectClip(
  context: Context,
  file: string,
  options: ClipOptions,
  known: Found = {},
): Promise<InspectedClip> {
  const path = resolve(context.host.cwd, file);
  // A machine without ffmpeg can still inspect what headers tell.
  const ffmpeg = context.ffmpeg().catch(() => undefined);
  const { probePart } = await import('../media/probe/probe.ts');
  const { planMedia } = await import('../media/plan/plan.ts');
  const { signal } = context.host;
  const start = typeof options.start === 'number' ? options.start : 0;
  let info = await probeAtOnce(context, path, { ffmpeg, start });
  const first = { path, info, plan: planMedia(info, options, known) };
  let found: Found = known;
  if (first.plan.kind !== 'reject' && (options.start === 'auto' || options.cropBars)) {
    const { findWishes } = await import('../clips/inspect-picture.ts');
    found = { ...known, ...(await findWishes(context, first, options)) };
    if (found.moment) info = await probePart(path, info, { ffmpeg, start: found.moment.start, signal });
  }
  const plan = found === known ? first.plan : planMedia(info, options, found);
  if (plan.kind === 'reject' || !info.video) return { path, info, plan };
  if (plan.kind === 'convert') return inOneShape(context, { path, info, plan }, { options, found });
  // The last that can keep it from being copied, and the only one for which the file is read to its end.
  const { findOtherSize } = await import('../media/probe/h264-sizes.ts');
  const otherSize = await findOtherSize(path, info.video, signal);
  if (!otherSize) return { path, info, plan };
  const converted = planMedia(info, options, { ...found, otherSize });
  return inOneShape(context, { path, info, plan: converted }, { options, found: { ...found, otherSize } });
}

/**
 * Looks at the file with the ffmpeg that is asked first while that still tells its version: one start of it less to wait
 * for. Where another turns out to be the one that works, or none, the look is taken again with that.
 */
async function probeAtOnce(
  context: Context,
  path: string,
  { ffmpeg, start }: { ffmpeg: Promise<Ffmpeg | undefined>; start: number },
): Promise<MediaInfo> {
  const { probeMedia } = await import('../media/probe/probe.ts');
  const options = { signal: context.host.signal, start };
  const program = await context.ffmpegProgram();
  const early = probeMedia(path, { ...options, ffmpeg: program });
  early.catch(() => {});
  const found = await ffmpeg;
  return found?.path === program?.path ? early : probeMedia(path, { ...options, ffmpeg: found });
}

/** Formats whose every picture has the size of the file. */
const ONE_SHAPE = /^(?:GIF|ProRes|JPEG|DV)$/;

/** Takes a part in which the picture has one shape, where it changes on the way: an encode would stretch the others. */
async function inOneShape(
  context: Context,
  clip: InspectedClip,
  { options, found }: { options: ClipOptions; found: Found },
): Promise<InspectedClip> {
  const { path, info, plan } = clip;
  const { video } = info;
  const ffmpeg = await context.ffmpeg().catch(() => undefined);
  if (!ffmpeg || !video || plan.kind !== 'convert' || ONE_SHAPE.test(video.codec)) return clip;
  const { bestStretch, findStretches, partInOneShape } = await import('../media/probe/shapes.ts');
  const { videoSeconds } = await import('../media/info.ts');
  const isAsked = typeof options.start === 'number';
  const { signal } = context.host;
  const { seconds } = plan.target;
  const stretchesIn = (start: number, end: number): ReturnType<typeof findStretches> =>
    findStretches(path, ffmpeg, {
      ...{ start: Math.max(video.delay, start), end: Math.min(end, videoSeconds(video) ?? end) },
      ...{ stream: video.stream, signal },
    });
  // Where nothing was asked for, twice as much as is needed, as far as it goes.
  const isOnePart = isAsked || found.moment !== undefined;
  let stretches = await stretchesIn(plan.start, plan.start + (isOnePart ? 1 : 2) * seconds);
  // Only a part that was chosen may begin earlier.
  if (stretches.length > 1 && !isAsked && found.moment)
    stretches = await stretchesIn(plan.start - seconds, plan.start + 2 * seconds);
  const best = bestStretch(stretches, isAsked);
  if (!best) return clip;
  const part = partInOneShape(stretches, best, options.duration);
  if (typeof part === 'string') return { ...clip, plan: { kind: 'reject', issues: [part] } };
  const { planMedia } = await import('../media/plan/plan.ts');
  const { probePart } = await import('../media/probe/probe.ts');
  const sized: MediaInfo = { ...info, video: { ...video, ...best.size, window: undefined } };
  const shaped = await probePart(path, sized, { ffmpeg, start: part.start, signal });
  const { crop: _, ...others } = found;
  return { path, info: shaped, plan: planMedia(shaped, options, { ...others, moment: part }) };
}

/** Prepares into `outputPath`, a fresh path whose folder exists, with progress. Throws `clip` with every reason when it cannot be used. */
export async function prepareInto(
  context: Context,
  clip: InspectedClip,
  { outputPath, name = basename(clip.path) }: { outputPath: string; name?: string },
): Promise<{ clip: Clip; plan: MediaPlan }> {
  const { ui, host } = context;
  refuseRejected(clip);
  // Loaded while ffmpeg still tells its version.
  const { prepareClip } = await import('../media/prepare.ts');
  const ffmpeg = await context.ffmpeg();
  const task = await ui.task(`Preparing ${name}`);
  try {
    const done = await prepareClip({
      source: clip.path,
      info: clip.info,
      plan: clip.plan,
      ffmpeg,
      outputPath,
      signal: host.signal,
      onProgress: (fraction) => task.update(`Preparing ${name}`, fraction),
    });
    task.done(`Prepared ${name}: ${clipLine(done.clip)}`);
    for (const note of done.notes) ui.note(note);
    return done;
  } catch (error) {
    task.fail(`${name} was not prepared`);
    throw error;
  }
}

function refuseRejected({ path, plan }: InspectedClip): void {
  if (plan.kind !== 'reject') return;
  throw refuseAll('clip', plan.issues, { hint: `To see what it is: sora clip inspect ${shellQuote(path)}` });
}

export function clipLine(clip: Clip): string {
  return `${formatSize(clip)}, ${clip.seconds.toFixed(3)} s, ${Number(clip.fps.toFixed(3))} fps, ${formatBytes(clip.bytes)}`;
}

/** The plan as a person reads it. */
export function planText(plan: MediaPlan): string {
  if (plan.kind === 'reject') return ['It cannot be used:', ...plan.issues.map((issue) => `  - ${issue}`)].join('\n');
  const fits = 'It fits: it is copied without re-encoding, and its metadata is dropped';
  if (plan.kind === 'remux' && plan.steps.length === 0) return `${fits}.`;
  return [
    plan.kind === 'remux' ? `${fits}:` : 'It is converted:',
    ...plan.steps.map((step) => `  - ${step.do}: ${step.because}${step.detail === '' ? '' : ` -> ${step.detail}`}`),
  ].join('\n');
}

/** `sora clip inspect <file>` */
export async function runClipInspect(
  context: Context,
  input: { file: string; options: ClipOptions },
): Promise<undefined> {
  const { path, info, plan } = await inspectClip(context, input.file, input.options);
  const { factLines } = await import('../media/describe.ts');
  const { judgeClip } = await import('../clips/inspect-picture.ts');
  const judgement = context.globals.quiet ? undefined : await judgeClip(context, { path, info, plan }, input.options);
  const { judgementLines } = await import('../media/judge/judge.ts');
  context.ui.result({
    json: { path, info, plan, judgement: judgement ?? null },
    text: [
      context.ui.paint.bold(basename(path)),
      ...factLines(info).map((line) => `  ${line}`),
      planText(plan),
      ...(judgement ? judgementLines(judgement) : []),
    ].join('\n'),
    quiet: [plan.kind],
  });
}

/** `sora clip prepare <file> -o <out.mp4>` */
export async function runClipPrepare(
  context: Context,
  input: { file: string; output: string; options: ClipOptions; force: boolean; dryRun: boolean },
): Promise<undefined> {
  const { ui, host } = context;
  const target = resolve(host.cwd, input.output);
  if (input.output === '-' || /[/\\]$/.test(input.output)) {
    throw new SoraError('usage', '-o names the MP4 file to write.', { hint: 'For example: -o ready.mp4' });
  }
  await checkOutput(target, resolve(host.cwd, input.file), input.force);
  if (/\.(?:mov|mkv|webm|avi|gif|wmv|mpe?g|ts|png|jpe?g)$/i.test(target)) {
    const hint = `Name it .mp4: ${target.slice(0, target.lastIndexOf('.'))}.mp4`;
    throw new SoraError('usage', `What is written is an MP4, not what ${basename(target)} says.`, { hint });
  }
  const inspected = await inspectClip(context, input.file, input.options);
  if (input.dryRun) {
    refuseRejected(inspected);
    const { commandLine } = await import('../media/prepare.ts');
    const what = { plan: inspected.plan, info: inspected.info, source: inspected.path, outputPath: target };
    const command = commandLine(await context.ffmpeg(), what, { force: input.force });
    ui.note(planText(inspected.plan));
    ui.result({ json: { path: inspected.path, plan: inspected.plan, command }, text: command, quiet: [command] });
    return;
  }
  const made = await createOutput(target, host.clock);
  try {
    const done = await prepareInto(context, inspected, { outputPath: made.path });
    await made.publish({ force: input.force, taken: 'usage' });
    ui.result({
      json: { path: target, clip: done.clip, plan: done.plan },
      text: [`${target}: ${clipLine(done.clip)}`, planText(done.plan)].join('\n'),
      quiet: [target],
    });
  } finally {
    await made.dispose();
  }
}

/** Throws `usage` unless a new file can be put there, which is not the clip that it is made from. */
export async function checkOutput(target: string, source: string, force: boolean): Promise<void> {
  const overItself = (): SoraError =>
    new SoraError('usage', 'The clip cannot be written over itself.', { hint: 'Name another file with -o.' });
  if (target === source) throw overItself();
  const place = await checkFree(target, { force, example: 'ready.mp4' });
  if (place === (await realpath(source).catch(() => source))) throw overItself();
}

/** A clip to upload, and what to do when it is no longer needed. */
export interface UploadClip {
  readonly path: string;
  dispose(): Promise<void>;
}

/**
 * The character's clip in that orientation. The master is used as it is where it lies that way; else a clip is derived
 * from it, because hosts stretch a clip whose aspect ratio is not the video's.
 */
export async function clipFor(
  context: Context,
  character: MadeCharacter,
  { orientation, maxPixels }: { orientation: Orientation; maxPixels?: number | undefined },
): Promise<UploadClip> {
  const store = await context.characters();
  const path = store.clipPath(character.master.sha256);
  if (!(await store.hasClip(character.master.sha256))) {
    throw new SoraError('machine', `The clip of ${character.name} is missing: ${path}`, {
      hint: `Make it again: sora character create <clip> ${shellOption('--name', shellPhrase(character.name))} --force`,
    });
  }
  const { width, height } = character.master;
  const isTurned = orientationOf(character.master) !== orientation;
  const isTooLarge = maxPixels !== undefined && width * height > maxPixels;
  if (!isTurned && !isTooLarge) return { path, dispose: async () => {} };
  const { path: derived, dispose } = temporary(await store.tempClipPath());
  try {
    if (isTurned) {
      const lies = orientationOf(character.master);
      context.ui.note(`${character.name}'s clip is ${lies}; a ${orientation} copy is registered for this video.`);
    }
    // Turned, a 720p picture asks for a larger frame than it came in.
    const resolution = maxPixels === undefined ? 'auto' : '720p';
    const { fit } = character.options;
    const wishes: ClipOptions = { ...DEFAULT_CLIP_OPTIONS, orientation, resolution, fit };
    // Bars of the old frame would stay inside the new one.
    const crop = isTurned ? await paddedPicture(context, character, path) : undefined;
    await prepareInto(context, await inspectClip(context, path, wishes, { crop }), {
      outputPath: derived,
      name: `${character.name}'s clip`,
    });
    return { path: derived, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The picture inside a padded master, on even pixels; undefined where it fills it. What earlier versions padded is not written down. */
async function paddedPicture(
  context: Context,
  { master: { picture }, options, planVersion }: MadeCharacter,
  path: string,
): Promise<Rect | undefined> {
  if (picture) return evenPart(picture);
  if (planVersion > 1 || options.fit !== 'pad') return undefined;
  const { findPicture } = await import('../clips/inspect-picture.ts');
  return findPicture(context, await inspectClip(context, path, DEFAULT_CLIP_OPTIONS));
}

/** The largest part on even pixels: chroma is stored for pairs. */
function evenPart({ x, y, width, height }: Rect): Rect {
  const [left, top] = [x + (x % 2), y + (y % 2)];
  const [right, bottom] = [x + width, y + height];
  return { x: left, y: top, width: right - left - ((right - left) % 2), height: bottom - top - ((bottom - top) % 2) };
}
