import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readPipe } from '../../src/disk/bounded-read.ts';
import { makePipe } from '../helpers/pipe.ts';

const BOUNDS = { maxBytes: 1000, timeoutMs: 5_000 };

describe('a named pipe', () => {
  it('is read to its end, in whatever pieces it comes', async (context) => {
    const path = await makePipe(context);
    const writer = createWriteStream(path);
    writer.write('Jo');
    setTimeout(() => writer.end('e'), 50);
    expect((await readPipe(path, BOUNDS)).toString()).toBe('Joe');
  });

  it('is waited for until somebody writes into it', async (context) => {
    const path = await makePipe(context);
    setTimeout(() => void writeFile(path, 'Joe'), 200);
    expect((await readPipe(path, BOUNDS)).toString()).toBe('Joe');
  });

  it('is given up when nobody writes into it', async (context) => {
    const path = await makePipe(context);
    await expect(readPipe(path, { ...BOUNDS, timeoutMs: 100 })).rejects.toThrow(/^it did not end within 0\.1 s$/);
  });

  it('is given up when it does not end', async (context) => {
    const path = await makePipe(context);
    const writer = createWriteStream(path);
    writer.write('Jo');
    await expect(readPipe(path, { ...BOUNDS, timeoutMs: 200 })).rejects.toThrow(/^it did not end within 0\.2 s$/);
    writer.destroy();
  });

  it('is given up when there is more in it than may be', async (context) => {
    const path = await makePipe(context);
    const writer = createWriteStream(path);
    writer.on('error', () => {});
    writer.write('x'.repeat(1001));
    await expect(readPipe(path, BOUNDS)).rejects.toThrow('it is too large');
    writer.destroy();
  });

  it('is left at once when that is wanted', async (context) => {
    const path = await makePipe(context);
    const stop = new AbortController();
    const read = readPipe(path, { ...BOUNDS, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
  });
});
