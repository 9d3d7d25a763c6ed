/** `sora demo`: from a clip to two videos and a film of three scenes, by the commands that a user would type, in the sandbox. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { Context, Runtime } from '../context.ts';
import { SoraError } from '../shared/errors.ts';
import { sampleClip } from '../shared/sample-clip.ts';
import { shellCommand, shellPhrase, shellQuote } from '../shared/text.ts';

/** Runs one command line to its end, as `runCli` does. */
export type RunLine = (argv: readonly string[], runtime: Runtime) => Promise<number>;

/** Throws `usage` where something stands in the folder's place already. Resolves to the exit code of the first command that fails. */
export async function runDemo(
  context: Context,
  folder: string,
  { runLine, source = sampleClip() }: { readonly runLine: RunLine; readonly source?: string },
): Promise<number | undefined> {
  const { runtime, globals, ui } = context;
  // Before there is anything to remove.
  await context.ffmpeg();
  const at = resolve(runtime.cwd, folder);
  await makeFolder(at, folder);
  const clip = join(folder, 'joe.mp4');
  await copyFile(source, join(at, 'joe.mp4'));
  const videos = [
    { path: join(folder, 'joe-at-the-sea.mp4'), prompt: 'Joe waves at the sea.', options: [], what: '1280x720' },
    {
      path: join(folder, 'joe-in-the-rain.mp4'),
      prompt: 'A rainy night in the city.',
      options: ['--aspect', '9:16'],
      what: '720x1280: the name is put into the prompt, and a portrait copy of the clip is registered',
    },
  ];
  const [board, film, page] = ['film.md', 'film.mp4', 'film.html'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const home = join(at, 'home');
  const settings = { SORA_HOME: home, SORA_PROVIDER: 'sandbox', SORA_PROFILE: undefined };
  // Its own result is the only one on stdout.
  const stdout = globals.json ? { ...runtime.stderr, stream: nowhere() } : runtime.stderr;
  const inside: Runtime = { ...runtime, stdout, env: { ...runtime.env, ...settings } };
  const shown = [...(globals.json ? ['--json'] : []), ...(globals.quiet ? ['--quiet'] : [])];
  for (const argv of [
    ['character', 'create', clip, '--name', 'Joe'],
    ['character', 'list'],
    ...videos.map(({ path, prompt, options }) => ['video', 'generate', prompt, '-c', 'Joe', ...options, '-o', path]),
    ['video', 'list'],
    ['storyboard', 'new', board],
    ['storyboard', 'render', board, '--max-cost', '5'],
    ['storyboard', 'pick', board, 'boat', '1'],
    ['storyboard', 'assemble', board, '-o', film],
    ['storyboard', 'report', board, '-o', page],
  ]) {
    ui.note(`\n$ sora ${argv.map((word) => (word.includes(' ') ? shellPhrase(word) : shellQuote(word))).join(' ')}`);
    const code = await runLine([...argv, ...shown], inside);
    if (code !== 0) return code;
  }
  const exported = [`SORA_HOME=${shellQuote(home)}`, 'SORA_PROVIDER=sandbox'];
  ui.result({
    json: {
      ...{ folder: at, home, videos: videos.map(({ path }) => resolve(runtime.cwd, path)) },
      ...{ film: resolve(runtime.cwd, film), report: resolve(runtime.cwd, page) },
    },
    prose: true,
    text: [
      'The videos are here:',
      ...videos.map(({ path, what }) => `  ${path}  (${what})`),
      `  ${film}  (a film of the three scenes that ${board} asks for)`,
      `  ${page}  (its takes side by side, for a browser)`,
      '',
      'To go on with the same Joe, where nothing costs anything:',
      `  ${shellCommand('export', exported)}`,
      '  sora character show Joe',
      '  sora video generate "Joe rides a bicycle." -c Joe --dry-run',
      'And with a host: sora provider list',
    ].join('\n'),
    quiet: [...videos.map(({ path }) => path), film, page],
  });
  return undefined;
}

async function makeFolder(at: string, folder: string): Promise<void> {
  try {
    // An empty one may be there.
    if ((await readdir(at).catch(() => undefined))?.length === 0) return;
    await mkdir(at, { recursive: false });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new SoraError('usage', `There is something at ${folder} already, which is not touched.`, {
        hint: 'Name another folder: sora demo <folder>',
        cause,
      });
    throw new SoraError('machine', `The folder ${folder} cannot be made: ${(cause as Error).message}`, {
      hint: 'Name another folder: sora demo <folder>',
      cause,
    });
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
