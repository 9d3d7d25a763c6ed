/** Contact sheets: `sora clip sheet`, and `sora character show --sheet`. */
import { writeFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { createOutput, machineError } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import { checkOutput } from './clip.ts';

export interface SheetInput {
  /** Absolute path of the clip. */
  readonly source: string;
  readonly title: string;
  /** As it was typed. */
  readonly output: string;
  readonly force: boolean;
}

export interface WrittenSheet {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** Seconds at which its frames were taken. */
  readonly times: readonly number[];
}

/** Draws the sheet and puts it in its place, whole or not at all. Throws `usage` for a place that is taken or cannot be written to. */
export async function writeSheet(
  context: Context,
  { source, title, output, force }: SheetInput,
): Promise<WrittenSheet> {
  const { ui, runtime } = context;
  const path = resolve(runtime.cwd, output);
  if (output === '-' || /[/\\]$/.test(output))
    throw new SoraError('usage', 'A sheet is written to a PNG file.', { hint: 'For example: sheet.png' });
  await checkOutput(path, source, force);
  if (/\.(?:jpe?g|webp|gif|bmp|tiff?|pdf|svg|mp4)$/i.test(path)) {
    const hint = `Name it .png: ${path.slice(0, path.lastIndexOf('.'))}.png`;
    throw new SoraError('usage', `The output is a PNG, but its name is ${basename(path)} says.`, { hint });
  }
  const { probeMedia } = await import('../media/probe/probe.ts');
  const { makeSheet } = await import('../media/sheet/sheet.ts');
  const { fontFolders } = await import('../media/sheet/font-lookup.ts');
  const ffmpeg = await context.ffmpeg();
  const info = await probeMedia(source, { ffmpeg, signal: runtime.signal });
  const task = await ui.task(`Drawing a sheet of ${title}`);
  const made = await createOutput(path, runtime.clock);
  try {
    const onProgress = (fraction: number): void => task.update(`Drawing a sheet of ${title}`, fraction);
    const folders = fontFolders(runtime.env, runtime.platform, runtime.homeDir);
    const request = { source, info, ffmpeg, signal: runtime.signal, title, fontFolders: folders, onProgress };
    const { png, titled, ...sheet } = await makeSheet(request);
    await writeFile(made.path, png);
    await made.publish({ force, taken: 'usage' });
    task.stop();
    if (!titled)
      ui.warn(
        `${oneLine(title, 80)} is not written on the sheet: that takes a font with its letters, such as Noto, and an ffmpeg with drawtext.`,
      );
    return { path, ...sheet };
  } catch (error) {
    task.fail(`No sheet of ${title} was made`);
    throw machineError(error, path);
  } finally {
    await made.dispose();
  }
}

/** `sora clip sheet <file>` */
export async function runClipSheet(
  context: Context,
  input: { file: string; output: string | undefined; force: boolean },
): Promise<undefined> {
  const source = resolve(context.runtime.cwd, input.file);
  const title = basename(source);
  const output = input.output ?? `${basename(title, extname(title))}-sheet.png`;
  const sheet = await writeSheet(context, { source, title, output, force: input.force });
  context.ui.result({ json: sheet, text: `${sheet.path}: ${sheet.width}x${sheet.height}`, quiet: [sheet.path] });
}
