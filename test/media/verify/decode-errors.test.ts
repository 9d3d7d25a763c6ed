import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ffmpeg, findFfmpeg } from '../../../src/media/ffmpeg/find.ts';
import type { MediaInfo } from '../../../src/media/info.ts';
import { checkDecodeIntegrity, type DecodeIntegrity } from '../../../src/media/verify/decode-errors.ts';
import { type ClipKind, makeClip } from '../../helpers/clips.ts';
import { fakeFfmpeg } from '../../helpers/fake-ffmpeg.ts';
import { ffmpegPath } from '../../helpers/ffmpeg.ts';
import { mediaInfo } from '../../helpers/media-info.ts';
import { tempFolder } from '../../helpers/temp.ts';

const real = await findFfmpeg({ SORA_FFMPEG: ffmpegPath });
const { signal } = new AbortController();

function check(
  path: string,
  ffmpeg: Ffmpeg,
  info: MediaInfo = mediaInfo(),
  timeoutMs = 60_000,
): Promise<DecodeIntegrity> {
  return checkDecodeIntegrity(path, { info, ffmpeg, signal, timeoutMs });
}

describe('a file', () => {
  it.each<[ClipKind, Partial<DecodeIntegrity>]>([
    ['shorter audio', { decoded: true }],
    ['corrupt frames', { decoded: true, damage: expect.stringMatching(/^\S.{8,}[^.]$/) }],
    ['missing bytes in frames', { decoded: true, damage: expect.any(String) }],
    ['unreadable audio', { decoded: true, damage: expect.any(String) }],
  ])('is decoded whole, picture and sound: %s', async (kind, found) => {
    expect(await check(await makeClip(kind, await tempFolder()), real)).toEqual(found);
  });

  it('is damaged where a decoder conceals what is missing, which is no error to it', async () => {
    const said = '[h264 @ 0x1] [info] concealing 1130 DC, 1130 AC, 1130 MV errors in P frame';
    expect(await check('/x.mp4', await fakeFfmpeg(`echo "${said}" >&2; echo frame=9`))).toEqual({
      decoded: true,
      damage: 'concealing 1130 DC, 1130 AC, 1130 MV errors in P frame',
    });
  });
});

it.each([
  ['mov,mp4,m4a,3gp,3g2,mj2', undefined],
  ['matroska,webm', undefined],
  ['null', undefined],
  ['swscaler', undefined],
  ['avi', 'no such packet'],
  ['mpegts', 'no such packet'],
  ['vp9', 'no such packet'],
  ['mpeg4', 'no such packet'],
])('an error that %s names is the damage "%s"', async (name, damage) => {
  const ffmpeg = await fakeFfmpeg(`echo "[${name} @ 0x1] [error] no such packet" >&2; echo frame=9`);
  expect(await check('/x.avi', ffmpeg)).toEqual({ decoded: true, ...(damage !== undefined && { damage }) });
});

describe('what a build cannot tell is no damage', () => {
  const hevc = mediaInfo({ codec: 'HEVC' });

  it.each<[string, string, MediaInfo, DecodeIntegrity]>([
    [
      'a codec without a decoder',
      'echo "[error] Decoder (codec hevc) not found for input stream #0:0" >&2; exit 1',
      hevc,
      { decoded: false },
    ],
    [
      'a codec of which it shows nothing',
      'echo "[hevc @ 0x1] [error] PPS id out of range: 0" >&2; echo frame=0; exit 1',
      hevc,
      { decoded: false },
    ],
    [
      'a part of a codec',
      'echo "[hevc @ 0x1] [error] extension not implemented" >&2; echo frame=9',
      hevc,
      { decoded: false },
    ],
    ['a crash on what it may not know', 'echo frame=9; kill -SEGV $$', hevc, { decoded: false }],
    ['a run that somebody ended', 'echo frame=9; kill -9 $$', mediaInfo(), { decoded: false }],
    [
      'an option that it does not know',
      'echo "Unrecognized option" >&2; echo "[error] not found" >&2; exit 1',
      mediaInfo(),
      { decoded: false },
    ],
    [
      'words about containers',
      'echo "[null @ 0x1] [error] non monotonically increasing dts" >&2; echo frame=9',
      mediaInfo(),
      { decoded: true },
    ],
    [
      'the beginning of a clip that was cut out of a longer one',
      'echo "[h264 @ 0x1] [error] mmco: unref short failure" >&2; echo frame=9',
      mediaInfo(),
      { decoded: true },
    ],
    [
      'words about words',
      'echo "[h264 @ 0x1] [error] SEI type 5 size 80 truncated at 9" >&2; echo frame=9',
      mediaInfo(),
      { decoded: true },
    ],
  ])('%s', async (_title, script, info, found) => {
    expect(await check('/x.mp4', await fakeFfmpeg(script), info)).toEqual(found);
  });

  it('nor is one that takes too long, or is gone', async () => {
    const hanging = await fakeFfmpeg('exec tail -f /dev/null');
    expect(await check('/x.mp4', hanging, mediaInfo(), 100)).toEqual({ decoded: false });
    const gone = { path: join(await tempFolder(), 'gone'), version: '', source: 'PATH' } as const;
    expect(await check('/x.mp4', gone)).toEqual({ decoded: false });
  });

  it('but of H.264 it can: a crash, and not one frame', async () => {
    expect(await check('/x.mp4', await fakeFfmpeg('echo frame=9; kill -SEGV $$'))).toEqual({
      decoded: true,
      damage: 'ffmpeg crashed on it (SIGSEGV)',
    });
    expect(await check('/x.mp4', await fakeFfmpeg('echo frame=0'))).toEqual({
      decoded: true,
      damage: 'it contains no frames',
    });
  });

  it('decodes the pictures where the sound has no decoder', async () => {
    const deaf = await fakeFfmpeg(
      'case "$*" in *0:a*) echo "[error] Decoder (codec x) not found" >&2; exit 1;; *) echo frame=9;; esac',
    );
    expect(await check('/x.mp4', deaf)).toEqual({ decoded: true });
  });
});

it('throws what the signal stands for', async () => {
  const stopped = new AbortController();
  const run = checkDecodeIntegrity('/x.mp4', {
    info: mediaInfo(),
    ffmpeg: await fakeFfmpeg('exec tail -f /dev/null'),
    signal: stopped.signal,
  });
  stopped.abort();
  await expect(run).rejects.toMatchObject({ code: 'interrupted' });
});
