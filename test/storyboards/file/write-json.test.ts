import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStoryboard } from '../../../src/storyboards/file/parse-storyboard.ts';
import { tellProblems } from '../../../src/storyboards/file/problem.ts';
import { storyboardJson } from '../../../src/storyboards/file/write-json.ts';
import type { Storyboard } from '../../../src/storyboards/storyboard.ts';
import { RAIN } from '../rain.ts';

const parse = (text: string, name: string, choice = {}) =>
  parseStoryboard(text, { name, folder: '/films', choice: { vars: new Map(), ...choice } });

/** Where a scene stands is of its file alone. */
/** The lines, and the scenes that a variant skips, are the file's own: what is written has neither. */
const withoutLines = (board: Storyboard | undefined): unknown =>
  board && { ...board, skipped: [], scenes: board.scenes.map(({ line: _, ...scene }) => scene) };

const PIECES = [
  ...[
    '{{x}}',
    '\\{{',
    '{{ x }}',
    '\\\\{{',
    '{',
    '}}',
    '\\',
    '\n',
    '\n\n',
    ' ',
    '"',
    "'",
    'none',
    '#',
    '## A',
    '- b: c',
  ],
  ...['<!-- -->', '> ', ': ', '\t', '\u2028', '\u0000', '水', 'é', 'e\u0301', '🎬', 'https://a.example/b', '..', '```'],
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'grapheme', maxLength: 3 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(''))
  // Braces that are no variable are refused.
  .filter((one) => !one.replaceAll(/\\\{\{|\{\{ ?x ?\}\}/g, '').includes('{{') && one.trim() !== '');
const path = text.map((one) => `a${one.replaceAll(':', '')}`);
const decimal = fc.integer({ min: 0, max: 200 }).map((tenths) => tenths / 10);
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined });
const size = fc.constantFrom('1280x720', '720x1280');
const sound = fc.oneof(fc.constantFrom('keep', 'off', '-6 dB', '+3'), fc.integer({ min: -60, max: 24 }));

const scene = fc.record({
  ...{
    prompt: text.map((one) => `A${one}`),
    heading: maybe(text),
    cast: maybe(fc.oneof(fc.constant('none'), fc.array(text))),
  },
  ...{ seconds: maybe(fc.constantFrom(30, '40')), takes: maybe(fc.integer({ min: 1, max: 9 })), model: maybe(text) },
  ...{
    size: maybe(size),
    style: maybe(text),
    title: maybe(text),
    subtitle: maybe(text),
    voice: maybe(path),
    sound: maybe(sound),
  },
  ...{ fit: maybe(fc.constant('crop')), focus: maybe(fc.constantFrom('0,0.5', '.25 1')) },
  ...{ trim: maybe(fc.constantFrom('0.5-30', '1 - 25.25')), hold: maybe(decimal) },
});

const film = fc
  .record({
    ...{
      title: maybe(text),
      fps: maybe(fc.constantFrom(24, '25')),
      seconds: maybe(fc.constant(31)),
      style: maybe(text),
    },
    ...{
      model: maybe(text),
      loudness: maybe(fc.constantFrom('off', -16.5)),
      takes: maybe(fc.constant(3)),
      sound: maybe(sound),
      fit: maybe(fc.constantFrom('pad', 'crop')),
    },
    shape: fc.constantFrom({}, { size: '1280x720' }, { aspect: '9:16', resolution: '1080p' }, { resolution: '480p' }),
    music: maybe(
      fc.oneof(path, fc.record({ file: path, level: fc.constant('-3.5dB'), duck: fc.boolean(), fade: decimal })),
    ),
    transition: maybe(fc.constantFrom('cut', 'fade 0.5')),
    x: fc.oneof(text, fc.constant('')),
    scenes: fc.array(fc.record({ scene, link: fc.constantFrom('', 'continues', 'reference', 'fade 1.25') }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ shape, x, scenes, ...front }) => ({
    ...{
      sora: 1,
      ...front,
      ...shape,
      vars: { x },
      qualities: { low: { model: 'm' } },
      variants: { tall: { size: '720x1280' } },
    },
    scenes: scenes.map(({ scene: one, link }, at) => ({
      ...{ ...one, id: `s${at}` },
      ...(at > 0 && link === 'continues' && { continues: `s${at - 1}` }),
      ...(at > 0 && at === scenes.length - 1 && { skip: 'tall' }),
      ...(link === 'reference' && { reference: 'p.png' }),
      ...(at > 0 && link.startsWith('fade') && { transition: link }),
    })),
  }));

describe('a storyboard as JSON', () => {
  it('is read as the same storyboard', async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(film, fc.constantFrom({}, { variant: 'tall' }), async (written, choice) => {
        const first = await parse(JSON.stringify(written), 'a.json', choice);
        if (!first.storyboard) return;
        read += 1;
        const again = await parse(JSON.stringify(storyboardJson(first.storyboard), null, 2), 'b.json');
        expect(again.problems).toEqual([]);
        expect(withoutLines(again.storyboard)).toEqual(withoutLines(first.storyboard));
      }),
      { numRuns: 120 },
    );
    // What is refused would show nothing.
    expect(read).toBeGreaterThan(100);
  });

  it.each([{}, { quality: 'final' }, { variant: 'de' }, { variant: 'tall', vars: new Map([['weather', 'snow']]) }])(
    'of a Markdown file is its storyboard with %j put in',
    async (choice) => {
      const { storyboard } = await parse(RAIN, 'rain.md', choice);
      const json = JSON.stringify(storyboard && storyboardJson(storyboard));
      const again = await parse(json, 'rain.json');
      expect(again.problems).toEqual([]);
      expect(withoutLines(again.storyboard)).toEqual(withoutLines(storyboard));
      expect(withoutLines(storyboard)).toBeDefined();
    },
  );

  it('has the settings of the file under their names', async () => {
    const { storyboard } = await parse(RAIN, 'rain.md', { variant: 'de' });
    const json = storyboard && (storyboardJson(storyboard) as { scenes: object[] });
    expect(Object.keys(json ?? {})).toEqual(['sora', 'title', 'size', 'fps', 'music', 'loudness', 'scenes']);
    expect(json?.scenes[1]).toEqual({
      ...{ id: 'boat', heading: 'He sees the boat', takes: 1, cast: ['Joe'], seconds: 4, model: 'sora-2' },
      prompt: 'Joe turns to the left, sees a small white boat and raises his hand.',
      style: '35 mm film, soft grain, muted blue and amber, one continuous shot.',
      ...{ size: '1280x720', continues: 'harbour', title: 'He sees the boat', subtitle: 'Joe: “That is her boat.”' },
      ...{ sound: 0, hold: 0, transition: 'fade 0.5' },
    });
  });

  it.each([
    ['{', 'a.json: the file is not valid JSON.'],
    [`{"scenes":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'a.json: the file is nested too deeply.'],
    [
      '{"sora": 1,\n "scenes": [\n  {"id": "a", "prompt": "A.", "casts": []}]}',
      'a.json:3: a scene has no setting "casts"; did you mean "cast"?',
    ],
    [
      '{"sora": 1,\n\t"scenes": [\n\t\t{"id": "a", "prompt": "A.",\n\t\t"id": "b"}]}',
      'a.json:4: "id" stands there twice; see line 3.',
    ],
    ['{"sora": 1, "scenes": {}}', 'a.json:1: the film has no scenes. Each begins with a heading: "## Harbour".'],
    ['{"sora": 1, "scenes": ["A."]}', 'a.json:1: a scene is not a list of names and values.'],
    ['{"sora": 1, "title": 3,\n"scenes": [{"id": "a", "prompt": "A."}]}', 'a.json:1: "title" is not text.'],
    ['[]', /^a\.json:1: the file does not say "sora: 1"/],
  ])('%j is refused with its line', async (text, problem) => {
    const { problems } = await parse(text, 'a.json');
    expect(tellProblems('a.json', problems)).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });
});
