import { describe, expect, it } from 'vitest';
import { nameCharacters, namesInPrompt, pointToCharacters } from '../../src/videos/prompt.ts';

describe('saidNames', () => {
  it.each([
    ['Joe', 'Joe walks in.', true],
    ['Joe', 'Then (Joe) leaves', true],
    ['Joe', "Joe's hat is red", true],
    ['Joe', 'Joe’s hat is red', true],
    ['Joe', 'Joey walks in.', false],
    ['Joe', 'joe walks in.', false],
    ['Joe', 'JOE walks in.', false],
    ['Joe', 'Banjoe and Joe_2 and Joe2', false],
    ['Joe', 'Joey meets Joe', true],
    ['Joe', 'Joe\u0301 walks', false],
    ['Joe', 'Joe가 온다', true],
    ['Joe', '', false],
    ['Zoë', 'Zo\u0065\u0308 sings', true],
    ['Zo\u0065\u0308', 'Zoë sings', true],
    ['Zoë', 'Zoe sings', false],
    ['李雷', '李雷走进门', true],
    ['李雷', '小李雷', true],
    ['李雷', 'The man 李雷 waits', true],
    ['민수', '민수가 웃는다', true],
    ['สมชาย', 'และสมชายเดิน', true],
    ['สมชาย', '2สมชาย', true],
    ['李雷', 'Mr李雷and Li', true],
    ['Joe', '李Joe雷', true],
    ['J. R. "Bob"', 'Here is J. R. "Bob" again', true],
    ['J. R. "Bob"', 'Here is J. R. Bob again', false],
    ['$&', 'cost $& more', true],
    ['$&', 'cost $ & more', false],
    ['🦊', 'a 🦊 jumps', true],
    ['🦊', 'a 🐺 jumps', false],
    ['O', '𝒜O', false],
    ['x'.repeat(80), `the ${'x'.repeat(80)}!`, true],
    ['x'.repeat(80), `the ${'x'.repeat(81)}!`, false],
  ])('%j in %j: %j', (name, prompt, said) => {
    expect(namesInPrompt(prompt, [name]).has(name)).toBe(said);
  });

  it('lets the longest name use up its place', () => {
    expect(namesInPrompt('Joe Smith laughs', ['Joe', 'Joe Smith'])).toEqual(new Set(['Joe Smith']));
    expect(namesInPrompt('Joe Smith meets Joe', ['Joe', 'Joe Smith'])).toEqual(new Set(['Joe Smith', 'Joe']));
  });
});

describe('P1: every character passed is named verbatim in the prompt that is sent', () => {
  it.each([
    ['keeps a prompt that says the name', 'Joe runs.', ['Joe'], 'Joe runs.'],
    ['adds one name', 'a man runs', ['Joe'], 'Featuring Joe. a man runs'],
    ['adds two names', 'They run.', ['Joe', 'Mia'], 'Featuring Joe and Mia. They run.'],
    ['adds three names', 'They run.', ['Joe', 'Mia', 'Zoë'], 'Featuring Joe, Mia and Zoë. They run.'],
    ['adds only what is missing', 'Mia runs.', ['Joe', 'Mia'], 'Featuring Joe. Mia runs.'],
    ['adds no second full stop', 'He runs.', ['Joe Jr.'], 'Featuring Joe Jr. He runs.'],
    ['keeps special replacement patterns', 'It runs.', ['$&'], 'Featuring $&. It runs.'],
    ['keeps quotes', 'He runs.', ['J. R. "Bob"'], 'Featuring J. R. "Bob". He runs.'],
    ['normalises the prompt', 'Zo\u0065\u0308 runs.', ['Zoë'], 'Zoë runs.'],
    ['adds the shorter of two names', 'Joe Smith runs.', ['Joe', 'Joe Smith'], 'Featuring Joe. Joe Smith runs.'],
    ['passes a name given twice once', 'Run.', ['Joe', 'Joe'], 'Featuring Joe. Run.'],
    ['keeps names apart that read as one', 'Run.', ['A', 'B', 'A and B'], 'Featuring A, B and A and B. Run.'],
    ['leaves a prompt without characters alone', 'Nobody runs.', [], 'Nobody runs.'],
    ['changes no case', 'JOE runs.', ['Joe'], 'Featuring Joe. JOE runs.'],
  ])('%s', (_title, prompt, names, sent) => {
    expect(nameCharacters(prompt, names).prompt).toBe(sent);
    expect(namesInPrompt(sent, names).size).toBe(new Set(names).size);
  });

  it('uses a sentence each when two names would read as a third', () => {
    const { prompt } = nameCharacters('"A and B" is their band.', ['A', 'B', 'A and B']);
    expect(prompt).toBe('Featuring A. Featuring B. "A and B" is their band.');
  });

  it('refuses instead of injecting when it is told to', () => {
    expect(() => nameCharacters('They run.', ['Joe', 'Mia'], { inject: false })).toThrow(/does not say Joe and Mia/);
    expect(nameCharacters('Joe runs.', ['Joe'], { inject: false }).injected).toEqual([]);
  });
});

describe('pointToCharacters', () => {
  it.each([
    ['one name', 'Joe runs.', ['Joe'], 'Joe runs. Joe is the character in @Video1.'],
    [
      'two names in order',
      'Hi.',
      ['Joe', 'Mia'],
      'Hi. Joe is the character in @Video1. Mia is the character in @Video2.',
    ],
    [
      'only what the prompt does not',
      'Joe of @Video1 runs.',
      ['Joe', 'Mia'],
      'Joe of @Video1 runs. Mia is the character in @Video2.',
    ],
    ['a marker that only looks like one', 'See @Video12.', ['Joe'], 'See @Video12. Joe is the character in @Video1.'],
    ['nobody', 'Rain.', [], 'Rain.'],
  ])('says of %s which clip it is', (_title, prompt, names, sent) => {
    expect(
      pointToCharacters(
        prompt,
        names.map((name, index) => ({ name, marker: `@Video${index + 1}` })),
      ),
    ).toBe(sent);
  });

  it.each([
    [{}, 'Hi.'],
    [{ marker: 'Video 1' }, 'Hi. Joe is the character in Video 1.'],
    [{ marker: '<Video 1>', subject: '<Subject 1>' }, 'Hi. <Subject 1> is Joe, the character in <Video 1>.'],
  ])('writes what a model calls a character: %o', (pointer, sent) => {
    expect(pointToCharacters('Hi.', [{ name: 'Joe', marker: undefined, ...pointer }])).toBe(sent);
  });
});
