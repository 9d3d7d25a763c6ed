/** `sora clip inspect` and `sora clip prepare`: what a file is, what would be done to it, and doing it. */
import { basename } from 'node:path';
import { inspectClip } from '../clips/inspect.ts';
import { clipLine, planText } from '../clips/prepare.ts';
import { prepareFile, previewPrepare } from '../clips/prepare-file.ts';
import type { Context } from '../context.ts';
import type { ClipOptions } from '../shared/clip.ts';

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
    prose: true,
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
  { dryRun, ...input }: { file: string; output: string; options: ClipOptions; force: boolean; dryRun: boolean },
): Promise<undefined> {
  const { ui, globals } = context;
  if (dryRun) {
    const { path, plan, command, soundRetry } = await previewPrepare(context, input);
    ui.note(planText(plan));
    if (soundRetry !== undefined)
      ui.note(`If that finds no sound in the part, sora decodes it from further before it instead:\n${soundRetry}`);
    ui.result({ json: { path, plan, command, soundRetry: soundRetry ?? null }, text: command, quiet: [command] });
    return;
  }
  // What is not told is not worth measuring.
  const done = await prepareFile(context, { ...input, isJudged: !globals.quiet });
  const { path, clip, plan, judgement } = done;
  ui.result({
    json: { path, clip, plan, judgement: judgement ?? null },
    prose: true,
    text: [`${path}: ${clipLine(clip)}`, planText(plan)].join('\n'),
    quiet: [path],
  });
}
