/** P5: a key is told to its own origin, in its own header, and is found nowhere else, whatever the host does with it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HostEntry } from '../../src/providers/entry.ts';
import { HOST_NAMES, PROVIDERS } from '../../src/providers/index.ts';
import type { Backend } from '../../src/providers/provider.ts';
import { type Machine, makeMachine } from '../helpers/cli.ts';
import { TEST_ALL } from '../helpers/covering.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { cachedFfmpegPath } from '../helpers/ffmpeg-cache.ts';
import { quickened } from '../helpers/here.ts';
import { createTestServer, type Scripted, type Seen, type TestServer } from '../helpers/server.ts';
import { DIALECTS, type Dialect } from '../providers/dialects.ts';
import { makeClip } from '../sandbox/harness.ts';

/** Every encoding writes it in another way. */
const KEY = 'sk-Key/0123+456=789~abc';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** The ways in which a host may repeat a key. */
const FORMS = {
  plain: KEY,
  'as it was sent': `Bearer ${KEY}`,
  'in lower case': KEY.toLowerCase(),
  'percent-encoded': encodeURIComponent(KEY),
  'percent-encoded in lower case': encodeURIComponent(KEY).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded twice': encodeURIComponent(encodeURIComponent(KEY)),
  'with escaped slashes': KEY.replaceAll('/', '\\/'),
  'in base64': base64(KEY),
  'in base64, as it was sent': base64(`Bearer ${KEY}`),
  'in base64, as a password': base64(`:${KEY}`),
  'in base64, as a user': base64(`${KEY}:`),
  'in base64 for URLs': base64url(KEY),
} as const;
/** What may stand between its letters and is read over, in a body alone: no header carries it. */
const BETWEEN = [
  ...['\u0000', '\u0001', '\u200e', '\u200f', '\u200b', '\u200d', '\u00ad', '\u0301', '\ufe0f'],
  ...['\u001b[0m', '\u009b1m', '\n', '\r\n  '],
];
const HIDDEN = [KEY, base64(`Bearer ${KEY}`)].flatMap((form) => BETWEEN.map((gap) => [...form].join(gap)));
const ECHO = Object.values(FORMS).join(' ');
const ECHO_IN_BODY = [ECHO, ...HIDDEN, encodeURIComponent(HIDDEN[4] ?? '')].join(' ');
const IN_URL = `${encodeURIComponent(KEY)}?a=${encodeURIComponent(KEY)}&b=${base64url(KEY)}`;

/** What must not be found: the key in any form, and every piece of it that is long enough to be one. */
const TRACES = [...new Set(Object.values(FORMS).flatMap((form) => [form, form.slice(4, -4)]))].map((form) =>
  form.toLowerCase(),
);

/** What a reader makes of a text: without what is invisible, in whatever way it is written, and without what is left of colours. */
const bare = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  text.replace(/%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nr]|[\u001b\u009b]?\[?[01]m/gi, '').replace(/[^!-~]/g, '');

const tracesIn = (text: string): readonly string[] => {
  const [shown, read] = [text.toLowerCase(), bare(text).toLowerCase()];
  return TRACES.filter((trace) => shown.includes(trace) || read.includes(bare(trace)));
};

/** In every answer of every server, good or bad. */
const HEADERS = {
  ...{ 'x-echo': ECHO, 'x-request-id': `req-${KEY}`, etag: `"${KEY}"`, 'set-cookie': `session=${KEY}` },
  ...{ 'www-authenticate': `Bearer realm="${KEY}"`, link: `<https://elsewhere.example/${IN_URL}>; rel=next` },
};

interface Row {
  readonly title: string;
  readonly dialect: Dialect;
  readonly entry: HostEntry;
  /** Its key is one that was stored, not one of the environment. */
  readonly login: boolean;
  readonly backend?: Backend;
  /** It differs by its header. */
  readonly brief?: true;
  /** Each of its commands is a process; of the others, those of `AS_PROCESSES`. */
  readonly spawned?: true;
}

const ROWS: readonly Row[] = [
  ...HOST_NAMES.map((name, index) => ({
    ...{ title: name, dialect: DIALECTS[name], entry: PROVIDERS[name] },
    login: index === HOST_NAMES.length - 1,
    ...(index === 0 && { spawned: true as const }),
  })),
  {
    ...{ title: 'azure', dialect: DIALECTS.openai, entry: PROVIDERS.openai, login: false },
    ...{ backend: 'azure', brief: true },
  },
];

interface Host {
  readonly server: TestServer;
  /** Another origin: where finished videos and uploads are, and where a key has no business. */
  readonly store: TestServer;
  /** What a create is answered in place of the usual. */
  create?: (() => Scripted) | undefined;
  /** What is answered about a job of that id, and when its content is asked for, in place of the usual. */
  readonly about: Record<string, Scripted>;
}

async function startHost({ base, createPath, character, ...dialect }: Dialect): Promise<Host> {
  const [server, store] = [await createTestServer(), await createTestServer()];
  const video = await makeVideo();
  const host: Host = { server, store, about: {} };
  const output = `${store.url}/v.mp4`;
  let creates = 0;
  let looks = 0;

  function respond({ method, path }: Seen): Scripted {
    const [at = ''] = path.slice(base.length).split('?');
    const { listPath = '/videos', page } = dialect;
    if (at === listPath && page && (method === 'GET' || at !== createPath))
      return page([{ id: 'v9', status: `held-${KEY}`, prompt: ECHO_IN_BODY, model: HIDDEN[0] ?? '' }]);
    if (method === 'POST') {
      if (/\/(media\/uploads|upload\/(presign|initiate)|v1\/uploads)$/.test(at)) {
        return dialect.ticket?.(store, { 'content-type': 'video/mp4', 'x-note': ECHO }) ?? {};
      }
      if (at === '/model/price') return { body: { code: 200, data: { price: 1, note: ECHO } } };
      if (character && at === character.path && at !== createPath)
        return character.made('{"id":"char_1","name":"Joe"}')[0] ?? {};
      return host.create?.() ?? withNote(dialect.created(`"v${++creates}"`));
    }
    if (at === '/v1/model') return { status: 404, body: { error: ECHO } };
    const id = /v\d/.exec(at.replace(/^\/v1\//, ''))?.[0] ?? '';
    const trick = host.about[id];
    if (trick) return trick;
    if (at.endsWith('/content')) return dialect.leadsTo(output);
    if (at === dialect.result?.path(id)) return dialect.result.answer({ output });
    // First a word that nobody knows, and that is told and kept.
    if (looks++ === 0) return dialect.job(`held-${KEY}`, { id: `"${id}"` });
    return dialect.job(dialect.words.done, { id: `"${id}"`, output });
  }
  server.otherwise((seen) => withHeaders(respond(seen)));
  const film = { body: video, headers: { 'content-type': 'video/mp4' } };
  store.otherwise(({ method }) => withHeaders(method === 'GET' ? film : {}));
  return host;
}

const withHeaders = (answer: Scripted): Scripted => ({ ...answer, headers: { ...HEADERS, ...answer.headers } });

/** The same answer, in which the host also repeats the key. */
function withNote(answer: Scripted): Scripted {
  return { ...answer, body: `{"note":${JSON.stringify(ECHO_IN_BODY)},${String(answer.body).slice(1)}` };
}

interface Answered {
  readonly place: string;
  readonly code: number;
  readonly more?: readonly string[];
  readonly answer: Scripted;
}

/** Where a host may hide a key in its answer to a create. */
function answersTo(dialect: Dialect, { store }: Host) {
  const elsewhere = { location: `${store.url}/${IN_URL}` };
  return [
    {
      ...{ place: 'a complaint about the key that is cut, with --json', code: 4, more: ['--json'] },
      answer: dialect.refusals(401, `${'x'.repeat(580)}${ECHO_IN_BODY}`)[0] ?? {},
    },
    { place: 'a redirect to another origin', code: 5, answer: { status: 308, headers: elsewhere } },
    { place: 'the id of what was made', code: 7, answer: dialect.created(JSON.stringify(KEY)) },
    { place: 'the id, with something invisible in it', code: 7, answer: dialect.created(JSON.stringify(HIDDEN[2])) },
  ] as const satisfies readonly Answered[];
}

/** Where a host may hide a key in what it says of a job. */
function answersAbout(dialect: Dialect, { store }: Host): readonly Scripted[] {
  return [
    { status: 302, headers: { location: `${store.url}/${IN_URL}` } },
    { status: 302, headers: { location: `/again/${IN_URL}` } },
    { body: `<title>${ECHO_IN_BODY}</title>`, headers: { 'content-type': 'text/html' } },
    dialect.job(`held-${KEY}`, { id: null }),
    withNote(dialect.job(dialect.words.failed, { id: null, failure: `Stopped: ${ECHO_IN_BODY}` })),
  ];
}

/** Every file below a folder, with what stands in it. */
function filesIn(dir: string): readonly (readonly [path: string, text: string])[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path, readFileSync(path, 'latin1')] as const;
  });
}

/** An ffmpeg that writes down what it was given before it does its work. */
function plantSpy({ dir }: Machine): string {
  const path = join(dir, 'ffmpeg');
  const script = [
    '#!/bin/sh',
    `{ env; printf '%s\\n' "$@"; } >> '${dir}/children.txt'`,
    `exec '${cachedFfmpegPath}' "$@"`,
  ];
  writeFileSync(path, `${script.join('\n')}\n`, { mode: 0o755 });
  return path;
}

const ON_THE_WAY = 'every answer on the way to a video';
const TO_A_VIDEO = 'the link to a finished video';

/** At every host: what starts ffmpeg with the environment of the process, and what may end before ffmpeg has answered. */
const AS_PROCESSES: readonly string[] = [ON_THE_WAY, TO_A_VIDEO];

it.each(ROWS)(
  'P5: the key of $title is found nowhere',
  async ({ dialect, entry, backend, login, brief, spawned }) => {
    const args = backend === undefined ? [] : ['--backend', backend];
    const host = await startHost(dialect);
    const { server, store } = host;
    const machine = makeMachine({
      [entry.baseUrlVariable]: `${server.url}${dialect.base}`,
      SORA_PROVIDER: dialect.name,
    });
    const { dir, home } = machine;
    const env = { SORA_FFMPEG: plantSpy(machine), ...(login ? {} : { [entry.keyVariable]: KEY }) };
    // One that has to be converted: that run is another than a copy.
    const clip = await makeClip({ size: '640x360' });
    writeFileSync(join(dir, 'joe.mp4'), Buffer.from(await clip.arrayBuffer()));
    const said: string[] = [];

    const here = quickened(machine);

    async function sora(place: string, words: readonly string[], code: number, input?: string): Promise<void> {
      const before = server.seen.length;
      const { sora: start } = spawned || TEST_ALL || AS_PROCESSES.includes(place) ? machine : here;
      const done = await start([...words, ...args, '--debug'], { env, ...(input !== undefined && { input }) });
      const text = `${done.stdout}\n${done.stderr}`;
      said.push(text);
      expect([place, done.exitCode, tracesIn(text)], done.stderr).toEqual([place, code, []]);
      expect([place, server.seen.length > before]).toEqual([place, place !== 'nothing']);
    }

    if (login) await sora('nothing', ['auth', 'login', dialect.name], 0, KEY);
    const make = ['character', 'create', 'joe.mp4', '--name', 'Joe'];
    if (dialect.ticket) {
      await sora('nothing', [...make, '--local'], 0);
      await sora('the ticket of an upload', ['character', 'sync', 'Joe'], 0);
    } else if (!brief) await sora('the answer to a character', make, 0);
    const fetch = ['--allow-drift', '--poll-interval', '100ms', '--json', '-o', 'first.mp4'];
    await sora(ON_THE_WAY, ['video', 'generate', 'Joe waves.', ...(brief ? [] : ['-c', 'Joe']), ...fetch], 0);
    const [wrongKey, redirect, ...ids] = answersTo(dialect, host);
    const create = async ({ place, code, answer, more = [] }: Answered): Promise<void> => {
      host.create = () => answer;
      await sora(place, ['video', 'generate', 'x', ...more], code);
      host.create = undefined;
    };
    await create(wrongKey);
    await create(redirect);
    for (const id of brief ? [] : ids) await create({ ...id, more: ['--json', '--resend'] });
    host.about.v1 = dialect.leadsTo(`${store.url}/${IN_URL}`);
    await sora(TO_A_VIDEO, ['video', 'download', 'v1', '-o', 'second.mp4'], 9);
    if (!brief) {
      const about = answersAbout(dialect, host);
      await sora('jobs', ['video', 'generate', 'y', '--count', String(about.length)], 0);
      about.forEach((answer, index) => {
        host.about[`v${index + 2}`] = answer;
      });
      await sora('all that is said of jobs', ['video', 'status'], 5);
      if (dialect.page) await sora('a list of videos', ['video', 'list', '--remote'], 0);
    }

    // The places were reached, and what stood there was hidden, not left out.
    expect(said.filter((text) => text.includes('***')).length).toBe(said.length - (login ? 2 : dialect.ticket ? 1 : 0));
    const way = entry.keyHeader(backend);
    const [header, own] = 'header' in way ? [way.header, KEY] : ['authorization', `${way.scheme} ${KEY}`];
    expect(server.seen.filter((seen) => seen.headers[header] === own).length).toBeGreaterThanOrEqual(said.length - 1);

    if (!brief) {
      const children = readFileSync(join(dir, 'children.txt'), 'utf8');
      expect(children).toMatch(/^SORA_HOME=/m);
      for (const word of [/^-version$/m, /^libx264$/m, /[,=]volumedetect$/m]) expect(children).toMatch(word);
    }
    const files = filesIn(dir).filter(([path]) => path !== join(home, 'keys.json') || !login);
    expect(files.map(([path]) => path)).toEqual(expect.arrayContaining([join(dir, 'first.mp4')]));
    expect(files.some(([, text]) => text.includes(brief ? '***' : 'held-***'))).toBe(true);
    expect(files.flatMap(([path, text]) => tracesIn(`${path}\n${text}`).map((trace) => [path, trace]))).toEqual([]);

    const abroad = store.seen.map(
      ({ method, path, headers, body }) => `${method} ${path} ${JSON.stringify(headers)} ${body.toString('latin1')}`,
    );
    expect(abroad.length).toBeGreaterThan(0);
    expect(abroad.flatMap(tracesIn)).toEqual([]);
    const urls = server.seen
      .filter(({ path }) => !path.startsWith('/again/'))
      .map(({ path, body }) => `${path} ${body.toString('latin1')}`);
    expect(urls.flatMap(tracesIn)).toEqual([]);
  },
  120_000,
);

it('the search finds a key in each of its forms', () => {
  for (const [title, form] of Object.entries(FORMS))
    expect([title, tracesIn(`<${form}>`).length > 0]).toEqual([title, true]);
  for (const form of [...HIDDEN, JSON.stringify(HIDDEN), encodeURIComponent(HIDDEN[4] ?? '')]) {
    expect([form, tracesIn(`<${form}>`).length > 0]).toEqual([form, true]);
  }
  expect(tracesIn('sk-another/0123')).toEqual([]);
});
