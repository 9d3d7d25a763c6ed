import { copyFile, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CharacterJson, characterJson } from '../../src/characters/record.ts';
import { GATEWAY_PROVIDER, HOST_NAMES, type HostName } from '../../src/providers/index.ts';
import { jobJson } from '../../src/videos/jobs/record.ts';
import { makeMachine, said } from '../helpers/cli.ts';
import { makeClip } from '../helpers/clips.ts';
import { covering } from '../helpers/covering.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { makeQuickMachine, type Ran } from '../helpers/here.ts';
import { createHostileHost, POISON, withPoison } from '../helpers/hostile-host.ts';
import { variablesAt } from '../helpers/hosts.ts';
import { sampleCharacter, sampleJob } from '../helpers/samples.ts';
import { createTestServer } from '../helpers/server.ts';

interface Speaker {
  sora(args: readonly string[]): PromiseLike<Partial<Ran>>;
}

/** Runs a command twice, for people and with `--json`, and finds nothing in its words that a terminal or a parser trips over. */
async function inspectWords(machine: Speaker, args: readonly string[], modes = [false, true]): Promise<number[]> {
  const exits: number[] = [];
  for (const json of modes) {
    const end = args.indexOf('--');
    const flagged = end < 0 ? [...args, '--json'] : args.toSpliced(end, 0, '--json');
    const { exitCode, stdout = '', stderr = '' } = await machine.sora(json ? flagged : args);
    const said = `${stdout}\n${stderr}`;
    const told = `sora ${args.join(' ')}: ${said.slice(0, 1500)}`;
    expect(exitCode, told).not.toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
    expect(said, told).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e]/);
    expect(said, told).not.toMatch(/^error: all is well/m);
    if (json) {
      if (stdout !== '') JSON.parse(stdout);
      for (const line of stderr.split('\n').filter(Boolean)) JSON.parse(line);
    }
    expect(stderr.length, told).toBeLessThan(20_000);
    exits.push(exitCode ?? -1);
  }
  return exits;
}

/** What the flow of a job hangs on: without these, nothing goes on. */
const isVital = (value: string, key: string) =>
  /^[a-z]+:\/\//.test(value) || /^(status|method|headers|object|content-type|key|policy|x-amz-.*)$/i.test(key);

describe('P5: a host whose every text is hostile', () => {
  it.each(HOST_NAMES)('steers no terminal and breaks no JSON: %s', async (provider) => {
    const host = await createHostileHost({
      text: (value, key) => (isVital(value, key) ? value : withPoison(value)),
      invalid: true,
    });
    const machine = makeQuickMachine({ ...host.env, SORA_PROVIDER: provider });
    await makeClip('2.0 s', machine.dir);
    const once = (...args: string[]) => inspectWords(machine, args, [false]);
    const twice = (...args: string[]) => inspectWords(machine, args);
    await once('character', 'create', 'clip.mp4', '--name', 'Joe');
    await twice('character', 'show', 'Joe');
    await once('video', 'generate', 'Joe waves.', '-c', 'Joe');
    const wait = ['video', 'wait', '@last', '--poll-interval', '100ms', '-o', 'out.mp4', '--force'];
    const [exit] = await inspectWords(machine, [...wait, '--timeout', '20s'], [true]);
    // It goes on to the end, also where the host gives its model another name.
    expect([0, 9]).toContain(exit);
    await twice('video', 'show', '@last');
    await once('video', 'list', '--remote');
    for (const args of ['status @last', 'cancel @last', 'delete @last --yes']) {
      await inspectWords(machine, ['video', ...words(args)], [args.startsWith('cancel')]);
    }
    await once('character', 'sync');
    await once('video', 'remix', '@last', 'At night.');
    await once('video', 'list');
  });

  it.each(HOST_NAMES)('refuses in bounded words, however long its own are: %s', async (provider) => {
    for (const refuse of [400, 401]) {
      // Megabytes in each of its fields once; a tenth of that is as far beyond any bound.
      const isLong = provider === GATEWAY_PROVIDER && refuse === 400;
      const host = await createHostileHost({
        refuse,
        text: () => withPoison('No. '.repeat(isLong ? 250_000 : 25_000)),
      });
      // What is done with a host's words is the same in every process: the built program is tried with the longest.
      const machine = (isLong ? makeMachine : makeQuickMachine)({ ...host.env, SORA_PROVIDER: provider });
      const [plain, json] = await inspectWords(machine, ['video', 'generate', 'A lighthouse.']);
      expect([plain, json]).toEqual(refuse === 400 ? [5, 5] : [4, 4]);
      await inspectWords(machine, ['video', 'show', '@last'], [false]);
      if (refuse === 401) await inspectWords(machine, ['doctor', '--api'], [true]);
    }
  });

  it('P2: is done with in a moment, whatever status comes with 300 kB of what a pattern trips over', async () => {
    const server = await createTestServer();
    const machine = makeQuickMachine(variablesAt(server.url, 'sk-proj-0123456789abcdef'));
    const every = [200, 400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503];
    const cellsOf = (provider: HostName, statuses: readonly number[], units: readonly string[]) =>
      statuses.flatMap((status) => units.map((unit) => [provider, status, unit] as const));
    const cells = covering(
      [
        ...cellsOf(GATEWAY_PROVIDER, every, ['<']),
        ...cellsOf(GATEWAY_PROVIDER, [400, 500], ['<title', '{"error":', ' \\\\']),
        ...HOST_NAMES.filter((name) => name !== GATEWAY_PROVIDER).flatMap((name) =>
          cellsOf(name, [200, 400, 401], ['<', '<title']),
        ),
      ],
      ([provider, status, unit]) => [`${provider} ${status}`, `${provider} ${unit}`],
    );
    for (const [provider, status, unit] of cells) {
      const body = unit.repeat(300_000 / unit.length);
      server.otherwise(() => ({ status, body, headers: { 'content-type': 'text/html' } }));
      const before = process.cpuUsage();
      const { exitCode, stderr } = await machine.sora(
        words(`video generate A --provider ${provider} --allow-retired --resend`),
      );
      const { user, system } = process.cpuUsage(before);
      const where = `${provider} ${status} ${unit}`;
      expect([where, (user + system) / 1e6 < 10], stderr?.slice(0, 500)).toEqual([where, true]);
      expect([where, [4, 5, 6, 7, 10].includes(exitCode ?? 0)], stderr?.slice(0, 500)).toEqual([where, true]);
    }
  });

  it('can be left by Ctrl-C while it goes on with such answers', async () => {
    const server = await createTestServer();
    const machine = makeMachine({ OPENAI_BASE_URL: `${server.url}/v1`, SORA_PROVIDER: 'openai' });
    server.otherwise(() => ({ status: 503, body: '<'.repeat(300_000), headers: { 'content-type': 'text/html' } }));
    const run = machine.sora(['video', 'list', '--remote', '--debug']);
    await said(run, 'stderr', '* again in');
    const stoppedAt = performance.now();
    run.kill('SIGINT');
    expect((await run).exitCode).toBe(130);
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
  });

  it('leads nowhere by its URLs', async () => {
    const host = await createHostileHost({
      text: (value, key) => (key === 'status' ? value : value.replace(/^https?:.*/s, withPoison('file:///etc/passwd'))),
    });
    const machine = makeQuickMachine({ ...host.env, SORA_PROVIDER: 'wavespeed' });
    await inspectWords(machine, ['video', 'generate', 'A lighthouse.'], [false]);
    const wait = ['video', 'wait', '@last', '--poll-interval', '100ms', '-o', 'out.mp4', '--timeout', '20s'];
    const [exit] = await inspectWords(machine, wait, [true]);
    expect([5, 6, 9]).toContain(exit);
    expect(await readdir(machine.dir)).not.toContain('out.mp4');
  });
});

describe('records that somebody changed by hand', () => {
  it('are shown without what would steer a terminal', async () => {
    const machine = makeQuickMachine({ SORA_PROVIDER: 'sandbox' });
    const job = sampleJob('job_000000000abcdef', {
      ...{ remoteId: withPoison('video_1'), model: withPoison('sora-2'), provider: withPoison('openai') },
      ...{ remoteStatus: withPoison('odd'), status: 'failed', outputPath: withPoison('/x.mp4') },
      failure: { code: withPoison('bad'), message: withPoison('No.'), policy: false },
      characters: [withPoison('Joe')],
    });
    const registration = {
      ...{ provider: withPoison('openai'), baseUrl: withPoison('https://a.example'), orientation: 'landscape' },
      ...{ kind: 'id', value: withPoison('char_1'), name: withPoison('Joe'), createdAt: job.createdAt },
    } as const;
    const sample = sampleCharacter('Joe');
    const joe = {
      ...characterJson(sample),
      source: { ...sample.clip.source, fileName: withPoison('joe.mp4') },
    };
    const { createHash } = await import('node:crypto');
    const id = createHash('sha256').update('joe').digest('hex').slice(0, 32);
    for (const [path, record] of [
      [`jobs/${job.id}.json`, jobJson(job)],
      [`characters/${id}.json`, { ...joe, registrations: [registration] }],
    ] as const) {
      await mkdir(join(machine.home, path, '..'), { recursive: true });
      await writeFile(join(machine.home, path), JSON.stringify(record));
    }
    for (const args of ['character list', 'character show Joe', 'store check', 'video list', `video show ${job.id}`]) {
      const exits = await inspectWords(machine, words(args));
      expect(exits, args).toEqual(args === 'store check' ? [12, 12] : [0, 0]);
    }
    for (const args of [['status'], ['status', job.id], ['wait', job.id]]) {
      await inspectWords(machine, ['video', ...args], [false]);
    }
  });
});

describe('P5: the environment of a child', () => {
  it('has no key and no password, whose ever it is, and everything else', async () => {
    const machine = makeMachine();
    await makeClip('2.0 s', machine.dir);
    const wrapper = join(machine.dir, 'ffmpeg');
    const dump = join(machine.dir, 'environment');
    await writeFile(wrapper, `#!/bin/sh\nenv >> '${dump}'\nexec '${machine.env.SORA_FFMPEG}' "$@"\n`, { mode: 0o755 });
    const secret = 'secret-of-somebody';
    const names = [
      'OPENAI_API_KEY',
      'WAVESPEED_API_KEY',
      'AWS_SECRET_ACCESS_KEY',
      'GITHUB_TOKEN',
      'APIKEY',
      'DB_PASSWORD',
    ];
    const more = [
      'HTTPS_PROXY',
      'https_proxy',
      'DATABASE_URL',
      'SENTRY_DSN',
      'GITHUB_PAT',
      'NPM_AUTH',
      'PASSWORD',
      'My_Token',
    ];
    const env = Object.fromEntries([...names, ...more].map((name) => [name, `http://me:${secret}@127.0.0.1:9`]));
    const plain = { NODE_OPTIONS: '--max-old-space-size=2000', LANG: 'C', LD_SOMETHING: 'kept' };
    const args = ['clip', 'prepare', 'clip.mp4', '-o', 'out.mp4', '--resolution', '1080p'];
    const { exitCode } = await machine.sora(args, { env: { ...env, ...plain, SORA_FFMPEG: wrapper } });
    expect(exitCode).toBe(0);
    const seen = await readFile(dump, 'utf8');
    for (const [name, value] of Object.entries(plain)) expect(seen).toContain(`${name}=${value}`);
    expect(seen).not.toContain(secret);
  });
});

describe('names and paths', () => {
  const NAMES: readonly (readonly [string, number])[] = [
    ['--json', 0],
    ['../../etc/passwd', 0],
    ['__proto__', 0],
    ['cafe\u0301', 0],
    ['x'.repeat(81), 2],
    ['a\u202eb', 2],
    ['two\nlines', 2],
    ['\u001b[31mred', 2],
    ['\u200b', 2],
  ];

  it('of characters are kept as they are or refused, and never become a path', async () => {
    const machine = makeQuickMachine();
    await makeClip('2.0 s', machine.dir);
    for (const [name, exit] of NAMES) {
      const [code] = await inspectWords(
        machine,
        ['character', 'create', 'clip.mp4', '--local', `--name=${name}`],
        [true],
      );
      expect(code, name).toBe(exit);
      if (exit === 0) expect(await inspectWords(machine, ['character', 'show', '--', name], [true]), name).toEqual([0]);
    }
    // The same name in another normal form.
    expect(await inspectWords(machine, ['character', 'show', 'caf\u00e9'], [true])).toEqual([0]);
    const kept = await readdir(join(machine.home, 'characters'));
    expect(kept.filter((name) => !/^[0-9a-f]{32}\.json$/.test(name))).toEqual([]);
    expect(kept).toHaveLength(NAMES.filter(([, exit]) => exit === 0).length);
    expect((await readdir(machine.dir)).toSorted()).toEqual(['clip.mp4', 'home']);
  });

  const FILES: readonly string[] = [
    '-i.mp4',
    '--name=-x.mp4',
    '%d.mp4',
    'a:b.mp4',
    'two\nlines.mp4',
    `it's "quoted".mp4`,
    'cafe\u0301 \u{1F3AC}.mp4',
    'a\u202egpj.mp4',
    'esc\u001b[31m.mp4',
    `${'x'.repeat(251)}.mp4`,
    `${'\u{1F600}'.repeat(62)}.mp4`,
  ];

  it('of files may be any, as a clip and behind -o', async () => {
    const machine = makeQuickMachine();
    const clip = await readFile(await makeClip('2.0 s', machine.dir));
    await mkdir(join(machine.dir, 'out'));
    for (const [index, name] of FILES.entries()) {
      await writeFile(join(machine.dir, name), clip);
      const create = ['character', 'create', '--name', `Joe ${index}`, '--local', '--', name];
      expect(await inspectWords(machine, create, [index % 2 === 0]), name).toEqual([0]);
    }
    // The four oddest behind -o; test/media/hostile.test.ts has more.
    const written = FILES.filter((name) => /^-i|^%|\n|^x{251}/.test(name));
    for (const name of written) {
      const prepare = ['clip', 'prepare', `--output=${join('out', name)}`, '--', name];
      expect(await inspectWords(machine, prepare, [false]), name).toEqual([0]);
    }
    expect((await readdir(join(machine.dir, 'out'))).toSorted()).toEqual(written.toSorted());
    const listed = await machine.sora(['character', 'list', '--json']);
    const kept = (JSON.parse(listed.stdout) as CharacterJson[]).map(({ source }) => source?.fileName);
    expect(kept.toSorted()).toEqual(FILES.toSorted());
    await inspectWords(machine, ['character', 'show', 'Joe 4'], [false]);
  }, 180_000);

  it('that no disk takes are refused in a sentence, and leave nothing', async () => {
    const machine = makeQuickMachine();
    await makeClip('2.0 s', machine.dir);
    for (const long of [`${'y'.repeat(300)}.mp4`, 'z'.repeat(5000)]) {
      for (const args of [
        ['clip', 'inspect', long],
        ['clip', 'prepare', 'clip.mp4', '-o', long],
        ['clip', 'prepare', 'clip.mp4', '-o', long, '--force'],
        ['character', 'list', '--cast', long],
      ]) {
        const [exit] = await inspectWords(machine, args, [true]);
        expect([2, 12], args.slice(0, 2).join(' ')).toContain(exit);
      }
    }
    expect(await readdir(machine.dir)).toEqual(['clip.mp4']);
  });

  it('may hold bytes that are no UTF-8, which are told and do not confuse', async () => {
    const machine = makeQuickMachine();
    const raw = Buffer.concat([Buffer.from(join(machine.dir, 'a')), Buffer.from([0xff, 0xfe]), Buffer.from('.mp4')]);
    await copyFile(await makeClip('2.0 s', machine.dir), raw).catch(() => undefined);
    // Node cannot be given such a name: what arrives names no file.
    expect(await inspectWords(machine, ['clip', 'inspect', 'a\ufffd\ufffd.mp4'])).toEqual([2, 2]);
    expect(await inspectWords(machine, ['clip', 'prepare', 'clip.mp4', '-o', 'b.mp4'], [true])).toEqual([0]);
  });
});

describe('a media file whose own words are hostile', () => {
  it.each(['clip.mp4', 'clip.mkv'])('%s is told of safely, and its words do not get into the master', async (file) => {
    const machine = makeQuickMachine();
    const text = POISON.replaceAll('\u0000', '');
    const tags = ['title', 'artist', 'comment', 'encoder', 'description'].flatMap((tag) => [
      '-metadata',
      `${tag}=${text}`,
    ]);
    const stream = ['handler_name', 'title', 'language'].flatMap((tag) => ['-metadata:s:v:0', `${tag}=${text}`]);
    const source = words(
      '-v error -f lavfi -i testsrc=s=320x180:r=24:d=2.1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p',
    );
    const path = join(machine.dir, file);
    await run([...source, ...tags, ...stream, path], { path: makerPath });
    expect(await inspectWords(machine, ['clip', 'inspect', file])).toEqual([0, 0]);
    // A codec that nobody knows, by a name that nobody should print.
    const bytes = await readFile(path);
    const spoiled = Buffer.from(
      bytes
        .toString('latin1')
        .replaceAll('avc1', '\u001b[2J')
        .replaceAll('V_MPEG4/ISO/AVC', 'V_\u001b[2J\u001b[2J\u0007\u0007\u0007\u009b'),
      'latin1',
    );
    await writeFile(join(machine.dir, `odd-${file}`), spoiled);
    await inspectWords(machine, ['clip', 'inspect', `odd-${file}`]);
    await inspectWords(machine, ['clip', 'prepare', `odd-${file}`, '-o', 'odd.mp4'], [false]);
    expect(await inspectWords(machine, ['clip', 'prepare', file, '-o', 'out.mp4'], [true])).toEqual([0]);
    expect((await readFile(join(machine.dir, 'out.mp4'))).includes('all is well')).toBe(false);
  });
});

describe('casts that others wrote', () => {
  const sha256 = 'a'.repeat(64);
  const entry = (more: object = {}) => ({ ...characterJson(sampleCharacter('Joe')), ...more });
  const cast = (...characters: unknown[]) => JSON.stringify({ version: 1, characters });

  it.each<[string, string]>([
    ['100 000 levels', `{"version":1,"characters":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [
      '100 000 levels in a field that is not ours',
      cast(entry()).replace('{', `{"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`),
    ],
    ['a million characters of no form', `{"version":1,"characters":[${'{},'.repeat(999_999)}{}]}`],
    ['more than 16 MB', `{"version":1,"x":"${'x'.repeat(17_000_000)}","characters":[]}`],
    ['a later version', '{"version":7,"characters":[]}'],
    ['a prototype', '{"version":1,"__proto__":{"characters":[]}}'],
    ['hostile words', cast(entry({ name: POISON }))],
    ['no JSON', POISON],
  ])('are refused in a sentence, soon: %s', async (_, text) => {
    const machine = makeQuickMachine();
    await writeFile(join(machine.dir, 'cast.json'), text);
    for (const args of ['character list --cast cast.json', 'character import cast.json']) {
      expect(await inspectWords(machine, words(args), [true]), args).toEqual([2]);
    }
  });

  it('name no clip outside their folder, by whatever way', async () => {
    const machine = makeQuickMachine({ SORA_PROVIDER: 'sandbox' });
    const folder = join(machine.dir, 'cast');
    await mkdir(folder);
    await writeFile(join(machine.dir, 'secret.mp4'), 'secret');
    await symlink(join(machine.dir, 'secret.mp4'), join(folder, 'link.mp4'));
    await symlink(machine.dir, join(folder, 'sub'));
    await symlink('/dev/zero', join(folder, 'zero.mp4'));
    const ways = [
      '../secret.mp4',
      join(machine.dir, 'secret.mp4'),
      'C:\\secret.mp4',
      '..\\secret.mp4',
      'a/../../secret.mp4',
    ];
    for (const clip of [...ways, 'link.mp4', 'sub/secret.mp4', 'zero.mp4', '/dev/zero', 'a\u0000b']) {
      await writeFile(join(folder, 'cast.json'), cast(entry({ clip })));
      const [exit] = await inspectWords(machine, ['character', 'import', join('cast', 'cast.json')], [true]);
      expect([2, 3], clip).toContain(exit);
    }
    await expect(lstat(join(machine.home, 'characters'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('P5: name no host that is sent a key or anything else', async () => {
    const host = await createHostileHost({ text: (value) => value });
    const machine = makeQuickMachine({ OPENAI_API_KEY: 'sk-of-my-own', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' });
    const registration = {
      ...{ provider: 'openai', baseUrl: host.env.OPENAI_BASE_URL, orientation: 'landscape', kind: 'id' },
      ...{ value: 'char_1', name: 'Joe', createdAt: '2026-11-21T10:00:00.000Z' },
    };
    await writeFile(
      join(machine.dir, 'cast.json'),
      cast(entry({ registrations: [registration], master: { ...sampleCharacter('Joe').clip.master, sha256 } })),
    );
    for (const args of ['character list', 'character show Joe', 'character sync Joe', 'video generate x -c Joe']) {
      await inspectWords(machine, [...words(args), '--cast', 'cast.json'], [false]);
    }
    expect(host.requests()).toBe(0);
  });
});
