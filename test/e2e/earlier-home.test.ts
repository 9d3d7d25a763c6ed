/** The home of a user of an earlier build (fixtures/home-1), in the hands of this one: nothing of it is lost, nothing paid twice. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AFTERWARDS, type EarlierHome, earlierHome, farEnds, filesIn } from '../helpers/earlier-home.ts';
import { hashOf } from '../helpers/samples.ts';

const GATEWAY = 'gateway.example.com/v1';
const FILM = readFileSync(new URL('../../fixtures/home-1/work/harbour.mp4', import.meta.url));
const STATUSES = ['submitting', 'queued', 'running', 'succeeded', 'failed', 'expired', 'cancelled', 'unknown'];

const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));

function recordsIn(home: EarlierHome, folder: string): Record<string, unknown>[] {
  return filesIn(join(home.home, folder))
    .filter((path) => path.endsWith('.json'))
    .map(readJson);
}

/** A hash of each file, by its path; the cache is none of the user's. */
function contentsOf(folder: string): Record<string, string> {
  const files = filesIn(folder).filter((path) => !path.includes('/cache/'));
  return Object.fromEntries(files.map((path) => [path, hashOf(readFileSync(path, 'base64'))]));
}

/** What a host of `/v1/videos` says of a video. */
function videoAt(id: string, fields: object = {}): Record<string, object> {
  const video = { id, object: 'video', model: 'sora-2', seconds: '4', size: '1280x720', created_at: 1_767_600_000 };
  return { [`GET ${GATEWAY}/videos/${id}`]: { ...video, status: 'completed', progress: 100, ...fields } };
}

const filmAt = (id: string) => ({ [`GET ${GATEWAY}/videos/${id}/content`]: FILM });

describe('reading the home of an earlier build', () => {
  it('lists every job as its record has it, of all statuses', async () => {
    const home = earlierHome();
    const { exitCode, stdout, stderr } = await home.here(['video', 'list', '--json']);
    const listed = JSON.parse(stdout) as { id: string; status: string }[];
    expect(exitCode).toBe(0);
    expect(stderr).not.toMatch(/warning|error/);
    expect(listed.toReversed()).toEqual(
      recordsIn(home, 'jobs').toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1)),
    );
    expect(listed).toHaveLength(48);
    expect(new Set(listed.map(({ status }) => status))).toEqual(new Set(STATUSES));
  });

  it('shows a list from the digests that the earlier build kept as from the records', async () => {
    const home = earlierHome();
    const kept = join(home.home, 'cache', 'jobs.json');
    const { version, records } = readJson(kept) as { version: number; records: [string, number, number, object][] };
    expect(records.length).toBeGreaterThan(48);
    // As if the copy were the folder in which they were made.
    const current = records.map(([id, changed, , digest]) => {
      const path = join(home.home, 'jobs', `${id}.json`);
      return existsSync(path) ? [id, statSync(path).ctimeMs, statSync(path).size, digest] : [id, changed, 0, digest];
    });
    writeFileSync(kept, JSON.stringify({ version, records: current }));
    const fromDigests = await home.here(['video', 'list']);
    const fromRecords = await earlierHome().here(['video', 'list']);
    expect(fromDigests.exitCode).toBe(0);
    expect(fromDigests.stdout).toBe(fromRecords.stdout);
    expect(fromDigests.stdout.split('\n')).toHaveLength(49);
  });

  it('lists the cast, and shows each character as its record has it', async () => {
    const home = earlierHome();
    const { exitCode, stdout } = await home.here(['character', 'list', '--json']);
    const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(exitCode).toBe(0);
    expect(names).toEqual(['Ann', 'Ben', 'Bob Jr.', 'Joe', 'Mia', 'Tom', 'Uma', 'Zoë']);
    for (const record of recordsIn(home, 'characters')) {
      const shown = await home.here(['character', 'show', String(record.name), '--json']);
      expect(JSON.parse(shown.stdout)).toMatchObject(record);
    }
  });

  it('calls all of it whole, and names those who have no clip, and whose clip may differ now', async () => {
    const { exitCode, stdout } = await earlierHome().here(['store', 'check', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ characters: 8, jobs: 48, problems: [], orphanClips: [] },
      remarks: [
        ...[/^Ann was prepared by an earlier/, /^Ben was prepared by an earlier/, /^Ben has no clip/],
        ...[/^Bob Jr\. was/, /^Joe was/, /^Mia was/, /^Tom was/, /^Uma has no clip/, /^Zoë was/],
      ].map((remark) => expect.stringMatching(remark)),
    });
  });

  it('has its settings and its keys', async () => {
    const home = earlierHome();
    const settings = await home.here(['config', 'list', '--json']);
    expect(JSON.parse(settings.stdout)).toEqual([
      { key: 'profiles.default.provider', value: 'openai' },
      { key: 'profiles.default.baseUrl', value: 'https://gateway.example.com/v1' },
      { key: 'profiles.relay.provider', value: 'wavespeed' },
      { key: 'profiles.relay.baseUrl', value: 'https://relay.example.com/api/v3' },
      { key: 'profiles.play.provider', value: 'sandbox' },
      { key: 'profiles.play.model', value: 'sora-2-pro' },
    ]);
    const keys = await home.here(['auth', 'status', '--json']);
    expect(keys.exitCode).toBe(0);
    for (const key of ['…eway', '…peed', '…labs']) expect(keys.stdout).toContain(key);
  });

  it('changes nothing by reading', async () => {
    const home = earlierHome();
    const before = contentsOf(home.home);
    for (const line of [
      'video list',
      'video show @last',
      'character list',
      'character show Mia',
      'store check',
      'doctor',
    ]) {
      await home.here(line.split(' '));
    }
    expect(contentsOf(home.home)).toMatchObject(before);
  });
});

describe('going on with the jobs of an earlier build', () => {
  it.each([
    ['Joe at the lighthouse.', 8, 'queued'],
    ['A lighthouse: running.', 8, 'running'],
    ['A lighthouse: melting.', 8, 'queued'],
    ['A lighthouse: succeeded.', 0, 'succeeded'],
    ['A lighthouse: failed.', 11, 'failed'],
    ['A lighthouse: refused.', 5, 'failed'],
    ['A lighthouse: expired.', 5, 'expired'],
    ['A lighthouse: cancelled.', 5, 'cancelled'],
    ['that nobody answered for.', 7, 'unknown'],
    ['that was never told of.', 7, 'unknown'],
  ])('tells the status of a job: %s exits %d, %s', async (prompt, code, status) => {
    const going = videoAt('video_49', { status: 'in_progress', progress: 50 });
    const queued = videoAt('video_48', { status: 'queued', progress: 0 });
    const ends = await farEnds({ ...going, ...queued, ...videoAt('video_50', { status: 'melting', progress: 0 }) });
    const home = earlierHome(ends);
    const { id, remoteId, ...before } = home.job(prompt);
    const { progress: _progress, updatedAt: _updatedAt, ...lasting } = before;
    const isFinal = ['succeeded', 'failed', 'expired', 'cancelled'].includes(before.status);
    const run = isFinal ? home.here : home.sora;
    const { exitCode, stdout } = await run(['video', 'status', id, '--exit-status', '--json']);
    expect(exitCode).toBe(code);
    expect(JSON.parse(stdout)).toMatchObject({ id, status });
    const asked = remoteId === undefined ? `GET ${GATEWAY}/videos` : `GET ${GATEWAY}/videos/${remoteId}`;
    expect(ends.requests).toEqual(isFinal ? [] : [asked]);
    const { id: _id, remoteId: after, ...kept } = home.job(prompt);
    expect(after).toBe(remoteId);
    expect(Object.keys(kept)).toEqual(expect.arrayContaining(Object.keys(before)));
    expect(kept).toMatchObject({ ...lasting, status });
  });

  it('downloads what was left half done, and sweeps the half', async () => {
    const home = earlierHome(await farEnds(filmAt('video_51')));
    const { id } = home.job('A lighthouse: succeeded.');
    const isPart = (name: string) => name.endsWith('.part');
    expect(readdirSync(home.dir).filter(isPart)).toHaveLength(1);
    const { exitCode, stdout } = await home.sora(['video', 'wait', id]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: join(home.dir, `${id}.mp4`) });
    expect(readFileSync(stdout)).toEqual(FILM);
    expect(readdirSync(home.dir).filter(isPart)).toEqual([]);
    expect(home.job('A lighthouse: succeeded.')).toMatchObject({ outputPath: stdout, outputDecoded: true });
  });

  it('waits for one that was queued, to its file', async () => {
    const home = earlierHome(await farEnds({ ...videoAt('video_48'), ...filmAt('video_48') }));
    const { id, ...before } = home.job('Joe at the lighthouse.');
    const { exitCode } = await home.sora(['video', 'wait', id, '-o', 'joe.mp4']);
    expect(exitCode).toBe(0);
    expect(readFileSync(join(home.dir, 'joe.mp4'))).toEqual(FILM);
    const { id: _id, ...after } = home.job('Joe at the lighthouse.');
    expect(after).toMatchObject({ ...before, status: 'succeeded', progress: 100, updatedAt: expect.any(String) });
  });

  it.each([
    ['A harbour at dawn.', 0, 'harbour.mp4'],
    ['A lighthouse: deleted.', 5, ''],
    ['A lighthouse: failed.', 11, ''],
    ['A lighthouse: refused.', 5, ''],
    ['A lighthouse: expired.', 5, ''],
    ['A lighthouse: cancelled.', 5, ''],
  ])('asks nobody to wait for what is over: %s exits %d', async (prompt, code, path) => {
    // There is no host to be asked: it would end with another code.
    const home = earlierHome();
    const before = readFileSync(home.jobPath(prompt), 'utf8');
    const { exitCode, stdout } = await home.here(['video', 'wait', home.job(prompt).id]);
    expect({ exitCode, stdout: basename(stdout) }).toEqual({ exitCode: code, stdout: path });
    expect(readFileSync(home.jobPath(prompt), 'utf8')).toBe(before);
  });

  it.each([
    ['of unknown fate', ['A lighthouse that nobody answered for.']],
    ['whose sender was killed', ['A lighthouse that was never told of.', '--key', 'a key of one that was killed']],
    ['whose sender was killed, without its key', ['A lighthouse that was never told of.']],
  ])('sends nothing for a request that is equal to one %s', async (_, args) => {
    const ends = await farEnds();
    const home = earlierHome(ends);
    const { exitCode, stderr } = await home.sora(['video', 'generate', ...args]);
    expect(exitCode).toBe(7);
    expect(stderr).toContain(home.job(args[0] ?? '').id);
    expect(ends.requests.filter((asked) => !asked.startsWith('GET '))).toEqual([]);
    expect(recordsIn(home, 'jobs')).toHaveLength(48);
  });
});

describe('going on with the cast of an earlier build', () => {
  it('knows who was registered, and sends nothing', async () => {
    const ends = await farEnds({
      [`GET ${GATEWAY}/videos/characters/char_1`]: { id: 'char_1', object: 'character', name: 'Joe' },
      [`GET ${GATEWAY}/videos/characters/char_4`]: { id: 'char_4', object: 'character', name: 'Ben' },
      [`GET ${GATEWAY}/videos/characters/char_of_uma`]: { id: 'char_of_uma', object: 'character', name: 'Uma' },
    });
    const home = earlierHome(ends);
    const before = contentsOf(join(home.home, 'characters'));
    const { exitCode } = await home.sora(['character', 'sync', 'Joe', 'Ben', 'Uma']);
    expect(exitCode).toBe(0);
    expect(ends.requests.toSorted()).toEqual([
      `GET ${GATEWAY}/videos/characters/char_1`,
      `GET ${GATEWAY}/videos/characters/char_4`,
      `GET ${GATEWAY}/videos/characters/char_of_uma`,
    ]);
    expect(contentsOf(join(home.home, 'characters'))).toEqual(before);
  });

  it('does not repeat a registration of unknown fate', async () => {
    const home = earlierHome();
    const before = readJson(home.characterPath('Mia'));
    const { exitCode } = await home.here(['character', 'sync', 'Mia']);
    expect(exitCode).toBe(7);
    expect(readJson(home.characterPath('Mia'))).toEqual(before);
  });

  it('registers anew whom the host had forgotten, once', async () => {
    const create = `POST ${GATEWAY}/videos/characters`;
    const ends = await farEnds({ [create]: { id: 'char_new', object: 'character', name: 'Ann' } });
    const home = earlierHome(ends);
    const { exitCode } = await home.sora(['character', 'sync', 'Ann']);
    expect(exitCode).toBe(0);
    expect(ends.requests).toEqual([create]);
    expect(readJson(home.characterPath('Ann')).registrations).toMatchObject([
      { value: 'char_7', stale: true },
      { value: 'char_new', name: 'Ann' },
    ]);
  });

  it('goes on with a task that makes a character, and begins no other', async () => {
    const api = 'api.wavespeed.ai/api/v3';
    const done = { id: 'task_6', status: 'completed', outputs: ['char_of_tom'] };
    const sent = { id: 'task_tom', status: 'created', outputs: [] };
    const ends = await farEnds({
      [`GET ${api}/predictions/task_6/result`]: { code: 200, data: done },
      [`POST ${api}/model/price`]: { code: 200, data: { price: 0.5, currency: 'USD' } },
      [`POST ${api}/openai/sora-2/text-to-video-pro`]: { code: 200, data: sent },
    });
    const home = earlierHome(ends);
    const model = ['--provider', 'wavespeed', '--model', 'openai/sora-2/text-to-video-pro', '--allow-retired'];
    const { exitCode } = await home.sora(['video', 'generate', 'Tom hums.', '-c', 'Tom', ...model]);
    expect(exitCode).toBe(0);
    expect(ends.requests.filter((asked) => asked.includes('characters'))).toEqual([]);
    const tom = readJson(home.characterPath('Tom'));
    expect(tom.registrations).toMatchObject([{ provider: 'wavespeed', value: 'char_of_tom', kind: 'id' }]);
    expect(tom).not.toHaveProperty('pending');
  });

  it('exports the cast with its clips, and imports it into an empty home as it was', async () => {
    const home = earlierHome();
    // Ben's clip is not here.
    const names = ['Ann', 'Bob Jr.', 'Joe', 'Mia', 'Tom', 'Uma', 'Zoë'];
    const exported = await home.here(['character', 'export', ...names, '-o', 'all.json', '--with-clips']);
    expect(exported).toMatchObject({ exitCode: 0 });
    const empty = { SORA_HOME: join(home.dir, 'empty') };
    expect(await home.here(['character', 'import', 'all.json'], { env: empty })).toMatchObject({ exitCode: 0 });
    const { stdout } = await home.here(['character', 'list', '--json'], { env: empty });
    const imported = JSON.parse(stdout) as { name: string; registrations: { value: string }[] }[];
    for (const record of recordsIn(home, 'characters').filter(({ name }) => name !== 'Ben')) {
      const { registrations, pending: _pending, ...lasting } = record;
      const found = imported.find(({ name }) => name === record.name);
      expect(found).toMatchObject(lasting);
      const values = (registrations as { value: string }[]).map(({ value }) => value);
      expect(found?.registrations.map(({ value }) => value)).toEqual(values);
    }
    expect(imported.map(({ name }) => name)).toEqual(names);
    expect((await home.here(['store', 'check'], { env: empty })).exitCode).toBe(0);
  });

  it('reads a cast file that the earlier build wrote', async () => {
    const home = earlierHome();
    const empty = { SORA_HOME: join(home.dir, 'empty') };
    expect(await home.here(['character', 'import', 'cast.json'], { env: empty })).toMatchObject({ exitCode: 0 });
    const { stdout } = await home.here(['character', 'list', '--json'], { env: empty });
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'Ben', clipless: true, registrations: [{ value: 'char_4' }] },
      { name: 'Uma', registrations: [{ value: 'char_of_uma' }] },
    ]);
  });
});

describe('the sandbox of an earlier build', () => {
  it('goes on with its jobs, and counts on', async () => {
    const home = earlierHome();
    const { id } = home.job('A harbour at dusk.');
    const waited = await home.sora(['video', 'wait', id, '-o', 'dusk.mp4']);
    expect(waited).toMatchObject({ exitCode: 0 });
    expect(statSync(join(home.dir, 'dusk.mp4')).size).toBeGreaterThan(10_000);

    const known = readdirSync(join(home.home, 'sandbox', 'characters'));
    const sent = await home.sora(['video', 'generate', 'Joe naps.', '-c', 'Joe', '--provider', 'sandbox', '--json']);
    expect(sent).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(home.home, 'sandbox', 'characters'))).toEqual(known);
    const { remoteId } = JSON.parse(sent.stdout) as { remoteId: string };
    expect(readJson(join(home.home, 'sandbox', 'jobs', `${remoteId}.json`))).toMatchObject({
      ...{ version: 1, sequence: 4, createdMs: AFTERWARDS },
      shown: [{ name: 'Joe' }],
    });
  });
});

describe('fields that this build does not know', () => {
  const EXTRA = { laterField: { kept: [1, 'two'] } };
  const change = (path: string, how: (record: Record<string, unknown>) => object) =>
    writeFileSync(path, JSON.stringify(how(readJson(path))));

  it('stay in the record of a job, at every depth', async () => {
    const home = earlierHome(await farEnds({ ...videoAt('video_48'), ...filmAt('video_48') }));
    const prompt = 'Joe at the lighthouse.';
    const { id } = home.job(prompt);
    change(home.jobPath(prompt), (job) => ({
      ...job,
      ...EXTRA,
      request: { ...(job.request as object), ...EXTRA },
      cost: { ...(job.cost as object), ...EXTRA },
    }));
    expect(await home.sora(['video', 'wait', id, '-o', 'joe.mp4'])).toMatchObject({ exitCode: 0 });
    const kept = { status: 'succeeded', ...EXTRA, request: EXTRA, cost: EXTRA };
    expect(home.job(prompt)).toMatchObject(kept);
  });

  it('stay in the record of a character, at every depth', async () => {
    const create = `POST ${GATEWAY}/videos/characters`;
    const home = earlierHome(await farEnds({ [create]: { id: 'char_new', object: 'character', name: 'Mia' } }));
    const withExtra = (list: unknown) => (list as object[]).map((one) => ({ ...one, ...EXTRA }));
    const other = {
      ...(readJson(home.characterPath('Joe')).registrations as object[])[0],
      baseUrl: 'https://a.example',
    };
    change(home.characterPath('Mia'), (mia) => ({
      ...mia,
      ...EXTRA,
      master: { ...(mia.master as object), ...EXTRA },
      registrations: withExtra([other]),
      pending: withExtra([{ ...(mia.pending as object[])[0], orientation: 'portrait' }, ...(mia.pending as object[])]),
    }));
    expect(await home.sora(['character', 'sync', 'Mia', '--resend'])).toMatchObject({ exitCode: 0 });
    expect(await home.sora(['character', 'rename', 'Mia', 'Maja'])).toMatchObject({ exitCode: 0 });
    expect(readJson(home.characterPath('Maja'))).toMatchObject({
      ...EXTRA,
      master: EXTRA,
      registrations: [EXTRA, { value: 'char_new' }],
      pending: [{ orientation: 'portrait', ...EXTRA }],
    });
  });

  it('stay in the settings and beside the keys', async () => {
    const home = earlierHome();
    const [config, keys] = ['config.json', 'keys.json'].map((name) => join(home.home, name)) as [string, string];
    change(config, (all) => ({ ...all, ...EXTRA, profiles: { ...(all.profiles as object), later: EXTRA } }));
    change(keys, (all) => ({ ...all, ...EXTRA, keys: { ...(all.keys as object), later: 'not-a-key' } }));
    expect(await home.here(['config', 'set', 'model', 'sora-2'])).toMatchObject({ exitCode: 0 });
    expect(await home.here(['auth', 'login', 'eachlabs'], { input: 'another-key\n' })).toMatchObject({ exitCode: 0 });
    expect(readJson(config)).toMatchObject({ ...EXTRA, profiles: { later: EXTRA, default: { model: 'sora-2' } } });
    expect(readJson(keys)).toMatchObject({ ...EXTRA, keys: { later: 'not-a-key', eachlabs: 'another-key' } });
  });
});

describe('a file of a later format', () => {
  const JOB = 'Joe at the lighthouse.';
  const CASES: readonly (readonly [string, (home: EarlierHome) => string, (home: EarlierHome) => readonly string[]])[] =
    [
      ['job, shown', (home) => home.jobPath(JOB), (home) => ['video', 'show', basename(home.jobPath(JOB), '.json')]],
      [
        'job, waited for',
        (home) => home.jobPath(JOB),
        (home) => ['video', 'wait', basename(home.jobPath(JOB), '.json')],
      ],
      ['job, checked', (home) => home.jobPath(JOB), () => ['store', 'check']],
      ['character, shown', (home) => home.characterPath('Joe'), () => ['character', 'show', 'Joe']],
      ['character, used', (home) => home.characterPath('Joe'), () => ['video', 'generate', 'Joe naps.', '-c', 'Joe']],
      ['character, renamed', (home) => home.characterPath('Joe'), () => ['character', 'rename', 'Joe', 'Jo']],
      ['list of settings', (home) => join(home.home, 'config.json'), () => ['video', 'generate', 'A pier.']],
      ['list of keys', (home) => join(home.home, 'keys.json'), () => ['video', 'generate', 'A pier.']],
    ];

  it.each(CASES)('is refused by a sentence, and stays as it is: %s', async (_, pathOf, argsOf) => {
    const home = earlierHome();
    const [path, args] = [pathOf(home), argsOf(home)];
    const later = JSON.stringify({ ...readJson(path), version: 2 });
    writeFileSync(path, later);
    const { exitCode, stdout, stderr } = await home.here(args);
    expect(exitCode).toBe(12);
    expect(`${stdout}${stderr}`).toContain('was written by a newer version of sora (format 2; this one reads up to 1)');
    expect(readFileSync(path, 'utf8')).toBe(later);
  });

  it('is passed over by lists, which name it', async () => {
    const home = earlierHome();
    const path = home.jobPath(JOB);
    writeFileSync(path, JSON.stringify({ ...readJson(path), version: 2 }));
    const { exitCode, stdout, stderr } = await home.here(['video', 'list', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(47);
    expect(stderr).toContain(basename(path));
  });
});
