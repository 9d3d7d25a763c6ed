/** Contact sheets: `sora clip sheet`, and `sora character show --sheet`. */
import { basename, extname, resolve } from 'node:path';
import { writeSheet } from '../clips/sheet.ts';
import type { Context } from '../context.ts';

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
