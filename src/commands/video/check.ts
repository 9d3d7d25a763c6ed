/** `sora video check`: what is wrong with videos, as far as it can be seen and heard. */
import type { Context } from '../../context.ts';
import { findNamedVideo, type NamedVideo } from '../../films/source.ts';
import { EXIT_CODES } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { type CheckedVideo, checkVideos } from '../../videos/check/check.ts';

export interface CheckFlags {
  /** Files and jobs. */
  readonly named: readonly string[];
  readonly strict: boolean;
}

/** Remarks change the exit code only with `strict`. */
export async function runVideoCheck(context: Context, { named, strict }: CheckFlags): Promise<number> {
  const videos: NamedVideo[] = [];
  for (const name of named) videos.push(await findNamedVideo(context, name));
  const checked = await checkVideos(context, videos);
  const [only] = checked;
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
