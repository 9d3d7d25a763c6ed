/** A film for tests: a folder, a home and a host of videos in this process, and the commands on it as processes would run them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Renderer } from '../../src/sandbox/render/render.ts';
import { blankPicture } from '../../src/storyboards/blank-picture.ts';
import { parseStoryboard } from '../../src/storyboards/file/parse-storyboard.ts';
import { lookAtFilm, NO_WISHES } from '../../src/storyboards/film.ts';
import { type FilmReport, reportFilm, type SceneReport } from '../../src/storyboards/film-report.ts';
import { type GivenFilm, prepareFilm } from '../../src/storyboards/prepare-film.ts';
import { type RenderOptions, refuseRender, renderFilm } from '../../src/storyboards/render-film.ts';
import type { SceneEvent } from '../../src/storyboards/settle-film.ts';
import { pickTake, rejectTake } from '../../src/storyboards/takes/choose.ts';
import type { Workspace } from '../../src/workspace.ts';
import { makerPath, run as runProgram, words } from '../helpers/ffmpeg.ts';
import { type HostWorld, hostWorld, type RunMore } from '../helpers/host-world.ts';
import { madeOnce } from '../helpers/once.ts';

export interface FilmWorld extends HostWorld {
  /** The storyboard, in the folder. */
  file: string;
  /** Which is made. */
  variant: string | undefined;
  readonly reports: FilmReport[];
  readonly events: SceneEvent[];
  /** Scenes as `## heading {#id}` with their settings and prompt; front matter stands before them. */
  write(text: string): Promise<void>;
  render(options?: Partial<RenderOptions>, more?: RunMore): Promise<FilmReport>;
  /** Throws what a run would refuse; sends nothing. */
  refuse(options?: Partial<RenderOptions>): Promise<void>;
  /** How the film stands, without asking anybody. */
  plan(more?: RunMore): Promise<FilmReport>;
  /** Runs on the opened film, as a command would. */
  with<R>(work: (given: GivenFilm, workspace: Workspace) => Promise<R>, more?: RunMore): Promise<R>;
  scene(id: string): Promise<SceneReport>;
  pick(scene: string, take: string): Promise<unknown>;
  reject(scene: string, take: string): Promise<unknown>;
  /** How many videos the host was asked for. */
  paid(): Promise<number>;
}

export const FRONT = '---\nsora: 1\nsize: 1280x720\nseconds: 4\n---\n\n';

/** A film with those scenes, each with its settings. */
export function filmOf(scenes: Readonly<Record<string, string>>, style = ''): string {
  const front = style === '' ? FRONT : FRONT.replace('seconds: 4', `seconds: 4\nstyle: ${style}`);
  return `${front}${Object.entries(scenes)
    .map(([id, text]) => `## ${id} {#${id}}\n\n${text}\n`)
    .join('\n')}`;
}

/** As long and as large as it is asked for: 4 s of 1280x720. */
function orderedVideo(): Promise<string> {
  const args = words('-v error -f lavfi -i color=gray:size=1280x720:rate=4:duration=4 -c:v libx264 -preset ultrafast');
  return madeOnce('ordered-4s-720p.mp4', (path) => runProgram([...args, path], { path: makerPath }));
}

/** No two videos have the same bytes: behind each stands a box that players skip. */
async function distinctRenderer(): Promise<Renderer> {
  const bytes = await readFile(await orderedVideo());
  let count = 0;
  const make = async (target: string): Promise<void> => {
    count += 1;
    const box = Buffer.alloc(16);
    box.writeUInt32BE(16, 0);
    box.write('free', 4, 'latin1');
    box.writeUInt32BE(count, 8);
    await writeFile(target, Buffer.concat([bytes, box]));
  };
  return {
    video: (_plan, target) => make(target),
    thumbnail: (_video, _seconds, target) => make(target),
    spritesheet: (_video, _seconds, target) => make(target),
    close: async () => {},
  };
}

export async function filmWorld(): Promise<FilmWorld> {
  const host = await hostWorld({ renderer: await distinctRenderer() });
  const [reports, events]: [FilmReport[], SceneEvent[]] = [[], []];
  let name = 'rain.md';
  const optionsOf = (options: Partial<RenderOptions>): RenderOptions => ({
    ...NO_WISHES,
    ...{ jobs: 2, failFast: false, deadlineMs: world.clock.ms + 86_400_000 },
    lastFrame: async () => blankPicture({ width: 1280, height: 720 }),
    onReport: (report) => void reports.push(report),
    onEvent: (event) => void events.push(event),
    ...options,
  });
  const world: FilmWorld = Object.assign(host, {
    ...{ reports, events, file: '', variant: undefined },
    write: (text: string) => writeFile(world.file, text),
    async with<R>(work: (given: GivenFilm, workspace: Workspace) => Promise<R>, more: RunMore = {}): Promise<R> {
      const workspace = world.workspace(more);
      try {
        const text = await readFile(world.file, 'utf8');
        const { storyboard, problems, quality } = await parseStoryboard(text, {
          ...{
            name,
            folder: world.dir,
            choice: { vars: new Map(), ...(world.variant !== undefined && { variant: world.variant }) },
          },
        });
        if (!storyboard) throw new Error(JSON.stringify(problems));
        const owner = {};
        const given = await prepareFilm(
          workspace,
          {
            ...{ storyboard, path: world.file, owner, version: { quality, variant: world.variant } },
            request: {
              ...{ file: name, vars: new Map(), allowOutside: false },
              ...(world.variant !== undefined && { variant: world.variant }),
            },
          },
          { purpose: 'use', ask: 'use' },
        );
        return await work(given, workspace);
      } finally {
        await workspace.close();
      }
    },
    render: (options: Partial<RenderOptions> = {}, more: RunMore = {}) =>
      world.with(
        ({ film, plan }, workspace) => renderFilm(workspace, film, { plan, options: optionsOf(options) }),
        more,
      ),
    refuse: (options: Partial<RenderOptions> = {}) =>
      world.with(async ({ film, plan }, workspace) => {
        await film.ledger.peek();
        await refuseRender(workspace, film, { plan, options: optionsOf(options) });
      }),
    plan: (more: RunMore = {}) =>
      world.with(async ({ film, plan }) => {
        await film.ledger.peek();
        const look = await lookAtFilm(film, plan.scenes, { wishes: NO_WISHES });
        return reportFilm({ look, scenes: plan.scenes, errorOf: () => undefined, isMine: () => true });
      }, more),
    pick: (scene: string, take: string) => world.with(({ film, plan }) => pickTake(film, plan.scenes, { scene, take })),
    reject: (scene: string, take: string) =>
      world.with(({ film, plan }) => rejectTake(film, plan.scenes, { scene, take })),
    paid: async () => (await world.made()).length,
    async scene(id: string) {
      const found = (await world.plan()).scenes.find((one) => one.id === id);
      if (!found) throw new Error(`no scene ${id}`);
      return found;
    },
  });
  Object.defineProperty(world, 'file', {
    get: () => join(world.dir, name),
    set: (to: string) => {
      name = to;
    },
  });
  return world;
}
