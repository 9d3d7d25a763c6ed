/** `sora video check`: what is wrong with videos, as far as it can be seen and heard. */
import type { Context } from '../../context.ts';
import { findNamedVideo, type NamedVideo } from '../../films/source.ts';
import { EXIT_CODES, SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { type CheckedVideo, checkVideos } from '../../videos/check/check.ts';
import { expandLast } from '../../videos/jobs/find.ts';

export interface CheckFlags {
  /** Files and jobs. */
  readonly named: readonly string[];
  readonly strict: boolean;
  /** A PNG of the one video that is named. */
  readonly sheet?: string;
  /** Who is shown beside it; those of its job unless given. */
  readonly character?: readonly string[];
  readonly force?: boolean;
}

/** Remarks change the exit code only with `strict`. */
export async function runVideoCheck(context: Context, flags: CheckFlags): Promise<number> {
  const { strict, sheet, character = [], force = false } = flags;
  const named = await expandLast(context, flags.named);
  if (sheet !== undefined && named.length > 1)
    throw new SoraError('usage', '--sheet is drawn of one video.', { hint: 'Name one, or leave it out.' });
  const videos: NamedVideo[] = [];
  for (const name of named) videos.push(await findNamedVideo(context, name));
  const checked = await checkVideos(context, videos);
  const [only] = checked;
  const [video] = videos;
  if (sheet !== undefined && video) {
    const { writeCastSheet } = await import('../../videos/check/cast-sheet.ts');
    const names = character.length > 0 ? character : undefined;
    const drawn = await writeCastSheet(context, { path: video.path, jobId: only?.jobId, names, output: sheet, force });
    context.ui.note(`The sheet is ${drawn}`);
  }
  context.ui.result({
    json: checked.length === 1 && only ? only : checked,
    prose: true,
    text: checked.flatMap(linesOf).join('\n'),
    quiet: checked.flatMap(({ path, remarks }) => (remarks.length === 0 ? [] : path)),
  });
  return strict && checked.some(({ remarks }) => remarks.length > 0) ? EXIT_CODES.unverified : 0;
}

function linesOf({ path, jobId, remarks }: CheckedVideo): readonly string[] {
  const name = oneLine(jobId ?? path, 200);
  if (remarks.length === 0) return [`${name}: nothing to remark`];
  return [name, ...remarks.map(({ what, message }) => `  ${what.padEnd(8)}  ${oneLine(message, 400)}`)];
}
