import { EventEmitter, once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { runFluent } from '../../../src/media/ffmpeg/fluent.ts';
import { advanceUntilTold } from '../../helpers/advance.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

const COMMAND = { inputs: [{ options: [], url: 'file:/a.mp4' }], output: [], target: 'file:/b.mp4' };

afterEach(() => {
  vi.useRealTimers();
});

it('is stopped when the time that it was given has passed since its last frame, and not before', async () => {
  const go = join(await tempFolder(), 'go');
  const ffmpeg = await fakeFfmpeg(
    `echo frame=1 >&2; until [ -e '${go}' ]; do sleep 0.01; done; echo frame=2 >&2; exec tail -f /dev/null`,
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
  const told = new EventEmitter();
  const frames = [once(told, '1'), once(told, '2')];
  const run = runFluent(ffmpeg, COMMAND, {
    signal: new AbortController().signal,
    stallMs: 60_000,
    onFrames: (count) => told.emit(String(count)),
  });
  await frames[0];
  vi.advanceTimersByTime(55_000);
  await writeFile(go, '');
  await frames[1];
  // One more is set when it is told to end: for when it does not.
  const timers = vi.getTimerCount();
  vi.advanceTimersByTime(59_999);
  expect(vi.getTimerCount()).toBe(timers);
  await advanceUntilTold(timers, 1);
  expect((await run).stopped).toBe('stall');
});

it('hands on what comes out at its standard output and what filters print, and keeps these apart from what it says', async () => {
  const ffmpeg = await fakeFfmpeg(
    `echo "$*"; echo '[Parsed_metadata_3 @ 0x1] [info] frame:0 pts_time:0' >&2; echo 'Stream mapping:' >&2; echo '[error] odd' >&2`,
  );
  let read = '';
  const seen = {
    options: ['-map', '[seen]'],
    async read(output: AsyncIterable<Uint8Array>) {
      for await (const bytes of output) read += Buffer.from(bytes).toString();
    },
  };
  const run = await runFluent(ffmpeg, COMMAND, { signal: new AbortController().signal, onFrames: () => {}, seen });
  expect(run).toMatchObject({
    error: undefined,
    printed: ['[Parsed_metadata_3 @ 0x1] [info] frame:0 pts_time:0'],
    stderr: 'Stream mapping:\n[error] odd\n',
  });
  // The file is the last word of the command, as without it.
  expect(read).toMatch(/-map \[seen\] pipe:1 .*file:\/b\.mp4\n$/);
});

it('that ends at once leaves no reader of its output waiting', async () => {
  const seen = {
    options: [],
    async read(output: AsyncIterable<Uint8Array>) {
      for await (const _bytes of output);
    },
  };
  const options = { signal: new AbortController().signal, onFrames: () => {}, seen };
  expect((await runFluent(await fakeFfmpeg('exit 1'), COMMAND, options)).error).toBeInstanceOf(Error);
});
