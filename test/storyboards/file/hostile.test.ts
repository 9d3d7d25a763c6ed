import { describe, expect, it } from 'vitest';
import { parseStoryboard } from '../../../src/storyboards/file/parse-storyboard.ts';
import { tellProblems } from '../../../src/storyboards/file/problem.ts';

const read = async (text: string, { name = 'f.md', vars = {}, ...choice }: Readonly<Record<string, unknown>> = {}) => {
  const own = { ...choice, vars: new Map(Object.entries(vars as object)) };
  const { problems, ...rest } = await parseStoryboard(text, { name: name as string, folder: '/f', choice: own });
  return { ...rest, problems: tellProblems(name as string, problems) };
};

/** The front matter and one scene, which begins in line 4 and has its text in line 6. */
const film = (text: string, front = ''): string => `---\nsora: 1${front && `\n${front}`}\n---\n${text}`;
const scene = (text: string): string => film(`## A\n\n${text}`);

const wordsOf = async (text: string): Promise<string | undefined> => (await read(text)).storyboard?.scenes[0]?.words;

describe('the prompt of a scene', () => {
  it.each([
    ['lines of a paragraph are one line', 'A sea,\nvery wide.\n\nA gull.', 'A sea, very wide.\n\nA gull.'],
    [
      'no space stands between lines of Japanese',
      'ジョーは海を\n見ている。\n彼は笑う。Joe\nwaves.',
      'ジョーは海を見ている。彼は笑う。Joe waves.',
    ],
    [
      'a list behind a text is a list',
      'He takes:\n- a rope\n- a *blue*\n  hat\n\nThen he goes.',
      'He takes:\n- a rope\n- a *blue* hat\n\nThen he goes.',
    ],
    ['a numbered list is no list of settings', '1. He wakes.\n2. He goes.', '1. He wakes.\n2. He goes.'],
    ['another mark begins another list', '- takes: 2\n* He wakes.\n* He goes.', '* He wakes.\n* He goes.'],
    [
      'quotes are for people, with the lines that go on with them',
      'A sea.\n> Wide?\nNo: narrow.\n\nA gull.',
      'A sea.\n\nA gull.',
    ],
    [
      'comments are for people, over several lines',
      'A <!-- big\n\n## sea\n--> sea.<!---->\n<!-- or\nnot -->\nA gull.',
      'A sea. A gull.',
    ],
    ['a rule is for people', 'A sea.\n\n---\n\nA gull.\n\n* * *\n', 'A sea.\n\nA gull.'],
    [
      'a code block is as it is',
      '```json\n{"a": 1}\n\n## no <!-- heading -->\n- no: setting\n> no quote\n```\nA sea.',
      '{"a": 1}\n\n## no <!-- heading -->\n- no: setting\n> no quote\nA sea.',
    ],
    ['a code block may have other fences in it', '~~~~\n~~~\n```\n~~~~', '~~~\n```'],
    ['signs of Markdown stay', 'A *sea*, `wide` & [far](x) \\* #1 1. <b>', 'A *sea*, `wide` & [far](x) \\* #1 1. <b>'],
    ['braces can be meant', 'A \\{{sea}} and \\\\{{ }', 'A {{sea}} and \\{{ }'],
    ['what is indented by four is no heading', 'A sea\n    ## far', 'A sea ## far'],
  ])('%s', async (_, text, words) => {
    expect(await wordsOf(scene(text))).toBe(words);
  });

  it('is the same with other line ends and a byte order mark', async () => {
    const text = scene('- takes: 2\n\nA sea,\nwide.\n\nA gull.\n');
    const { storyboard } = await read(text);
    for (const other of [`\ufeff${text}`, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r')]) {
      expect((await read(other)).storyboard).toEqual(storyboard);
    }
    expect(storyboard?.scenes).toMatchObject([{ takes: 2, words: 'A sea, wide.\n\nA gull.' }]);
  });

  it('may have two million characters, on one line and on many', async () => {
    const long = 'wide '.repeat(400_000).trim();
    expect(await wordsOf(scene(long))).toBe(long);
    expect(await wordsOf(scene(`${' '.repeat(2_000_000)}a`))).toBe('a');
    expect(await wordsOf(scene(long.replaceAll(' ', '\n')))).toBe(long);
  });
});

describe('the settings of a scene', () => {
  it.each([
    ['- cast: Joe, 美咲,Joe', { cast: ['Joe', '美咲'] }],
    ['- cast: none', { cast: [] }],
    ['-\ttitle:\tA: "b" # c', { title: 'A: "b" # c' }],
    ['* seconds: 8\n\n* takes: 3', { seconds: 8, takes: 3 }],
    ['- takes: 2 <!-- was 3 -->', { takes: 2 }],
    ['- trim: 0.5-3.2', { trim: { from: 0.5, to: 3.2 } }],
    ['- sound: off', { soundDb: 'off' }],
    ['- sound: -6 dB', { soundDb: -6 }],
    ['- sound: keep', { soundDb: 0 }],
    ['- hold: 1.5 s', { holdSeconds: 1.5 }],
    ['- size: 720x1280\n- model: a/b c', { size: { width: 720, height: 1280 }, model: 'a/b c' }],
    ['- style: Oil.', { style: 'Oil.', prompt: 'Sea.\n\nOil.' }],
    ['- reference: a b/c.png', { reference: { name: 'a b/c.png', path: '/f/a b/c.png' } }],
    ['- reference: https://x.example/a.png', { reference: { path: 'https://x.example/a.png' } }],
  ])('%j says so', async (settings, found) => {
    const { storyboard, problems } = await read(scene(`${settings}\n\nSea.`));
    expect(problems).toEqual([]);
    expect(storyboard?.scenes).toMatchObject([found]);
  });

  it.each([
    ['- casts: Joe', 'f.md:6: a scene has no setting "casts"; did you mean "cast"?'],
    ['- colour: blue', /^f\.md:6: a scene has no setting "colour"\. Settings: cast, .*, skip/],
    ['- seconds: 4.5', 'f.md:6: "seconds" is not a whole number from 1 to 600.'],
    ['- seconds: 0', 'f.md:6: "seconds" is not a whole number from 1 to 600.'],
    ['- seconds: 4e0', 'f.md:6: "seconds" is not a whole number from 1 to 600.'],
    ['- takes:', 'f.md:6: "takes" says nothing.'],
    ['- takes: 2\n- takes: 3', 'f.md:7: "takes" stands there twice; see line 6.'],
    ['- trim: 3-1', 'f.md:6: "trim" is not a part like 0.5-3.2, in seconds.'],
    ['- trim: 1-5\n- seconds: 4', 'f.md:6: the part ends at 5 s, and the take has 4 s.'],
    ['- sound: loud', 'f.md:6: "sound" is not "keep", "off" or a gain in dB from -60 to 24.'],
    ['- size: 720p', 'f.md:6: "size" is not a size like 1280x720.'],
    ['- transition: wipe', 'f.md:6: "transition" is not "cut", or a fade like "fade 0.5".'],
    ['- transition: fade 1', 'f.md:6: the first scene has no scene before it to fade from.'],
    ['- continues: previous', 'f.md:6: the first scene has no previous scene to continue.'],
    ['- continues: harbour', 'f.md:6: there is no scene "harbour". There are: a.'],
    ['- continues: a', 'f.md:6: "a" would continue itself, through "a".'],
    ['- cast: Joe,,Mia', 'f.md:6: "cast" is not a list of names like "Joe, Mia", or "none".'],
    ['- skip: tall', 'f.md:6: there is no variant "tall".'],
    ['- voice: https://x.example/a.wav', 'f.md:6: "voice" is not the path of a file: "https://x.example/a.wav".'],
    ['- reference: http://x.example/a.png', /^f\.md:6: "reference" is not the path of a file, or an https URL: /],
    ['- id: b', 'f.md:6: an id stands in the heading: "## Harbour {#harbour}".'],
    ['- prompt: b', 'f.md:6: a prompt is the text below the settings.'],
    ['- He wakes.', /^f\.md:6: a setting is written "- name: value"\. A list that belongs to the prompt/],
    ['- title: A\n  b', 'f.md:7: a setting ends with its line, and a prompt is not indented.'],
    ['- __proto__: b', /^f\.md:6: a scene has no setting "__proto__"\. /],
  ])('%j is told with its line', async (settings, problem) => {
    const { problems, storyboard } = await read(scene(`${settings}\n\nSea.`));
    expect(storyboard).toBeUndefined();
    expect(problems).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });
});

describe('a file', () => {
  it.each([
    ['without front matter', '# Film\n\n## A\n\nSea.', [/^f\.md:1: the file does not say "sora: 1"\. /]],
    ['that is empty', '', [/^f\.md:1: the file does not say "sora: 1"\. /]],
    [
      'whose front matter has no end',
      '---\nsora: 1\n\n## A\n\nSea.',
      ['f.md:1: the front matter has no end: a line of "---" is missing.'],
    ],
    [
      'of a later format',
      '---\nsora: 2\n---\n## A\n\nSea.',
      [/^f\.md:2: the file was written for a newer version of sora \(format 2/],
    ],
    ['of no format', '---\nsora: one\n---\n## A\n\nSea.', ['f.md:2: "sora" is not 1.']],
    ['without scenes', film('Notes.\n'), ['f.md:5: the film has no scenes. Each begins with a heading: "## Harbour".']],
    ['with a scene without a prompt', film('## A\n\n- takes: 2\n\n> Note.'), ['f.md:4: the scene has no prompt.']],
    [
      'with a heading that says nothing',
      film('##\n\nSea.'),
      ['f.md:4: the heading says nothing.', /^f\.md:4: no id can be made of the heading/],
    ],
    ['with a heading of signs', film('## 🎬 !\n\nSea.'), [/^f\.md:4: no id can be made of the heading/]],
    [
      'with a heading without a space',
      film('## A\n\nSea.\n\n##B\n\nSky.'),
      ['f.md:8: a heading has a space after "##".'],
    ],
    [
      'with an underlined heading',
      film('## A\n\nSea.\n\nB\n---\n\nSky.'),
      ['f.md:9: a heading that is underlined is none here: a scene begins with "## ".'],
    ],
    [
      'with an underlined heading before any other',
      film('A\n---\n\nSea.\n\n## B\n\nSky.'),
      ['f.md:5: a heading that is underlined is none here: a scene begins with "## ".'],
    ],
    [
      'with a heading inside of a scene',
      film('## A\n\nSea.\n\n### B\n\nSky.'),
      ['f.md:8: a scene has no headings inside: "##" begins a scene, and ">" a note.'],
    ],
    [
      'with a comment that does not end',
      film('## A\n\nSea. <!-- no\n\n## B\n\nSky.'),
      ['f.md:6: the comment has no end: "-->" is missing.'],
    ],
    [
      'with a code block that does not end',
      film('## A\n\nSea.\n\n````\n## B\n```\n'),
      ['f.md:8: the code block has no end: a line of "````" is missing.'],
    ],
    [
      'with an id that is no word',
      film('## A {#../b}\n\nSea.'),
      [/^f\.md:4: "id" is not a word of letters, digits, - and _/],
    ],
    ['with an id like an option', film('## A {#--force}\n\nSea.'), [/^f\.md:4: "id" is not a word/]],
    [
      'with an id that means something',
      film('## Previous\n\nSea.'),
      ['f.md:4: "previous" is a word of its own here: give the scene another id.'],
    ],
    [
      'with one id twice',
      film('## A\n\nSea.\n\n## a\n\nSky.'),
      [/^f\.md:8: the id "a" is that of scene 1 too: .*\{#a-2\}\.$/],
    ],
    [
      'with an unknown variable',
      scene('Sea.\n\nA {{big}} {{ sea }}.'),
      [/^f\.md:8: \{\{big\}\} is none of the variables: /, /^f\.md:8: \{\{ sea \}\} is none/],
    ],
    ['with a variable that is not closed', scene('A {{big sea.'), [/^f\.md:6: a variable is written \{\{name\}\}/]],
    [
      'with fades that are too long',
      film('## A\n- seconds: 1\n\nSea.\n\n## B\n- transition: fade 2\n- seconds: 4\n\nSky.'),
      [/^f\.md:5: the fades into and out of the scene are longer than the scene/],
    ],
    [
      'with two first pictures',
      film('## A\n\nSea.\n\n## B\n- continues: a\n- reference: b.png\n\nSky.'),
      ['f.md:10: "reference" and "continues" cannot be used together: a scene has one first picture.'],
    ],
  ])('%s is refused', async (_, text, problems) => {
    const found = await read(text);
    expect(found.problems).toEqual(problems.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
    expect(found.storyboard).toBeUndefined();
  });

  it.each([
    ['a key twice', 'title: A\ntitle: B', 'f.md:4: "title" stands there twice; see line 3.'],
    ['a key of a list twice', 'vars: {a: 1, a: 2}', 'f.md:3: "a" stands there twice; see line 3.'],
    ['an unknown setting', 'titel: A', 'f.md:3: the film has no setting "titel"; did you mean "title"?'],
    ['scenes', 'scenes: []', 'f.md:3: scenes do not stand in the front matter: each has a heading.'],
    ['a value that is none', 'fps: 60', 'f.md:3: "fps" is not one of 24, 25, 30.'],
    ['an odd size', 'size: 1281x720', 'f.md:3: "size" is not a size like 1280x720, with even sides.'],
    [
      'two sizes',
      'size: 1280x720\naspect: 16:9',
      'f.md:3: "size" cannot be used together with "aspect" or "resolution".',
    ],
    ['no fit', 'fit: stretch', 'f.md:3: "fit" is not one of pad, crop.'],
    ['no focus', 'focus: 2,0', /^f\.md:3: "focus" is not a place like 0\.5,0\.3/],
    ['a focus of all', 'fit: pad\nfocus: 0,0', /^f\.md:4: "focus" says what is kept by "fit: crop"/],
    ['music without a file', 'music: {level: -3}', 'f.md:3: the music has no "file".'],
    [
      'music that is unknown',
      'music:\n  file: a.wav\n  loud: yes',
      /^f\.md:5: the music has no setting "loud"\. Settings: file, level/,
    ],
    ['music as a list', 'music: [a.wav]', 'f.md:3: "music" is not a list of names and values.'],
    [
      'an unknown setting of a variant',
      'variants:\n  tall:\n    sise: 1x1',
      'f.md:5: a variant has no setting "sise"; did you mean "size"?',
    ],
    ['a variant in a variant', 'variants: {tall: {variants: {}}}', /^f\.md:3: a variant has no setting "variants"/],
    ['a name that is none', 'qualities: {"a b": {}}', 'f.md:3: "a b" is no short name of letters, digits, - and _.'],
    ['a variable that is none', 'vars: {"a}}": b}', /^f\.md:3: "a\}\}" is no name for a variable/],
    ['a list for a text', 'title: [a]', 'f.md:3: "title" is not text.'],
    ['a map for a text', 'title: {{weather}}', /^f\.md:3:9: /],
    ['no YAML', 'title: Joe: hello', 'f.md:3:8: a value with ": " in it stands in quotes.'],
    ['an alias of nothing', 'title: *a', 'f.md:3:8: there is no anchor "&a" before this alias.'],
    ['an unknown tag', 'title: !x a', /^f\.md:3:8: unresolved tag/],
    ['text alone', 'just text', /^f\.md:3:1: /],
    ['a tab that indents', 'vars:\n\ta: b', 'f.md:4:1: lines are indented by spaces, not by tabs.'],
    [
      'a number that would be a comment',
      'title: Chapter #1: Rain',
      'f.md:3:8: " #" begins a comment: put the value in quotes, as "Chapter #1: Rain".',
    ],
  ])('with %s in its front matter is refused', async (_, front, problem) => {
    const { problems } = await read(film('## A\n\nSea.', front));
    expect(problems).toContainEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
    expect(problems).toHaveLength(1);
  });

  it('takes what YAML would make numbers, dates and switches of as it is written', async () => {
    const vars = 'vars: {a: 1.0, b: 007, c: no, d: 2026-01-01, e: ~, f: 0x10, g: 12:30:00}';
    const { storyboard, problems } = await read(
      film('## A\n\n{{a}} {{b}} {{c}} {{d}} {{e}} {{f}} {{g}}', `title: 12\n${vars}`),
    );
    expect(problems).toEqual([]);
    expect(storyboard?.title).toBe('12');
    expect(storyboard?.scenes[0]?.words).toBe('1.0 007 no 2026-01-01 ~ 0x10 12:30:00');
  });

  it.each([
    [
      'aliases that grow',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh'].map((name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[at]}`).join(', ')}]`).join('\n')}`,
    ],
    ['lists in lists', `title: ${'['.repeat(20_000)}`],
    ['maps in maps', `title: ${'{a: '.repeat(8000)}`],
    ['as many keys as fit', Array.from({ length: 15_000 }, (_, at) => `k${at}: 1`).join('\n')],
    ['more than fits', `title: ${'a'.repeat(200_000)}`],
  ])('with %s in its front matter is refused before it takes long', async (_, front) => {
    const began = process.cpuUsage();
    const { problems } = await read(film('## A\n\nSea.', front));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toMatch(/call stack/i);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(5000);
  });

  it('tells everything that is wrong at once, in the order of the file', async () => {
    const text = film(
      '## A\n- casts: Joe\n\nSea {{x}}.\n\n## B\n- takes: 0\n- transition: swipe\n',
      'fps: 60\nvariants: {de: {size: 1x1}}',
    );
    expect((await read(text)).problems.map((one) => one.slice(0, one.indexOf(': ')))).toEqual([
      ...['f.md:3', 'f.md:4', 'f.md:7', 'f.md:9', 'f.md:11', 'f.md:12', 'f.md:13'],
    ]);
  });
});
