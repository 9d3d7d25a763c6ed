import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import { verifyDecodes } from '../../../src/media/verify/decode.ts';
import { countFrozenFrames } from '../../../src/media/verify/master-problems.ts';
import { makeClip } from '../../helpers/clips.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { tempFolder } from '../../helpers/temp.ts';

describe('verifyDecodes', () => {
  const { signal } = new AbortController();

  it('asks for no filter that prints its lines in parts: those of other threads would be lost between them', async () => {
    const asked = join(await tempFolder(), 'asked');
    await verifyDecodes('/a.mp4', await fakeFfmpeg(`echo "$*" > '${asked}'`), signal);
    const words = await readFile(asked, 'utf8');
    expect(words).toContain('ametadata=print');
    expect(words).not.toMatch(/showinfo/);
  });

  it('counts the frames of a whole file', async () => {
    const path = await makeClip('2.0 s', await tempFolder());
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const decoded = await verifyDecodes(path, ffmpeg, signal);
    expect(decoded).toMatchObject({ ok: true, frames: 50, sound: undefined });
    expect(decoded.ok && decoded.times.map((at, index) => Math.abs(at - index / 25) < 1e-4)).not.toContain(false);
    expect(decoded.ok && countFrozenFrames(decoded)).toBe(50);
  });

  it('finds damage, in sound too unless told to leave it', async () => {
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const frames = await makeClip('corrupt frames', await tempFolder());
    expect((await verifyDecodes(frames, ffmpeg, signal)).ok).toBe(false);
    const sound = await makeClip('unreadable audio', await tempFolder());
    expect((await verifyDecodes(sound, ffmpeg, signal)).ok).toBe(false);
    expect((await verifyDecodes(sound, ffmpeg, signal, { audio: false })).ok).toBe(true);
  });

  it('finds a picture of another size in a stream that changes it, and lets equal ones pass', async () => {
    const size = { width: 1280, height: 720 };
    const ffmpeg = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
    const changing = await makeClip('size that changes', await tempFolder());
    expect(await verifyDecodes(changing, ffmpeg, signal, { size })).toEqual({
      ok: false,
      reason: 'its pictures are not all 1280x720',
    });
    expect(await verifyDecodes(changing, ffmpeg, signal)).toMatchObject({ ok: true });
    const steady = await makeClip('2.0 s', await tempFolder());
    expect(await verifyDecodes(steady, ffmpeg, signal, { size })).toMatchObject({ ok: true, frames: 50 });
  });

  it('blames the machine when ffmpeg was killed, and the file when ffmpeg ran into its own fault', async () => {
    const check = async (name: string) => verifyDecodes('/x.mp4', await fakeFfmpeg(`kill -${name} $$`), signal);
    for (const name of ['KILL', 'ILL']) await expect(check(name)).rejects.toMatchObject({ code: 'machine' });
    expect(await check('SEGV')).toEqual({ ok: false, reason: 'ffmpeg crashed on it (SIGSEGV)' });
  });

  it('is not satisfied by a file without frames', async () => {
    const ffmpeg = await fakeFfmpeg('echo frame=0');
    expect(await verifyDecodes('/x.mp4', ffmpeg, signal)).toEqual({
      ok: false,
      reason: 'it contains no frames',
    });
  });

  it('ends a decoder that hangs', async () => {
    const ffmpeg = await fakeFfmpeg('exec tail -f /dev/null');
    expect(await verifyDecodes('/x.mp4', ffmpeg, signal, { timeoutMs: 100 })).toMatchObject({ ok: false });
  });

  it('blames the machine for an ffmpeg that is gone', async () => {
    const ffmpeg = { path: join(await tempFolder(), 'gone'), version: '', source: 'PATH' } as const;
    await expect(verifyDecodes('/x.mp4', ffmpeg, signal)).rejects.toMatchObject({ code: 'machine' });
  });
});
