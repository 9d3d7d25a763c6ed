import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runStoryboardExport } from '../../src/commands/storyboard/export.ts';
import { runVideoFrame } from '../../src/commands/video/frame.ts';
import type { Context } from '../../src/context.ts';
import { makeNumbered } from '../helpers/numbered.ts';
import { createTestContext } from '../helpers/runtime.ts';

const COMMANDS: Readonly<Record<string, (context: Context, dir: string) => Promise<unknown>>> = {
  async 'video frame'(context, dir) {
    const video = await makeNumbered(join(dir, 'a.mp4'), '-c:v libx264', { frames: 5 });
    return runVideoFrame(context, { video, last: true, output: '-', force: false });
  },
  async 'storyboard export'(context, dir) {
    await writeFile(join(dir, 'film.md'), '---\nsora: 1\n---\n## A\n\nA sea.\n');
    const request = { file: 'film.md', vars: new Map<string, string>(), allowOutside: false };
    return runStoryboardExport(context, request, { to: 'json', output: '-', force: false, allowStale: false });
  },
};

function goneReader(): Writable {
  const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  return new Writable({ write: (_chunk, _encoding, done) => done(error) }).on('error', () => {});
}

function fullDisk(): Writable {
  return createWriteStream('/dev/full').on('error', () => {});
}

describe('P3: a file on stdout', () => {
  it.each(Object.entries(COMMANDS))(
    'of %s is unverified when its reader goes away, and a matter of the machine when it is full',
    async (_, run) => {
      for (const [open, code] of [
        [goneReader, 'unverified'],
        [fullDisk, 'machine'],
      ] as const) {
        const { context, dir } = await createTestContext();
        const runtime = { ...context.runtime, stdout: { ...context.runtime.stdout, stream: open() } };
        await expect(run({ ...context, runtime }, dir)).rejects.toMatchObject({ code });
      }
    },
  );
});
