/** Preparing a clip into a file, with progress, and how a plan and a clip are told. */

import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkFree } from '../disk/publish.ts';
import type { Judgement } from '../media/judge/judge.ts';
import type { MediaPlan } from '../media/plan/media-plan.ts';
import type { Prepared } from '../media/prepare.ts';
import type { Clip, ClipOptions } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';
import { formatSize } from '../shared/geometry.ts';
import { option } from '../shared/options.ts';
import { formatBytes } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { refuseRejected } from './inspect.ts';
import type { InspectedClip } from './inspect-picture.ts';

export interface PreparedClip {
  readonly clip: Clip;
  readonly plan: MediaPlan;
  /** What was measured of the picture, where that was wished for. */
  readonly judgement: Judgement | undefined;
}

/**
 * Prepares into `outputPath`, a fresh path whose folder exists, with progress. With the options in `judgeFor` the result is
 * judged, and what is worse than good told. Throws `clip` with every reason when the clip cannot be used.
 */
export async function prepareInto(
  workspace: Workspace,
  clip: InspectedClip,
  {
    outputPath,
    name = basename(clip.path),
    judgeFor,
  }: { outputPath: string; name?: string; judgeFor?: ClipOptions | undefined },
): Promise<PreparedClip> {
  const { reporter, runtime } = workspace;
  refuseRejected(clip);
  // Loaded while ffmpeg still tells its version.
  const { prepareClip } = await import('../media/prepare.ts');
  const ffmpeg = await workspace.ffmpeg();
  const task = await reporter.task(`Preparing ${name}`);
  try {
    const done = await prepareClip({
      source: clip.path,
      info: clip.info,
      plan: clip.plan,
      ffmpeg,
      outputPath,
      signal: runtime.signal,
      judgeFor,
      onProgress: (fraction) => task.update(`Preparing ${name}`, fraction),
    });
    task.done(`Prepared ${name}: ${clipLine(done.clip)}`);
    for (const note of done.notes) reporter.note(note);
    tellFindings(workspace, done);
    return done;
  } catch (error) {
    task.fail(`${name} was not prepared`);
    throw error;
  }
}

/** What is worse than good, but for what the notes have said. */
function tellFindings({ reporter }: Workspace, { judgement, notes }: Prepared): void {
  for (const { level, meaning, advice } of judgement?.findings ?? []) {
    if (level === 'good' || notes.includes(meaning)) continue;
    const sentence = advice === undefined ? meaning : `${meaning} ${advice}`;
    if (level === 'problem') reporter.warn(sentence);
    else reporter.note(sentence);
  }
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

/** Throws `usage` unless a new file can be put there, which is not the clip that it is made from. */
export async function checkOutput(target: string, source: string, force: boolean): Promise<void> {
  const overItself = (): SoraError =>
    new SoraError('usage', 'The clip cannot be written over itself.', {
      hint: `Name another file with ${option('output')}.`,
    });
  if (target === source) throw overItself();
  const place = await checkFree(target, { force, example: 'ready.mp4' });
  if (place === (await realpath(source).catch(() => source))) throw overItself();
}
