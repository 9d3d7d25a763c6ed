/** Contact sheets: frames of a clip in one picture. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { checkFree, createOutput, outputWriteError } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { checkOutput } from './prepare.ts';
import type { StillPicture } from './stills.ts';

export interface SheetInput {
  /** Absolute path of the clip; undefined for a sheet of pictures alone. */
  readonly source: string | undefined;
  /** Of a character, to stand behind the frames. */
  readonly pictures?: readonly StillPicture[];
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
  workspace: Workspace,
  { source, pictures: given = [], title, output, force }: SheetInput,
): Promise<WrittenSheet> {
  const { reporter, runtime } = workspace;
  const path = resolve(runtime.cwd, output);
  if (output === '-' || /[/\\]$/.test(output))
    throw new SoraError('usage', 'A sheet is written to a PNG file.', { hint: 'For example: sheet.png' });
  if (source === undefined) await checkFree(path, { force, example: 'sheet.png' });
  else await checkOutput(path, source, force);
  if (/\.(?:jpe?g|webp|gif|bmp|tiff?|pdf|svg|mp4)$/i.test(path)) {
    const hint = `Name it .png: ${path.slice(0, path.lastIndexOf('.'))}.png`;
    throw new SoraError('usage', `The output is a PNG, but its name is ${basename(path)} says.`, { hint });
  }
  const { probeMedia } = await import('../media/probe/probe.ts');
  const { makePictureSheet, makeSheet } = await import('../media/sheet/sheet.ts');
  const { fontFolders } = await import('../media/sheet/font-lookup.ts');
  const ffmpeg = await workspace.ffmpeg();
  const { signal } = runtime;
  const pictures = await Promise.all(
    given.map(async (still, index) => ({
      ...still,
      bytes: await readFile(still.path),
      label: index === 0 ? 'first picture' : `picture ${index + 1}`,
    })),
  );
  const task = await reporter.task(`Drawing a sheet of ${title}`);
  const made = await createOutput(path, runtime.clock);
  try {
    const onProgress = (fraction: number): void => task.update(`Drawing a sheet of ${title}`, fraction);
    const folders = fontFolders(runtime.env, runtime.platform, runtime.homeDir);
    const request = { ffmpeg, signal, title, fontFolders: folders, pictures, onProgress };
    const { png, titled, ...sheet } =
      source === undefined
        ? await makePictureSheet(request)
        : await makeSheet({ ...request, source, info: await probeMedia(source, { ffmpeg, signal }) });
    await writeFile(made.path, png);
    await made.publish({ force, taken: 'usage' });
    task.stop();
    if (!titled)
      reporter.warn(
        `${oneLine(title, 80)} is not written on the sheet: that takes a font with its letters, such as Noto, and an ffmpeg with drawtext.`,
      );
    return { path, ...sheet };
  } catch (error) {
    task.fail(`No sheet of ${title} was made`);
    throw outputWriteError(error, path);
  } finally {
    await made.dispose();
  }
}
