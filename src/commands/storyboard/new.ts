/** `sora storyboard new`: a commented example that renders as it is. */
import type { Context } from '../../context.ts';
import { shellCommand, shellQuote } from '../../shared/text.ts';
import { EXAMPLE_CHARACTER } from '../../storyboards/new/example.ts';
import { type NewStoryboardInput, newStoryboard } from '../../storyboards/new/new-storyboard.ts';

export async function runStoryboardNew(context: Context, input: NewStoryboardInput): Promise<undefined> {
  const { ui } = context;
  const { path, takesFolder, castJoe } = await newStoryboard(context, input);
  if (castJoe) ui.note(`${EXAMPLE_CHARACTER}, who is drawn, is in your cast now.`);
  const [next, render] = ['check', 'render'].map((verb) =>
    shellCommand(`sora storyboard ${verb}`, [shellQuote(input.file)]),
  );
  ui.result({
    json: { path, takesFolder, characters: castJoe ? [EXAMPLE_CHARACTER] : [], next },
    prose: true,
    text: `${input.file} is a film of three scenes.\nWhat it would ask for: ${next}\nTo make it: ${render}`,
    quiet: [path],
  });
}
