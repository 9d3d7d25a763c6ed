import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareFile, previewPrepare } from '../../../src/clips/prepare-file.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../../src/shared/clip.ts';
import { createWorkspace } from '../../../src/workspace.ts';
import { makeNumbered } from '../../helpers/counter.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { smallJoe } from '../../helpers/joe.ts';
import { measureMaster } from '../../helpers/master.ts';
import { createTestRuntime } from '../../helpers/runtime.ts';
import { openWorkspace } from '../../helpers/workspace.ts';

it('starts ffmpeg for nothing that another run of it tells', async () => {
  const { dir, runtime } = await createTestRuntime();
  const log = join(dir, 'runs');
  const { path } = await fakeFfmpeg(`echo "$*" >> '${log}'; exec '${ffmpegPath}' "$@"`);
  const workspace = createWorkspace({ ...runtime, env: { ...runtime.env, SORA_FFMPEG: path } });
  const file = await makeNumbered({ file: 'a.mp4', fps: '25', frames: 60, output: '-c:v libx264 -preset ultrafast' });
  const wish = { file, output: 'ready.mp4', options: DEFAULT_CLIP_OPTIONS };
  expect((await prepareFile(workspace, { ...wish, isJudged: true })).plan.kind).toBe('convert');
  // The last lists packets, too.
  const RUNS = ['showinfo', '-copyinkf', 'libx264', '-skip_frame'];
  const runs = (await readFile(log, 'utf8')).trimEnd().split('\n');
  // The first two begin at the same time.
  expect(runs.map((run) => RUNS.findIndex((word) => run.includes(word))).toSorted()).toEqual([0, 1, 2, 3]);
  expect((await workspace.ffmpeg()).version).toMatch(/\d/);
});

describe('a clip that is prepared into a file, without a command line', () => {
  it('is previewed as a command, written as a master, and replaces nothing unless told to', async () => {
    const { workspace, dir, printed } = await openWorkspace();
    const wish = { file: await smallJoe(), output: 'ready.mp4', options: { ...DEFAULT_CLIP_OPTIONS, duration: 2 } };
    const preview = await previewPrepare(workspace, wish);
    expect(preview.plan.kind).toBe('convert');
    expect(preview.command).toContain('ready.mp4');
    expect(existsSync(join(dir, 'ready.mp4'))).toBe(false);

    const { path, clip, judgement } = await prepareFile(workspace, { ...wish, isJudged: true });
    expect(path).toBe(join(dir, 'ready.mp4'));
    expect(judgement?.findings).toEqual(expect.any(Array));
    expect(await measureMaster(path, { madeByUs: true })).toMatchObject({
      faults: [],
      size: { width: clip.width, height: clip.height },
    });
    await writeFile(path, 'mine');
    await expect(prepareFile(workspace, { ...wish, isJudged: false })).rejects.toMatchObject({ code: 'usage' });
    expect((await prepareFile(workspace, { ...wish, force: true, isJudged: false })).judgement).toBeUndefined();
    expect(printed()).toBe('');
  });
});
