import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BatchTotals } from '../../../src/batches/report.ts';
import { findLost } from '../../../src/journal/find-lost.ts';
import { finishRename, keepTake } from '../../../src/journal/keep-take.ts';
import type { Slot } from '../../../src/journal/state.ts';
import { openTakeLedger } from '../../../src/journal/take-ledger.ts';
import { unwrittenJobs } from '../../../src/journal/unwritten-jobs.ts';
import { spentOn } from '../../../src/runs/spending.ts';
import { SoraError } from '../../../src/shared/errors.ts';
import type { Job } from '../../../src/shared/job.ts';
import { closeUnresolved } from '../../../src/videos/jobs/close.ts';
import { upToDate } from '../../../src/videos/jobs/find.ts';
import { pruneJobs } from '../../../src/videos/jobs/prune.ts';
import { planVideo } from '../../../src/videos/plan.ts';
import { sendVideos } from '../../../src/videos/send.ts';
import { spending } from '../../../src/videos/spending.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { batchWorld } from '../../batches/world.ts';
import { bringJoe } from '../../helpers/joe.ts';
import { asked, failed } from '../../journal/samples.ts';

const THREE = [
  { id: 'a', prompt: 'Sea.' },
  { id: 'b', prompt: 'Sky.', tag: 'blue' },
  { id: 'C 1', prompt: 'Sand.' },
];

const TWINS = [
  { id: 'a', prompt: 'Sea.' },
  { id: 'b', prompt: 'Sea.' },
];

/** What the host does to the answers of creates. */
const lost = (skip: number, how: 'after' | 'before') => ({
  rules: [{ match: { call: 'create' }, skip, times: 1, reset: how }],
});

/** The request of the line "a", as `sora video generate` sends it. */
async function sendEqual(workspace: Workspace, resend: boolean): Promise<void> {
  const provider = await workspace.provider('use');
  const input = { prompt: 'Sea.', characters: [], seconds: 4, size: { width: 1280, height: 720 } };
  const plan = await planVideo(workspace, { input, provider, model: provider.defaultModel, inject: true });
  await sendVideos(workspace, plan, { count: 1, resend });
}

describe('a run of a batch', () => {
  it('makes every line once, and writes down where it is', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    const report = await world.run();
    expect(report).toMatchObject({ exit: 0, totals: { total: 3, done: 3, running: 0 } });
    expect(report.lines.map(({ id, state, file }) => [id, state, file])).toEqual([
      ['a', 'done', 'out/a.mp4'],
      ['b', 'done', 'out/b.mp4'],
      ['C 1', 'done', expect.stringMatching(/^out\/c-1-[0-9a-f]{6}\.mp4$/)],
    ]);
    for (const { file = '' } of report.lines) expect(existsSync(join(world.dir, file))).toBe(true);
    expect((await world.made()).map(({ prompt }) => prompt).toSorted()).toEqual(['Sand.', 'Sea.', 'Sky.']);
    expect(report.lines[1]).toMatchObject({ tag: 'blue', exit: 0 });
    expect(world.told.totals.at(-1)).toMatchObject({ done: 3, running: 0 });
  });

  it('that is repeated sends nothing, also with an empty home and only the journal', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    expect(await world.run()).toMatchObject({ exit: 0 });
    await rm(world.home, { recursive: true });
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
  });

  it('fetches a file again that is lost, under its own name', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    await rm(join(world.dir, 'out'), { recursive: true });
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(existsSync(join(world.dir, 'out', 'a.mp4'))).toBe(true);
    expect(await world.made()).toHaveLength(3);
  });

  it('never replaces what lies at a path: other bytes are 12, another file leads to another name [bForeign]', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    await world.run();
    await writeFile(join(world.dir, 'out', 'a.mp4'), 'mine');
    expect(await world.run()).toMatchObject({ exit: 12, lines: [{ state: 'unreadable' }] });
    expect(await readFile(join(world.dir, 'out', 'a.mp4'), 'utf8')).toBe('mine');
    await rename(join(world.dir, 'out', 'a.mp4'), join(world.dir, 'out', 'b.mp4'));
    await world.write(THREE.slice(0, 2));
    expect(await world.run()).toMatchObject({ exit: 0, lines: [{ file: 'out/a.mp4' }, { file: 'out/b-2.mp4' }] });
    expect(await readFile(join(world.dir, 'out', 'b.mp4'), 'utf8')).toBe('mine');
  });

  it('two lines with one request are two videos [bTwins]', async () => {
    const world = await batchWorld();
    await world.write([
      { id: 'a', prompt: 'Sea.' },
      { id: 'b', prompt: 'Sea.' },
    ]);
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(2);
  });

  it('registers a character once, before the first line leaves', async () => {
    const world = await batchWorld();
    await bringJoe(world.home);
    await world.write(THREE.map((line) => ({ ...line, characters: ['Joe'] })));
    expect(await world.run({ jobs: 3 })).toMatchObject({ exit: 0 });
    const calls = (await world.made()).map(({ prompt }) => prompt);
    expect(calls.filter((prompt) => prompt.startsWith('Featuring Joe.'))).toHaveLength(3);
    const [character] = await (await world.workspace().characters()).list().then(({ records }) => records);
    expect(character?.registrations).toHaveLength(1);
  });
});

describe('a line whose answer was lost', () => {
  it('is found at a host that lists its videos', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play(lost(1, 'after'));
    expect(await world.run({ jobs: 1 })).toMatchObject({ exit: 7, totals: { done: 2, unknown: 1 } });
    world.clock.ms += 600_000;
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
  });

  it('is sent again by nobody, until --resend says so, and then once [crash, bResend]', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({
      rules: [
        { match: { call: 'create' }, skip: 1, times: 1, reset: 'before' },
        { match: { call: 'list' }, respond: { status: 404 } },
      ],
    });
    expect(await world.run({ jobs: 1 })).toMatchObject({ exit: 7 });
    await rm(world.home, { recursive: true });
    const again = await world.run();
    expect(again).toMatchObject({
      exit: 7,
      lines: [{ state: 'done' }, { id: 'b', state: 'unknown', exit: 7 }, { state: 'done' }],
    });
    expect(await world.made()).toHaveLength(2);
    expect(await world.run({ resend: ['b'] })).toMatchObject({ exit: 0, totals: { spentUsd: 1.6 } });
    expect(await world.run({ resend: ['b'] })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
  });

  it.each([
    ['by a home that has not sent it', 'run'],
    ['as an equal request of a command', 'command'],
  ])('is not closed by what is sent again %s', async (_what, how) => {
    const world = await batchWorld();
    const noList = { match: { call: 'list' }, respond: { status: 404 } };
    const losing = { rules: [...lost(0, 'after').rules, noList] };
    await world.write(TWINS.slice(0, 1));
    world.play(losing);
    await world.run({}, { home: join(world.dir, '..', 'other-home') });
    await world.write(TWINS);
    world.play(losing);
    expect(await world.run()).toMatchObject({ exit: 7, totals: { unknown: 2 } });
    world.play({ rules: [noList] });
    if (how === 'run') await world.run({ resend: ['a'] });
    else await sendEqual(world.workspace(), true);
    const { lines } = await world.run();
    expect(lines.find(({ id }) => id === 'b')).toMatchObject({ state: 'unknown' });
    expect(await world.made()).toHaveLength(3);
  });

  it('is sent again without its job, and closes no equal request of a command', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    const noList = { match: { call: 'list' }, respond: { status: 404 } };
    world.play({ rules: [...lost(0, 'after').rules, noList] });
    await world.run({}, { home: join(world.dir, '..', 'other-home') });
    world.play({ rules: [...lost(0, 'after').rules, noList] });
    await expect(sendEqual(world.workspace(), false)).rejects.toThrow(/may exist/);
    expect(await world.run({ resend: ['a'] })).toMatchObject({ exit: 0 });
    const { records } = await (await world.workspace().jobs()).list();
    expect(records.map(({ status }) => status).toSorted()).toEqual(['succeeded', 'unknown']);
  });

  it('stays unknown when it is sent again and refused', async () => {
    const world = await batchWorld();
    const noList = { match: { call: 'list' }, respond: { status: 404 } };
    await world.write(THREE.slice(0, 1));
    world.play({ rules: [...lost(0, 'after').rules, noList] });
    await world.run();
    world.play({ rules: [{ match: { call: 'create' }, respond: { status: 402 } }, noList] });
    await world.run({ resend: ['a'] });
    world.play({ rules: [noList] });
    expect(await world.run()).toMatchObject({ exit: 7, lines: [{ state: 'unknown' }] });
    expect(await world.made()).toHaveLength(1);
  });

  it('is no reason to doubt an equal line that was not sent because of it', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ rules: [...lost(0, 'after').rules, { match: { call: 'list' }, respond: { status: 404 } }] });
    const workspace = world.workspace();
    await expect(sendEqual(workspace, false)).rejects.toThrow(/may exist/);
    expect(await world.run()).toMatchObject({ exit: 7, lines: [{ state: 'failed', exit: 7 }] });
    const [job] = (await (await world.workspace().jobs()).list()).records;
    if (!job) throw new Error('there is no job');
    await closeUnresolved(workspace, job);
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(2);
  });

  it('of two equal ones one has the video that there is, and the other stays unknown [together]', async () => {
    const world = await batchWorld();
    await world.write(TWINS);
    world.play({ rules: [...lost(0, 'after').rules, ...lost(0, 'before').rules] });
    expect(await world.run({ jobs: 1 })).toMatchObject({ exit: 7, totals: { unknown: 2 } });
    world.clock.ms += 600_000;
    const { exit, lines } = await world.run();
    expect([exit, ...lines.map(({ state }) => state).toSorted()]).toEqual([7, 'done', 'unknown']);
    expect(await world.made()).toHaveLength(1);
  });

  it.each([
    ['of another home may own it [shared]', false, {}],
    ['that was closed may own it [shared]', true, {}],
    ['of another home may own it that says the model which the other leaves out [shared]', false, { model: 'sora-2' }],
    ['that was closed may own it, and says what the other leaves out [shared]', true, { model: 'sora-2' }],
  ])('leaves a video alone while an equal request %s', async (_what, closes, said) => {
    const world = await batchWorld();
    await world.write(TWINS.slice(0, 1));
    world.play(lost(0, 'after'));
    expect(await world.run()).toMatchObject({ exit: 7 });
    const [own] = await world.journal();
    const close = { v: 1, at: own?.at, key: own?.key, line: 'close' };
    const other = join(world.dir, '..', 'other-home');
    await world.write(TWINS.map((line, index) => ({ ...line, ...(index === 1 && said) })));
    // The other line's answer is lost as well, and the host has made nothing of it.
    world.play(lost(closes ? 1 : 0, 'before'));
    if (closes) await appendFile(`${world.file}.journal.jsonl`, `${JSON.stringify(close)}\n`);
    const before = await world.run({ jobs: 1 }, { home: other });
    world.play({});
    world.clock.ms += 600_000;
    const after = await world.run({}, { home: other });
    const stateOf = (report: typeof after): string | undefined => report.lines.find(({ id }) => id === 'b')?.state;
    expect([stateOf(before), stateOf(after)]).toEqual(['unknown', 'unknown']);
    const ids = (await world.journal()).flatMap(({ line, remoteId }) => (line === 'sent' ? [remoteId] : []));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is told at once with what came in the place of an answer', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play(lost(0, 'before'));
    const why = expect.stringMatching(
      /^a request was sent for it, and nobody knows whether its host has it: .*connection/,
    );
    expect(await world.run()).toMatchObject({ exit: 7, lines: [{ state: 'unknown', why }] });
    expect(await world.run()).toMatchObject({ exit: 7, lines: [{ state: 'unknown', why }] });
  });

  it('is left alone while the process that sends it lives [alive]', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play(lost(0, 'before'));
    await world.run({}, { pid: 7 });
    // Its job says what happened, so that nothing is waited for; without the job it would be.
    await rm(world.home, { recursive: true });
    const deadlineMs = world.clock.ms + 5000;
    expect(await world.run({ deadlineMs }, { alive: [7] })).toMatchObject({ exit: 8, lines: [{ state: 'open' }] });
    expect(await world.run()).toMatchObject({ exit: 7, lines: [{ state: 'unknown' }] });
    expect(await world.made()).toHaveLength(0);
  });
});

describe('a line whose answer was lost by another home', () => {
  const lostThere = async (more: object = {}) => {
    const world = await batchWorld();
    await world.write([{ id: 'a', prompt: 'Sea.', ...more }]);
    world.play(lost(0, 'after'));
    await world.run({}, { home: join(world.dir, '..', 'other-home') });
    world.play({});
    world.clock.ms += 600_000;
    const [video] = await world.made();
    return { world, id: `${video?.id}` };
  };

  it('is sent once more only when a person says that it is no video that its host lists', async () => {
    const { world, id } = await lostThere();
    const report = await world.run();
    expect(report).toMatchObject({ exit: 7, lines: [{ state: 'unknown', candidates: [{ id }] }] });
    expect(report.lines[0]?.why).toContain(`its host lists what it may have made: ${id} (`);
    expect(await world.run({ resend: ['a'] })).toMatchObject({ exit: 7, lines: [{ why: /was not sent once more/ }] });
    expect(await world.made()).toHaveLength(1);
    const none = await world.run({ adopt: [{ id: 'a', videoId: undefined }] });
    // What may have been paid for counts.
    expect(none).toMatchObject({ exit: 0, totals: { spentUsd: 0.8 } });
    expect(await world.made()).toHaveLength(2);
  });

  it('has the video that a person names, and no other that its host does not know', async () => {
    const { world, id } = await lostThere();
    const adopt = (videoId: string) => world.run({ adopt: [{ id: 'a', videoId }] });
    await expect(adopt('video_none')).rejects.toMatchObject({ code: 'usage', message: /does not know a video/ });
    expect(await adopt(id)).toMatchObject({ exit: 0, lines: [{ state: 'done', remoteId: id }] });
    await expect(adopt(id)).rejects.toMatchObject({ code: 'usage', message: /no request of unknown fate/ });
    expect(await world.made()).toHaveLength(1);
  });

  it('has the video that a person names also after it was given up', async () => {
    const { world, id } = await lostThere();
    world.play({ rules: [{ match: { call: 'create' }, respond: { status: 500 } }] });
    await world.run({ adopt: [{ id: 'a', videoId: undefined }] });
    world.play({});
    expect((await world.run({ adopt: [{ id: 'a', videoId: id }] })).lines[0]).toMatchObject({ state: 'done' });
    expect((await world.journal()).filter(({ line }) => line === 'done')).toHaveLength(1);
  });

  it('has no video that is another line’s', async () => {
    const { world } = await lostThere();
    await world.write(THREE.slice(0, 2));
    const [, sky] = (await world.run()).lines;
    const adopt = [{ id: 'a', videoId: sky?.remoteId }];
    await expect(world.run({ adopt })).rejects.toMatchObject({ code: 'usage', message: /is the video of b/ });
  });

  it('is not sent once more while its host cannot be asked', async () => {
    const { world } = await lostThere();
    world.play({ rules: [{ match: { call: 'list' }, respond: { status: 500 } }] });
    expect(await world.run({ resend: ['a'] })).toMatchObject({ exit: 7, lines: [{ why: /could not be asked/ }] });
    expect(await world.made()).toHaveLength(1);
  });

  it.each<[string, boolean, (asked: Record<string, unknown>) => object]>([
    ['with names in its prompt', true, (asked) => ({ ask: { ...(asked.ask as object), prompt: 'The sea.' } })],
    ['of another prompt', false, (asked) => ({ ask: { ...(asked.ask as object), prompt: 'A lake.' } })],
    ['of another length', false, () => ({ seconds: 12 })],
    ['made long before', false, () => ({ at: '2026-11-21T18:00:00.000Z' })],
    ['made long after', false, () => ({ at: '2026-11-21T08:00:00.000Z' })],
  ])('may have made a video %s: %s', async (_what, may, change) => {
    const { world, id } = await lostThere({ prompt: 'Featuring Joe. The sea.' });
    const [asked = {}, ...rest] = await world.journal();
    const lines = [{ ...asked, ...change(asked) }, ...rest].map((one) => `${JSON.stringify(one)}\n`);
    await writeFile(`${world.file}.journal.jsonl`, lines.join(''));
    const workspace = world.workspace();
    onTestFinished(() => workspace.close());
    const found = await findLost(workspace, await openTakeLedger(workspace, world.file, {}), () => true);
    expect([...found.values()].map(({ candidates }) => candidates.map((one) => one.id))).toEqual([may ? [id] : []]);
  });
});

describe('a line that fails', () => {
  it('by policy is not sent again by a run, but by --anew', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({ jobs: [{}, { fail: { code: 'moderation_blocked', message: 'No.' } }] });
    const report = await world.run({ jobs: 1 });
    expect(report).toMatchObject({
      exit: 11,
      lines: [{ exit: 0 }, { id: 'b', state: 'failed', exit: 11, why: 'No.' }, { exit: 0 }],
    });
    expect(await world.run()).toMatchObject({ exit: 11 });
    expect(await world.made()).toHaveLength(3);
    expect(await world.run({ anew: ['b'] })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(4);
  });

  it('for a while, as its host says, is sent again up to --retries', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    const fail = { fail: { code: 'server_error', message: 'Busy.' } };
    world.play({ jobs: [fail, fail, fail] });
    expect(await world.run({ retries: 1 })).toMatchObject({ exit: 5, lines: [{ state: 'failed' }] });
    expect(await world.made()).toHaveLength(2);
    expect(await world.run({ retries: 1 })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(4);
  });

  it('for a reason of its own is not', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobs: [{ fail: { code: 'bad_prompt', message: 'No.' } }] });
    expect(await world.run({ retries: 3 })).toMatchObject({ exit: 5 });
    expect(await world.made()).toHaveLength(1);
  });

  it('with 429 is given the time that the host asks for, however often', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({
      rules: [{ match: { call: 'create' }, times: 12, respond: { status: 429, headers: { 'retry-after': '7' } } }],
    });
    expect(await world.run({ retries: 0 })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
  });

  it('without credit ends the sending and not what is running', async () => {
    const world = await batchWorld();
    await world.write([...THREE, { id: 'd', prompt: 'Four.' }]);
    world.play({ rules: [{ match: { call: 'create' }, skip: 2, respond: { status: 402 } }] });
    const report = await world.run({ jobs: 2 });
    expect(report).toMatchObject({ exit: 10, totals: { done: 2 } });
    const failed = report.lines.filter(({ state }) => state === 'failed');
    expect(failed.map(({ exit, retryable }) => [exit, retryable])).toContainEqual([10, true]);
    expect(failed.every(({ retryable }) => retryable)).toBe(true);
    expect(await world.made()).toHaveLength(2);
    world.play({});
    expect(await world.run()).toMatchObject({ exit: 0 });
  });
});

describe('a text that has changed', () => {
  it('is refused until --changed makes it, beside what was paid for', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    const edited = THREE.map((line) => (line.id === 'b' ? { ...line, prompt: 'Blue sky.' } : line));
    await world.write(edited);
    await expect(world.run()).rejects.toMatchObject({ code: 'usage', message: /Line 2 \(b\)/ });
    expect(await world.status()).toMatchObject({ exit: 2, lines: [{}, { state: 'changed', exit: 2 }, {}] });
    expect(await world.made()).toHaveLength(3);
    expect(await world.run({ changed: true })).toMatchObject({ exit: 0, lines: [{}, { file: 'out/b-2.mp4' }, {}] });
    expect(await world.run({ changed: true })).toMatchObject({ exit: 0 });
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(4);
    expect(existsSync(join(world.dir, 'out', 'b.mp4'))).toBe(true);
  });

  it('back to what it was is what it was', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    await world.run();
    await world.write([{ id: 'a', prompt: 'Other.' }]);
    await world.run({ changed: true });
    await world.write(THREE.slice(0, 1));
    expect(await world.run()).toMatchObject({ exit: 0, lines: [{ file: 'out/a.mp4' }] });
    expect(await world.made()).toHaveLength(2);
  });
});

describe('a text that says in other words what was asked for', () => {
  const PLAIN = { id: 'a', prompt: 'Sea.', seconds: undefined, size: undefined };
  const SAID = { id: 'a', prompt: 'Sea.', seconds: 4, size: '1280x720', model: 'sora-2' };

  it.each([
    ['says what was resolved', PLAIN, SAID],
    ['leaves out what is resolved so', SAID, PLAIN],
  ])('and %s, is what it was, also with --changed', async (_what, before, after) => {
    const world = await batchWorld();
    await world.write([before]);
    await world.run();
    await world.write([after]);
    for (const changed of [false, true]) {
      expect(await world.run({ changed })).toMatchObject({ exit: 0, lines: [{ file: 'out/a.mp4' }] });
    }
    expect(await world.made()).toHaveLength(1);
    await world.write([{ ...after, seconds: 8 }]);
    expect(await world.run({ changed: true })).toMatchObject({ exit: 0, lines: [{ file: 'out/a-2.mp4' }] });
    expect(await world.made()).toHaveLength(2);
  });
});

describe('--max-cost', () => {
  it('refuses before the first request, and counts what was spent before, in all shards', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await expect(world.run({ maxCost: 1.1 })).rejects.toMatchObject({ code: 'budget', message: /\$1\.20/ });
    expect(await world.made()).toHaveLength(0);
    const shard = { shard: { index: 1, count: 2 } };
    await expect(world.run({ maxCost: 1.1, ...shard })).rejects.toMatchObject({ code: 'budget' });
    expect(await world.run({ maxCost: 1.2, ...shard })).toMatchObject({ exit: 0 });
    await world.write([...THREE, { id: 'd', prompt: 'Four.' }]);
    await expect(world.run({ maxCost: 1.2 })).rejects.toMatchObject({ code: 'budget', message: /\$1\.60/ });
    expect(await world.run({ maxCost: 1.6 })).toMatchObject({ exit: 0, totals: { spentUsd: 1.6, maxCostUsd: 1.6 } });
  });
});

describe('--max-cost, of repeats', () => {
  it.each([1, 2, 3])('is never passed with --jobs %i, and leaves first requests their part', async (jobs) => {
    const world = await batchWorld();
    await world.write(THREE);
    const fail = { fail: { code: 'server_error', message: 'Busy.' } };
    world.play({ jobs: [fail, fail] });
    expect(await world.run({ maxCost: 1.2, jobs, retries: 2 })).toMatchObject({ exit: 10, totals: { spentUsd: 1.2 } });
    expect((await world.made()).map(({ prompt }) => prompt).toSorted()).toEqual(['Sand.', 'Sea.', 'Sky.']);
  });

  it('lets one be sent that fits', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({ jobs: [{ fail: { code: 'server_error', message: 'Busy.' } }] });
    expect(await world.run({ maxCost: 1.6, jobs: 1 })).toMatchObject({ exit: 0, totals: { spentUsd: 1.6 } });
  });
});

describe('--anew', () => {
  it('is told of a new video that fails, beside an older one that is here', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    await world.run();
    world.play({ jobs: [{ fail: { code: 'moderation_blocked', message: 'No.' } }] });
    expect(await world.run({ anew: ['a'] })).toMatchObject({ exit: 11, lines: [{ state: 'done', why: /No\./ }] });
    expect(await world.made()).toHaveLength(2);
    expect(await world.run()).toMatchObject({ exit: 0 });
  });

  it('is 8 where the run ends before its request is sent', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    await world.run();
    expect(await world.run({ anew: ['a'], deadlineMs: world.clock.ms - 1 })).toMatchObject({ exit: 8 });
    expect(await world.made()).toHaveLength(1);
  });

  it('refuses an id that is no longer in the file', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    await world.write(THREE.slice(0, 1));
    await expect(world.run({ anew: ['b'] })).rejects.toMatchObject({ code: 'usage', message: /b/ });
  });
});

describe('the state of many lines', () => {
  it('is of one reading of the journals, and the same as of each alone', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    const home = world.workspace();
    onTestFinished(() => home.close());
    const ledger = await openTakeLedger(home, world.file, {});
    const read = vi.spyOn(ledger.journal, 'read');
    const fps = new Map((await ledger.takes()).map(({ scene, fp }) => [scene, { fp, wanted: 1 }]));
    read.mockClear();
    const slots = await ledger.slots(fps);
    expect(read).toHaveBeenCalledTimes(1);
    expect([...slots.values()].map(({ state }) => state)).toEqual(['chosen', 'chosen', 'chosen']);
    for (const [scene, text] of fps) expect(slots.get(scene)).toEqual(await ledger.slot(scene, text));
  });
});

describe('shards', () => {
  it('make each line once, and another number of them pays nothing again', async () => {
    const world = await batchWorld();
    const lines = Array.from({ length: 8 }, (_, index) => ({ id: `line-${index}`, prompt: `Sea ${index}.` }));
    await world.write(lines);
    for (const index of [1, 2, 3]) {
      expect(await world.run({ shard: { index, count: 3 } })).toMatchObject({ exit: 0 });
    }
    for (const index of [1, 2]) expect(await world.run({ shard: { index, count: 2 } })).toMatchObject({ exit: 0 });
    expect(await world.run()).toMatchObject({ exit: 0, totals: { done: 8 } });
    expect((await world.made()).map(({ prompt }) => prompt).toSorted()).toEqual(lines.map(({ prompt }) => prompt));
  });

  it('at once, and two runs of one file at once, make each line once [bAtOnce, bShards]', async () => {
    const world = await batchWorld();
    const lines = Array.from({ length: 6 }, (_, index) => ({ id: `line-${index}`, prompt: `Sea ${index}.` }));
    await world.write(lines);
    const pids = [11, 12, 13];
    const reports = await Promise.all([
      world.run({ shard: { index: 1, count: 2 } }, { pid: 11, alive: pids }),
      world.run({ name: 'ci' }, { pid: 12, alive: pids }),
      world.run({}, { pid: 13, alive: pids }),
    ]);
    expect(reports.map(({ exit }) => exit)).toEqual([0, 0, 0]);
    expect((await world.made()).map(({ prompt }) => prompt).toSorted()).toEqual(lines.map(({ prompt }) => prompt));
  });
});

describe('a run that is stopped', () => {
  it('by its own deadline leaves what is running, and the next one fetches it before it sends', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({ jobSeconds: 3600 });
    const report = await world.run({ deadlineMs: world.clock.ms + 30_000, jobs: 2 });
    expect(report).toMatchObject({ exit: 8, totals: { running: 2, waiting: 1 } });
    world.clock.ms += 3_600_000;
    world.play({});
    expect(await world.run({ jobs: 1 })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
    const lines = (await world.journal()).map(({ line }) => line);
    expect(lines.lastIndexOf('asked')).toBeGreaterThan(lines.indexOf('done'));
  });

  it('by Ctrl-C tells what is done by then, and what is under way', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({ jobs: [{ jobSeconds: 1 }, { jobSeconds: 3600 }, { jobSeconds: 3600 }] });
    const stop = new AbortController();
    const onTotals = ({ done, running }: BatchTotals): void => {
      if (done === 1 && running === 1) stop.abort(new SoraError('interrupted', 'Interrupted.'));
    };
    const report = await world.run({ jobs: 1, onTotals }, { signal: stop.signal });
    expect(report).toMatchObject({ exit: 8, lines: [{ state: 'done' }, { state: 'open' }, { state: 'missing' }] });
    expect(await world.made()).toHaveLength(2);
  });

  it('goes on under another key only where that account can see what was sent [accounts]', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobSeconds: 3600 });
    await world.run({ deadlineMs: world.clock.ms + 30_000 });
    world.play({ rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    world.clock.ms += 600_000;
    const blind = await world.run({}, { key: 'sk-test-of-somebody-else' });
    expect(blind).toMatchObject({ exit: 4, lines: [{ state: 'open', exit: 4 }] });
    expect((await world.journal()).some(({ line }) => line === 'failed')).toBe(false);
    world.play({ jobSeconds: 1 });
    world.clock.ms += 3_600_000;
    expect(await world.run({}, { key: 'sk-test-rotated' })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(1);
  });

  it('says of what its host no longer has that it is paid and gone, and makes it on demand only', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobSeconds: 60, jobs: [{ keepSeconds: 60 }] });
    await world.run({ deadlineMs: world.clock.ms + 30_000 });
    world.clock.ms += 3_600_000;
    expect(await world.run()).toMatchObject({
      exit: 5,
      lines: [{ state: 'failed', why: expect.stringContaining('no longer keeps it') }],
    });
    expect(await world.run()).toMatchObject({ exit: 5 });
    expect(await world.made()).toHaveLength(1);
    expect(await world.run({ anew: ['a'] })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(2);
  });
});

describe('a line that another home has sent', () => {
  it('is fetched by this one, and charged to the other alone', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobSeconds: 3600 });
    await world.run({ deadlineMs: world.clock.ms + 20_000 });
    world.clock.ms += 3_600_000;
    const home = join(world.dir, '..', 'other-home');
    expect(await world.run({}, { home })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(1);
    const spent = async (own: string) =>
      (await spending(world.workspace({ home: own }))).map(({ estimateUsd }) => estimateUsd);
    expect(await spent(world.home)).toEqual([0.4]);
    expect((await spent(home)).filter((usd) => usd !== undefined)).toEqual([]);
  });
});

describe('a request that this machine stops before it leaves', () => {
  it('is written down without what names the folders of the home', async () => {
    const world = await batchWorld();
    await world.write([{ id: 'a', prompt: 'Sea.' }]);
    const make = world.workspace.bind(world);
    const spy = vi.spyOn(world, 'workspace').mockImplementation((more) => {
      const workspace = make(more);
      const jobs = workspace.jobs.bind(workspace);
      vi.spyOn(workspace, 'jobs').mockImplementation(async () => {
        const store = await jobs();
        vi.spyOn(store, 'create').mockRejectedValue(new SoraError('machine', `${world.home} is full.`));
        return store;
      });
      return workspace;
    });
    await expect(world.run()).rejects.toMatchObject({ code: 'machine' });
    spy.mockRestore();
    expect(await world.journal()).toMatchObject([{ line: 'asked' }, { line: 'failed', why: 'taken back', made: 'no' }]);
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(1);
  });
});

describe('a journal that names a place outside the folder of its batch', () => {
  it.each(['../x.mp4', '.git/x.mp4', 'x.journal.jsonl'])('has no video made there: %s', async (told) => {
    const world = await batchWorld();
    await world.write([{ id: 'a', prompt: 'Sea.' }]);
    await world.run();
    const lines = await readFile(`${world.file}.journal.jsonl`, 'utf8');
    await writeFile(`${world.file}.journal.jsonl`, lines.replace('"file":"out/a.mp4"', `"file":"${told}"`));
    await rm(join(world.dir, 'out', 'a.mp4'));
    expect(await world.run()).toMatchObject({ exit: 0, lines: [{ file: 'out/a.mp4' }] });
    expect(existsSync(join(world.dir, told))).toBe(false);
    expect(await world.made()).toHaveLength(1);
  });
});

describe('a file that was renamed or copied', () => {
  it('is refused with the command that brings its journal along [copied]', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    await rm(world.home, { recursive: true });
    await rename(world.file, join(world.dir, 'old.jsonl'));
    await rename(`${world.file}.journal.jsonl`, join(world.dir, 'old.jsonl.journal.jsonl'));
    await world.write(THREE);
    await expect(world.run()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('mv ') });
    expect(await world.made()).toHaveLength(3);
    await rename(join(world.dir, 'old.jsonl.journal.jsonl'), `${world.file}.journal.jsonl`);
    expect(await world.run()).toMatchObject({ exit: 0 });
  });

  it('is told commands that keep the name of each journal, and every line of one that is there', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    const old = join(world.dir, 'old.jsonl');
    await rename(`${world.file}.journal.jsonl`, `${old}.journal.jsonl`);
    await writeFile(`${old}.journal.ci.jsonl`, '');
    const own = [asked(), failed()].map((line) => JSON.stringify(line)).join('\n');
    await writeFile(`${world.file}.journal.jsonl`, own);
    await rm(world.home, { recursive: true });
    const error = await world.run().catch((cause: SoraError) => cause);
    expect(error).toMatchObject({ message: expect.stringMatching(/^3 of these lines were made already/) });
    const [, commands = ''] = /^Was the file renamed\? (.*)$/m.exec((error as SoraError).hint ?? '') ?? [];
    await promisify(execFile)('sh', ['-c', commands]);
    expect(await readFile(`${world.file}.journal.jsonl`, 'utf8')).toBe(
      `${own}\n${await readFile(`${old}.journal.jsonl`, 'utf8')}`,
    );
    expect(existsSync(`${world.file}.journal.ci.jsonl`)).toBe(true);
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
  });

  it('without its journal is refused while this home remembers what it made [gitReset, twoFilms]', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    await rm(`${world.file}.journal.jsonl`);
    // The same file: its lines are written anew.
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(3);
    const other = join(world.dir, '..', 'elsewhere');
    await rename(world.dir, other);
    await rm(join(other, 'p.jsonl.journal.jsonl'));
    world.dir = other;
    await expect(world.run()).rejects.toMatchObject({ code: 'usage', message: /were made on this machine for/ });
    expect(await world.made()).toHaveLength(3);
  });
});

describe('a journal that a checkout has undone', () => {
  it('is written anew with what was paid, and --max-cost counts that', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    await world.run();
    await rm(`${world.file}.journal.jsonl`);
    const workspace = world.workspace();
    onTestFinished(() => workspace.close());
    // A look that writes nothing knows it, too, and what the records alone know is not pruned.
    const ledger = await openTakeLedger(workspace, world.file, {});
    await ledger.peek();
    expect(spentOn(await ledger.takes())).toEqual({ usd: 1.2, unknown: 0 });
    expect(await world.journal()).toEqual([]);
    const prune = () => pruneJobs(workspace, { olderThanSeconds: -60, dryRun: true, needed: unwrittenJobs });
    expect(await prune()).toEqual([]);
    const files = await readdir(join(world.dir, 'out'));
    expect((await world.run()).lines.map(({ file }) => file)).toContain('out/a.mp4');
    // The same bytes are the file that was made, and no other lies beside it.
    expect(await readdir(join(world.dir, 'out'))).toEqual(files);
    expect(await prune()).toHaveLength(3);
    await rm(`${world.file}.journal.jsonl`);
    await world.write([...THREE, { id: 'new', prompt: 'New.' }]);
    await expect(world.run({ maxCost: 1.5 })).rejects.toMatchObject({ code: 'budget' });
    expect(await world.run({ maxCost: 1.6 })).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(4);
  });
});

describe('an id that is no longer in the file', () => {
  it('is followed to its file, and nothing is sent for it', async () => {
    const world = await batchWorld();
    await world.write(THREE);
    world.play({ jobSeconds: 3600 });
    await world.run({ deadlineMs: world.clock.ms + 30_000, jobs: 3 });
    await world.write(THREE.slice(1));
    world.clock.ms += 3_600_000;
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(existsSync(join(world.dir, 'out', 'a.mp4'))).toBe(true);
    expect(await world.made()).toHaveLength(3);
  });

  it('and is unknown is still 7', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({
      rules: [
        { match: { call: 'create' }, times: 1, reset: 'before' },
        { match: { call: 'list' }, respond: { status: 404 } },
      ],
    });
    await world.run();
    await world.write(THREE.slice(1));
    expect(await world.run()).toMatchObject({
      exit: 7,
      lines: [{ exit: 0 }, { exit: 0 }, { id: 'a', state: 'unknown' }],
    });
  });
});

describe('a video that is paid for', () => {
  const openTake = async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobSeconds: 600 });
    await world.run({ deadlineMs: world.clock.ms + 20_000 });
    world.clock.ms += 300_000;
    return world;
  };

  it('is fetched by its own key after another key was told that its job is unknown', async () => {
    const world = await openTake();
    const other = world.workspace({ key: 'sk-test-of-somebody-else' });
    onTestFinished(() => other.close());
    world.play({ jobSeconds: 600, rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    const [job] = (await (await other.jobs()).list()).records;
    if (!job) throw new Error('there is no job');
    await expect(upToDate(other, job)).rejects.toMatchObject({ code: 'auth' });
    // A record of an earlier version does not say whose it is.
    const { account, ...older } = job;
    expect(account).toMatch(/^[0-9a-f]{8}$/);
    expect(await upToDate(other, older as Job)).toMatchObject({ status: 'expired' });
    world.play({});
    world.clock.ms += 600_000;
    expect(await world.run()).toMatchObject({ exit: 0, lines: [{ state: 'done' }] });
    expect(await world.made()).toHaveLength(1);
  });

  it('is not given up while the host cannot be asked whether a record that says expired is right', async () => {
    const world = await openTake();
    world.play({ rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    const home = world.workspace();
    onTestFinished(() => home.close());
    const [job] = (await (await home.jobs()).list()).records;
    if (job) await upToDate(home, job);
    world.play({ rules: [{ match: { call: 'status' }, respond: { status: 503 } }] });
    expect((await world.run()).lines).toMatchObject([{ state: 'open' }]);
    world.play({ rules: [{ match: { call: 'status' }, respond: { status: 404 } }] });
    expect(await world.run()).toMatchObject({
      exit: 5,
      lines: [{ why: expect.stringContaining('no longer keeps it') }],
    });
  });

  it.each([
    { what: 'an outage of the download after its time', jobs: [{ keepSeconds: 1 }], call: 'content', status: 503 },
    { what: 'a download that is refused before its time', jobs: [{ keepSeconds: 3600 }], call: 'content', status: 404 },
  ])('is not given up because of $what', async ({ jobs, call, status }) => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({ jobs, rules: [{ match: { call }, respond: { status } }] });
    expect(await world.run()).toMatchObject({ exit: 9, lines: [{ state: 'open' }] });
    expect((await world.journal()).some(({ line }) => line === 'failed')).toBe(false);
  });

  it('is not given up by one 404 that comes within two minutes of its request', async () => {
    const world = await batchWorld();
    await world.write(THREE.slice(0, 1));
    world.play({
      rules: [
        { match: { call: 'content' }, respond: { status: 404 } },
        { match: { call: 'status' }, skip: 1, respond: { status: 404 } },
      ],
    });
    expect(await world.run({ pollIntervalMs: 5000 })).toMatchObject({ exit: 9, lines: [{ state: 'open' }] });
    world.play({});
    expect(await world.run()).toMatchObject({ exit: 0 });
  });

  it('lies whole where it was downloaded to, and is kept although nobody knows the id of its job', async () => {
    const { world, first } = await interruptedKeep(({ line }) => line === 'asked');
    await rm(world.home, { recursive: true });
    expect(await world.run()).toMatchObject({ exit: 0, lines: [{ file: 'out/a.mp4' }] });
    expect(existsSync(first)).toBe(false);
    expect(await world.made()).toHaveLength(1);
  });

  it('of another model than ordered is told so, also after a kill between its download and its line', async () => {
    const line = { id: 'a', prompt: 'Sea.', model: 'sora-2' };
    const jobs = [{ made: { model: 'sora-1' } }];
    const { world } = await interruptedKeep(({ line }) => line !== 'done', { line, jobs });
    expect(await world.run({ allowDrift: false })).toMatchObject({ exit: 9, lines: [{ state: 'mismatch' }] });
  });

  it('is neither missing nor lost while another process gives it its name', async () => {
    const { world, first } = await interruptedKeep(() => true);
    const workspace = world.workspace();
    onTestFinished(() => workspace.close());
    const ledger = await openTakeLedger(workspace, world.file, {});
    const [take] = await ledger.takes();
    if (!take) throw new Error('there is no take');
    const place = join(world.dir, 'out', 'a.mp4');
    let looked: Promise<Slot> | undefined;
    await ledger.journal.exclusively(async () => {
      looked = ledger.slot('a', { fp: take.fp, wanted: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      await rename(first, place);
    });
    expect(await looked).toMatchObject({ state: 'chosen', exit: 0 });
    expect(await finishRename(workspace, ledger, take)).toBe(true);
    // Fetched by both, and moved by the other.
    const [job] = (await (await workspace.jobs()).list()).records;
    if (job?.remoteId === undefined) throw new Error('there is no job');
    const { done: _done, ...before } = take;
    const kept = await keepTake(workspace, ledger, { take: { ...before, state: 'asked' }, wanted: place, job });
    expect(kept).toMatchObject({ path: place, done: { sha256: take.done?.sha256 } });
  });

  it.skipIf(otherDisk() === undefined)('is copied where its own name is on another disk', async () => {
    const { world } = await interruptedKeep(({ line }) => line !== 'done');
    const other = await mkdtemp(`${otherDisk()}/sora-test-`);
    onTestFinished(() => rm(other, { recursive: true }));
    expect(await world.run({ output: `${other}/` })).toMatchObject({ exit: 0, totals: { done: 1 } });
    expect(await readdir(other)).toEqual(['a.mp4']);
    expect(await world.made()).toHaveLength(1);
  });
});

/** A folder that is on another disk than the batch; undefined on a machine that has none. */
function otherDisk(): string | undefined {
  const here = statSync(tmpdir()).dev;
  return ['/dev/shm', '/tmp'].find((folder) => {
    const disk = statSync(folder, { throwIfNoEntry: false })?.dev;
    return disk !== undefined && disk !== here;
  });
}

/** A batch of one line whose file lies where it was downloaded to, and of whose lines only those are there. */
async function interruptedKeep(
  keeps: (line: Record<string, unknown>) => boolean,
  { line = { id: 'a', prompt: 'Sea.' }, jobs = [{}] }: { line?: object; jobs?: readonly object[] } = {},
) {
  const world = await batchWorld();
  await world.write([line]);
  world.play({ jobs });
  await world.run();
  const lines = await world.journal();
  const first = join(world.dir, `${lines.find((one) => one.line === 'asked')?.file}`);
  await rename(join(world.dir, 'out', 'a.mp4'), first);
  const text = lines.filter(keeps).map((one) => `${JSON.stringify(one)}\n`);
  await writeFile(`${world.file}.journal.jsonl`, text.join(''));
  return { world, first };
}
