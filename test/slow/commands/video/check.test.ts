import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CheckFlags, runVideoCheck } from '../../../../src/commands/video/check.ts';
import { runVideoDownload } from '../../../../src/commands/video/wait.ts';
import { hashFile } from '../../../../src/disk/hash.ts';
import type { Job, Remote } from '../../../../src/shared/job.ts';
import { fakeFfmpeg } from '../../../helpers/fake-ffmpeg.ts';
import { addCharacter, addJob, content, damaged, makeVideo, withHost } from '../../../helpers/far-end.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { madeOnce } from '../../../helpers/once.ts';
import { type Picture, readFrame } from '../../../helpers/picture.ts';
import type { TestContext } from '../../../helpers/runtime.ts';
import type { JobFields } from '../../../helpers/samples.ts';

const DOWNLOAD = { variant: 'video', force: false, allowDrift: true } as const;
const SONG = '-f lavfi -i sine=d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest';

/** Two seconds of 128x72: `good` moves; `still` does so in its first half; `other` is another picture. */
function film(kind: 'good' | 'still' | 'other' | 'mirrored' | 'mute'): Promise<string> {
  const source = 'testsrc2=s=128x72:r=12:d=2';
  const filters = {
    good: 'null',
    still: 'loop=loop=-1:size=1:start=11,setpts=N/12/TB,trim=end_frame=24',
    other: 'transpose=clock,scale=128:72,setsar=1',
    mirrored: 'hflip',
    mute: 'vflip',
  };
  return madeOnce(`check-${kind}.mp4`, (path) =>
    run(
      [
        ...words(`-v error -f lavfi -i ${source} ${kind === 'mute' ? SONG.replace('-c:a aac', '-an') : SONG} -vf`),
        ...[filters[kind], path],
      ],
      { path: makerPath },
    ),
  );
}

beforeAll(() => makeVideo());

const REQUEST = { model: 'sora-2', seconds: 2, size: { width: 128, height: 72 }, characters: [] };

type Host = Awaited<ReturnType<typeof withHost>>;

async function download(test: Host, kind: Parameters<typeof film>[0], fields: JobFields = {}): Promise<Job> {
  const prompt = `Prompt of ${kind}.`;
  const job = await addJob(test, {
    baseUrl: test.baseUrl,
    status: 'succeeded',
    request: { ...REQUEST, prompt },
    ...fields,
  });
  test.server.answer(content(await readFile(await film(kind))));
  await runVideoDownload(test.context, { ...DOWNLOAD, id: job.id });
  return job;
}

/** What is drawn at a place, of the size of the videos here. */
function pictureAt({ data, width }: Picture, x: number, y: number): Uint8Array {
  const rows = Array.from({ length: 72 }, (_, row) => {
    const from = ((y + row) * width + x) * 3;
    return data.subarray(from, from + 128 * 3);
  });
  return Buffer.concat(rows);
}

function distance(a: Uint8Array, { data }: Picture): number {
  return a.reduce((sum, one, index) => sum + Math.abs(one - (data[index] ?? 0)), 0) / a.length;
}

const recordOf = async ({ context }: TestContext, { id }: Job) => (await (await context.jobs()).find(id)) as Remote;

describe('a video that is downloaded', () => {
  it('is looked at: what is wrong is said on stderr, and kept in its record with eight hashes', async () => {
    const test = await withHost();
    const good = await download(test, 'good');
    expect(test.stderr.text()).not.toContain('warning');
    const still = await download(test, 'still');
    const message = 'It stands still from 0.8 s to its end.';
    expect(test.stderr.text()).toContain(`warning: ${still.id}: ${message}`);
    expect(await recordOf(test, still)).toMatchObject({
      output: { check: { remarks: [{ what: 'frozen', message }] } },
    });
    const { hashes } = (await recordOf(test, good)).output?.check ?? {};
    expect(hashes).toEqual(Array.from({ length: 8 }, () => expect.stringMatching(/^[0-9a-f]{16}$/)));
    const mute = await download(test, 'mute');
    expect(test.stderr.text()).toContain(`warning: ${mute.id}: It has no sound.`);
  });

  it('is not where that is left out', async () => {
    const test = await withHost();
    const job = await addJob(test, {
      baseUrl: test.baseUrl,
      status: 'succeeded',
      request: { ...REQUEST, prompt: 'A' },
    });
    test.server.answer(content(await readFile(await film('still'))));
    expect(await runVideoDownload(test.context, { ...DOWNLOAD, id: job.id, isChecked: false })).toBe(0);
    expect(test.stderr.text()).not.toContain('warning');
    expect((await recordOf(test, job)).output?.check).toBeUndefined();
  });

  it('is saved without an ffmpeg, with a note that it was not looked at', async () => {
    const test = await withHost({}, { env: { SORA_FFMPEG: '/nowhere/ffmpeg' } });
    for (const kind of ['still', 'good'] as const) await download(test, kind);
    expect(test.stderr.text().match(/was not checked: that takes an ffmpeg/g)).toHaveLength(1);
  });

  it('is told to show what that of another request shows, mirrored too, and a take of one request is not', async () => {
    const test = await withHost();
    const first = await download(test, 'good', { request: { ...REQUEST, prompt: 'A lake.' } });
    await download(test, 'good', { request: { ...REQUEST, prompt: 'A lake.' } });
    await download(test, 'other');
    expect(test.stderr.text()).not.toContain('shows what');
    const again = await download(test, 'good', { request: { ...REQUEST, prompt: 'A wood.' } });
    expect(test.stderr.text()).toContain(`warning: ${again.id}: It shows what ${first.id} shows, which`);
    const turned = await download(test, 'mirrored', { request: { ...REQUEST, prompt: 'A sea.' } });
    expect(test.stderr.text()).toMatch(new RegExp(`${turned.id}: It shows what job_\\w+ shows, mirrored, which`));
  });
});

describe('video check', () => {
  it('names what is wrong with jobs and files; only --strict exits 9', async () => {
    const test = await withHost();
    const job = await download(test, 'still');
    const [good, again] = [await film('good'), join(test.dir, 'again.mp4')];
    await writeFile(again, await readFile(good));
    const named = [job.id, good, again];
    expect(await runVideoCheck(test.context, { named, strict: false })).toBe(0);
    expect(test.stdout.text()).toContain(
      [
        job.id,
        '  frozen    It stands still from 0.8 s to its end.',
        `${good}: nothing to remark`,
        again,
        `  same      It shows what ${good} shows.\n`,
      ].join('\n'),
    );
    expect(await runVideoCheck(test.context, { named: [good], strict: true })).toBe(0);
    expect(await runVideoCheck(test.context, { named, strict: true })).toBe(9);
  });

  it('prints one document of one video, with its job also where its file was named', async () => {
    const test = await withHost({ json: true });
    const job = await addJob(test, {
      ...{ baseUrl: test.baseUrl, status: 'succeeded', request: { ...REQUEST, prompt: 'A', seconds: 8 } },
      ...{ outputPath: await film('good'), outputSha256: await hashFile(await film('good')) },
    });
    expect(await runVideoCheck(test.context, { named: [await film('good')], strict: false })).toBe(0);
    expect(JSON.parse(test.stdout.text())).toEqual({
      ...{ path: await film('good'), jobId: job.id },
      remarks: [{ what: 'mismatch', message: 'It is not what was ordered: 2.0 s instead of 8 s.' }],
    });
    // The record is what later videos are compared with.
    expect((await recordOf(test, job)).output?.check?.hashes).toHaveLength(8);
  });

  it('takes what is no whole video for a remark, so that the others are looked at', async () => {
    const test = await withHost();
    const [broken, cut] = [join(test.dir, 'broken.mp4'), join(test.dir, 'cut.mp4')];
    await writeFile(broken, damaged(await makeVideo()));
    await writeFile(cut, (await makeVideo()).subarray(0, 1500));
    expect(await runVideoCheck(test.context, { named: [broken, cut, await film('good')], strict: true })).toBe(9);
    expect(test.stdout.text()).toMatch(
      /broken\.mp4\n {2}damaged {3}It is damaged: .*\n.*cut\.mp4\n {2}damaged {3}It is damaged: .*\n.*: nothing to remark\n$/,
    );
  });

  it('draws the characters of a job beside six frames of its video, as they are known here', async () => {
    const test = await withHost();
    const joe = await addCharacter(test, 'Joe');
    await writeFile(
      (await test.context.characters()).clipPath(joe.clip.master.sha256),
      await readFile(await film('other')),
    );
    const job = await download(test, 'good', { characters: ['Joe', 'Nobody'] });
    const sheet = join(test.dir, 'sheet.png');
    const flags = { named: [job.id], strict: false };
    expect(await runVideoCheck(test.context, { ...flags, sheet: 'sheet.png' })).toBe(0);
    expect(test.stderr.text()).toContain(`The sheet is ${sheet}`);
    const png = await readFile(sheet);
    const size = { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
    // Two of 128x72 at the left, and three in each of two rows.
    expect(size.width).toBe(2 * 32 + 128 + 16 + 3 * (128 + 8) - 8);
    const drawn = await readFrame(sheet, size);
    const [known, seen] = [pictureAt(drawn, 32, 126), pictureAt(drawn, 32 + 128 + 16, 126)];
    expect(known).not.toEqual(seen);
    const first = await readFrame(await film('good'), { width: 128, height: 72 }, 2);
    expect(distance(seen, first)).toBeLessThan(distance(known, first) / 2);
    await expect(runVideoCheck(test.context, { ...flags, sheet: 'sheet.png' })).rejects.toMatchObject({
      code: 'usage',
    });
    expect(await runVideoCheck(test.context, { ...flags, sheet: 'sheet.png', character: ['Joe'], force: true })).toBe(
      0,
    );
  });

  it.each<[string, Partial<CheckFlags>]>([
    ['of two videos', { named: ['2'] }],
    ['that is no PNG', { sheet: 'sheet.jpg' }],
    ['of nobody', {}],
    ['of somebody who is not here', { character: ['Mia'] }],
  ])('refuses a sheet %s', async (_, flags) => {
    const test = await withHost();
    const named = [await film('good'), ...(flags.named ? [await film('other')] : [])];
    const input = { strict: false, sheet: 'sheet.png', ...flags, named };
    await expect(runVideoCheck(test.context, input)).rejects.toMatchObject({ code: 'usage' });
  });

  it('needs an ffmpeg, and says where that can see nothing', async () => {
    const without = await withHost({}, { env: { SORA_FFMPEG: '/nowhere/ffmpeg' } });
    const named = [await film('good')];
    await expect(runVideoCheck(without.context, { named, strict: false })).rejects.toMatchObject({ code: 'machine' });
    const banner = 'ffmpeg version 9 Copyright\nlibavcodec     61. 3.100 / 61. 3.100';
    const { path } = await fakeFfmpeg(`case "$*" in *-version*) echo "${banner}";; *) exit 1;; esac`);
    const blind = await withHost({}, { env: { SORA_FFMPEG: path } });
    expect(await runVideoCheck(blind.context, { named, strict: true })).toBe(9);
    expect(blind.stdout.text()).toContain('unseen    This ffmpeg cannot decode it');
  });

  it.each([['nothing.mp4'], ['job_nothing']])('refuses %s, which is not here', async (name) => {
    const test = await withHost();
    await expect(runVideoCheck(test.context, { named: [name], strict: false })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
