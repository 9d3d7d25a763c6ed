import { describe, expect, it } from 'vitest';
import {
  type Answer,
  asNotFound,
  failureOf,
  isPolicy,
  isQuota,
  isUnsupported,
  jsonOf,
  lacksModel,
  parseJson,
} from '../../src/http/answer.ts';
import { refusal } from '../../src/http/errors.ts';

function answer(status: number, body: string | object, more: Partial<Answer> = {}): Answer {
  return {
    status,
    headers: {},
    text: typeof body === 'string' ? body : JSON.stringify(body),
    requestId: undefined,
    receivedAt: 0,
    host: 'videos.example',
    kind: 'create',
    redact: (text) => text,
    ...more,
  };
}

describe('parseJson', () => {
  it.each([
    { text: '{"id":12345678901234567890}', value: { id: '12345678901234567890' } },
    { text: '{"id":9007199254740991}', value: { id: 9007199254740991 } },
    { text: '{"id":-9007199254740993}', value: { id: '-9007199254740993' } },
    { text: '{"p":"a \\" 12345678901234567890 \\\\","n":1}', value: { p: 'a " 12345678901234567890 \\', n: 1 } },
    { text: '{"f":0.12345678901234567890}', value: { f: 0.12345678901234568 } },
    { text: '[12345678901234567890,1e21]', value: ['12345678901234567890', 1e21] },
    { text: '{"id":12345678901234567890', value: undefined },
    { text: '<html>', value: undefined },
  ])('reads $text', ({ text, value }) => {
    expect(parseJson(text)).toEqual(value);
  });
});

describe('parseJson of what is nested', () => {
  const nested = (levels: number, kind: 'lists' | 'errors'): string =>
    kind === 'lists'
      ? '['.repeat(levels) + ']'.repeat(levels)
      : `${'{"error":'.repeat(levels)}"No."${'}'.repeat(levels)}`;

  it.each(['lists', 'errors'] as const)('%s takes 200 levels for an answer, and more for none', (kind) => {
    expect(parseJson(nested(200, kind))).toBeDefined();
    expect(parseJson(nested(201, kind))).toBeUndefined();
    expect(parseJson(nested(200_000, kind))).toBeUndefined();
    // Brackets within texts are no levels.
    expect(parseJson(JSON.stringify({ a: '[{"'.repeat(1000) }))).toBeDefined();
    expect(parseJson(JSON.stringify(Array.from({ length: 1000 }, () => [{}])))).toBeDefined();
  });

  it('is told as the text that it is', () => {
    expect(failureOf(answer(400, nested(200_000, 'errors'))).message).toMatch(/^the text “\{"error":.{100,200}…”$/);
    expect(failureOf(answer(400, nested(100, 'errors'))).message).toBe('No.');
    expect(() => jsonOf(answer(200, nested(200_000, 'lists')))).toThrowError(
      expect.objectContaining({ code: 'ambiguous', message: expect.stringContaining('instead of JSON') }),
    );
  });
});

describe('isUnsupported', () => {
  const say = (message: string, code?: string) => ({ error: { message, code } });

  it.each([
    [500, say('create_character is not supported for this provider'), true],
    [500, say('Video remix is not supported by Google Veo.'), true],
    [500, say('not yet implemented'), true],
    [500, say('NotImplementedError'), true],
    [500, say('no', 'unsupported_operation'), true],
    [500, say('The model doesn’t support characters.'), true],
    [501, say('API not implemented', 'api_not_implemented'), true],
    [501, '', true],
    [501, '<title>501 Not Implemented</title>', true],
    [500, '', false],
    [501, say('upstream failed'), false],
    [500, say('The upload is not supportedly encoded'), false],
    [500, say('knot supported'), false],
    [502, say('not supported'), false],
    [503, say('not implemented'), false],
    [400, say('not supported'), false],
  ])('of %i %j: %j', (status, body, expected) => {
    expect(isUnsupported(answer(status, body))).toBe(expected);
  });
});

describe('what gateways mean by another status', () => {
  it.each([
    [503, { error: { message: 'No available channel for model x', code: 'model_not_found' } }, true],
    [500, { code: 'model_not_found', message: 'no' }, true],
    [503, { error: { message: 'busy' } }, false],
    [404, { error: { message: 'no', code: 'model_not_found' } }, false],
  ])('%i %j is of a model that is not there: %j', (status, body, expected) => {
    expect(lacksModel(answer(status, body))).toBe(expected);
  });

  it.each([
    [400, { code: 'task_not_exist', message: 'task_not_exist' }, 404],
    [400, { error: { code: 'video_not_found', message: 'no' } }, 404],
    [400, { code: 'invalid_request', message: 'task_not_exist' }, 400],
    [500, { code: 'task_not_exist', message: 'no' }, 500],
  ])('%i %j is read as %i', (status, body, expected) => {
    expect(asNotFound(answer(status, body)).status).toBe(expected);
  });
});

describe('failureOf', () => {
  it('leaves out the stack that a gateway of Python sends along', () => {
    const message = 'video edit is not supported\nTraceback (most recent call last):\n  File "main.py", line 1';
    expect(failureOf(answer(500, { error: { message } })).message).toBe('video edit is not supported');
  });

  it.each([
    {
      body: { error: { message: 'bad size', code: 'invalid_size' } },
      failure: { message: 'bad size', code: 'invalid_size' },
    },
    {
      body: { error: { message: 'no', code: null, type: 'user_error' } },
      failure: { message: 'no', code: 'user_error' },
    },
    { body: { error: 'plain words' }, failure: { message: 'plain words' } },
    { body: { error: 'plain', code: 'E7' }, failure: { message: 'plain', code: 'E7' } },
    { body: { detail: 'Not Found' }, failure: { message: 'Not Found' } },
    {
      body: {
        detail: [
          { loc: ['body', 'seconds'], msg: 'Field required' },
          { loc: ['body'], msg: 'too long' },
        ],
      },
      failure: { message: 'seconds: Field required; too long' },
    },
    { body: { detail: { message: 'inner' } }, failure: { message: 'inner' } },
    {
      body: { message: 'relay says no', code: 'get_channel_failed' },
      failure: { message: 'relay says no', code: 'get_channel_failed' },
    },
    // As gateways pass on what the host behind them said.
    {
      body: {
        message: 'status_code=400, {"error":{"message":"bad size","code":"invalid_size"}}',
        code: 'fail_to_fetch',
      },
      failure: { message: 'bad size', code: 'invalid_size' },
    },
    {
      body: { error: { message: '{"error":{"message":"{\\"detail\\":\\"too dark\\"}"}}', type: 'upstream_error' } },
      failure: { message: 'too dark', code: 'upstream_error' },
    },
    { body: { message: 'Upstream said: {"error":"too dark"}' }, failure: { message: 'Upstream said: too dark' } },
    { body: { message: 'use {name} here' }, failure: { message: 'use {name} here' } },
    { body: { message: 'got {"prompt":"a hill"}' }, failure: { message: 'got {"prompt":"a hill"}' } },
    // RFC 9457 and others list what is wrong with each field beside the complaint.
    {
      body: { title: 'Bad Request', detail: 'Invalid body.', validation: [{ path: ['seconds'], message: 'too long' }] },
      failure: { message: 'Invalid body: seconds: too long' },
    },
    {
      body: { error: 'Validation failed', issues: [{ path: 'ratio', message: 'unknown' }, { message: 'no model' }] },
      failure: { message: 'Validation failed: ratio: unknown; no model' },
    },
    {
      body: { detail: 'No.', 'invalid-params': [{ name: 'size', reason: 'odd' }] },
      failure: { message: 'No: size: odd' },
    },
    {
      body: { detail: 'seconds: odd', validation: [{ field: 'seconds', message: 'odd' }] },
      failure: { message: 'seconds: odd' },
    },
    { body: 'just text', failure: { message: 'the text “just text”' } },
    { body: '', failure: { message: 'an empty body' } },
    { body: '\u0000\u0000\u0000 ftypisom\ufffd', failure: { message: 'something that is no text' } },
    {
      body: '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>No</Message></Error>',
      failure: { message: 'the text “AccessDenied No”' },
    },
    {
      body: '<html><head><title>502 Bad Gateway</title></head><body>x</body></html>',
      failure: { message: 'a web page (“502 Bad Gateway”)' },
    },
    {
      body: '<style>a{}</style><SCRIPT src="x">1 < 2</SCRIPT><p class="a">Sign in</p><script>never ends',
      failure: { message: 'a web page (“Sign in never ends”)' },
    },
    { body: '<p>1 < 2', failure: { message: 'a web page (“1 < 2”)' } },
    {
      body: {
        error: {
          message:
            'litellm.BadRequestError: OpenAIException - {"error":{"message":"blocked","code":"moderation_blocked"}}',
          code: '400',
        },
      },
      failure: { message: 'blocked', code: 'moderation_blocked' },
    },
    {
      body: { error: { message: 'litellm.AuthenticationError: OpenAIException - Incorrect key', code: '401' } },
      failure: { message: 'Incorrect key', code: '401' },
    },
  ])('reads $body', ({ body, failure }) => {
    expect(failureOf(answer(400, body))).toEqual(failure);
  });

  it('cuts a long complaint behind its key, never through it (P5)', () => {
    const redact = (text: string): string => text.replaceAll('sk-0123456789', '***');
    for (let at = 580; at < 600; at++) {
      const told = { error: { message: `${'x'.repeat(at)}sk-0123456789` } };
      expect(failureOf(answer(401, told, { redact })).message).not.toContain('sk');
      expect(failureOf(answer(200, `${'x'.repeat(at - 440)}sk-0123456789`, { redact })).message).not.toContain('sk');
    }
  });

  it('hides the key that a host repeats', () => {
    const redact = (text: string): string => text.replaceAll('sk-live', '***');
    expect(failureOf(answer(401, { error: { message: 'wrong key sk-live' } }, { redact })).message).toBe(
      'wrong key ***',
    );
  });
});

describe('isPolicy and isQuota', () => {
  it.each([
    'moderation_blocked',
    'sentinel_block',
    'people-in-user-uploads',
    'content_policy_violation',
    'content_filter',
  ])('take %s for the content policy', (code) => {
    expect(isPolicy({ code, message: 'no' })).toBe(true);
    expect(isQuota({ code, message: 'no' })).toBe(false);
  });

  it.each([
    'insufficient_quota',
    'billing_hard_limit_reached',
    'insufficient_user_quota',
    'budget_exceeded',
    'pre_consume_token_quota_failed',
  ])('take %s for money', (code) => {
    expect(isQuota({ code, message: 'no' })).toBe(true);
    expect(isPolicy({ code, message: 'no' })).toBe(false);
  });

  it('take a rate limit for neither', () => {
    const failure = { code: 'rate_limit_exceeded', message: 'Rate limit reached for requests' };
    expect([isPolicy(failure), isQuota(failure)]).toEqual([false, false]);
  });
});

describe('refusal', () => {
  it.each([
    { status: 401, error: { message: 'Incorrect API key provided' }, code: 'auth' },
    { status: 403, error: { message: 'Your organization must be verified to use this model' }, code: 'auth' },
    { status: 403, error: { message: 'Country, region, or territory not supported' }, code: 'refused' },
    { status: 403, error: { message: 'no quota left', code: 'insufficient_user_quota' }, code: 'budget' },
    {
      status: 403,
      error: { message: 'token quota is not enough, token remain quota: $0.1', code: 'pre_consume_token_quota_failed' },
      code: 'budget',
    },
    { status: 403, error: { message: 'The balance is not enough' }, code: 'budget' },
    { status: 503, error: { message: 'No channel', code: 'model_not_found' }, code: 'refused' },
    { status: 402, error: { message: 'pay first' }, code: 'budget' },
    { status: 429, error: { message: 'You exceeded your current quota', type: 'insufficient_quota' }, code: 'budget' },
    { status: 429, error: { message: 'Slow down', code: 'rate_limit_exceeded' }, code: 'refused' },
    { status: 400, error: { message: 'billing', code: 'billing_hard_limit_reached' }, code: 'budget' },
    { status: 400, error: { message: 'people', code: 'people-in-user-uploads' }, code: 'policy' },
    { status: 400, error: { message: 'Your request was blocked by our moderation system.' }, code: 'policy' },
    {
      status: 400,
      error: { message: 'Inpaint image must match the requested width and height', code: null },
      code: 'refused',
    },
    { status: 404, error: { message: 'no such model' }, code: 'refused' },
    { status: 422, error: { message: 'seconds: Field required' }, code: 'refused' },
  ])('calls $status "$error.message" $code', ({ status, error, code }) => {
    const made = refusal(answer(status, { error }, { requestId: 'req_7' }));
    expect(made).toMatchObject({ code, requestId: 'req_7' });
    expect(made.message).toContain(error.message);
    expect(made.message).toContain('videos.example');
    expect(made.hint).toBeTruthy();
  });

  it('explains the rule on likeness when the content policy refuses', () => {
    expect(refusal(answer(400, { error: { message: 'x', code: 'moderation_blocked' } })).hint).toMatch(/likeness/);
  });

  it.each([408, 429, 500, 503])('calls a read that ends with %d a network error, because it may pass', (status) => {
    expect(refusal(answer(status, 'busy', { kind: 'read' })).code).toBe('network');
  });
});

describe('jsonOf', () => {
  const page = '<!doctype html><title>Sign in</title>';

  it('calls a web page in answer to a create ambiguous, and names its title', () => {
    expect(() => jsonOf(answer(200, page))).toThrowError(
      expect.objectContaining({ code: 'ambiguous', message: expect.stringContaining('Sign in') }),
    );
  });

  it('calls a web page in answer to a read a network error that points at the base URL', () => {
    expect(() => jsonOf(answer(200, page, { kind: 'read' }))).toThrowError(
      expect.objectContaining({ code: 'network', hint: expect.stringContaining('/v1') }),
    );
  });
});
