/** `sora storyboard export`: a storyboard for other programs. */
import { dirname, resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { checkFree, writeOutput } from '../../disk/publish.ts';
import { MAX_TEXT_BYTES } from '../../disk/read-file.ts';
import { SoraError } from '../../shared/errors.ts';
import { safeJson } from '../../shared/text.ts';
import { type LookedAt, lookAtStoryboard, planStoryboard } from '../../storyboards/assemble-storyboard.ts';
import { storyboardJson } from '../../storyboards/file/write-json.ts';
import { plannedSubtitles, srtFile } from '../../storyboards/planned-timeline.ts';
import { readStoryboard, type StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import type { Storyboard } from '../../storyboards/storyboard.ts';
import { readStdin } from '../../terminal/stdin.ts';

export type ExportFormat = 'otio' | 'srt' | 'json';

export interface ExportFlags {
  readonly to: ExportFormat;
  /** `-` for standard output. */
  readonly output: string;
  readonly force: boolean;
  /** Of `otio`: takes a pick whose text has changed since. */
  readonly allowStale: boolean;
}

const TEXTS: Readonly<Partial<Record<ExportFormat, (board: Storyboard) => string>>> = {
  json: (board) => `${safeJson(storyboardJson(board), 2)}\n`,
  srt: (board) => srtFile(plannedSubtitles(board)),
};

/** An editor's timeline is of the chosen takes; throws where there are none. All else is of the text alone. */
export async function runStoryboardExport(
  context: Context,
  request: StoryboardRequest,
  { to, output, force, allowStale }: ExportFlags,
): Promise<undefined> {
  const { ui, runtime } = context;
  const stdin = (): Promise<Uint8Array> => readStdin(runtime, MAX_TEXT_BYTES);
  const read = async (): Promise<Storyboard> =>
    (await readStoryboard(context, request, { stdin, needsFiles: false })).storyboard;
  const looked = to === 'otio' ? await lookAtStoryboard(context, request, { needsFiles: true }) : undefined;
  const storyboard = looked?.storyboard ?? (await read());
  const text = looked ? await timelineText(context, looked, { output, allowStale }) : (TEXTS[to]?.(storyboard) ?? '');
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
  await writeOutput(path, text, { force, taken: 'usage', clock: runtime.clock });
  ui.result({ json: { path, to }, text: path, quiet: [path] });
}

/** Media are named from where the timeline lies. */
async function timelineText(
  context: Context,
  looked: LookedAt,
  { output, allowStale }: Pick<ExportFlags, 'output' | 'allowStale'>,
): Promise<string> {
  const { exportOtio } = await import('../../films/export.ts');
  const { cwd } = context.runtime;
  const plan = await planStoryboard(context, looked, { allowStale });
  return exportOtio(plan, output === '-' ? cwd : dirname(resolve(cwd, output)));
}
