/** `sora storyboard export`: a storyboard for other programs, as far as that needs no takes. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { checkFree, createOutput } from '../../disk/publish.ts';
import { MAX_TEXT_BYTES } from '../../disk/read-file.ts';
import { SoraError } from '../../shared/errors.ts';
import { safeJson } from '../../shared/text.ts';
import { storyboardJson } from '../../storyboards/file/write-json.ts';
import { plannedSubtitles, srtFile } from '../../storyboards/planned-timeline.ts';
import { readStoryboard, type StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import type { Storyboard } from '../../storyboards/storyboard.ts';
import { readStdin } from '../../terminal/stdin.ts';

export type ExportFormat = 'srt' | 'json';

export interface ExportFlags {
  readonly to: ExportFormat;
  /** `-` for standard output. */
  readonly output: string;
  readonly force: boolean;
}

const TEXTS: Readonly<Record<ExportFormat, (board: Storyboard) => string>> = {
  json: (board) => `${safeJson(storyboardJson(board), 2)}\n`,
  srt: (board) => srtFile(plannedSubtitles(board)),
};

export async function runStoryboardExport(
  context: Context,
  request: StoryboardRequest,
  { to, output, force }: ExportFlags,
): Promise<undefined> {
  const { ui, runtime } = context;
  const stdin = (): Promise<Uint8Array> => readStdin(runtime, MAX_TEXT_BYTES);
  const { storyboard } = await readStoryboard(context, request, { stdin, needsFiles: false });
  const text = TEXTS[to](storyboard);
  if (text === '') {
    throw new SoraError('usage', 'The film has no subtitles.', { hint: 'A scene says one with: - subtitle: <text>' });
  }
  if (output === '-') {
    ui.resultToStderr();
    await new Promise<void>((done, fail) =>
      runtime.stdout.stream.write(text, (error) => (error ? fail(error) : done())),
    );
    ui.result({ json: { to }, text: `${storyboard.scenes.length} scenes, as ${to}` });
    return;
  }
  const path = await checkFree(resolve(runtime.cwd, output), { force, example: `film.${to}`, takesStdout: true });
  const file = await createOutput(path, runtime.clock);
  try {
    await writeFile(file.path, text);
    await file.publish({ force, taken: 'usage' });
  } finally {
    await file.dispose();
  }
  ui.result({ json: { path, to }, text: path, quiet: [path] });
}
