/** Clips: what a file is, what would be done to it, and doing it. `character create` and registrations prepare through here. */
import { basename, resolve } from 'node:path';
import { inspectClip, refuseRejected } from '../clips/inspect.ts';
import { checkOutput, clipLine, planText, prepareInto } from '../clips/prepare.ts';
import type { Context } from '../context.ts';
import { createOutput } from '../disk/publish.ts';
import type { ClipOptions } from '../shared/clip.ts';
import { SoraError } from '../shared/errors.ts';

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
  input: { file: string; output: string; options: ClipOptions; force: boolean; dryRun: boolean },
): Promise<undefined> {
  const { ui, runtime } = context;
  const target = resolve(runtime.cwd, input.output);
  if (input.output === '-' || /[/\\]$/.test(input.output)) {
    throw new SoraError('usage', '-o names the MP4 file to write.', { hint: 'For example: -o ready.mp4' });
  }
  await checkOutput(target, resolve(runtime.cwd, input.file), input.force);
  if (/\.(?:mov|mkv|webm|avi|gif|wmv|mpe?g|ts|png|jpe?g)$/i.test(target)) {
    const hint = `Name it .mp4: ${target.slice(0, target.lastIndexOf('.'))}.mp4`;
    throw new SoraError('usage', `The output is an MP4, but its name is ${basename(target)} says.`, { hint });
  }
  const inspected = await inspectClip(context, input.file, input.options);
  if (input.dryRun) {
    refuseRejected(inspected);
    const { commandLines } = await import('../media/ffmpeg/command-lines.ts');
    const what = { plan: inspected.plan, info: inspected.info, source: inspected.path, outputPath: target };
    const { command, soundRetry } = commandLines(await context.ffmpeg(), what, { force: input.force });
    ui.note(planText(inspected.plan));
    if (soundRetry !== undefined)
      ui.note(`If that finds no sound in the part, sora decodes it from further before it instead:\n${soundRetry}`);
    const json = { path: inspected.path, plan: inspected.plan, command, soundRetry: soundRetry ?? null };
    ui.result({ json, text: command, quiet: [command] });
    return;
  }
  const made = await createOutput(target, runtime.clock);
  try {
    const done = await prepareInto(context, inspected, {
      outputPath: made.path,
      // What is not told is not worth measuring.
      judgeFor: context.globals.quiet ? undefined : input.options,
    });
    await made.publish({ force: input.force, taken: 'usage' });
    ui.result({
      json: { path: target, clip: done.clip, plan: done.plan, judgement: done.judgement ?? null },
      prose: true,
      text: [`${target}: ${clipLine(done.clip)}`, planText(done.plan)].join('\n'),
      quiet: [target],
    });
  } finally {
    await made.dispose();
  }
}
