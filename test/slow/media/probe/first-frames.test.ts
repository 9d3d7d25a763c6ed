import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFirstFrames, firstFramesArgs, parseFirstFrames } from '../../../../src/media/probe/first-frames.ts';
import { describeBuilds } from '../../../helpers/builds.ts';
import { makeClip } from '../../../helpers/clips.ts';
import { fakeFfmpeg } from '../../../helpers/fake-ffmpeg.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';

const { signal } = new AbortController();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-first-frames-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the builds printed them; long lines are cut where nothing of interest follows. */
const RECORDED = {
  2018: `
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/clips/a.mp4':
[info]   Metadata:
[info]     encoder         : Lavf59.27.100
[info]   Duration: 00:00:02.20, start: 0.000000, bitrate: 291 kb/s
[info]     Stream #0:0(und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 640x360, 142 kb/s, 25 fps, 25 tbr, 12800 tbn, 25 tbc (default)
[info]     Metadata:
[info]       handler_name    : VideoHandler
[info]     Side data:
[info]       displaymatrix: rotation of -90.00 degrees
[info]     Stream #0:1(und): Audio: none (mp4a / 0x6134706D), 48000 Hz, stereo, 127 kb/s
[info]     Stream #0:2: Video: mjpeg, yuvj420p(pc, bt470bg/unknown/unknown), 200x300, 90k tbr, 90k tbn, 90k tbc (attached pic)
[info] Stream mapping:
[info]   Stream #0:0 -> #0:0 (hevc (native) -> wrapped_avframe (native))
[hevc @ 0x17bb2000] [error] Could not find ref with POC 3
[Parsed_showinfo_0 @ 0x17bb2740] [info] config in time_base: 1/12800, frame_rate: 25/1
[Parsed_showinfo_0 @ 0x17bb2740] [info] n:   0 pts:   5120 pts_time:0.4     pos:       44 fmt:yuv420p10le sar:0/1 s:640x360 i:P iskey:1 type:I checksum:E27D9E90 plane_checksum:[39F6C9F9 742AF7F5 FD8DDC84] mean:[46 18 103 ] stdev:[51.2 38.1 121.1 ]
[Parsed_showinfo_0 @ 0x17bb2740] [info]   side data - stereoscopic information: type - side by side
[Parsed_showinfo_0 @ 0x17bb2740] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67
[info] Output #0, null, to 'pipe:':
[info]     Stream #0:0(und): Video: wrapped_avframe, yuv420p10le, 640x360, q=2-31, 200 kb/s, 25 fps, 25 tbn, 25 tbc (default)
[info]     Side data:
[info]       displaymatrix: rotation of -0.00 degrees
[Parsed_showinfo_0 @ 0x17bb2740] [info] n:   1 pts:   5632 pts_time:0.44    pos:    10388 fmt:yuv420p10le sar:0/1 s:640x360 i:T iskey:0 type:B checksum:99C950CD
[Parsed_showinfo_0 @ 0x17bb2740] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67`,
  5.1: `
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/clips/a.mp4':
[info]   Stream #0:0[0x1](und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 640x360, 142 kb/s, 25 fps, 25 tbr, 12800 tbn (default)
[info]     Side data:
[info]       DOVI configuration record: version: 1.0, profile: 8, level: 5, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 4
[info]       displaymatrix: rotation of -90.00 degrees
[info]   Stream #0:1[0x2](und): Audio: none (mp4a / 0x6134706D), 48000 Hz, stereo, 127 kb/s
[info]   Stream #0:2[0x0]: Video: mjpeg (Baseline), yuvj420p(pc, bt470bg/unknown/unknown), 200x300 [SAR 1:1 DAR 2:3], 90k tbr, 90k tbn (attached pic)
[info] Stream mapping:
[hevc @ 0x559809aef100] [error] Could not find ref with POC 3
[Parsed_showinfo_0 @ 0x559809aef100] [info] n:   0 pts:   5120 pts_time:0.4     pos:       44 fmt:yuv420p10le sar:0/1 s:640x360 i:P iskey:1 type:I checksum:E27D9E90 mean:[359 515 515] stdev:[109.7 61.0 36.9]
[Parsed_showinfo_0 @ 0x559809aef100] [info]   side data - User Data Unregistered:
[Parsed_showinfo_0 @ 0x559809aef100] [info] UUID=2ca2de09-b517-47db-bb55-a4fe7fc2fc4e
[Parsed_showinfo_0 @ 0x559809aef100] [info]   side data - stereoscopic information: type - side by side
[Parsed_showinfo_0 @ 0x559809aef100] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67
[info] Output #0, null, to 'pipe:':
[info]   Stream #0:0(und): Video: wrapped_avframe, yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 640x360, q=2-31
[Parsed_showinfo_0 @ 0x559809aef100] [info] n:   1 pts:   5632 pts_time:0.44    pos:    10388 fmt:yuv420p10le sar:0/1 s:640x360 i:T iskey:0 type:B checksum:99C950CD
[Parsed_showinfo_0 @ 0x559809aef100] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67`,
  '7.0': `
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/clips/a.mp4':
[info]   Stream #0:0[0x1](und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 640x360, 142 kb/s, 25 fps, 25 tbr, 12800 tbn (default)
[info]       Side data:
[info]         DOVI configuration record: version: 1.0, profile: 8, level: 5, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 4
[info]         displaymatrix: rotation of -90.00 degrees
[info]   Stream #0:1[0x2](und): Audio: none (mp4a / 0x6134706D), 48000 Hz, stereo, 127 kb/s
[info]   Stream #0:2[0x0]: Video: mjpeg (Baseline), yuvj420p(pc, bt470bg/unknown/unknown), 200x300 [SAR 1:1 DAR 2:3], 90k tbr, 90k tbn (attached pic)
[info] Stream mapping:
[hevc @ 0x7f9f8c000100] [error] Could not find ref with POC 3
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info] n:   0 pts:   5120 pts_time:0.4     duration:    512 duration_time:0.04    fmt:yuv420p10le cl:left sar:0/1 s:640x360 i:P iskey:1 type:I checksum:E27D9E90 mean:[359 515 515] stdev:[109.7 61.0 36.9]
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info]   side data - Stereo 3D: type - side by side
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info]   side data - 3x3 displaymatrix: rotation of -90.00 degrees
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67
[info] Output #0, null, to 'pipe:':
[info]   Stream #0:0(und): Video: wrapped_avframe, yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, progressive), 640x360, q=2-31
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info] n:   1 pts:   5632 pts_time:0.44    duration:    512 duration_time:0.04    fmt:yuv420p10le cl:left sar:0/1 s:640x360 i:T iskey:0 type:B checksum:99C950CD
[Parsed_showinfo_0 @ 0x7f9f8c001a80] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:arib-std-b67`,
};

describe.each(Object.entries(RECORDED))('what ffmpeg %s printed', (version, printed) => {
  const { streams, frames, complaints } = parseFirstFrames(printed);

  it('lists the streams of the input, not those of the output', () => {
    expect(streams.map(({ index, kind, codec, dispositions }) => [index, kind, codec, dispositions])).toEqual([
      [0, 'video', 'hevc', ['default']],
      [1, 'audio', 'none', []],
      [2, 'video', 'mjpeg', ['attached pic']],
    ]);
  });

  it('has the side data beside the stream that it belongs to', () => {
    const dolbyVision = { profile: 8, compatibility: 4 };
    expect(streams[0]?.sideData).toEqual({ rotation: 90, ...(version !== '2018' && { dolbyVision }) });
    expect([streams[1]?.sideData, streams[2]?.sideData]).toEqual([{}, {}]);
  });

  it('has the frames with their colours', () => {
    const both = { width: 640, height: 360, pixelFormat: 'yuv420p10le', pixelAspect: undefined };
    const colours = { range: 'limited', matrix: 'bt2020nc', primaries: 'bt2020', transfer: 'arib-std-b67' };
    expect(frames).toEqual([
      { ...both, ...colours, seconds: 0.4, key: true, interlaced: false, sideData: expect.anything() },
      { ...both, ...colours, seconds: 0.44, key: false, interlaced: true, sideData: {} },
    ]);
    expect(frames[0]?.sideData).toMatchObject({ stereo: 'side by side' });
  });

  it('tells errors apart', () => {
    expect(complaints).toEqual([expect.stringMatching(/Could not find ref with POC 3/)]);
  });
});

it('makes nothing of words that are not ffmpeg’s', () => {
  expect(parseFirstFrames('Segmentation fault\n\n[info] Stream #0:0: Video: h264')).toEqual({
    streams: [],
    frames: [],
    complaints: [],
  });
});

it('keeps ffmpeg to local files of known formats, and the picture as it is stored', () => {
  const args = firstFramesArgs('/clips/a%d.mp4', 1).join(' ');
  expect(args).toMatch(
    /^-nostdin .*-protocol_whitelist file -format_whitelist mov,.* -noautorotate .* -i file:\/clips\/a%d\.mp4 -map 0:V:1 /,
  );
});

describeBuilds('decodeFirstFrames', (build) => {
  const ffmpeg = { path: build.path, version: '', source: 'PATH' as const };
  const look = (path: string, stream = 0) => decodeFirstFrames(path, ffmpeg, { stream, signal });

  it('tells sizes, times and colours of frames', async () => {
    const { frames, streams, complaints } = await look(await makeClip('fits', folder));
    expect(frames.length).toBeGreaterThanOrEqual(5);
    expect(frames[0]).toMatchObject({
      ...{
        width: 1280,
        height: 720,
        seconds: 0,
        pixelFormat: 'yuv420p',
        pixelAspect: undefined,
        interlaced: false,
        key: true,
      },
      ...{ range: 'limited', matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' },
    });
    expect(frames[1]?.seconds).toBeCloseTo(0.04, 6);
    expect(streams.map(({ kind, codec }) => `${kind} ${codec}`)).toEqual(['video h264', 'audio aac']);
    expect(complaints).toEqual([]);
  });

  it('tells a frame as it is stored, and how players turn it', async () => {
    const { frames, streams } = await look(await makeClip('SAR 8:9, rotated 90', folder));
    expect(frames[0]).toMatchObject({ width: 720, height: 480 });
    expect(frames[0]?.pixelAspect).toBeCloseTo(8 / 9, 6);
    expect(streams[0]?.sideData.rotation).toBe(90);
  });

  it.each([
    ['yuv420p10le', '-c:v libx264 -pix_fmt yuv420p10le', 'a.mp4'],
    ['gbrp', '-c:v libx264rgb -pix_fmt rgb24', 'a.mkv'],
    ['yuv422p', '-c:v libx264 -pix_fmt yuv422p -flags +ildct+ilme -x264opts tff=1', 'a.ts'],
  ])('tells %s', async (format, video, name) => {
    const path = join(folder, `${format}-${name}`);
    await run(
      [...words('-v error -f lavfi -i testsrc=s=320x240:r=25:d=1'), ...words(`${video} -preset ultrafast`), path],
      {
        path: makerPath,
      },
    );
    const { frames } = await look(path);
    expect(frames[0]).toMatchObject({ pixelFormat: format, interlaced: video.includes('ilme') });
  });

  it('looks at the stream that it is asked for', async () => {
    const path = join(folder, 'two.mkv');
    const sources = words('-v error -f lavfi -i color=red:s=320x240:d=1 -f lavfi -i color=blue:s=160x120:d=1');
    await run([...sources, ...words('-map 0 -map 1 -c:v libx264 -preset ultrafast'), path], { path: makerPath });
    expect((await look(path, 1)).frames[0]).toMatchObject({ width: 160, height: 120 });
  });

  it('has no frames and says why where nothing can be read', async () => {
    const path = join(folder, 'noise.mp4');
    await writeFile(path, 'no video');
    const { frames, streams, complaints } = await look(path);
    expect([frames, streams]).toEqual([[], []]);
    expect(complaints.join()).toMatch(/Invalid data|moov|Invalid argument/);
  });
});

describe('an ffmpeg that hangs', () => {
  it('is told at the first look', async () => {
    const ffmpeg = await fakeFfmpeg('exec tail -f /dev/null');
    const look = decodeFirstFrames('/clips/a.mp4', ffmpeg, { stream: 0, signal, timeoutMs: 100 });
    await expect(look).rejects.toMatchObject({ code: 'machine', message: expect.stringMatching(/within 0\.1 s/) });
  });
});
