/** Nothing of a film is paid for twice: the host counts what it was asked to make. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_WISHES } from '../../../src/storyboards/film.ts';
import { writeGitFiles } from '../../../src/storyboards/new/git-files.ts';
import { plannedFilm } from '../../../src/storyboards/planned-film.ts';
import { bringJoe } from '../../helpers/joe.ts';
import { tempFolder } from '../../helpers/temp.ts';
import { type FilmWorld, filmOf, filmWorld } from '../../storyboards/world.ts';

const HARBOUR = 'A grey harbour at dawn.';
const BOAT = 'A white boat comes in.';
const ONE = { harbour: HARBOUR };
const TWO = { harbour: HARBOUR, boat: `- continues: harbour\n\n${BOAT}` };

/** A film whose scenes are made; with `picks`, of each the first take is picked. */
async function made(scenes: Readonly<Record<string, string>> = TWO, picks = false): Promise<FilmWorld> {
  const world = await filmWorld();
  await world.write(filmOf(scenes));
  expect((await world.render()).exit).toBe(0);
  if (picks) for (const id of Object.keys(scenes)) await world.pick(id, '1');
  return world;
}

/** Gives up before the host is done. */
const soon = ({ clock }: FilmWorld) => ({ deadlineMs: clock.ms + 60_000, pollIntervalMs: 40_000 });

const lostAnswers = (how: 'after' | 'before', lists = false) => ({
  rules: [
    { match: { call: 'create' }, times: 1, reset: how },
    ...(lists ? [] : [{ match: { call: 'list' }, respond: { status: 404 } }]),
  ],
});

describe('a film that is rendered again pays nothing', () => {
  it('after the rules of clips have changed, which make other bytes of the same clip', async () => {
    const world = await filmWorld();
    await bringJoe(world.home);
    await world.write(filmOf({ harbour: 'Joe waves.' }));
    expect(await world.render()).toMatchObject({ exit: 0 });
    const folder = join(world.home, 'characters');
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
      const path = join(folder, name);
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"planVersion": ?\d+/, '"planVersion": 1'));
    }
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(1);
  });

  it('on another machine, which has the journal and the folder, and nobody of the cast', async () => {
    const world = await filmWorld();
    await bringJoe(world.home);
    await world.write(filmOf({ harbour: 'Joe waves.' }));
    await world.render();
    world.home = await tempFolder();
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen' }] });
    await world.write(filmOf({ harbour: 'Joe waves again.' }));
    await expect(world.render()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('Joe') });
    expect(await world.paid()).toBe(1);
  });

  it.each(['wavespeed', 'fal', 'eachlabs', 'runway'] as const)(
    'with another host configured, %s, and follows what is under way at the first one',
    async (provider) => {
      const world = await made();
      const other = { provider };
      expect(await world.render({}, other)).toMatchObject({ exit: 0 });
      world.play({ jobSeconds: 900 });
      await world.write(filmOf({ ...TWO, ashore: 'Mia jumps.' }));
      expect(await world.render(soon(world))).toMatchObject({ exit: 8 });
      world.clock.ms += 3_600_000;
      expect(await world.render({}, other)).toMatchObject({ exit: 0 });
      expect(await world.paid()).toBe(3);
    },
  );

  it('with its folder lost: what the host still has is fetched under its own name', async () => {
    const world = await made();
    const before = readdirSync(join(world.dir, 'rain.takes')).filter((name) => name.endsWith('.mp4'));
    await rm(join(world.dir, 'rain.takes'), { recursive: true });
    expect((await world.plan()).scenes.map(({ state }) => state)).toEqual(['absent', 'absent']);
    expect(await world.render()).toMatchObject({ exit: 0 });
    const after = readdirSync(join(world.dir, 'rain.takes')).filter((name) => name.endsWith('.mp4'));
    expect(after).toEqual(before);
    expect(await world.paid()).toBe(2);
  });

  it('with its folder lost and its videos gone at the host: exit 9, until a person says otherwise', async () => {
    const world = await made(ONE);
    await rm(join(world.dir, 'rain.takes'), { recursive: true });
    world.clock.ms += 3 * 86_400_000;
    world.play({ rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    expect(await world.render()).toMatchObject({ exit: 9, scenes: [{ state: 'absent' }] });
    expect(await world.render()).toMatchObject({ exit: 9 });
    expect(await world.paid()).toBe(1);
    world.play({});
    expect(await world.render({ scenes: ['harbour'], retake: 1 })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it('with its journal undone by a checkout: the jobs of this home tell, with what was asked for [gitReset]', async () => {
    const world = await made();
    const journal = `${world.file}.journal.jsonl`;
    const files = readdirSync(join(world.dir, 'rain.takes')).toSorted();
    await rm(journal);
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(readdirSync(join(world.dir, 'rain.takes')).toSorted()).toEqual(files);
    expect(await world.paid()).toBe(2);
    const asked = (await world.journal()).filter(({ line }) => line === 'asked');
    expect(asked.toSorted((a, b) => (String(a.at) < String(b.at) ? -1 : 1))).toMatchObject([
      { scene: 'harbour', n: 1, ask: { prompt: HARBOUR } },
      { scene: 'boat', n: 1, ask: { prompt: BOAT, reference: { lastFrameOf: expect.any(String) } } },
    ]);
  });

  it('under another name, but for the command that brings its journal along [copied]', async () => {
    const world = await made();
    await rename(world.file, join(world.dir, 'storm.md'));
    world.file = 'storm.md';
    await expect(world.render()).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringMatching(/mv .*rain\.md\.journal\.jsonl .*storm\.md\.journal\.jsonl/),
    });
    const problems = () =>
      world.with(async (given) => (await plannedFilm(given, { wishes: NO_WISHES, maxCost: undefined })).problems);
    expect(await problems()).toEqual([
      expect.stringMatching(/^\d of these scenes w.* already: .*renamed\? mv .*rain\.md/),
    ]);
    await rename(join(world.dir, 'rain.md.journal.jsonl'), join(world.dir, 'storm.md.journal.jsonl'));
    expect(await problems()).toEqual([]);
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it.each(['renamed as well', 'lost'])('under another name, with the folder of its takes %s', async (how) => {
    const world = await made();
    const names = readdirSync(join(world.dir, 'rain.takes')).filter((name) => name.endsWith('.mp4'));
    await rename(world.file, join(world.dir, 'storm.md'));
    world.file = 'storm.md';
    await rename(join(world.dir, 'rain.md.journal.jsonl'), join(world.dir, 'storm.md.journal.jsonl'));
    if (how === 'lost') await rm(join(world.dir, 'rain.takes'), { recursive: true });
    else {
      await rename(join(world.dir, 'rain.takes'), join(world.dir, 'storm.takes'));
      // Its host could not give them again.
      world.play({ rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    }
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(existsSync(join(world.dir, 'rain.takes'))).toBe(false);
    const after = readdirSync(join(world.dir, 'storm.takes')).filter((name) => name.endsWith('.mp4'));
    expect(after).toEqual(names);
    for (const { chosen } of (await world.plan()).scenes) expect(chosen?.file).toMatch(/^storm\.takes\//);
    expect(await world.paid()).toBe(2);
  });

  it('as another film of this home that asks for the same, unless it is retaken [twoFilms]', async () => {
    const world = await made(ONE);
    const elsewhere = await tempFolder();
    await cp(world.file, join(elsewhere, 'rain.md'));
    world.dir = elsewhere;
    await expect(world.render()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('cp ') });
    expect(await world.render({ scenes: ['harbour'], retake: 1 })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it('after one style edit over picked scenes, and after its undoing', async () => {
    const world = await made(TWO, true);
    await world.write(filmOf(TWO, 'Soft grain.'));
    const stale = await world.render();
    expect(stale).toMatchObject({ exit: 0, scenes: [{ notes: ['stale'] }, { notes: ['stale'] }] });
    expect(stale.scenes[0]?.next).toEqual([{ verb: 'render', words: ['--changed'] }]);
    await world.write(filmOf(TWO));
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ notes: [] }, { notes: [] }] });
    expect(await world.paid()).toBe(2);
  });

  it('by saying what was sent for it, and by leaving that out again, also in a chain', async () => {
    const world = await made(TWO, true);
    const said = '- seconds: 4\n- size: 1280x720\n\n';
    const more = { harbour: `${said}${HARBOUR}`, boat: `- continues: harbour\n${said}${BOAT}` };
    for (const text of [more, TWO]) {
      await world.write(filmOf(text).replace('seconds: 4\n---', 'takes: 1\n---'));
      expect(await world.render({ changed: true })).toMatchObject({ exit: 0 });
      expect((await world.plan()).scenes).toMatchObject(Array(2).fill({ state: 'chosen', notes: [] }));
    }
    expect(await world.paid()).toBe(2);
    await world.write(filmOf({ ...more, harbour: `- seconds: 8\n\n${HARBOUR}` }));
    expect((await world.plan()).scenes).toMatchObject([{ notes: ['stale'] }, {}]);
  });

  it('by --changed a second time, also while the first take of the new text is under way [remake]', async () => {
    const world = await made(ONE, true);
    await world.write(filmOf(ONE, 'Soft grain.'));
    world.play({ jobSeconds: 900 });
    expect(await world.render({ changed: true, ...soon(world) })).toMatchObject({
      ...{ exit: 8, scenes: [{ state: 'open' }] },
    });
    expect(await world.render({ changed: true, ...soon(world) })).toMatchObject({ exit: 8 });
    world.clock.ms += 3_600_000;
    expect(await world.render({ changed: true })).toMatchObject({ exit: 0, scenes: [{ notes: ['stale'] }] });
    expect(await world.render({ changed: true })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it('after a changed pick, until --follow says so, and then once [chain]', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}`, boat: TWO.boat }));
    expect(await world.render()).toMatchObject({ exit: 8, scenes: [{ state: 'to pick' }, { state: 'blocked' }] });
    await world.pick('harbour', '1');
    expect(await world.render()).toMatchObject({ exit: 0 });
    await world.pick('harbour', '2');
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{}, { state: 'chosen', notes: ['follows'] }] });
    expect(await world.paid()).toBe(3);
    expect(await world.render({ follow: true })).toMatchObject({ exit: 0 });
    expect(await world.render({ follow: true })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(4);
    await world.pick('harbour', '1');
    expect(await world.render({ follow: true })).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(4);
  });

  it('for a take of another model than asked: it counts, is never chosen by itself, and can be picked', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- model: sora-2\n\n${HARBOUR}` }));
    world.play({ jobs: [{ made: { model: 'other-model' } }] });
    expect(await world.render()).toMatchObject({ exit: 9, scenes: [{ state: 'to pick', notes: ['mismatch'] }] });
    expect(await world.render()).toMatchObject({ exit: 9 });
    expect(await world.paid()).toBe(1);
    await world.pick('harbour', '1');
    expect(await world.render()).toMatchObject({ exit: 0 });
  });

  it('by two renders at once [together, bShards]', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ ...TWO, ashore: 'Mia jumps.' }));
    const both = { alive: [1, 2] };
    const reports = await Promise.all([
      world.render({}, { ...both, pid: 1 }),
      world.render({ name: 'ci' }, { ...both, pid: 2 }),
    ]);
    expect(reports.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(await world.paid()).toBe(3);
    expect(await world.render()).toMatchObject({ exit: 0 });
  });

  it('for two scenes of one request, which share their takes [twins]', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: HARBOUR, again: HARBOUR }));
    const report = await world.render();
    expect(report).toMatchObject({ exit: 0, scenes: [{ state: 'chosen' }, { state: 'chosen', notes: ['shared'] }] });
    expect(await world.paid()).toBe(1);
  });

  it('under a reworded heading: the id to write is named where a pick would be forgotten [heading]', async () => {
    const world = await made(ONE, true);
    await world.write(filmOf({ port: 'A grey port at noon.' }));
    await expect(world.render()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('{#harbour}') });
    expect(await world.paid()).toBe(1);
    await world.pick('harbour', 'none');
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(2);
  });

  it('of which the pick came by a merge without the journal that its take stands in', async () => {
    const world = await made(ONE, true);
    const journal = `${world.file}.journal.jsonl`;
    const text = await readFile(journal, 'utf8');
    await writeFile(
      journal,
      text
        .split('\n')
        .filter((line) => line.includes('"pick"'))
        .join('\n'),
    );
    world.home = await tempFolder();
    expect(await world.render()).toMatchObject({ exit: 9, scenes: [{ state: 'absent' }] });
    expect(await world.paid()).toBe(1);
  });
});

describe('a request of a film whose answer was lost', () => {
  it('is sent again by nobody, and found at a host that lists its videos [crash]', async () => {
    const world = await filmWorld();
    await world.write(filmOf(ONE));
    world.play(lostAnswers('after', true));
    expect(await world.render()).toMatchObject({ exit: 7, scenes: [{ state: 'unknown' }] });
    world.clock.ms += 600_000;
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(1);
  });

  it('is exit 7 also of an older text, and of a scene that is gone [editing]', async () => {
    const world = await filmWorld();
    await world.write(filmOf(ONE));
    world.play(lostAnswers('before'));
    expect(await world.render()).toMatchObject({ exit: 7 });
    await world.write(filmOf({ harbour: 'Another text.' }));
    expect(await world.render()).toMatchObject({ exit: 7, scenes: [{ state: 'unknown' }] });
    await world.write(filmOf({ port: 'A port.' }));
    expect(await world.render()).toMatchObject({
      exit: 7,
      scenes: [{ id: 'port' }, { id: 'harbour', state: 'unknown' }],
    });
  });
});

describe('a journal that names another place than the takes of its film', () => {
  it.each(['../stolen/x.mp4', 'notes.mp4', 'rain.takes/.x.mp4', 'rain.takes/x.json', 'rain.takes/../sub/x.mp4'])(
    'has its video looked for, made and removed where takes lie, and nowhere else: %s',
    async (told) => {
      const world = await made(ONE);
      const lines = await readFile(`${world.file}.journal.jsonl`, 'utf8');
      const [, own = ''] = /"line":"done","file":"([^"]*)"/.exec(lines) ?? [];
      await writeFile(`${world.file}.journal.jsonl`, lines.replace(`"file":"${own}"`, `"file":"${told}"`));
      const place = join(world.dir, told);
      await mkdir(dirname(place), { recursive: true });
      await rename(join(world.dir, own), place);
      expect(await world.scene('harbour')).toMatchObject({ state: 'absent' });
      await rm(place);
      expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ chosen: { file: own } }] });
      expect(await world.paid()).toBe(1);
      expect(existsSync(place)).toBe(false);
      expect(existsSync(join(world.dir, own))).toBe(true);
    },
  );
});

const hasGit = spawnSync('git', ['--version']).status === 0;

describe('two clones of a film', () => {
  it('pay nothing more once their journals are merged, and say what both have picked [clones, merges]', async () => {
    const world = await filmWorld();
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }));
    await world.render();
    const [dir, home] = [world.dir, world.home];
    const [otherDir, otherHome] = [await tempFolder(), await tempFolder()];
    await cp(dir, otherDir, { recursive: true });
    await world.pick('harbour', '1');
    Object.assign(world, { dir: otherDir, home: otherHome });
    await world.pick('harbour', '2');
    await world.render({ scenes: ['harbour'], retake: 1 });
    const theirs = await readFile(`${world.file}.journal.jsonl`, 'utf8');
    Object.assign(world, { dir, home });
    // As `merge=union` does: the lines of both, whatever their order.
    const ours = await readFile(`${world.file}.journal.jsonl`, 'utf8');
    const merged = new Set([...theirs.split('\n'), ...ours.split('\n')].filter(Boolean));
    await writeFile(`${world.file}.journal.jsonl`, `${[...merged].join('\n')}\n`);
    expect(await world.render()).toMatchObject({ exit: 8, scenes: [{ state: 'picked twice' }] });
    expect(await world.paid()).toBe(3);
    await world.pick('harbour', '2');
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen', chosen: { take: 2 } }] });
    expect(await world.paid()).toBe(3);
  });

  it.skipIf(!hasGit)('that git merges by what `new` has told it keep the lines of both', async () => {
    const world = await filmWorld();
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
        ...{ cwd: world.dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
        env: { PATH: process.env.PATH, HOME: world.home, GIT_CONFIG_NOSYSTEM: '1' },
      });
    await world.write(filmOf({ harbour: `- takes: 2\n\n${HARBOUR}` }));
    await writeGitFiles(world.file, join(world.dir, 'rain.takes'), { reporter: { warn() {} } });
    await world.render();
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-q', '-m', 'A film');
    const [dir, home] = [world.dir, world.home];
    const [otherDir, otherHome] = [join(await tempFolder(), 'clone'), await tempFolder()];
    git('clone', '-q', dir, otherDir);
    expect(existsSync(join(otherDir, 'rain.takes'))).toBe(false);
    await cp(join(dir, 'rain.takes'), join(otherDir, 'rain.takes'), { recursive: true });
    Object.assign(world, { dir: otherDir, home: otherHome });
    await world.pick('harbour', '2');
    await world.render({ scenes: ['harbour'], retake: 1 });
    git('commit', '-q', '-a', '-m', 'Theirs');
    Object.assign(world, { dir, home });
    await world.pick('harbour', '1');
    git('commit', '-q', '-a', '-m', 'Ours');
    git('pull', '-q', '--no-rebase', '--no-edit', otherDir, 'main');
    expect((await world.journal()).filter(({ line }) => line === 'pick')).toHaveLength(2);
    // The third take is at its host, and is fetched by whoever has the line of it.
    expect(await world.render()).toMatchObject({ exit: 8, scenes: [{ state: 'picked twice' }] });
    await world.pick('harbour', '3');
    expect(await world.render()).toMatchObject({ exit: 0, scenes: [{ state: 'chosen', chosen: { take: 3 } }] });
    expect(await world.paid()).toBe(3);
    expect(git('status', '--porcelain')).toBe(' M rain.md.journal.jsonl\n');
  });

  it('that made the third take of one scene each name them by their sha256 [collide]', async () => {
    const world = await made(ONE);
    const { dir } = world;
    const [otherDir, otherHome] = [await tempFolder(), await tempFolder()];
    await cp(dir, otherDir, { recursive: true });
    await world.render({ scenes: ['harbour'], retake: 1 });
    const ours = await readFile(`${world.file}.journal.jsonl`, 'utf8');
    Object.assign(world, { dir: otherDir, home: otherHome });
    await world.render({ scenes: ['harbour'], retake: 1 });
    await appendFile(`${world.file}.journal.jsonl`, ours);
    await cp(join(dir, 'rain.takes'), join(otherDir, 'rain.takes'), { recursive: true });
    expect(existsSync(join(otherDir, 'rain.takes'))).toBe(true);
    await expect(world.pick('harbour', '2')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringMatching(/sha256/),
    });
    const [, second] = await world.with(async ({ film }) => film.ledger.takes());
    await world.pick('harbour', second?.done?.sha256.slice(0, 8) ?? '');
    expect(await world.render()).toMatchObject({ exit: 0 });
    expect(await world.paid()).toBe(3);
  });
});
