/** The sheet of a video: each character of it as it is known, beside what the video shows. */
import { basename, resolve } from 'node:path';
import { checkFree, writeOutput } from '../../disk/publish.ts';
import { makeCastSheet } from '../../media/sheet/cast-sheet.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { oneLine } from '../../shared/text.ts';
import type { Workspace } from '../../workspace.ts';

export interface CastSheetInput {
  /** Of the video, absolute. */
  readonly path: string;
  /** Whose characters are meant unless `names` are given. */
  readonly jobId: string | undefined;
  readonly names: readonly string[] | undefined;
  /** As it was typed. */
  readonly output: string;
  readonly force: boolean;
}

/** Its path, absolute. Throws `usage` where nobody is to be compared, and for a place that is taken or cannot be written to. */
export async function writeCastSheet(
  workspace: Workspace,
  { path, jobId, names, output, force }: CastSheetInput,
): Promise<string> {
  const { runtime } = workspace;
  const target = resolve(runtime.cwd, output);
  if (!/\.png$/i.test(target))
    throw new SoraError('usage', `${option('sheet')} names the PNG file to write.`, {
      hint: `For example: ${option('sheet')} sheet.png`,
    });
  await checkFree(target, { force, example: 'sheet.png' });
  const job = jobId === undefined ? undefined : await (await workspace.jobs()).find(jobId);
  const store = await workspace.characters();
  const characters: { name: string; clip: string }[] = [];
  for (const name of names ?? job?.characters ?? []) {
    const character = await store.find(name);
    if (character?.clip) characters.push({ name, clip: store.clipPath(character.clip.master.sha256) });
    else if (names) throw unknown(name);
  }
  if (characters.length === 0)
    throw new SoraError('usage', 'There is no character with a clip here to compare the video with.', {
      hint: 'Name one: sora video check <video> --sheet sheet.png -c <name>',
    });
  const { signal } = runtime;
  const request = { source: path, title: basename(path), characters, ffmpeg: await workspace.ffmpeg(), signal };
  const { png } = await makeCastSheet(request);
  await writeOutput(target, png, { force, taken: 'usage', clock: runtime.clock });
  return target;
}

function unknown(name: string): SoraError {
  return new SoraError('usage', `There is no character ${oneLine(name, 80)} with a clip on this machine.`, {
    hint: 'See the cast: sora character list',
  });
}
