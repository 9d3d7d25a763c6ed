import { describe, expect, it } from 'vitest';
import { type Json, makeClip, makePicture, NEW_YEAR, type Request, sandbox } from '../../sandbox/harness.ts';

const created = NEW_YEAR / 1000;

describe('creating a video', () => {
  it.each<[string, () => Promise<Request> | Request]>([
    ['JSON', () => ({ json: { prompt: 'A hill', size: '1280x720', seconds: '8', model: 'sora-2-pro' } })],
    ['a form', () => ({ form: { prompt: 'A hill', size: '1280x720', seconds: '8', model: 'sora-2-pro' } })],
  ])('takes %s and answers a queued video', async (_, request) => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos', await request());
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^video_[0-9a-f]{32}$/),
      object: 'video',
      model: 'sora-2-pro',
      status: 'queued',
      progress: 0,
      created_at: created,
      completed_at: null,
      expires_at: null,
      prompt: 'A hill',
      size: '1280x720',
      seconds: '8',
      remixed_from_video_id: null,
      error: null,
    });
    expect(answer.headers.get('openai-poll-after-ms')).toBe('400');
    expect(answer.headers.get('x-request-id')).toMatch(/^req_\w+$/);
  });

  it('takes the URL of a picture in a form, as the official clients send it', async () => {
    const { ask } = await sandbox();
    const form = { prompt: 'A', 'input_reference[image_url]': 'https://pictures.example/a.png' };
    expect((await ask('POST', '/videos', { form })).status).toBe(200);
    const file = { prompt: 'A', 'input_reference[file_id]': 'file_1' };
    expect((await ask('POST', '/videos', { form: file })).status).toBe(404);
  });

  it('tells its models', async () => {
    const { get } = await sandbox();
    expect(await get('GET', '/models')).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([{ id: 'sora-2', object: 'model', created: 0, owned_by: 'openai' }]),
    });
  });

  it('fills in model, size and seconds', async () => {
    const { get } = await sandbox();
    const video = await get('POST', '/videos', { json: { prompt: 'A hill' } });
    expect(video).toMatchObject({ model: 'sora-2', size: '720x1280', seconds: '4' });
  });

  it.each<[string, 'png' | 'mjpeg' | 'libwebp', string]>([
    ['PNG', 'png', 'image/png'],
    ['JPEG', 'mjpeg', 'image/jpeg'],
    ['WebP', 'libwebp', 'image/webp'],
  ])('takes a %s of the size of the video, in a form and as a data URL', async (_, codec, type) => {
    const { ask } = await sandbox();
    const right = await makePicture(codec, '720x1280', type);
    const wrong = await makePicture(codec, '722x1280', type);
    const inForm = (picture: Blob) => ask('POST', '/videos', { form: { prompt: 'A', input_reference: picture } });
    const inJson = async (picture: Blob) => {
      const image_url = `data:${type};base64,${Buffer.from(await picture.arrayBuffer()).toString('base64')}`;
      return ask('POST', '/videos', { json: { prompt: 'A', input_reference: { image_url } } });
    };
    for (const send of [inForm, inJson]) {
      expect((await send(right)).status).toBe(200);
      const refusal = await send(wrong);
      expect(refusal.status).toBe(400);
      expect(refusal.json.error).toEqual({
        message: 'Inpaint image must match the requested width and height',
        type: 'invalid_request_error',
        param: null,
        code: null,
      });
    }
  });

  it('takes a picture that is somewhere else without looking at it', async () => {
    const { ask } = await sandbox();
    const input_reference = { image_url: 'https://pictures.example/a.png' };
    expect((await ask('POST', '/videos', { json: { prompt: 'A', input_reference } })).status).toBe(200);
  });

  it('takes two characters, also ones that the prompt does not name', async () => {
    const { ask, character } = await sandbox();
    const characters = [{ id: await character('Joe') }, { id: await character('Mia') }];
    expect((await ask('POST', '/videos', { json: { prompt: 'Joe sleeps', characters } })).status).toBe(200);
  });

  const long = 'x'.repeat(32_001);
  it.each<[string, Json, Json]>([
    ['no prompt', { prompt: undefined }, { param: 'prompt', code: 'missing_required_parameter' }],
    ['an empty prompt', { prompt: '' }, { param: 'prompt', code: 'empty_string' }],
    ['a prompt of 32001 characters', { prompt: long }, { param: 'prompt', code: 'string_above_max_length' }],
    ['a prompt that is a number', { prompt: 7 }, { param: 'prompt', code: 'invalid_type' }],
    ['another model', { model: 'sora-3' }, { param: 'model', code: 'invalid_value' }],
    ['a model named like a method', { model: 'constructor' }, { param: 'model', code: 'invalid_value' }],
    ['seconds as a number', { seconds: 4 }, { param: 'seconds', code: 'invalid_type' }],
    ['seconds between the steps', { seconds: '5' }, { param: 'seconds', code: 'invalid_value' }],
    ['a size nobody makes', { size: '640x480' }, { param: 'size', code: 'invalid_value' }],
    ['1080p without pro', { size: '1920x1080' }, { param: 'size', code: 'invalid_value' }],
    ['an unknown field', { duration: 4 }, { param: 'duration', code: 'unknown_parameter' }],
    ['characters that are no list', { characters: 'char_1' }, { param: 'characters', code: 'invalid_type' }],
    ['characters as bare ids', { characters: ['char_1'] }, { param: 'characters[0]', code: 'invalid_type' }],
    [
      'three characters',
      { characters: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] },
      { param: 'characters', code: 'array_above_max_length' },
    ],
    [
      'a reference as text',
      { input_reference: 'https://a.example' },
      { param: 'input_reference', code: 'invalid_type' },
    ],
    [
      'a reference that is no URL',
      { input_reference: { image_url: '/tmp/a.png' } },
      { param: 'input_reference.image_url', code: 'invalid_image_url' },
    ],
    [
      'a picture of another type',
      { input_reference: { image_url: 'data:image/gif;base64,R0lGODlh' } },
      { param: 'input_reference', code: 'unsupported_file_mimetype' },
    ],
    [
      'a picture that is none',
      { input_reference: { image_url: 'data:image/png;base64,AAAA' } },
      { param: 'input_reference', code: 'invalid_image' },
    ],
  ])('refuses %s', async (_, wish, error) => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos', { json: { prompt: 'A hill', ...wish } });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      error: { type: 'invalid_request_error', message: expect.stringMatching(/\w+/), ...error },
    });
    expect((await ask('GET', '/videos')).json.data).toEqual([]);
  });

  it.each<[string, Request, number, string]>([
    ['broken JSON', { json: '{"prompt": ' }, 400, 'could not parse the JSON'],
    ['JSON that is no object', { json: '["prompt"]' }, 400, 'must be an object'],
    [
      'another content type',
      { json: 'prompt=A', headers: { 'content-type': 'text/plain' } },
      400,
      'Unsupported content',
    ],
    [
      'a form that is none',
      { json: 'prompt', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      400,
      'multipart form',
    ],
    [
      'characters in a form',
      { form: { prompt: 'A', 'characters[0][id]': 'x' } },
      400,
      "Unknown parameter: 'characters'",
    ],
    ['a reference as a text in a form', { form: { prompt: 'A', input_reference: 'a.png' } }, 400, 'expected a file'],
    [
      'a file of no known type',
      { form: { prompt: 'A', input_reference: new Blob(['x'], { type: 'application/octet-stream' }) } },
      400,
      "unsupported mimetype ('application/octet-stream')",
    ],
    ['a character nobody made', { json: { prompt: 'A', characters: [{ id: 'char_no' }] } }, 404, "'char_no' not found"],
    ['an unknown file', { json: { prompt: 'A', input_reference: { file_id: 'file-1' } } }, 404, 'No such File'],
  ])('refuses %s', async (_, request, status, words) => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos', request);
    expect(answer.status).toBe(status);
    expect(answer.json.error).toMatchObject({ message: expect.stringContaining(words), type: 'invalid_request_error' });
  });
});

describe('creating a character', () => {
  it.each([
    ['landscape at 720p, 2 s', {}],
    ['4 s', { seconds: 4 }],
    ['portrait', { size: '720x1280' }],
    ['1080p', { size: '1920x1080' }],
    ['a picture turned on its side by a flag', { turn: 90 }],
    ['wide pixels that make the ratio right', { size: '960x720', filter: 'setsar=4/3' }],
  ])('takes a clip: %s', async (_, clip) => {
    const { get } = await sandbox();
    const character = await get('POST', '/videos/characters', { form: { name: 'Zoë', video: await makeClip(clip) } });
    expect(character).toEqual({ id: expect.stringMatching(/^char_[0-9a-f]{32}$/), name: 'Zoë', created_at: created });
    expect(await get('GET', `/videos/characters/${character.id}`)).toEqual(character);
  });

  it.each([
    ['1.9 s', { seconds: 1.9 }, 'invalid_video_duration'],
    ['4.04 s', { seconds: 4.04 }, 'invalid_video_duration'],
    ['four seconds at an NTSC rate', { seconds: 4.004, filter: 'fps=30000/1001' }, 'invalid_video_duration'],
    ['HEVC', { codec: 'libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=none' }, 'unsupported_codec'],
    ['4:3', { size: '960x720' }, 'invalid_video_aspect_ratio'],
    ['nearly 16:9', { size: '1366x768' }, 'invalid_video_aspect_ratio'],
    ['pixels that make the ratio wrong', { filter: 'setsar=4/3' }, 'invalid_video_aspect_ratio'],
    ['360p', { size: '640x360' }, 'invalid_video_size'],
    ['1440p', { size: '2560x1440' }, 'invalid_video_size'],
  ])('refuses a clip: %s', async (_, clip, code) => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos/characters', { form: { name: 'Joe', video: await makeClip(clip) } });
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({ type: 'invalid_request_error', param: 'video', code });
  });

  it('refuses a truncated clip and anything that is no MP4', async () => {
    const { ask } = await sandbox();
    const whole = await makeClip();
    const type = 'video/mp4';
    for (const video of [
      whole.slice(0, whole.size - 100, type),
      new Blob(['hello'], { type }),
      new Blob([], { type }),
    ]) {
      const answer = await ask('POST', '/videos/characters', { form: { name: 'Joe', video } });
      expect(answer.status).toBe(400);
      expect(answer.json.error).toMatchObject({ code: 'invalid_video' });
    }
  });

  it.each<[string, () => Promise<Request>, string]>([
    ['JSON', async () => ({ json: { name: 'Joe' } }), 'multipart/form-data'],
    ['no name', async () => ({ form: { video: await makeClip() } }), "Missing required parameter: 'name'"],
    ['an empty name', async () => ({ form: { name: '', video: await makeClip() } }), 'empty string'],
    ['81 code points', async () => ({ form: { name: '😀'.repeat(81), video: await makeClip() } }), 'length 81'],
    ['no clip', async () => ({ form: { name: 'Joe' } }), "Missing required parameter: 'video'"],
    ['a URL as clip', async () => ({ form: { name: 'Joe', video: 'https://a.example/a.mp4' } }), 'expected a file'],
    ['another field', async () => ({ form: { name: 'Joe', video: await makeClip(), model: 'sora-2' } }), "'model'"],
    [
      'a part of no known type',
      async () => ({ form: { name: 'Joe', video: await makeClip({}, 'application/octet-stream') } }),
      "unsupported mimetype ('application/octet-stream')",
    ],
  ])('refuses %s', async (_, request, words) => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos/characters', await request());
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({ message: expect.stringContaining(words), type: 'invalid_request_error' });
  });

  it('takes a name of 80 code points', async () => {
    const { character } = await sandbox();
    expect(await character('😀'.repeat(80))).toMatch(/^char_/);
  });

  it('reads an upload of 50 MB', async () => {
    const { character } = await sandbox();
    const free = Buffer.alloc(50_000_000);
    free.writeUInt32BE(free.length);
    free.write('free', 4);
    expect(await character('Joe', new Blob([await makeClip(), free], { type: 'video/mp4' }))).toMatch(/^char_/);
  });

  it('answers 413 beyond 100 MB', async () => {
    const { ask } = await sandbox();
    const answer = await ask('POST', '/videos', { json: 'x'.repeat(101 * 1024 * 1024) });
    expect([answer.status, (answer.json.error as Json).message]).toEqual([413, 'The request is larger than 100 MB.']);
  });
});

describe('the key', () => {
  it.each([
    ['none', undefined, {}, 401, null],
    ['an empty one', undefined, { authorization: 'Bearer ' }, 401, null],
    ['another scheme', undefined, { authorization: 'Basic dGVzdA==' }, 401, null],
    ['any, when none is asked for', undefined, { authorization: 'Bearer x' }, 200, null],
    ['the wrong one', 'right', { authorization: 'Bearer wrong' }, 401, 'invalid_api_key'],
    ['the right one', 'right', { authorization: 'Bearer right' }, 200, null],
  ])('may be %s', async (_, key, headers, status, code) => {
    const { url } = await sandbox(key === undefined ? {} : { key });
    const response = await fetch(`${url}/videos`, { headers: headers as Record<string, string> });
    const body = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(body).not.toContain('wrong');
    if (status === 401) expect(JSON.parse(body).error).toMatchObject({ type: 'invalid_request_error', code });
  });
});

describe('what is not there', () => {
  it.each([
    ['GET', '/videos/video_00000000000000000000000000000000'],
    ['GET', '/videos/..%2Fsequence'],
    ['GET', '/videos/characters/char_none'],
    ['GET', '/videos/characters'],
    ['GET', '/videos/x/content'],
    ['DELETE', '/videos/x'],
    ['DELETE', '/videos/characters/char_none'],
    ['PUT', '/videos'],
    ['GET', '/engines'],
    ['GET', ''],
    ['GET', '/../v2/videos'],
  ])('answers %s %s with 404 in the shape of the host', async (method, path) => {
    const { ask } = await sandbox();
    const answer = await ask(method, path);
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({
      error: {
        message: expect.stringMatching(/not found|Invalid URL/),
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    });
  });
});

describe('listing', () => {
  it('pages through videos in both orders', async () => {
    const { get, video } = await sandbox();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await video());
    const read = async (query: string) => {
      const page = await get('GET', `/videos${query}`);
      return { ids: (page.data as Json[]).map(({ id }) => ids.indexOf(String(id))), more: page.has_more };
    };
    expect(await read('')).toEqual({ ids: [4, 3, 2, 1, 0], more: false });
    expect(await read('?order=asc&limit=2')).toEqual({ ids: [0, 1], more: true });
    expect(await read(`?order=asc&limit=2&after=${ids[1]}`)).toEqual({ ids: [2, 3], more: true });
    expect(await read(`?limit=3&after=${ids[3]}`)).toEqual({ ids: [2, 1, 0], more: false });
    expect(await read('?limit=0')).toEqual({ ids: [], more: true });
    const page = await get('GET', '/videos?limit=2');
    expect(page).toMatchObject({ object: 'list', first_id: ids[4], last_id: ids[3] });
  });

  it.each(['?limit=101', '?limit=-1', '?limit=many', '?order=newest'])('refuses %s', async (query) => {
    const { ask } = await sandbox();
    expect((await ask('GET', `/videos${query}`)).status).toBe(400);
  });
});

describe('a job', () => {
  it('advances with the clock and expires an hour after its end', async () => {
    const { get, ask, video, clock } = await sandbox();
    const id = await video();
    const at = async (ms: number) => {
      clock.ms = NEW_YEAR + ms;
      const { status, progress, completed_at, expires_at } = await get('GET', `/videos/${id}`);
      return [status, progress, completed_at, expires_at];
    };
    expect(await at(499)).toEqual(['queued', 0, null, null]);
    expect(await at(500)).toEqual(['in_progress', 0, null, null]);
    expect(await at(2250)).toEqual(['in_progress', 50, null, null]);
    expect(await at(3999)).toEqual(['in_progress', 99, null, null]);
    expect((await ask('GET', `/videos/${id}/content`)).status).toBe(404);
    expect(await at(4000)).toEqual(['completed', 100, created + 4, created + 3604]);
    await at(4000 + 3_600_000);
    const late = await ask('GET', `/videos/${id}/content`);
    expect([late.status, (late.json.error as Json).code]).toEqual([404, 'expired']);
  });

  it('is deleted when it is finished, not before', async () => {
    const { ask, video, clock } = await sandbox();
    const id = await video();
    expect((await ask('DELETE', `/videos/${id}`)).status).toBe(400);
    clock.ms += 4000;
    const answer = await ask('DELETE', `/videos/${id}`);
    expect(answer.json).toEqual({ id, object: 'video.deleted', deleted: true });
    expect((await ask('GET', `/videos/${id}`)).status).toBe(404);
  });
});

describe('edits, extensions and remixes', () => {
  it('make new videos from a finished one', async () => {
    const { get, video } = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
    const id = await video({ size: '1280x720', model: 'sora-2-pro', seconds: '8' });
    const same = { model: 'sora-2-pro', size: '1280x720', prompt: 'At night', status: 'queued' };
    const edit = await get('POST', '/videos/edits', { json: { prompt: 'At night', video: { id } } });
    expect(edit).toMatchObject({ ...same, seconds: '8', remixed_from_video_id: null });
    const extension = await get('POST', '/videos/extensions', {
      json: { prompt: 'At night', seconds: '12', video: { id } },
    });
    expect(extension).toMatchObject({ ...same, seconds: '20' });
    const remix = await get('POST', `/videos/${id}/remix`, { json: { prompt: 'At night' } });
    expect(remix).toMatchObject({ ...same, seconds: '8', remixed_from_video_id: id });
    expect(new Set([id, edit.id, extension.id, remix.id]).size).toBe(4);
  });

  it('take forms as well, as the official clients send them, and edit a video that comes along', async () => {
    const { get, video } = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
    const id = await video({ size: '1280x720', seconds: '8' });
    const form = { prompt: 'At night', 'video[id]': id };
    const edit = await get('POST', '/videos/edits', { form: { ...form, model: 'sora-2-pro' } });
    expect(edit).toMatchObject({ model: 'sora-2-pro', size: '1280x720', seconds: '8', prompt: 'At night' });
    expect(await get('POST', '/videos/extensions', { form: { ...form, seconds: '4' } })).toMatchObject({
      seconds: '12',
    });
    const remix = await get('POST', `/videos/${id}/remix`, { form: { prompt: 'At night' } });
    expect(remix).toMatchObject({ remixed_from_video_id: id });
    const own = await get('POST', '/videos/edits', { form: { prompt: 'At night', video: await makeClip() } });
    expect(own).toMatchObject({ size: '1280x720', status: 'queued' });
  });

  it.each([
    ['six extensions', '4', 6],
    ['120 seconds', '20', 5],
  ])('stop at %s', async (_, seconds, times) => {
    const { ask, video } = await sandbox({ scenario: { version: 1, jobSeconds: 0 } });
    let id = await video({ seconds });
    const extend = () => ask('POST', '/videos/extensions', { json: { prompt: 'On', seconds, video: { id } } });
    for (let i = 0; i < times; i += 1) id = String((await extend()).json.id);
    const answer = await extend();
    expect([answer.status, (answer.json.error as Json).code]).toEqual([400, 'extension_limit_reached']);
  });

  it.each([
    ['an unfinished video', '/videos/edits', { prompt: 'A', video: { id: 'OWN' } }, 400],
    ['an unknown video', '/videos/edits', { prompt: 'A', video: { id: 'video_x' } }, 404],
    ['no video', '/videos/edits', { prompt: 'A' }, 400],
    ['a bare id', '/videos/edits', { prompt: 'A', video: 'OWN' }, 400],
    ['a model that nobody knows', '/videos/edits', { prompt: 'A', video: { id: 'OWN' }, model: 'x' }, 400],
    ['no seconds', '/videos/extensions', { prompt: 'A', video: { id: 'OWN' } }, 400],
    [
      'characters in an extension',
      '/videos/extensions',
      { prompt: 'A', seconds: '4', video: { id: 'OWN' }, characters: [] },
      400,
    ],
    ['no prompt', '/videos/OWN/remix', {}, 400],
  ])('refuse %s', async (_, path, body, status) => {
    const { ask, video } = await sandbox();
    const id = await video();
    const own = (value: unknown) => JSON.stringify(value).replaceAll('OWN', id);
    expect((await ask('POST', path.replace('OWN', id), { json: own(body) })).status).toBe(status);
  });
});
