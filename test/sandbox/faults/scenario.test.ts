import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { playScenario } from '../../../src/sandbox/faults/scenario.ts';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { type Answer, type Json, NEW_YEAR, rendererOf, sandbox, type TestSandbox } from '../harness.ts';

const answer = { respond: { status: 500 } };

describe('the rules of a scenario', () => {
  it.each<[string, { method?: string; path?: string }, string, string, boolean]>([
    ['everything', {}, 'DELETE', '/videos/1', true],
    ['a method', { method: 'get' }, 'GET', '/videos', true],
    ['another method', { method: 'POST' }, 'GET', '/videos', false],
    ['a path', { path: '/videos' }, 'GET', '/videos', true],
    ['no prefix of a path', { path: '/videos' }, 'GET', '/videos/1', false],
    ['a star within a segment', { path: '/videos/*/content' }, 'GET', '/videos/1/content', true],
    ['a star across segments', { path: '/videos/*' }, 'GET', '/videos/1/content', false],
    ['two stars across segments', { path: '/videos/**' }, 'GET', '/videos/1/content', true],
    ['a path whatever its query', { path: '/videos' }, 'GET', '/videos?limit=2', true],
    [
      'a path with its query',
      { path: '/*/*/content?variant=thumbnail' },
      'GET',
      '/videos/1/content?variant=thumbnail',
      true,
    ],
    ['a path with another query', { path: '/videos?limit=2' }, 'GET', '/videos?limit=3', false],
    ['a dot as a dot', { path: '/a.b' }, 'GET', '/aXb', false],
  ])('match %s', (_, match, method, path, matches) => {
    const player = playScenario({ version: 1, rules: [{ match, ...answer }] });
    expect(player.fault({ method, path })?.respond?.status === 500).toBe(matches);
  });

  it('skip, last for their times, and leave the rest to the next rule', () => {
    const player = playScenario({
      version: 1,
      rules: [
        { match: { path: '/videos' }, skip: 1, times: 2, respond: { status: 501 } },
        { match: { method: 'GET' }, times: 1, respond: { status: 502 } },
        { match: {}, respond: { status: 503 } },
      ],
    });
    const statuses = Array.from({ length: 6 }, () => player.fault({ method: 'GET', path: '/videos' })?.respond?.status);
    expect(statuses).toEqual([502, 501, 501, 503, 503, 503]);
  });

  it('hand out the fates of jobs in order', () => {
    const player = playScenario({ version: 1, jobs: [{ status: 'dreaming' }, {}, { end: 'expired' }] });
    expect([player.fate(), player.fate(), player.fate(), player.fate()]).toEqual([
      { status: 'dreaming' },
      {},
      { end: 'expired' },
      {},
    ]);
  });

  it('are none without a scenario', () => {
    const player = playScenario(undefined);
    const nothing = player.fault({ method: 'GET', path: '/' });
    expect([nothing, player.fate(), player.jobSeconds, player.skewMs]).toEqual([undefined, {}, 4, 0]);
  });
});

const VIDEO = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));

/** How a client of each dialect begins a video, asks about it, and fetches it. */
const DIALECTS = {
  openai: {
    create: (on: TestSandbox) => on.ask('POST', '/videos', { json: { prompt: 'A hill' } }),
    idOf: ({ json }: Answer) => String(json.id),
    status: (on: TestSandbox, id: string) => on.ask('GET', `/videos/${id}`),
    told: ({ json }: Answer) => json,
    link: (on: TestSandbox, { json }: Answer) => `${on.url}/videos/${json.id}/content`,
    errorOf: ({ json }: Answer) => (json.error as Json).message,
  },
  wavespeed: {
    create: (on: TestSandbox) =>
      on.ask('POST', `${on.urls.wavespeed}/openai/sora-2/text-to-video`, {
        json: { prompt: 'A hill', size: '1280*720', duration: 4 },
      }),
    idOf: ({ json }: Answer) => String((json.data as Json).id),
    status: (on: TestSandbox, id: string) => on.ask('GET', `${on.urls.wavespeed}/predictions/${id}/result`),
    told: ({ json }: Answer) => json.data as Json,
    link: (_on: TestSandbox, { json }: Answer) => String(((json.data as Json).outputs as Json[])[0]),
    errorOf: ({ json }: Answer) => json.message,
  },
  eachlabs: {
    create: (on: TestSandbox) =>
      on.ask('POST', `${on.urls.eachlabs}/v1/prediction`, {
        json: { model: 'sora-2-text-to-video', input: { prompt: 'A hill', aspect_ratio: '16:9', duration: 4 } },
      }),
    idOf: ({ json }: Answer) => String(json.predictionID),
    status: (on: TestSandbox, id: string) => on.ask('GET', `${on.urls.eachlabs}/v1/prediction/${id}`),
    told: ({ json }: Answer) => json,
    link: (_on: TestSandbox, { json }: Answer) => String(json.output),
    errorOf: ({ json }: Answer) => json.details,
  },
};

describe.each(Object.entries(DIALECTS))('a fault in the dialect of %s', (name, dialect) => {
  async function play(scenario: Json, more: Partial<SandboxOptions> = {}) {
    const pauses: number[] = [];
    const on = await sandbox({
      scenario: { version: 1, jobSeconds: 0, ...scenario },
      renderer: rendererOf(VIDEO),
      sleep: async (ms) => pauses.push(ms),
      ...more,
    });
    const create = async () => dialect.idOf(await dialect.create(on));
    const tell = async (id: string) => dialect.told(await dialect.status(on, id));
    /** What a client gets of a finished video: by its link, as it was told last. */
    const link = async (id: string) => dialect.link(on, await dialect.status(on, id));
    const fetchVideo = async (id: string) => on.ask('GET', await link(id));
    return { ...on, pauses, create, tell, link, fetchVideo };
  }
  const outcome = (answer: Promise<Answer>) => answer.then(({ status }) => status).catch(() => 'dropped');
  const rule = (match: Json, fault: Json) => ({ rules: [{ match, ...fault }] });

  it('is told in the host’s own shape when it has no body, and by call whatever the path', async () => {
    const on = await play(rule({ call: 'create' }, { times: 1, respond: { status: 402 } }));
    const answer = await dialect.create(on);
    expect([answer.status, dialect.errorOf(answer)]).toEqual([402, 'Payment Required (as the scenario has it)']);
    expect((await dialect.create(on)).status).toBe(200);
  });

  it('may have a body that is no answer of the host', async () => {
    const on = await play(rule({ call: 'create' }, { respond: { status: 429, body: '' } }));
    const answer = await dialect.create(on);
    expect([answer.status, answer.bytes.length]).toEqual([429, 0]);
  });

  it('is a wait before every answer', async () => {
    const on = await play({ use: ['slow'] });
    await on.fetchVideo(await on.create());
    expect(on.pauses).toEqual([2000, 2000, 2000]);
  });

  it('is a limit on requests, with the time to wait or without', async () => {
    const on = await play({ use: ['rate-limit'] });
    const answers = [await dialect.create(on), await dialect.create(on), await dialect.create(on)];
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
    expect(answers[0]?.headers.get('retry-after')).toBe('1');
    on.play({ version: 1, use: ['rate-limit-bare'] });
    const bare = await dialect.create(on);
    expect([bare.status, bare.headers.get('retry-after')]).toEqual([429, null]);
  });

  it.each([
    ['reset-before', 0],
    ['reset-after', 1],
  ])('is a connection that breaks: %s', async (fault, carriedOut) => {
    const on = await play({ use: [fault] });
    expect(await outcome(dialect.create(on))).toBe('dropped');
    expect(await readdir(join(on.stateDir, 'jobs'))).toHaveLength(carriedOut);
    expect(await outcome(dialect.create(on))).toBe(200);
  });

  it.each(['burst', 'half-answer', 'html', 'error-in-200'] as const)('passes: %s', async (fault) => {
    const on = await play({ use: [fault] });
    const before = await dialect.create(on).catch(() => undefined);
    const expected = {
      burst: () => expect(before?.status).toBe(503),
      'half-answer': () => expect(before).toBeUndefined(),
      html: () => expect(before?.headers.get('content-type')).toBe('text/html'),
      'error-in-200': () => expect([before?.status, before?.json.error]).toEqual([200, expect.anything()]),
    };
    expected[fault]();
    for (let asked = 0; asked < 2; asked += 1) await dialect.create(on).catch(() => {});
    expect((await dialect.create(on)).status).toBe(200);
  });

  it('is another type than the bytes have', async () => {
    const on = await play({ use: ['wrong-type'] });
    const answer = await on.fetchVideo(await on.create());
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(answer.bytes).toEqual(VIDEO);
  });

  it('is a body that comes in pieces, and whole', async () => {
    const on = await play(rule({ call: 'content' }, { trickle: { bytes: 2000, everyMs: 70 } }));
    const answer = await on.fetchVideo(await on.create());
    expect(answer.bytes).toEqual(VIDEO);
    expect(on.pauses).toEqual([70, 70, 70]);
  });

  it('is a body that comes in pieces, and not to its end', async () => {
    const on = await play(rule({ call: 'content' }, { trickle: { bytes: 400, everyMs: 7 }, truncateBytes: 1000 }));
    expect(await outcome(on.fetchVideo(await on.create()))).toBe('dropped');
    expect(on.pauses).toEqual([7, 7, 7]);
  });

  it('is a redirect to wherever the scenario says', async () => {
    const there = await sandbox();
    const location = `${there.url}/videos`;
    const on = await play(rule({ call: 'content' }, { respond: { status: 302, headers: { Location: location } } }));
    const answer = await fetch(await on.link(await on.create()), {
      redirect: 'manual',
      headers: { authorization: 'Bearer test' },
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, location]);
  });

  it.each<[string, Json, Buffer]>([
    ['zeros', { at: 1000, bytes: 16, with: 'zeros' }, Buffer.concat([part(0, 1000), Buffer.alloc(16), part(1016)])],
    [
      'flipped bits',
      { at: -1, with: 'flipped' },
      Buffer.concat([part(0, 4999), Buffer.from([(VIDEO[4999] ?? 0) ^ 255])]),
    ],
    ['an end too early', { at: 700, with: 'nothing' }, part(0, 700)],
    ['a hole', { at: 700, bytes: 300, with: 'nothing' }, Buffer.concat([part(0, 700), part(1000)])],
    ['what lies beyond the end', { at: 9000, with: 'zeros' }, VIDEO],
  ])('is a video with %s, under headers that fit it', async (_, corrupt, expected) => {
    const on = await play(rule({ call: 'content' }, { corrupt }));
    const answer = await on.fetchVideo(await on.create());
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(expected.length)]);
    expect(answer.bytes.equals(expected)).toBe(true);
  });

  it('is content that is kept for a time of its own, and says until when', async () => {
    const on = await play({ jobs: [{ keepSeconds: 90 }] });
    const id = await on.create();
    const link = await on.link(id);
    if (name === 'openai') expect((await on.tell(id)).expires_at).toBe(NEW_YEAR / 1000 + 90);
    on.clock.ms += 89_999;
    expect((await on.ask('GET', link)).status).toBe(200);
    on.clock.ms += 1;
    expect((await on.ask('GET', link)).status).toBe(404);
  });

  it('is a status that goes back and forth, and a progress that cannot be', async () => {
    const fate = {
      status: ['completed', 'queued', 'dreaming'],
      progress: [0.25, 250, -3],
      jobSeconds: 30,
      end: 'lost',
    };
    const on = await play({ jobs: [fate] });
    const id = await on.create();
    const seen = [];
    for (const ms of [0, 10_000, 10_000, 9999, 1]) {
      on.clock.ms += ms;
      const { status, progress } = await on.tell(id);
      seen.push([status, progress]);
    }
    const atEnd = name === 'openai' ? 100 : undefined;
    expect(seen).toEqual([
      ['completed', 0.25],
      ['queued', 250],
      ['dreaming', -3],
      ['dreaming', -3],
      ['lost', atEnd],
    ]);
  });

  it('is a clock that is off, in the date and in the times that are told', async () => {
    const on = await play({ use: ['clock-ahead'], skewSeconds: 5 });
    const id = await on.create();
    const answer = await dialect.status(on, id);
    const ms = NEW_YEAR + 3_605_000;
    expect(answer.headers.get('date')).toBe(new Date(ms).toUTCString());
    const { created_at: at } = dialect.told(answer);
    const expected = { openai: ms / 1000, wavespeed: new Date(ms).toISOString(), eachlabs: undefined }[name];
    expect(at).toBe(expected);
  });
});

describe('a link', () => {
  it.each(['wavespeed', 'eachlabs'] as const)('of %s is good for a time, and told anew', async (name) => {
    const scenario = { version: 1, jobSeconds: 0, jobs: [{ linkSeconds: 60 }] };
    const on = await sandbox({ scenario, renderer: rendererOf(VIDEO) });
    const dialect = DIALECTS[name];
    const id = dialect.idOf(await dialect.create(on));
    const link = async () => dialect.link(on, await dialect.status(on, id));
    const first = await link();
    const ask = async (url: string) => (await on.ask('GET', url, { bare: true })).status;
    on.clock.ms += 59_999;
    expect(await ask(first)).toBe(200);
    on.clock.ms += 1;
    expect(await ask(first)).toBe(403);
    expect(await ask(first.replace(/\?.*/, ''))).toBe(403);
    expect(await ask(await link())).toBe(200);
  });

  it.each(['wavespeed', 'eachlabs'] as const)('of %s is good for so many uses', async (name) => {
    const rules = [{ match: { path: '/files/*' }, skip: 1, respond: { status: 403 } }];
    const on = await sandbox({ scenario: { version: 1, jobSeconds: 0, rules }, renderer: rendererOf(VIDEO) });
    const dialect = DIALECTS[name];
    const link = dialect.link(on, await dialect.status(on, dialect.idOf(await dialect.create(on))));
    const statuses = [];
    for (let use = 0; use < 3; use += 1) statuses.push((await on.ask('GET', link, { bare: true })).status);
    expect(statuses).toEqual([200, 403, 403]);
  });
});

function part(from: number, to?: number): Buffer {
  return VIDEO.subarray(from, to);
}
