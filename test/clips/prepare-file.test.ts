import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareFile, previewPrepare } from '../../src/clips/prepare-file.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { smallJoe } from '../helpers/joe.ts';
import { measureMaster } from '../helpers/master.ts';
import { openWorkspace } from '../helpers/workspace.ts';

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
