import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runVideoOpen } from '../../../src/commands/video/open.ts';
import { addJob } from '../../helpers/far-end.ts';
import { createTestContext } from '../../helpers/runtime.ts';

const baseUrl = 'https://gateway.example/v1';

describe('video open', () => {
  it('opens the saved file, and prints its path', async () => {
    const test = await createTestContext();
    const outputPath = join(test.dir, 'sea.mp4');
    await writeFile(outputPath, 'film');
    const { id } = await addJob(test, { baseUrl, status: 'succeeded', outputPath });
    const open = vi.fn(async () => {});
    await runVideoOpen(test.context, id, { open });
    expect([open.mock.calls, test.stdout.text()]).toEqual([[[outputPath]], `${outputPath}\n`]);
  });

  it('says how to have a video that is not here, or no longer', async () => {
    const test = await createTestContext();
    const open = vi.fn(async () => {});
    const { id: running } = await addJob(test, { baseUrl, status: 'running' });
    await expect(runVideoOpen(test.context, running, { open })).rejects.toMatchObject({
      ...{
        code: 'usage',
        message: expect.stringContaining('has not been saved'),
        hint: `Save it first: sora video wait ${running}`,
      },
    });
    const { id: gone } = await addJob(test, { baseUrl, status: 'succeeded', outputPath: join(test.dir, 'gone.mp4') });
    await expect(runVideoOpen(test.context, gone, { open })).rejects.toMatchObject({
      ...{ code: 'usage', hint: `Save it again: sora video download ${gone}` },
    });
    const failure = { message: 'the server is out of memory', policy: false };
    const { id: failed } = await addJob(test, { baseUrl, status: 'failed', failure });
    await expect(runVideoOpen(test.context, failed, { open })).rejects.toMatchObject({
      ...{
        code: 'usage',
        hint: `Job ${failed} failed: the server is out of memory. Nothing was downloaded. To try again, run the same \`sora video generate\` command.`,
      },
    });
    expect(open).not.toHaveBeenCalled();
  });

  it('says where the file is when nothing can open it', async () => {
    const test = await createTestContext();
    const outputPath = join(test.dir, 'sea.mp4');
    await writeFile(outputPath, 'film');
    const { id } = await addJob(test, { baseUrl, status: 'succeeded', outputPath });
    const open = async (): Promise<void> => {
      throw new Error('spawn xdg-open ENOENT');
    };
    await expect(runVideoOpen(test.context, id, { open })).rejects.toMatchObject({
      ...{ code: 'machine', message: expect.stringContaining(outputPath) },
    });
  });
});
