import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runStoryboardPick } from '../../../src/commands/storyboard/pick.ts';
import { runStoryboardReport } from '../../../src/commands/storyboard/report.ts';
import { createContext } from '../../../src/context.ts';
import { createUi } from '../../../src/terminal/ui.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { runtimeIn } from '../../helpers/runtime.ts';
import { filmOf, filmWorld } from '../../storyboards/world.ts';

const REQUEST = { file: 'rain.md', vars: new Map<string, string>(), allowOutside: false };
const FLAGS = { output: 'rain.html', force: false };

/** On a machine without a key, a setting or a provider. */
async function running<R>(
  { dir, home }: { readonly dir: string; readonly home: string },
  work: (context: ReturnType<typeof createContext>) => Promise<R>,
): Promise<string> {
  const { runtime, stdout } = runtimeIn({ dir, home }, { env: { SORA_FFMPEG: ffmpegPath } });
  const quiet = { json: true, quiet: false };
  const ui = createUi({ ...runtime, ...quiet, color: { stdout: false, stderr: false }, animate: false });
  const context = createContext(runtime, { ...quiet, debug: false }, ui);
  await work(context).finally(() => context.close());
  return stdout.text();
}

it('shows every scene with its takes, its state and the command that picks, with no provider chosen', async () => {
  const world = await filmWorld();
  const text = filmOf({ harbour: '- takes: 2\n\nA harbour & a <i>boat</i>.', boat: 'A boat.' });
  const hostile = {
    'sora: 1': 'sora: 1\ntitle: "</title><script>alert(1)</script>"',
    '## harbour': '## <b>Harbour</b>',
  };
  await world.write(Object.entries(hostile).reduce((all, [from, to]) => all.replace(from, to), text));
  await world.render();
  const empty = { dir: world.dir, home: join(world.dir, 'empty-home') };
  const made = JSON.parse(await running(empty, (context) => runStoryboardReport(context, REQUEST, FLAGS)));
  expect(made).toEqual({ path: join(world.dir, 'rain.html'), scenes: 2, takes: 3, videos: 3 });
  const page = await readFile(made.path, 'utf8');
  const [head = '', first = '', second = ''] = page.split('<section>');
  expect(head).toContain('1 of 2 scenes · 1 to pick');
  expect(first).toContain('&lt;b&gt;Harbour&lt;/b&gt; <span class="state">to pick</span>');
  expect(first.match(/<article /g)).toHaveLength(2);
  expect(first).toContain('A harbour &amp; a &lt;i&gt;boat&lt;/i&gt;.');
  expect(first).toMatch(/<code>sora storyboard pick rain\.md harbour [0-9a-f]{8}<\/code>/);
  expect(second).toMatch(/src="rain\.takes\/boat-[^"]+\.mp4"/);
  expect(page).not.toMatch(/<script>alert|<b>|<i>/);
});

it('says what is picked and what is not here, and P4: replaces nothing without --force', async () => {
  const world = await filmWorld();
  await world.write(filmOf({ harbour: '- takes: 2\n\nA harbour.' }));
  await world.render();
  await running(world, (context) => runStoryboardPick(context, { ...REQUEST, scene: 'harbour', take: '2' }));
  const { scenes } = await world.plan();
  await rm(join(world.dir, scenes[0]?.chosen?.file ?? ''));
  await writeFile(join(world.dir, 'rain.html'), 'mine');
  const report = (force: boolean) =>
    running(world, (context) => runStoryboardReport(context, REQUEST, { ...FLAGS, force }));
  await expect(report(false)).rejects.toMatchObject({ code: 'usage' });
  expect(JSON.parse(await report(true))).toMatchObject({ takes: 2, videos: 1 });
  const page = await readFile(join(world.dir, 'rain.html'), 'utf8');
  expect(page).toContain('<h3>Take 2 <span class="state">picked</span></h3>\n<p class="absent">');
  expect(page.match(/<code>sora storyboard pick/g)).toHaveLength(1);
  await expect(access(join(world.dir, 'rain.takes'))).resolves.toBeUndefined();
});
