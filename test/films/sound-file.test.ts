import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSoundFile } from '../../src/films/sound-file.ts';
import { ffmpegPath, makerPath, run, words } from '../helpers/ffmpeg.ts';
import { madeOnce } from '../helpers/once.ts';
import { tempFolder } from '../helpers/temp.ts';

const SECONDS = 3;

function made(name: string, codec = ''): Promise<string> {
  const args = words(`-v error -f lavfi -i sine=f=300:d=${SECONDS} -ar 24000 ${codec}`);
  return madeOnce(`announced.${name}`, (path) => run([...args, path], { path: makerPath }));
}

async function secondsOf(path: string, ffmpeg?: string): Promise<number | undefined> {
  const program = ffmpeg === undefined ? undefined : { path: ffmpeg };
  return (await readSoundFile(path, { ffmpeg: program, signal: new AbortController().signal })).audio.seconds;
}

/** The beginning of a file, with what was patched over its bytes. */
async function beginning(path: string, share: number, patch: (bytes: Buffer) => void = () => {}): Promise<string> {
  const bytes = await readFile(path);
  const part = Buffer.from(bytes.subarray(0, Math.round((bytes.length * share) / 2) * 2));
  patch(part);
  const target = join(await tempFolder(), path.slice(path.lastIndexOf('announced.')));
  await writeFile(target, part);
  return target;
}

const dataSize = (size: number) => (bytes: Buffer) => void bytes.writeUInt32LE(size, bytes.indexOf('data') + 4);

describe('a file of sound', () => {
  it.each([
    ['wav', ''],
    ['rf64.wav', '-rf64 always'],
    ['mp3', '-c:a libmp3lame -q:a 5'],
    ['cbr.mp3', '-c:a libmp3lame -b:a 64k -ac 2'],
    ['slow.mp3', '-c:a libmp3lame -ar 8000'],
    ['m4a', '-c:a aac -movflags +faststart'],
    ['flac', '-c:a flac'],
    ['opus', '-c:a libopus'],
    ['webm', '-c:a libopus'],
    ['w64', ''],
    ['caf', ''],
    ['au', ''],
    ['alac.caf', '-c:a alac'],
    ['adpcm.wav', '-c:a adpcm_ima_wav'],
    ['aac', '-c:a aac -f adts'],
    ['counted.mp2', '-c:a mp2'],
    ['plain.mp3', '-c:a libmp3lame -q:a 5 -write_xing 0'],
    ['slow.plain.mp3', '-c:a libmp3lame -ar 8000 -b:a 24k -write_xing 0'],
    ['ac3', '-c:a ac3 -ar 44100'],
    ['ts', '-c:a aac'],
  ])('is used when it is whole, and refused as %s that was cut off', async (name, codec) => {
    const whole = await made(name, codec);
    expect(await secondsOf(whole, ffmpegPath)).toBeCloseTo(SECONDS, 0);
    await expect(secondsOf(await beginning(whole, 0.4), ffmpegPath)).rejects.toMatchObject({
      ...{
        code: 'clip',
        message: expect.stringMatching(new RegExp(`announced\\.${name.replaceAll('.', '\\.')} is .* (?:s|missing)\\b`)),
      },
    });
  });

  it.each([0, 0x7ffff000, 0xffffffff])('announces no length as a WAV whose data has the size %i', async (size) => {
    const path = await beginning(await made('wav'), 0.5, (bytes) => {
      bytes.writeUInt32LE(size, 4);
      dataSize(size)(bytes);
    });
    expect(await secondsOf(path, ffmpegPath)).toBeCloseTo(SECONDS / 2, 1);
  });

  it('is not refused for the rounding of a last sample, nor as an MP3 without a count of its frames that ends with one', async () => {
    const bytes = (await readFile(await made('wav'))).length;
    const rounded = await beginning(await made('wav'), 1, dataSize(bytes));
    expect(await secondsOf(rounded)).toBeCloseTo(SECONDS, 1);
    const plain = await made('plain.mp3', '-c:a libmp3lame -q:a 5 -write_xing 0');
    const all = await readFile(plain);
    // The next frame has the same header, but for its rate and what follows that.
    const half = all.indexOf(Buffer.from([0xff, 0xf3]), all.length / 2);
    expect(half).toBeGreaterThan(0);
    const short = join(await tempFolder(), 'announced.short.mp3');
    await writeFile(short, all.subarray(0, half));
    expect(await secondsOf(short, ffmpegPath)).toBeGreaterThan(1);
    // What taggers append is no sound.
    const tagged = join(await tempFolder(), 'announced.tagged.mp3');
    await writeFile(tagged, Buffer.concat([all, Buffer.from('TAG'.padEnd(128, ' '))]));
    expect(await secondsOf(tagged, ffmpegPath)).toBeCloseTo(SECONDS, 0);
  });

  it.each([
    ['wav', ''],
    ['mp3', '-c:a libmp3lame -q:a 5'],
    ['w64', ''],
    ['caf', ''],
  ])('is known to be cut off without an ffmpeg as %s', async (name, codec) => {
    await expect(secondsOf(await beginning(await made(name, codec), 0.4))).rejects.toMatchObject({
      message: expect.stringMatching(/is cut off: [01]\.\d+ s of the 3(\.\d+)? s that it announces are there\.$/),
    });
  });
});
