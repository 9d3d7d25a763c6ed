import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runConfigSet } from '../../src/commands/config.ts';
import { runGenerate } from '../../src/commands/video/generate.ts';
import type { GenerateFlags } from '../../src/commands/video/input.ts';
import { runVideoResend } from '../../src/commands/video/resend.ts';
import type { Registration } from '../../src/shared/character.ts';
import type { Job } from '../../src/shared/job.ts';
import { addCharacter, NO_LIST, refusal, videoObject, withHost } from '../helpers/far-end.ts';
import { type RuntimeOptions, START, type TestContext } from '../helpers/runtime.ts';
import type { TestServer } from '../helpers/server.ts';

const FLAGS: GenerateFlags = {
  ...{ character: [], inject: true, wait: false, count: 1 },
  ...{ resend: false, dryRun: false, timeout: 1800, force: false, allowDrift: false },
};

const TERMINAL = { tty: ['stdin', 'stderr', 'stdout'] } as const satisfies RuntimeOptions;

type Bench = TestContext & { readonly server: TestServer; readonly baseUrl: string };

/** A host that knows the cast, and takes any video. */
async function withCast(
  names: readonly string[],
  globals: Parameters<typeof withHost>[0] = {},
  options: RuntimeOptions = {},
): Promise<Bench> {
  const test = await withHost(globals, options);
  for (const name of names) await addCharacter(test, name, { baseUrl: test.baseUrl });
  let videos = 0;
  test.server.otherwise(() => {
    videos += 1;
    return videoObject('queued', { id: `video_${videos}` });
  });
  return test;
}

const generate = ({ context }: TestContext, prompt: string, flags: Partial<GenerateFlags> = {}): Promise<number> =>
  runGenerate(context, { ...FLAGS, prompt, ...flags });

/** Ids of the characters of every video that was sent. */
const sent = ({ server }: Bench): string[][] =>
  server.seen.map(({ body }) => {
    const { characters = [] } = JSON.parse(String(body)) as { characters?: { id: string }[] };
    return characters.map(({ id }) => id);
  });

async function newest({ context }: TestContext): Promise<Job | undefined> {
  return (await context.jobs()).find('@last');
}

/** A character that has an id there, and no clip. */
async function adopted({ context }: TestContext, name: string, at: Partial<Registration>): Promise<void> {
  const createdAt = new Date(START).toISOString();
  const registration: Registration = {
    ...{
      provider: 'openai',
      baseUrl: '',
      orientation: 'landscape',
      kind: 'id',
      value: `char_${name}`,
      name,
      createdAt,
    },
    ...at,
  };
  const store = await context.characters();
  await store.claim({ version: 1, name, registrations: [registration], createdAt }, { clipless: true });
}

describe('a prompt that says a name of the cast without -c, on a terminal', () => {
  it.each([
    ['Enter', '\n', ['char_Joe']],
    ['y', 'y\n', ['char_Joe']],
    ['YES', 'YES\n', ['char_Joe']],
    ['n', 'n\n', []],
    ['no', ' no \n', []],
  ])('asks before anything is sent, and takes %s for an answer', async (_title, stdin, characters) => {
    const test = await withCast(['Joe'], {}, { ...TERMINAL, stdin });
    expect(await generate(test, 'Joe waves.')).toBe(0);
    expect(test.stderr.text()).toContain(
      'The prompt says Joe, of your cast. Send the video with this character? [Y/n]',
    );
    expect(test.stderr.text()).not.toContain('warning: The prompt');
    expect(sent(test)).toEqual([characters]);
    expect((await newest(test))?.autoCast).toEqual(characters.length === 0 ? undefined : ['Joe']);
  });

  it('asks again after a word that is neither', async () => {
    async function* lines(): AsyncGenerator<string> {
      yield 'what?\n';
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      yield 'n\n';
    }
    const test = await withCast(['Joe'], {}, { ...TERMINAL, stdin: Readable.from(lines()) });
    expect(await generate(test, 'Joe waves.')).toBe(0);
    expect(test.stderr.text().match(/\[Y\/n\]/g)).toHaveLength(2);
    expect(sent(test)).toEqual([[]]);
  });

  it.each<[string, (test: TestContext) => void]>([
    ['the input ends', () => {}],
    ['it is interrupted', (test) => test.abort('interrupted')],
    ['it is terminated', (test) => test.abort('terminated')],
  ])('sends nothing when %s without an answer', async (title, stop) => {
    const stdin = title === 'the input ends' ? '' : new Readable({ read() {} });
    const test = await withCast(['Joe'], {}, { ...TERMINAL, stdin });
    const run = generate(test, 'Joe waves.');
    while (title !== 'the input ends' && !test.stderr.text().includes('[Y/n]')) await setImmediate();
    stop(test);
    const code = title === 'it is terminated' ? 'terminated' : 'interrupted';
    await expect(run).rejects.toMatchObject({ code });
    expect(test.server.seen).toEqual([]);
    expect(await newest(test)).toBeUndefined();
  });

  it('refuses more than the model takes before it asks, by name', async () => {
    const test = await withCast(['Joe', 'Mia', 'Max'], {}, TERMINAL);
    await expect(generate(test, 'Max, Joe and Mia dance.')).rejects.toMatchObject({
      code: 'usage',
      message: `${new URL(test.baseUrl).host} takes at most 2 characters in a video, and the prompt says 3: Max, Joe and Mia.`,
      hint: expect.stringContaining('--no-auto-cast'),
    });
    await expect(generate(test, 'Max, Joe and Mia dance.', { character: ['Mia'] })).rejects.toMatchObject({
      message: expect.stringContaining('-c and the prompt name 3: Mia, Max and Joe.'),
    });
    expect(test.stderr.text()).not.toContain('[Y/n]');
    expect(test.server.seen).toEqual([]);
  });

  it('is no question in a dry run, which sends nothing: yes is assumed, and told', async () => {
    const test = await withCast(['Joe'], {}, TERMINAL);
    expect(await generate(test, 'Joe waves.', { dryRun: true })).toBe(0);
    expect(test.stderr.text()).not.toContain('[Y/n]');
    expect(test.stderr.text().replaceAll('\n', ' ')).toContain('A dry run does not ask; it assumes yes.');
    expect(test.stdout.text()).toContain('char_Joe');
  });

  it('does not ask about what is refused anyway', async () => {
    const test = await withCast(['Joe'], {}, TERMINAL);
    await expect(generate(test, 'Joe waves.', { aspect: '5:1' })).rejects.toMatchObject({ code: 'usage' });
    expect(test.stderr.text()).toBe('');
  });
});

describe('a prompt that says a name of the cast without -c, where nobody can be asked', () => {
  it.each<[string, Parameters<typeof withHost>[0], RuntimeOptions, string]>([
    ['in a pipe', {}, {}, 'Joe waves.'],
    ['with -q', { quiet: true }, TERMINAL, 'Joe waves.'],
    ['with --json', { json: true }, TERMINAL, 'Joe waves.'],
    ['in CI', {}, { ...TERMINAL, env: { CI: '1' } }, 'Joe waves.'],
    ['with a prompt that was typed in', {}, { ...TERMINAL, stdin: 'Joe waves.\n' }, '-'],
  ])('is sent as it is, with a warning that names the flag: %s', async (_title, globals, options, prompt) => {
    const test = await withCast(['Joe'], globals, options);
    expect(await generate(test, prompt)).toBe(0);
    const said = test.stderr.text().replaceAll('\n', ' ');
    expect(said).toContain('The prompt says Joe, who is in your cast, but the video is sent without');
    expect(said).toContain('add -c Joe. --no-auto-cast, or `sora config set autoCast false`, ends this');
    expect(test.stderr.text()).not.toContain('[Y/n]');
    expect(sent(test)).toEqual([[]]);
  });

  it.each([
    ['Joe Smith', "-c 'Joe Smith'"],
    ['-q', '--character=-q'],
    ["O'Neil", "-c 'O'\\''Neil'"],
  ])('has the flag for %s as a shell takes it', async (name, flag) => {
    const test = await withCast([name]);
    await generate(test, `Here is ${name}.`);
    expect(test.stderr.text()).toContain(`add ${flag}.`);
  });

  it('has both flags for two, and none to paste where the model takes fewer', async () => {
    const test = await withCast(['Joe', 'Mia', 'Max']);
    await generate(test, 'Mia meets Joe.');
    expect(test.stderr.text()).toContain('add -c Mia -c Joe.');
    await generate(test, 'Mia meets Joe and Max.');
    expect(test.stderr.text()).toContain(`${new URL(test.baseUrl).host} takes 2 in a video; choose them with -c.`);
    expect(sent(test)).toEqual([[], []]);
  });

  it('warns of a record that cannot be read: the prompt may say that character', async () => {
    const test = await withCast(['Joe']);
    const [record = ''] = await readdir(test.context.paths().characters);
    await writeFile(join(test.context.paths().characters, record), '{');
    await generate(test, 'Joe waves.');
    expect(test.stderr.text()).toContain('cannot be read (');
    expect(test.stderr.text()).toContain('whether the prompt says that character is not known.');
  });

  it('names no flag where the host takes no characters', async () => {
    const test = await withCast(['Joe'], { backend: 'vllm-omni' });
    await generate(test, 'Joe waves.', { dryRun: true });
    expect(test.stderr.text()).toContain('without this character: vllm-omni takes no characters.');
    expect(test.stderr.text()).not.toContain('-c Joe');
  });
});

describe('--auto-cast, --no-auto-cast and the setting autoCast', () => {
  it.each<[boolean | undefined, string | undefined, readonly string[]]>([
    [true, undefined, ['char_Joe']],
    [undefined, 'true', ['char_Joe']],
    [true, 'false', ['char_Joe']],
    [false, undefined, []],
    [undefined, 'false', []],
    [false, 'true', []],
  ])('decide without a question or a warning: flag %s, setting %s', async (autoCast, setting, characters) => {
    const first = await withCast(['Joe'], {}, TERMINAL);
    if (setting !== undefined) await runConfigSet(first.context, 'autoCast', setting);
    const test = { ...first, ...(await first.again()) };
    expect(await generate(test, 'Joe waves.', autoCast === undefined ? {} : { autoCast })).toBe(0);
    expect(test.stderr.text()).not.toMatch(/\[Y\/n\]|warning: The prompt/);
    expect(sent(test)).toEqual([characters]);
    if (characters.length > 0) expect(test.stderr.text()).toContain('The prompt says Joe: sent with -c Joe.');
  });

  it.each([
    ['nobody for another case, or a longer word', 'joe, JOE and Joey wave at Joe_2.', []],
    ['the longer name alone where it stands', 'Joe Smith waves.', ['char_Joe Smith']],
    ['both where both stand', 'Joe Smith waves at Joe.', ['char_Joe Smith', 'char_Joe']],
    ['a name in another normal form', 'Zo\u0065\u0308 sings.', ['char_Zoë']],
    ['names in the order of the prompt', 'Zoë sings for Joe.', ['char_Zoë', 'char_Joe']],
  ])('P1: cast %s', async (_title, prompt, characters) => {
    const test = await withCast(['Joe', 'Joe Smith', 'Zoë']);
    expect(await generate(test, prompt, { autoCast: true })).toBe(0);
    expect(sent(test)).toEqual([characters]);
  });

  it('double nobody whom -c names too, and leave those first', async () => {
    const test = await withCast(['Joe', 'Mia'], { json: true });
    expect(await generate(test, 'Mia meets Joe.', { autoCast: true, character: ['joe', 'Joe'] })).toBe(0);
    expect(sent(test)).toEqual([['char_Joe', 'char_Mia']]);
    expect(JSON.parse(test.stdout.text())).toMatchObject({ characters: ['Joe', 'Mia'], autoCast: ['Mia'] });
  });

  it('cast nobody whose name is part of what the host calls a character of -c', async () => {
    const test = await withCast(['Mia']);
    await addCharacter(test, 'Ms. W', { baseUrl: test.baseUrl, hostName: 'Mia Wong' });
    expect(await generate(test, 'Mia Wong waves.', { autoCast: true, character: ['Ms. W'] })).toBe(0);
    expect(sent(test)).toEqual([['char_Ms. W']]);
  });

  it('refuse more than the model takes, by name, before anything is uploaded', async () => {
    const test = await withCast(['Joe', 'Mia']);
    await addCharacter(test, 'Max');
    await expect(generate(test, 'Joe, Mia and Max dance.', { autoCast: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('the prompt says 3: Joe, Mia and Max.'),
    });
    expect(test.server.seen).toEqual([]);
    expect(await newest(test)).toBeUndefined();
  });

  it('refuse, and drop nobody in silence, where the host takes no characters or cannot know one', async () => {
    const test = await withCast(['Joe'], { backend: 'vllm-omni' });
    await expect(generate(test, 'Joe waves.', { autoCast: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('vllm-omni takes no characters: it would silently ignore Joe'),
      hint: expect.stringContaining('--no-auto-cast'),
    });
    const other = await test.again({ backend: 'openai' });
    await adopted(other, 'Elsewhere', { baseUrl: 'https://elsewhere.example.com/v1' });
    await expect(generate(other, 'Elsewhere waves.', { autoCast: true })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('Elsewhere has no clip here'),
    });
    // Only the list of its models tells whether such a server takes clips.
    expect(test.server.seen.map(({ path }) => path)).toEqual(['/v1/models']);
  });

  it('register whom the host does not know yet, as -c does', async () => {
    const test = await withHost();
    await addCharacter(test, 'Joe');
    test.server.answer({ body: { id: 'char_new', name: 'Joe', created_at: 1 } }, videoObject('queued'));
    expect(await generate(test, 'Joe waves.', { autoCast: true })).toBe(0);
    expect(test.server.seen.map(({ path }) => path)).toEqual(['/v1/videos/characters', '/v1/videos']);
  });

  it('choose the shape of the first who is cast', async () => {
    const test = await withCast([]);
    await adopted(test, 'Tall', { baseUrl: test.baseUrl, orientation: 'portrait' });
    expect(await generate(test, 'Tall waves.', { autoCast: true })).toBe(0);
    expect((await newest(test))?.request.size).toEqual({ width: 720, height: 1280 });
  });

  it('show in a dry run, as --json has it, who is cast', async () => {
    const test = await withCast(['Joe', 'Mia'], { json: true });
    await generate(test, 'Joe meets Mia.', { autoCast: true, character: ['Joe'], dryRun: true });
    expect(JSON.parse(test.stdout.text())).toMatchObject({
      autoCast: ['Mia'],
      request: { body: { characters: [{ id: 'char_Joe' }, { id: 'char_Mia' }] } },
    });
    expect(test.server.seen).toEqual([]);
  });

  it('make the request that -c would make: the same key gives the same job', async () => {
    const test = await withCast(['Joe']);
    await generate(test, 'Joe waves.', { autoCast: true, key: 'k' });
    await generate(test, 'Joe waves.', { character: ['Joe'], key: 'k' });
    expect(test.server.seen).toHaveLength(1);
    await expect(generate(test, 'Joe waves.', { autoCast: false, key: 'k' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('know the names of a cast file', async () => {
    const first = await withCast([]);
    const registration = {
      ...{ provider: 'openai', baseUrl: first.baseUrl, orientation: 'landscape', kind: 'id', value: 'char_z' },
      ...{ name: 'Zora', createdAt: '2026-11-21T10:00:00.000Z' },
    };
    const zora = { name: 'Zora', createdAt: '2026-11-21T10:00:00.000Z', registrations: [registration] };
    const cast = join(first.dir, 'cast.json');
    await writeFile(cast, JSON.stringify({ version: 1, characters: [zora] }));
    const test = { ...first, ...(await first.again({ cast })) };
    await generate(test, 'Zora waves.', { autoCast: true });
    expect(sent(test)).toEqual([['char_z']]);
  });
});

it('a lost request that is sent again casts nobody in addition, and keeps who was cast', async () => {
  const test = await withHost();
  for (const name of ['Joe', 'Mia']) await addCharacter(test, name, { baseUrl: test.baseUrl });
  test.server.answer(refusal(500, 'server_error'));
  await expect(generate(test, 'Joe waves.', { autoCast: true })).rejects.toMatchObject({ code: 'ambiguous' });
  const job = await newest(test);
  test.clock.ms += 60_000;
  test.server.answer(NO_LIST, videoObject('queued'));
  const again = { wait: false, dryRun: false, timeout: 1800, force: false, allowDrift: false };
  await runVideoResend(test.context, { ...again, id: job?.id ?? '' });
  const { id, autoCast, request } = (await newest(test)) ?? {};
  expect(id).not.toBe(job?.id);
  expect([autoCast, request]).toEqual([['Joe'], job?.request]);
});
