/** What is true of every adapter, whatever its host calls things: jobs and characters. */
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../../src/providers/index.ts';
import type { NewVideo, Provider, WireRequest } from '../../../src/providers/provider.ts';
import { preferredMode } from '../../../src/providers/references.ts';
import { gzipped, readForm, type Scripted, type Seen } from '../../helpers/server.ts';
import { authOf, type Bench, DIALECTS, type Dialect, FILE_URL, setUp, told } from '../../providers/dialects.ts';
import {
  call,
  cast,
  charactersOf,
  clip,
  closedPort,
  failureOf,
  jsonIn,
  KEY,
  LARGE_ID,
  PICTURE,
  VIDEO,
  WHOLE,
} from '../../providers/harness.ts';

const PAGE: Scripted = { body: '<title>Welcome</title>', headers: { 'content-type': 'text/html' } };

/** Answers after which nobody knows whether a paid job exists. */
const AMBIGUOUS: readonly { title: string; answer: Scripted }[] = [
  { title: 'a 500', answer: { status: 500, body: { error: { message: 'oops' }, message: 'oops' } } },
  { title: 'a 502 page', answer: { ...PAGE, status: 502 } },
  { title: 'a 408', answer: { status: 408 } },
  { title: 'a reset after the body', answer: { fault: 'reset' } },
  { title: 'an answer that is cut', answer: { body: { id: 'v', data: { id: 'v' }, predictionID: 'v' }, fault: 'cut' } },
  { title: 'a web page with status 200', answer: PAGE },
  { title: 'an empty 200', answer: { body: '' } },
];

/** Every definite no, and what it means. */
const REFUSALS = [
  { status: 401, words: 'Invalid API key', code: 'auth' },
  { status: 402, words: 'Please pay', code: 'budget' },
  { status: 403, words: 'Insufficient credits, please top up', code: 'budget' },
  { status: 403, words: 'This account must be verified first', code: 'auth' },
  { status: 400, words: 'Stopped by moderation: violence', code: 'policy' },
  { status: 429, words: 'Too many requests', code: 'refused' },
  { status: 400, words: 'duration must be one of 4, 8', code: 'refused' },
  { status: 404, words: 'model not found', code: 'refused' },
] as const;

/** How hosts say that they, or what is behind them, have no characters at all. */
const UNSUPPORTED = [
  { status: 500, words: 'video create character is not supported for gemini' },
  { status: 500, words: 'create_character operation not supported' },
  { status: 500, words: 'NotImplementedError' },
  { status: 500, words: 'This model does not support characters' },
  { status: 501, words: 'API not implemented' },
  { status: 501, words: 'unsupported_operation' },
  { status: 405, words: 'Method Not Allowed' },
] as const;

/** Ids that would change the path of a request, or cannot stand in one. */
const UNUSABLE = ['.', '..', '', '\ud800'] as const;

describe.each(Object.values<Dialect>(DIALECTS))('$name', (dialect) => {
  const { base, words } = dialect;
  const path = (below: string): string => base + below;
  const wish = (title: string, more: Partial<NewVideo>) => ({ title, input: { ...VIDEO, ...more } });

  describe('a video', () => {
    it('is asked for once, at its place, with the key', async () => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.created('"v"'));
      expect(await provider.createVideo(VIDEO, call)).toMatchObject({ id: 'v', status: 'queued' });
      const place = { method: 'POST', path: path(dialect.createPath) };
      expect(server.seen).toMatchObject([{ ...place, headers: { authorization: authOf(dialect) } }]);
    });

    it('keeps its id, its status and its end when each answer is compressed unasked (P2)', async () => {
      const { server, provider } = await setUp(dialect);
      const result = dialect.result?.answer({ id: '"v"', output: FILE_URL });
      const answers = [dialect.created('"v"'), dialect.job(words.done, { id: '"v"', output: FILE_URL })];
      server.answer(...[...answers, ...(result ? [result] : [])].map(gzipped));
      expect(await provider.createVideo(VIDEO, call)).toMatchObject({ id: 'v', status: 'queued' });
      expect(await provider.getVideo('v', call)).toMatchObject({ id: 'v', status: 'succeeded' });
      expect(server.seen.map(({ headers }) => headers['accept-encoding'])).not.toContain('gzip');
    });

    const wishes = [
      wish('words alone', {}),
      wish('another shape', { size: { width: 720, height: 1280 } }),
      wish('a picture by URL', { reference: { kind: 'url', url: 'https://p.example/a.png?x=1' } }),
      wish('a local picture', { reference: PICTURE }),
      ...dialect.withCharacters.map(({ before = [], ...more }) => ({
        ...wish(`the characters ${more.characters?.map(({ values }) => values)}`, more),
        before,
      })),
    ];

    it.each(wishes)(
      'is sent as describeVideo shows it: $title (P6)',
      async ({ input, before = [] }: (typeof wishes)[number] & { before?: readonly Scripted[] }) => {
        const { server, store, provider } = await setUp(dialect);
        const described = await provider.describeVideo(input, call);
        expect(server.seen).toEqual([]);
        if (input.reference?.kind === 'bytes' && dialect.ticket) {
          server.answer(dialect.ticket(store));
          store.answer({});
        }
        server.answer(...before, dialect.created('"v"'));
        await provider.createVideo(input, call);
        const seen = server.seen.at(-1) as Seen;
        expect([described.method, described.url]).toEqual(['POST', server.url + seen.path]);
        expect(await sentIn(seen, described)).toBe(JSON.stringify(described.body));
        expect(JSON.stringify(described)).not.toContain(KEY);
        // A clip or a picture that has a URL is never uploaded again.
        if (input.reference?.kind !== 'bytes') expect(server.seen).toHaveLength(before.length + 1);
      },
    );

    it.each([...AMBIGUOUS, ...dialect.withoutId.map((body) => ({ title: JSON.stringify(body), answer: { body } }))])(
      'is ambiguous after $title, and asked for once (P2)',
      async ({ answer }) => {
        const { server, provider } = await setUp(dialect);
        server.answer(answer);
        const error = await failureOf(provider.createVideo(VIDEO, call));
        expect(error).toMatchObject({ code: 'ambiguous', hint: expect.stringContaining('Nothing was repeated') });
        expect(server.seen).toHaveLength(1);
      },
    );

    it.each(UNUSABLE)('is ambiguous after an id that would lead elsewhere, and asked for once (P2): %j', async (id) => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.created(JSON.stringify(id)));
      expect((await failureOf(provider.createVideo(VIDEO, call))).code).toBe('ambiguous');
      expect(server.seen).toHaveLength(1);
    });

    it('is ambiguous after a 500 that speaks of support: what is behind a gateway may have made it', async () => {
      const { server, provider } = await setUp(dialect);
      server.answer({ status: 500, body: { error: { message: 'size is not supported' }, message: 'not supported' } });
      expect((await failureOf(provider.createVideo(VIDEO, call))).code).toBe('ambiguous');
      expect(server.seen).toHaveLength(1);
    });

    it('keeps what a 200 without an id says, without the key (P2, P5)', async () => {
      const { server, provider } = await setUp(dialect);
      server.answer({
        body: { ...dialect.withoutId[0], note: `look for job 77 of ${KEY}` },
        headers: { 'x-request-id': 'req_1' },
      });
      const { code, message, requestId } = await failureOf(provider.createVideo(VIDEO, call));
      expect({ code, requestId }).toEqual({ code: 'ambiguous', requestId: 'req_1' });
      expect(message).toContain('look for job 77 of ***');
    });

    it.each(REFUSALS)('takes $status "$words" for $code, however it is said, and asks once', async (row) => {
      const { server, provider } = await setUp(dialect);
      const ways = dialect.refusals(row.status, row.words);
      server.answer(...ways.map((way) => ({ ...way, headers: { 'x-request-id': 'req_1' } })));
      for (const _ of ways) {
        const error = await failureOf(provider.createVideo(VIDEO, call));
        expect(error).toMatchObject({
          code: row.code,
          message: expect.stringContaining(row.words),
          requestId: 'req_1',
        });
        expect(error.hint).toMatch(/\w/);
      }
      expect(server.seen).toHaveLength(ways.length);
    });

    it('tells which of its characters a refusal names', async () => {
      const { server, provider } = await setUp(dialect);
      const isId = preferredMode((await provider.limits(undefined, call)).characterInputs) === 'id';
      const own = (name: string): string => (isId ? name : `https://files.example/a/${name}`);
      const input = { ...VIDEO, characters: cast(own('joe_1.mp4'), own('mia')) };
      for (const [words, named] of [
        ['No character joe_1.mp4.', [own('joe_1.mp4')]],
        ['No such size for mia.', []],
      ] as const) {
        const [refused] = dialect.refusals(400, words);
        server.answer(...(refused ? [refused] : []));
        expect(await failureOf(provider.createVideo(input, call))).toMatchObject({ refusedCharacters: named });
      }
    });

    it('is asked for again after a 429 that says when, with the same words', async () => {
      const { server, provider, pauses } = await setUp(dialect);
      const [limit] = dialect.refusals(429, 'Slow down');
      server.answer({ ...limit, headers: { 'retry-after': '7' } }, dialect.created('"v"'));
      expect(await provider.createVideo(VIDEO, call)).toMatchObject({ id: 'v' });
      expect(pauses).toEqual([7000]);
      expect(String(server.seen[1]?.body)).toBe(String(server.seen[0]?.body));
    });

    it('is a network error where nobody listens: nothing was made', async () => {
      const { provider, pauses } = await setUp(dialect, { url: `http://127.0.0.1:${await closedPort()}` });
      expect((await failureOf(provider.createVideo(VIDEO, call))).code).toBe('network');
      expect(pauses).toHaveLength(3);
    });

    it('hides the key that the host repeats in its complaint (P5)', async () => {
      const { server, provider, lines } = await setUp(dialect);
      const ways = dialect.refusals(401, `no such key ${KEY}, ${encodeURIComponent(authOf(dialect))}`);
      server.answer(...ways);
      for (const _ of ways)
        expect((await failureOf(provider.createVideo(VIDEO, call))).message).toMatch(/no such (?:key )?\*\*\*, \*\*\*/);
      expect(lines.join('\n')).toContain('POST');
      expect(lines.join('\n')).not.toContain(KEY);
    });
  });

  describe('a job', () => {
    it.each(dialect.statuses)('whose status is %s is %s', async (word, status) => {
      const { server, provider } = await setUp(dialect);
      server.answer(...told(dialect, word, { id: '"a/b+c="' }));
      expect(await provider.getVideo('a/b+c=', call)).toMatchObject({ id: 'a/b+c=', status, remoteStatus: word });
      const id = 'a%2Fb%2Bc%3D';
      const asked = [dialect.pollPath(id), ...(word === words.done && dialect.result ? [dialect.result.path(id)] : [])];
      expect(server.seen).toMatchObject(
        asked.map((at) => ({ method: 'GET', path: path(at), headers: { authorization: authOf(dialect) } })),
      );
    });

    it.each<[progress: unknown, percent: number | undefined, ofShare?: number]>([
      [0, 0],
      [50, 50],
      [55.5, 56],
      [0.5, 50],
      [1, 1, 100],
      [250, 100],
      [-3, 0],
      ['40%', 40],
      ['55', 55],
      ['soon', undefined],
      [null, undefined],
    ])(
      'whose progress is %j has come to %j of 100, where the host tells',
      async (progress, percent, share = percent) => {
        const { server, provider } = await setUp(dialect);
        server.answer(dialect.job(words.running, { progress }));
        const { tellsProgress } = dialect;
        const told = tellsProgress === 'share' ? share : percent;
        expect((await provider.getVideo('v', call))?.progress).toBe(tellsProgress ? told : undefined);
      },
    );

    it.each([
      { title: 'an accident', said: 'GPU on fire', failure: { message: 'GPU on fire', policy: false } },
      {
        title: 'a moderation',
        said: 'Blocked by moderation',
        failure: { message: 'Blocked by moderation', policy: true },
      },
      { title: 'words that hold the key', said: `no ${KEY}`, failure: { message: 'no ***', policy: false } },
    ])('that failed tells of $title', async ({ said, failure }) => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.job(words.failed, { failure: said }));
      const video = await provider.getVideo('v', call);
      expect(video).toMatchObject({ status: 'failed', remoteStatus: words.failed, failure });
    });

    it('that failed without a word still says something', async () => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.job(words.failed));
      expect((await provider.getVideo('v', call))?.failure?.message).toMatch(/The host gave no reason/);
    });

    it('that the host does not know, or no longer, is undefined, however it is said', async () => {
      const { server, provider } = await setUp(dialect);
      const ways = dialect.refusals(404, 'No such job');
      server.answer(...ways.flatMap((way) => [way, ...(dialect.afterUnknown ? [dialect.afterUnknown] : [])]));
      for (const _ of ways) expect(await provider.getVideo('v', call)).toBeUndefined();
    });

    it('keeps the id that was asked for when the host leaves it out', async () => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.job(words.running, { id: null }));
      expect(await provider.getVideo('v1', call)).toMatchObject({ id: 'v1', status: 'running' });
    });

    it('is asked about again after trouble and a rate limit, and passes on when to ask next', async () => {
      const { server, provider } = await setUp(dialect);
      const [limit] = dialect.refusals(429, 'Slow down');
      const running = { ...dialect.job(words.running), headers: { 'retry-after': '7' } };
      server.answer({ status: 500 }, { fault: 'reset' }, limit as Scripted, { status: 502 }, running);
      expect(await provider.getVideo('v', call)).toMatchObject({ status: 'running', pollAfterMs: 7000 });
    });

    it.each([
      { title: 'HTML instead of JSON', answers: [PAGE] },
      { title: 'a 503 that stays', answers: Array<Scripted>(5).fill({ ...PAGE, status: 503 }) },
      {
        title: 'an error with a status of its own',
        answers: Array<Scripted>(5).fill({ status: 500, body: { id: 'req_1', status: 'error', message: 'x' } }),
      },
      ...dialect.trouble.map((answer) => ({ title: JSON.stringify(answer.body), answers: [answer] })),
    ])('is not known to have failed after $title: the wait goes on (P2)', async ({ answers }) => {
      const { server, provider } = await setUp(dialect);
      server.answer(...answers);
      expect((await failureOf(provider.getVideo('v', call))).code).toBe('network');
    });

    it('cannot be asked about with a wrong key', async () => {
      const { server, provider } = await setUp(dialect);
      const ways = dialect.refusals(401, 'Invalid token');
      server.answer(...ways);
      for (const _ of ways) expect((await failureOf(provider.getVideo('v', call))).code).toBe('auth');
    });

    it('has one id from its beginning to its download, beyond 2^53 too', async () => {
      const { server, store, provider } = await setUp(dialect);
      const done = { ...dialect.leadsTo(`${store.url}/v.mp4`) };
      server.answer(dialect.created(LARGE_ID), ...told(dialect, words.done, { id: LARGE_ID }), done);
      store.answer({ body: 'bytes', headers: { 'content-type': 'video/mp4' } });
      const { id } = await provider.createVideo(VIDEO, call);
      expect(id).toBe(LARGE_ID);
      expect(await provider.getVideo(id, call)).toMatchObject({ id: LARGE_ID, status: 'succeeded' });
      await provider.openContent(id, { variant: 'video', offset: 0, etag: undefined }, call);
      expect(server.seen.slice(1).map((seen) => seen.path)).toEqual([
        path(dialect.pollPath(LARGE_ID)),
        ...(dialect.result ? [path(dialect.result.path(LARGE_ID))] : []),
        path(dialect.contentPath(LARGE_ID)),
      ]);
    });
  });

  it('has what its host has, and nothing else', async () => {
    const { provider } = await setUp(dialect);
    const has = {
      cancel: provider.cancel,
      remove: provider.remove,
      page: provider.list,
      character: provider.characters?.create,
      ticket: provider.clips?.upload,
    };
    for (const [name, method] of Object.entries(has)) {
      expect([name, method !== undefined]).toEqual([name, dialect[name as keyof typeof has] !== undefined]);
    }
  });

  it.each(
    [
      { name: 'cancels', extra: dialect.cancel, ask: (provider: Provider) => provider.cancel?.('a/b', call) },
      { name: 'deletes', extra: dialect.remove, ask: (provider: Provider) => provider.remove?.('a/b', call) },
    ].flatMap(({ extra, ...row }) => (extra ? [{ ...row, extra }] : [])),
  )('$name what the host knows, after trouble too', async ({ extra, ask }) => {
    const { server, provider } = await setUp(dialect);
    const looked = extra.look ? [extra.look] : [];
    const refused = dialect.refusals(400, 'it is over').slice(0, 1);
    server.answer(
      { status: 503 },
      ...looked.map(({ running }) => running),
      ...extra.done,
      ...extra.unknown,
      ...refused,
    );
    expect(await ask(provider)).toBe(true);
    expect(server.seen.map(({ method, path: at }) => `${method} ${at.slice(base.length)}`)).toEqual([
      extra.request,
      ...looked.map(({ request }) => request),
      extra.request,
      ...(extra.after ?? []),
    ]);
    expect(await ask(provider)).toBe(false);
    expect(await failureOf(ask(provider))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('it is over'),
    });
  });

  if (dialect.page)
    it('lists page by page, with every digit of an id', async () => {
      const { server, provider } = await setUp(dialect);
      const first = dialect.page?.(
        [
          { id: 'v3', status: dialect.words.running },
          { id: 'NUMBER', status: dialect.words.done },
        ],
        'v2',
      ) as Scripted;
      const body = JSON.stringify(first.body).replace('"NUMBER"', LARGE_ID);
      server.answer(
        { ...first, body, headers: { 'content-type': 'application/json' } },
        dialect.page?.([]) as Scripted,
      );
      const page = await provider.list?.({ limit: 2 }, call);
      expect(page).toMatchObject({
        videos: [
          { id: 'v3', status: 'running' },
          { id: LARGE_ID, status: 'succeeded' },
        ],
        next: dialect.secondPage?.next,
      });
      expect(await provider.list?.({ limit: 2, after: page?.next as string }, call)).toMatchObject({
        videos: [],
        hostNow: expect.any(Number),
      });
      expect(`${server.seen[1]?.path} ${server.seen[1]?.body}`).toContain(dialect.secondPage?.asked);
    });
});

/** The hosts that make characters which have ids. */
const MAKERS = Object.values<Dialect>(DIALECTS).flatMap(({ character, ...dialect }) =>
  character ? [{ ...dialect, character }] : [],
);

describe.each(MAKERS)('a character at $name', ({ character, ...dialect }) => {
  const path = (below: string): string => dialect.base + below;

  function makeCharacter(provider: Provider, clipPath: string): Promise<unknown> {
    return charactersOf(provider).create({ name: 'Zoë', clipPath, fileName: 'zoë.mp4' }, call);
  }

  /** A host that has been told of the clip, where it wants that first. */
  async function withClip(
    ...answers: Scripted[]
  ): Promise<Bench & { made: () => Promise<unknown>; paid: () => Seen[] }> {
    const bench = await setUp(dialect);
    const before = character.before(bench.store);
    bench.server.answer(...before, ...answers);
    if (before.length > 0) bench.store.answer({});
    const clipPath = await clip();
    const paid = () => bench.server.seen.filter((seen) => seen.method === 'POST' && seen.path === path(character.path));
    return { ...bench, made: () => makeCharacter(bench.provider, clipPath), paid };
  }
  it('is made of the whole clip under its name, and paid for once', async () => {
    const { made, paid, server, store } = await withClip(...character.made('{"id":"char_1","name":"Zoë"}'));
    expect(await made()).toEqual({ id: 'char_1', name: 'Zoë' });
    expect(paid()).toHaveLength(1);
    expect(paid()[0]?.headers.authorization).toBe(authOf(dialect));
    const said = String(paid()[0]?.body);
    expect(said).toContain('Zoë');
    const [clip] = dialect.ticket ? store.seen : server.seen;
    expect(String(clip?.body)).toContain('mp4');
    if (dialect.ticket) expect(said).toContain(FILE_URL);
  });

  it.each([
    { source: `{"id":${LARGE_ID},"name":"Zoë"}`, id: LARGE_ID, name: 'Zoë' },
    { source: '{"id":"char_2"}', id: 'char_2', name: undefined },
  ])('is read from $source', async ({ source, id, name }) => {
    const { made } = await withClip(...character.made(source));
    expect(await made()).toEqual({ id, name });
  });

  it.each([...AMBIGUOUS, ...dialect.withoutId.map((body) => ({ title: JSON.stringify(body), answer: { body } }))])(
    'is ambiguous after $title, and asked for once (P2)',
    async ({ answer }) => {
      const { made, paid } = await withClip(answer);
      expect((await failureOf(made())).code).toBe('ambiguous');
      expect(paid()).toHaveLength(1);
    },
  );

  it.each(['{"id":null,"name":"Joe"}', '{"created_at":1}'])('is ambiguous when it comes as %s', async (source) => {
    const { made } = await withClip(...character.made(source));
    expect((await failureOf(made())).code).toBe('ambiguous');
  });

  it.each(REFUSALS)('is $code after $status "$words", however it is said', async ({ status, words: said, code }) => {
    for (const way of dialect.refusals(status, said)) {
      const { made, paid } = await withClip(way);
      expect(await failureOf(made())).toMatchObject({ code, message: expect.stringContaining(said) });
      expect(paid()).toHaveLength(1);
    }
  });

  it.each(UNSUPPORTED)('is refused by a host that has none: $status "$words"', async ({ status, words: said }) => {
    for (const way of dialect.refusals(status, said)) {
      const { made, paid } = await withClip(way);
      expect(await failureOf(made())).toMatchObject({
        code: 'refused',
        message: expect.stringMatching(
          new RegExp(`127\\.0\\.0\\.1:\\d+ cannot make characters\\. It answered ${status}: ${said}`),
        ),
        hint: expect.stringContaining('--provider'),
      });
      expect(paid()).toHaveLength(1);
    }
  });

  it('needs a clip that can be read', async () => {
    const { server, provider } = await setUp(dialect);
    const message = '/nowhere/joe.mp4 cannot be read.';
    expect(await failureOf(makeCharacter(provider, '/nowhere/joe.mp4'))).toMatchObject({ code: 'machine', message });
    expect(server.seen).toEqual([]);
  });

  it(character.known ? 'can be looked up' : 'cannot be looked up', async () => {
    const { server, provider } = await setUp(dialect);
    if (!character.known) {
      expect(charactersOf(provider).get).toBeUndefined();
      expect(server.seen).toEqual([]);
      return;
    }
    server.answer({ body: { id: 'char_1', name: 'Joe' } }, ...dialect.refusals(404, 'No such character'));
    expect(await provider.characters?.get?.('char_1', call)).toEqual({ id: 'char_1', name: 'Joe' });
    expect(await provider.characters?.get?.('char_2', call)).toBeUndefined();
  });
});

/** The body that was sent, with pictures in the words of a preview. */
async function sentIn(seen: Seen, { contentType }: WireRequest): Promise<string> {
  expect(seen.headers['content-type']?.split(';')[0]).toBe(contentType);
  if (contentType === 'application/json') {
    const dataUrl = `data:image/png;base64,${Buffer.from(PICTURE.bytes).toString('base64')}`;
    return JSON.stringify(jsonIn(seen))
      .replace(dataUrl, '<image/png, 8 bytes>')
      .replace(FILE_URL, '<image/png, 8 bytes, uploaded first>');
  }
  const fields = [...(await readForm(seen))].map(([name, value]) => [
    name,
    typeof value === 'string' ? value : `<${value.type}, ${value.size} bytes>`,
  ]);
  return JSON.stringify(Object.fromEntries(fields));
}

it('covers every provider that there is', () => {
  expect(Object.keys(DIALECTS)).toEqual(Object.keys(PROVIDERS));
  expect(Object.values(DIALECTS).map(({ name }) => name)).toEqual(Object.keys(PROVIDERS));
});

describe.each(Object.values<Dialect>(DIALECTS))('$name and an id that would lead elsewhere', (dialect) => {
  const asks: readonly [what: string, ask: (provider: Provider, id: string) => Promise<unknown> | undefined][] = [
    ['getVideo', (provider, id) => provider.getVideo(id, call)],
    ['openContent', (provider, id) => provider.openContent(id, WHOLE, call)],
    ['characters.get', (provider, id) => provider.characters?.get?.(id, call)],
    // WaveSpeed takes it in the body.
    ['remove', (provider, id) => (dialect.name === 'wavespeed' ? undefined : provider.remove?.(id, call))],
    ['cancel', (provider, id) => provider.cancel?.(id, call)],
    ['derive.create', (provider, id) => provider.derive?.create({ ...VIDEO, kind: 'remix', videoId: id }, call)],
  ];

  it.each(asks)('is asked about in no request: %s', async (_what, ask) => {
    for (const id of UNUSABLE) {
      const { server, provider } = await setUp(dialect);
      await Promise.resolve(ask(provider, id)).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(usage|refused)$/) });
      });
      expect(server.seen).toEqual([]);
    }
  });

  it.each(['a/../b', '%2e%2e', '?a=b', '#a', 'a b', '\u202e', '...'])(
    'is not one that can be escaped: %j',
    async (id) => {
      const { server, provider } = await setUp(dialect);
      server.answer(dialect.job(dialect.words.running, { id: JSON.stringify(id) }));
      expect((await provider.getVideo(id, call))?.id).toBe(id);
      expect(server.seen.map((seen) => seen.path)).toEqual([dialect.base + dialect.pollPath(encodeURIComponent(id))]);
    },
  );
});
