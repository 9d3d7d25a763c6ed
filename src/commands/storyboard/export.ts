/** `sora storyboard export`: a storyboard for other programs. */
import { dirname, resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { checkFree, writeOutput, writeStdout } from '../../disk/publish.ts';
import { MAX_TEXT_BYTES } from '../../disk/read-file.ts';
import { subtitlesText } from '../../films/texts.ts';
import { SoraError } from '../../shared/errors.ts';
import { counted, safeJson } from '../../shared/text.ts';
import { planStoryboard } from '../../storyboards/assemble-storyboard.ts';
import { storyboardJson } from '../../storyboards/file/write-json.ts';
import { refuseFilmFile } from '../../storyboards/film.ts';
import { type LookedAt, lookAtStoryboard } from '../../storyboards/look-at-storyboard.ts';
import { readStoryboard, type StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import type { Storyboard } from '../../storyboards/storyboard.ts';
import { readStdin } from '../../terminal/stdin.ts';

export type ExportFormat = 'otio' | 'srt' | 'json';

export interface ExportFlags {
  readonly to: ExportFormat;
  /** `-` for standard output. */
  readonly output: string;
  readonly force: boolean;
  /** Of what is told of the chosen takes: takes a pick whose text has changed since. */
  readonly allowStale: boolean;
}

/**
 * JSON is of the text alone. An editor's timeline and subtitles are of the film of the chosen takes, whose lengths decide when
 * each is seen. Throws as `planStoryboard`, and `usage` for subtitles of a film that has none.
 */
export async function runStoryboardExport(
  context: Context,
  request: StoryboardRequest,
  { to, output, force, allowStale }: ExportFlags,
): Promise<undefined> {
  const { ui, runtime } = context;
  const target = output === '-' ? undefined : resolve(runtime.cwd, output);
  if (target !== undefined) {
    if (request.file !== '-') await refuseFilmFile(resolve(runtime.cwd, request.file), target);
    await checkFree(target, { force, example: `film.${to}`, takesStdout: true });
  }
  const stdin = (): Promise<Uint8Array> => readStdin(runtime, MAX_TEXT_BYTES);
  const read = async (): Promise<Storyboard> =>
    (await readStoryboard(context, request, { stdin, needsFiles: false })).storyboard;
  const looked = to === 'json' ? undefined : await lookAtStoryboard(context, request, { needsFiles: true });
  const storyboard = looked?.storyboard ?? (await read());
  if (to === 'srt' && !storyboard.scenes.some(({ subtitle }) => subtitle?.trim()))
    throw new SoraError('usage', 'The film has no subtitles.', { hint: 'A scene says one with: - subtitle: <text>' });
  const text = looked
    ? await filmText(context, looked, { to, output, allowStale })
    : `${safeJson(storyboardJson(storyboard), 2)}\n`;
  if (target === undefined) {
    ui.resultToStderr();
    await writeStdout(runtime.stdout.stream, text);
    ui.result({ json: { to }, text: `${counted(storyboard.scenes.length, 'scene')} written as ${to.toUpperCase()}.` });
    return;
  }
  await writeOutput(target, text, { force, taken: 'usage', clock: runtime.clock });
  ui.result({ json: { path: target, to }, text: target, quiet: [target] });
}

/** Media of a timeline are named from where it lies. */
async function filmText(
  context: Context,
  looked: LookedAt,
  { to, output, allowStale }: Omit<ExportFlags, 'force'>,
): Promise<string> {
  const { cwd } = context.runtime;
  const plan = await planStoryboard(context, looked, { allowStale });
  if (to === 'srt') return subtitlesText(plan);
  const { exportOtio } = await import('../../films/export.ts');
  return exportOtio(plan, output === '-' ? cwd : dirname(resolve(cwd, output)));
}
