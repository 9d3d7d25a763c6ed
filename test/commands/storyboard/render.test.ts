import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../../src/cli/run.ts';
import { runStoryboardPick } from '../../../src/commands/storyboard/pick.ts';
import { runStoryboardPlan } from '../../../src/commands/storyboard/plan.ts';
import { runStoryboardRender } from '../../../src/commands/storyboard/render.ts';
import type { Context } from '../../../src/context.ts';
import { createUi } from '../../../src/terminal/ui.ts';
import { createTestContext, runtimeIn } from '../../helpers/runtime.ts';
import { filmOf, filmWorld } from '../../storyboards/world.ts';

const REQUEST = { file: 'rain.md', vars: new Map<string, string>(), allowOutside: false };
const RENDER = {
  ...REQUEST,
  ...{ scenes: [], changed: false, follow: false, requirePicks: false, yes: false, jobs: 1, failFast: false },
  ...{ maxCost: 9, dryRun: false, allowRetired: false, allowUndocumented: false },
};

async function world() {
  const film = await filmWorld();
  return {
    ...film,
    write: film.write,
    async run(work: (context: Context) => Promise<unknown>) {
      const workspace = film.workspace();
      const { runtime, stdout, stderr } = runtimeIn(film, {});
      const ui = createUi({
        ...{ ...runtime, json: false, quiet: false },
        ...{ color: { stdout: false, stderr: false }, animate: false },
      });
      const context: Context = {
        ...workspace,
        runtime: { ...runtime, ...workspace.runtime },
        ...{ globals: { json: false, quiet: false, debug: false }, ui },
        confirm: async (question) => {
          throw new Error(question);
        },
      };
      const exit = await work(context).finally(() => workspace.close());
      return { exit, stdout: stdout.text(), stderr: stderr.text() };
    },
  };
}

it('a render says its totals once and leads to the picks, and the last of these to the film', async () => {
  const { write, run } = await world();
  await write(filmOf({ harbour: 'A harbour.', boat: '- takes: 2\n\nA boat.' }));
  const rendered = await run((context) => runStoryboardRender(context, RENDER));
  expect(rendered).toMatchObject({ exit: 0, stdout: '1 of 2 · 1 waits for a pick · $1.20 of $9\n' });
  expect(rendered.stderr).not.toContain('1 waits for a pick');
  expect(rendered.stderr).toContain(
    [
      'boat: to pick',
      'sora storyboard pick rain.md boat 1 --provider openai',
      'Compare the takes: sora storyboard report rain.md -o rain.html --provider openai',
    ].join('\n'),
  );
  const pick = { ...REQUEST, scene: 'boat', take: '2' };
  expect(await run((context) => runStoryboardPick(context, pick))).toMatchObject({
    stderr: expect.stringMatching(/^Every scene has its take\. Make the film: .* assemble rain\.md .*-o rain\.mp4/),
  });
});

it('a command for one scene, and one whose pick is of an older text, lead to no film that would be refused', async () => {
  const { write, run, pick } = await world();
  await write(filmOf({ harbour: 'A harbour.', boat: 'A boat.' }));
  const madeOf = (text: string): string | undefined => /Make the film: .*/.exec(text)?.[0];
  const plan = () => run((context) => runStoryboardPlan(context, { ...RENDER, scenes: ['harbour'], force: false }));
  const rendered = await run((context) => runStoryboardRender(context, { ...RENDER, scenes: ['harbour'] }));
  expect(rendered).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^1 of 1/) });
  expect(madeOf(rendered.stderr)).toBeUndefined();
  expect(madeOf((await plan()).stdout)).toBeUndefined();
  expect(madeOf((await run((context) => runStoryboardRender(context, RENDER))).stderr)).toContain('assemble rain.md');
  expect(madeOf((await plan()).stdout)).toContain('assemble rain.md');
  await pick('harbour', '1');
  await write(filmOf({ harbour: 'A harbour at night.', boat: 'A boat.' }));
  expect(madeOf((await plan()).stdout)).toBeUndefined();
});

it.each([
  ['sandbox', 8],
  ['openai', 2],
])('without a terminal a render at %s is refused where it costs something: exit %i', async (provider, exit) => {
  const { dir, again } = await createTestContext();
  await writeFile(join(dir, 'rain.md'), filmOf({ harbour: 'A harbour.' }));
  const { runtime, stderr } = await again({}, { env: { OPENAI_API_KEY: 'sk-test' } });
  const words = ['storyboard', 'render', 'rain.md', '--provider', provider, '--timeout', '0s'];
  expect(await runCli(words, runtime)).toBe(exit);
  expect(stderr.text().includes('There is no terminal to ask on')).toBe(exit === 2);
});
