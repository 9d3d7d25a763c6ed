import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fileReply } from '../../src/sandbox/http.ts';
import { tempFolder } from '../helpers/temp.ts';

it('a video is answered with without being held in memory', async () => {
  const path = join(await tempFolder(), 'zeros.mp4');
  const file = await open(path, 'w');
  await file.truncate(200_000_000).finally(() => file.close());
  const before = process.memoryUsage().arrayBuffers;
  let isDone = false;
  const replied = fileReply(path, 'video/mp4', { range: 'bytes=10-19' }).finally(() => {
    isDone = true;
  });
  let most = 0;
  while (!isDone) {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    await setImmediate();
  }
  expect(await replied).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 10-19/200000000' } });
  expect(most).toBeLessThan(100_000_000);
});
