/** `sora storyboard plan`: how every scene stands, and what a render would send. */
import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { checkFree, writeOutput } from '../../disk/publish.ts';
import { valueWord } from '../../runs/command-words.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import { type MakingWishes, refuseFilmFile } from '../../storyboards/film.ts';
import { PLAN_FREE, PLAN_HEAD, plannedFilm } from '../../storyboards/planned-film.ts';
import { type FilmRequest, readFilm } from '../../storyboards/prepare-film.ts';

export type FilmFlags = FilmRequest;

export interface PlanFlags extends FilmRequest, MakingWishes {
  /** Where the plan is written, to be approved. */
  readonly output?: string;
  readonly force: boolean;
}

export async function runStoryboardPlan(context: Context, flags: PlanFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const { output, force, scenes, maxCost } = flags;
  const target = output === undefined ? undefined : resolve(runtime.cwd, output);
  if (target !== undefined) {
    await checkFree(target, { force, example: 'plan.json' });
    await refuseFilmFile(resolve(runtime.cwd, flags.file), target);
  }
  const given = await readFilm(context, flags, { purpose: purposeOf({ dryRun: true }), scenes });
  const planned = await plannedFilm(given, { wishes: flags, maxCost });
  for (const problem of planned.problems) ui.warn(problem);
  ui.result({
    json: planned.json,
    prose: true,
    text: [ui.table(PLAN_HEAD, planned.rows, PLAN_FREE), ...planned.lines].join('\n'),
    quiet: planned.sent,
  });
  if (target === undefined) return;
  const text = `${JSON.stringify(planned.document, null, 2)}\n`;
  await writeOutput(target, text, { force, taken: 'usage', clock: runtime.clock });
  const render = given.film.commandOf('render', { words: valueWord('plan', output) });
  ui.note(`The plan is in ${target}. To render exactly that: ${render}`);
}
