import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCharacterCreate } from '../../../../src/commands/character/create.ts';
import { runClipInspect, runClipPrepare } from '../../../../src/commands/clip.ts';
import type { AspectVerdict, Judgement } from '../../../../src/media/judge/judge.ts';
import { type ClipOptions, DEFAULT_CLIP_OPTIONS } from '../../../../src/shared/clip.ts';
import { makerPath, run, words } from '../../../helpers/ffmpeg.ts';
import { goodJoe } from '../../../helpers/joe.ts';
import { createTestContext, type TestContext } from '../../../helpers/runtime.ts';

/** Not as a master has it, so that it is converted. */
const CODECS = '-c:v mpeg4 -q:v 3 -af atrim=0:2 -c:a aac';
const CUT = 'hue=h=180:enable=gte(n\\,30),negate=enable=gte(n\\,30)';

/** What is done to 2.1 s of a good clip of 1280x720. */
const CLIPS = {
  good: 'null',
  dark: 'lutyuv=y=16+(val-16)*0.15',
  still: 'loop=-1:1:0,trim=duration=2.1,setpts=N/24/TB',
  cut: CUT,
} as const;
type Kind = keyof typeof CLIPS;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sora-judge-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, filters: string, codecs = CODECS): Promise<string> {
  const path = join(folder, `${name.replaceAll(' ', '-')}.mp4`);
  const source = await goodJoe();
  await run(['-v', 'error', '-y', '-i', source, '-vf', filters, ...words(codecs), path], { path: makerPath });
  return path;
}

async function prepared(
  file: string,
  options: Partial<ClipOptions> = {},
): Promise<{ judgement: Judgement; path: string; plan: { kind: string } }> {
  const { context, stdout } = await createTestContext({ json: true });
  const output = join(folder, 'master.mp4');
  const wishes = { ...DEFAULT_CLIP_OPTIONS, ...options };
  await runClipPrepare(context, { file, output, options: wishes, force: true, dryRun: false });
  return JSON.parse(stdout.text());
}

/** All but sharpness, without the advice, which is about the source. */
function verdicts({ findings }: Judgement): readonly Partial<AspectVerdict>[] {
  return findings.filter(({ what }) => what !== 'sharpness').map(({ advice: _, ...finding }) => finding);
}

async function inspected(context: TestContext, file: string): Promise<Judgement> {
  await runClipInspect(context.context, { file, options: DEFAULT_CLIP_OPTIONS });
  return JSON.parse(context.stdout.text()).judgement;
}

const worse = ({ findings }: Judgement): readonly string[] =>
  findings.filter(({ level }) => level !== 'good').map(({ what, level }) => `${what} ${level}`);

describe('the judgement of a master', () => {
  it.each<[Kind, readonly string[]]>([
    ['good', []],
    ['dark', ['exposure problem']],
    ['still', ['motion problem']],
    ['cut', ['cuts problem']],
  ])('of a clip that is %s is what inspect finds in it', async (kind, expected) => {
    const source = await make(kind, CLIPS[kind]);
    const { judgement } = await prepared(source);
    expect(worse(judgement)).toEqual(expected);
    expect(verdicts(judgement)).toEqual(verdicts(await inspected(await createTestContext({ json: true }), source)));
    expect(judgement.unmeasured).toEqual(['Its sharpness was not judged: sora clip inspect measures it.']);
  });

  it.each<[string, string, Partial<ClipOptions>]>([
    ['padded', 'crop=720:720', { orientation: 'landscape' }],
    ['with bars, padded', 'pad=1280:960:0:120', {}],
    ['too small', 'scale=320:180', {}],
    ['from its second half', CUT, { start: 0.1 }],
  ])(
    'of a clip that is %s is that of its source, in the time and the pixels of that',
    async (kind, filters, options) => {
      const source = await make(kind, filters);
      const { judgement } = await prepared(source, options);
      const { context, stdout } = await createTestContext({ json: true });
      await runClipInspect(context, { file: source, options: { ...DEFAULT_CLIP_OPTIONS, ...options } });
      const own: Judgement = JSON.parse(stdout.text()).judgement;
      const plain = ({ findings }: Judgement) =>
        findings
          .filter(({ what }) => ['cuts', 'bars', 'size'].includes(what))
          .map(({ what, level, meaning, advice }) => ({ what, level, meaning, advice }));
      expect(plain(judgement)).toEqual(plain(own));
      expect(worse(judgement)).toEqual(worse(own).filter((one) => !one.startsWith('sharpness')));
    },
  );

  it.each([
    ['dark', CLIPS.dark],
    ['with black bars', 'drawbox=h=90:c=black:t=fill,drawbox=y=630:h=90:c=black:t=fill'],
  ])('of a copy that is %s is that of its source, but for sharpness', async (kind, filters) => {
    const fits = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -af atrim=0:2 -c:a aac';
    const source = await make(`copied ${kind}`, filters, fits);
    const { plan, judgement } = await prepared(source);
    expect(plan.kind).toBe('remux');
    const own = await inspected(await createTestContext({ json: true }), source);
    // Between bars the pictures are cut after they were made small, so that numbers differ in their last digit.
    const words = ({ findings }: Judgement) =>
      findings.flatMap(({ what, level, advice }) => (what === 'sharpness' ? [] : [{ what, level, advice }]));
    expect(worse(judgement).some((one) => one.endsWith('problem'))).toBe(true);
    expect(words(judgement)).toEqual(words(own));
    expect(judgement.part).toEqual(own.part);
  });

  it('is told in words by prepare and by create, and changes no exit code', async () => {
    const dark = await make('told', `${CLIPS.dark},scale=960:540`);
    const { context, stderr, again } = await createTestContext();
    await runClipPrepare(context, {
      ...{ file: dark, output: join(folder, 'told-master.mp4'), options: DEFAULT_CLIP_OPTIONS },
      ...{ force: true, dryRun: false },
    });
    const words = /warning: Its mean brightness is \d+ %: it is dark\. Use a clip with more light on the face\.\n/;
    const remark = /960x540 is enlarged 1\.33 times: fine detail is missing\. Use the original/;
    expect(stderr.text()).toMatch(words);
    expect(stderr.text()).toMatch(remark);
    expect(stderr.text()).not.toContain('sharpness');

    const created = await again({ json: true });
    const input = { file: dark, name: 'Ann', options: DEFAULT_CLIP_OPTIONS, local: true, force: false, dryRun: false };
    await runCharacterCreate(created.context, input);
    expect(worse(JSON.parse(created.stdout.text()).judgement)).toEqual(['exposure problem', 'size remark']);
    expect(created.stderr.text()).toContain('it is dark');
  });
});
