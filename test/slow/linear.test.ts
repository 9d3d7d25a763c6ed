/** What reads a host's, a file's or a user's text does so in linear time: four times the text takes four times as long, not sixteen. */
import { describe, expect, it } from 'vitest';
import { decodeCast } from '../../src/characters/cast/cast-format.ts';
import { checkName } from '../../src/characters/names.ts';
import { usageError } from '../../src/cli/collecting-command.ts';
import * as shellLine from '../../src/completion/bash-line.ts';
import * as answers from '../../src/http/answer.ts';
import { refusal } from '../../src/http/errors.ts';
import { TransportError } from '../../src/http/exchange.ts';
import { parseUrl, redirectTarget } from '../../src/http/origins.ts';
import { proxyFor } from '../../src/http/proxy.ts';
import * as redact from '../../src/http/redact.ts';
import { parseRetryAfter, retryAfterOf } from '../../src/http/retry-hint.ts';
import { describeTransportError } from '../../src/http/transport-errors.ts';
import { firstWords, machineProblem } from '../../src/media/ffmpeg/process.ts';
import { FILTER_OUTPUT_FILES, parseFilterOutput } from '../../src/media/judge/filter-output.ts';
import { readReport } from '../../src/media/probe/report.ts';
import * as eachlabs from '../../src/providers/eachlabs/wire.ts';
import * as fal from '../../src/providers/fal/wire.ts';
import * as openai from '../../src/providers/openai/wire.ts';
import * as runway from '../../src/providers/runway/wire.ts';
import * as taskWire from '../../src/providers/task-wire.ts';
import * as wavespeed from '../../src/providers/wavespeed/wire.ts';
import { playScenario } from '../../src/sandbox/faults/scenario.ts';
import { normalizeBaseUrl } from '../../src/shared/base-url.ts';
import { parseSize } from '../../src/shared/geometry.ts';
import * as text from '../../src/shared/text.ts';
import { parseTime, relativeTime } from '../../src/shared/time.ts';
import * as width from '../../src/terminal/width.ts';
import * as prompt from '../../src/videos/prompt.ts';
import { cpuMsOf } from '../helpers/cpu.ts';

const CHARS = 100_000;

/** Each is repeated to its length; what stands behind it breaks a match that was nearly whole. */
const HARD: readonly string[] = [
  ...['<', ' ', '"', '{', '\\', '\n', '%25', '/', '@', '&amp;', 'a.', '(', '<title', '<script>', '?a', '://a@'],
  ...['frame:pts_time:', '[a] ', '(Did you mean ', '\u001b[', '\ud83d\ude00', 's\u200bk\u200b', 'Joe '],
  ...["sora 'a", " 'a' '", `\\'`, "$'"],
];

const KEY = 'sk-proj-0123456789abcdef';
const hide = redact.createRedactor([KEY, `Bearer ${KEY}`, 'test']);

/** In the place of the redactor, which is measured by itself: looks at all of a text, too, in a hundredth of the time. */
const lookThrough = (words: string): string => (words.includes(KEY) ? '' : words);

const answer = (body: string, status = 400): answers.Answer => ({
  ...{ status, headers: {}, text: body, requestId: undefined, receivedAt: 0, host: 'videos.example', kind: 'create' },
  redact: lookThrough,
});

/** An answer that holds the text wherever a host's words may stand. */
const said = (words: string, status = 200): answers.Answer => {
  const names = ['id', 'status', 'message', 'code', 'model', 'prompt', 'progress', 'created_at', 'output', 'details'];
  // Together as long as the text, so that as much is read.
  const part = words.slice(0, words.length / names.length);
  const fields = Object.fromEntries(names.map((name) => [name, part]));
  return answer(
    JSON.stringify({ ...fields, error: { message: words }, data: { ...fields, outputs: [words] } }),
    status,
  );
};

type Use = (words: string) => unknown;

const of = (module: object, uses: Readonly<Record<string, Use>>) => ({ module, uses });

/** By module: every function that takes text, or the reason why it is left out. */
const MODULES = {
  text: of(text, {
    clean: text.clean,
    oneLine: (words) => [text.oneLine(words), text.oneLine(words, CHARS)],
    shorten: (words) => text.shorten(words),
    safeJson: (words) => text.safeJson({ words }),
    sentence: text.sentence,
    capitalizeThe: text.capitalizeThe,
    unknownName: (words) => [text.unknownName('a scene', words, ['openai']), text.unknownName(words, 'joe', [words])],
    listOf: (words) => text.listOf([words, words]),
    trimEnd: (words) => text.trimEnd(`${words}x`, '/'),
    nearest: (words) => [text.nearest(words, ['openai', 'Joe']), text.nearest('joe', [words])],
    nearestPart: (words) => [text.nearestPart(words, ['a/openai']), text.nearestPart('joe', [words])],
    shellQuote: text.shellQuote,
    shellPhrase: text.shellPhrase,
    shellOption: (words) => text.shellOption('output', words),
    shellCommand: (words) => text.shellCommand('sora', [words], [words]),
    formatBytes: () => 'takes a number',
    counted: (words) => text.counted(2, words),
    partOf: (words) => text.partOf(1, 2, words),
    areOf: () => 'takes a number',
  }),
  width: of(width, {
    displayWidth: width.displayWidth,
    shorten: (words) => [width.shorten(words, 80), width.shorten(words, CHARS)],
    wrap: (words) => width.wrap(words, 80),
  }),
  'shell-line': of(shellLine, {
    readTypedLine: shellLine.readTypedLine,
    bashWord: (words) => [
      shellLine.bashWord(words, ''),
      shellLine.bashWord(words, '"'),
      shellLine.bashWord(words, "'"),
    ],
  }),
  prompt: of(prompt, {
    namesInPrompt: (words) => prompt.namesInPrompt(words, ['Joe', 'a', '<', '1', '\u200b']),
    nameCharacters: (words) => prompt.nameCharacters(words, ['Joe', 'Mia']),
    pointToCharacters: (words) => prompt.pointToCharacters(words, [{ name: 'Joe', marker: '@Video1' }]),
  }),
  redact: of(redact, {
    createRedactor: (words) => [hide(words), hide(JSON.stringify({ words }))],
    isSecretHeader: redact.isSecretHeader,
    isUnmistakable: redact.isUnmistakable,
    isMasked: redact.isMasked,
    redactUrls: redact.redactUrls,
    hideUser: (words) => [redact.hideUser(words), redact.hideUser(`${words}@`)],
    redactHeader: (words) => redact.redactHeader('location', words),
  }),
  answer: of(answers, {
    parseJson: (words) => [answers.parseJson(words), answers.parseJson(JSON.stringify([words, 1e17]))],
    failureOf: (words) => [answers.failureOf(answer(words)), answers.failureOf(said(words))],
    readFailure: (words) => answers.readFailure({ error: words, detail: [{ loc: [words], msg: words }] }),
    jsonOf: (words) => answers.jsonOf(answer(words)),
    bodyOf: (words) => answers.bodyOf(answer(words)),
    unreadableAnswer: (words) => answers.unreadableAnswer(answer(words), 'it'),
    answerWithoutId: (words) => answers.answerWithoutId(answer(words), 'video'),
    isPolicy: (words) => answers.isPolicy({ code: words, message: words }),
    isQuota: (words) => answers.isQuota({ code: words, message: words }),
    hostTimeOf: (words) => answers.hostTimeOf({ headers: { date: words, age: words } }),
    lacksModel: (words) => answers.lacksModel(said(words, 500)),
    asNotFound: (words) => answers.asNotFound(said(words, 400)),
    isUnsupported: (words) => answers.isUnsupported(said(words, 500)),
    saysUnsupported: (words) => answers.saysUnsupported({ code: words, message: words }),
    ambiguousCreate: (words) => answers.ambiguousCreate(words),
    requestIdOf: (words) => answers.requestIdOf({ 'x-request-id': words }),
    isRecord: answers.isRecord,
    checkBaseUrl: (words) => answers.checkBaseUrl({ baseUrl: words }),
  }),
  'task-wire': of(taskWire, {
    taskStatus: taskWire.taskStatus,
    textOf: taskWire.textOf,
    progressOf: taskWire.progressOf,
    hasFailed: () => 'takes one of our own words',
  }),
  'openai-wire': of(openai, {
    decodeVideo: (words) => openai.decodeVideo(said(words)),
    decodePage: (words) => openai.decodePage(said(words), 10),
    videoUrl: (words) => openai.videoUrl(said(words)),
    deniesDeletion: (words) => openai.deniesDeletion(said(words)),
    holdsVideo: (words) => openai.holdsVideo(said(words), 'v1'),
    holdsError: (words) => openai.holdsError(said(words)),
    decodeCharacter: (words) => openai.decodeCharacter(said(words)),
  }),
};

/** What stands alone, or beside functions that take no text. */
const MORE: Readonly<Record<string, Use>> = {
  'wavespeed answers': (words) => [
    attempt(() => wavespeed.decodeTask(wavespeed.openEnvelope(said(words)), said(words))),
    wavespeed.failedTask(said(words), 'v1'),
    wavespeed.urlIn(words),
    wavespeed.characterIn(words),
    wavespeed.refusalOf(said(words, 400)),
  ],
  'eachlabs answers': (words) => [
    attempt(() => eachlabs.decodeCreated(eachlabs.openAnswer(said(words)))),
    attempt(() => eachlabs.decodePrediction(eachlabs.openAnswer(said(words)), said(words), 'v1')),
    eachlabs.videoUrlIn(words),
    eachlabs.characterIn(words),
    eachlabs.refuse(said(words, 400)),
  ],
  'fal answers': (words) => [
    attempt(() => fal.decodeCreated(fal.openAnswer(said(words)))),
    attempt(() => fal.decodeStatus(fal.openAnswer(said(words)), said(words), 'v1')),
    attempt(() => fal.decodeResult(said(words, 422), { id: 'v1', status: 'succeeded', remoteStatus: words })),
    attempt(() => fal.decodePage(said(words))),
    fal.urlIn({ video: { url: words } }),
    fal.refuse(said(words, 400)),
    attempt(() => fal.decodeCancel(said(words, 400))),
  ],
  'Runway answers': (words) => [
    attempt(() => runway.decodeCreated(runway.openAnswer(said(words)))),
    attempt(() => runway.decodeTask(runway.openAnswer(said(words)), said(words), 'v1')),
    attempt(() => runway.decodeUsage(said(words), words)),
    runway.urlIn([words]),
    runway.refuse(said(words, 400)),
  ],
  'a refusal': (words) => [400, 403, 500].map((status) => refusal(answer(words, status))),
  'a lost exchange': (words) =>
    describeTransportError(
      new TransportError({ url: new URL('https://videos.example/'), sent: true, afterMs: 1 }, new Error(words)),
      'videos.example',
      {
        ...{ connectMs: 1, nextAddressMs: 1, headersMs: 1, answerMs: 1, idleMs: 1, graceMs: 1 },
      },
    ),
  'Retry-After': (words) => parseRetryAfter(words, 0),
  'hints of a limit': (words) => [
    retryAfterOf({ ...answer(words, 429), headers: { ratelimit: words, 'x-ratelimit-reset': words } }),
    retryAfterOf(answer(words, 429)),
  ],
  'a URL': (words) => [attempt(() => parseUrl(words)), attempt(() => normalizeBaseUrl(`https://a.example/${words}x`))],
  'a redirect': (words) => {
    const first = new URL('https://videos.example/v1');
    const request = { method: 'GET', kind: 'read', url: first.href, signal: new AbortController().signal } as const;
    return redirectTarget({ request, first, from: first, status: 302, location: words, hop: 0, redact: hide });
  },
  'a proxy': (words) => proxyFor(new URL('https://videos.example/'), { https: words, noProxy: words }),
  'a size and a time': (words) => [parseSize(words), parseTime(words), relativeTime(words, 0)],
  'a name': checkName,
  'a usage error': (words) => usageError({ code: 'x', message: `error: no\n${words}` }),
  'words of ffmpeg': (words) => [firstWords(words), machineProblem(words)],
  'a log of ffmpeg': (words) => {
    const printed = Object.fromEntries(FILTER_OUTPUT_FILES.map((name) => [name, `frame:0 pts:0 pts_time:0\n${words}`]));
    return parseFilterOutput(printed as Parameters<typeof parseFilterOutput>[0], {
      ...{ offset: 0, fps: 25 },
      meter: { count: 1, read: (at) => ({ samples: [], cuts: [at(0)] }) },
    });
  },
  'a report of MediaInfo': (words) => {
    const names = ['Format', 'Duration', 'FrameRate', 'Width', 'Height', 'Title', 'Rotation', 'CodecID', 'StreamOrder'];
    const fields = Object.fromEntries(names.map((name) => [name, words]));
    return readReport(
      [
        { '@type': 'General', ...fields },
        { '@type': 'Video', ...fields },
      ],
      1,
    );
  },
  'a cast': (words) => decodeCast({ version: 1, characters: [{ name: words, [words]: words }] }),
  'a scenario': (words) =>
    playScenario({ version: 1, [words]: 1, rules: [{ match: { path: `/${words}` }, respond: { status: 500 } }] }),
  'a path that a scenario matches': (words) => {
    const path = '/**a*'.repeat(12);
    const player = playScenario({ version: 1, rules: [{ match: { path: `${path}b` }, respond: { status: 500 } }] });
    return player.fault({ method: 'GET', path: `/${words.slice(0, 3000)}` } as Parameters<typeof player.fault>[0]);
  },
};

function attempt(use: () => unknown): unknown {
  try {
    return use();
  } catch (error) {
    return error;
  }
}

const cpuMs = (use: Use, words: string): number => cpuMsOf(() => attempt(() => use(words)));

const grown = (unit: string, chars: number): string => `${unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars)}`;

/** Below this nothing is proven by a ratio, and nobody waits: a quadratic one takes two seconds for 300 kB at most. */
const SHORT_MS = 28;

/** Two and a half times its share of what a sixteenth of the text takes; a quadratic one takes sixteen times its share. */
const MOST = 2.5 * 16;

/** Measurements of one text, of which the least counts: a linear one is disturbed in some of them, a quadratic one is slow in each. */
const TRIES = 12;

const TABLE: readonly (readonly [string, Use])[] = [
  ...Object.entries(MODULES).flatMap(([module, { uses }]) =>
    Object.entries(uses).map(([name, use]) => [`${module}: ${name}`, use] as const),
  ),
  ...Object.entries(MORE),
];

describe('100 kB of anything take no more than their share', () => {
  it.each(TABLE)('%s', (_name, use) => {
    for (const unit of HARD) {
      const [part, text] = [grown(unit, CHARS / 16), grown(unit, CHARS)];
      // A pattern that is worse than quadratic takes seconds for a part already, and is not tried with more.
      const short = cpuMs(use, part);
      expect([unit, short < 10 * SHORT_MS], `${short} ms`).toEqual([unit, true]);
      const first = cpuMs(use, text);
      if (first < SHORT_MS) continue;
      // Collecting garbage takes longer than a part may, and is no work of the function's.
      const least = Math.min(short, ...[1, 2, 3].map(() => cpuMs(use, part)));
      const most = Math.max(SHORT_MS, MOST * least);
      let whole = first;
      for (let tries = 1; whole >= most && tries < TRIES; tries += 1) whole = Math.min(whole, cpuMs(use, text));
      expect([unit, whole < most], `${least} ms, then ${whole} ms`).toEqual([unit, true]);
    }
  });

  it.each(Object.entries(MODULES))('no function of %s is left out', (_name, { module, uses }) => {
    const functions = Object.entries(module).filter(([, value]) => typeof value === 'function');
    expect(functions.map(([name]) => name).toSorted()).toEqual(Object.keys(uses).toSorted());
  });
});
