import { describe, expect, it } from 'vitest';
import { readBatch } from '../../src/batches/read-batch.ts';

const jsonl = (...lines: readonly (string | object)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

const read = (text: string, name = 'p.jsonl') => readBatch(text, name);

describe('a batch', () => {
  it('of JSON lines is read with everything that a line may say', async () => {
    const full = {
      ...{ id: 'a', prompt: ' Sea. ', characters: ['Joe', 'Ann'], model: 'sora-2', seconds: 8, aspect: '9:16' },
      ...{ reference: 'a.png', output: 'x/a.mp4', tag: 't' },
    };
    const { lines, problems } = await read(`\ufeff${jsonl(full, '', { id: 2, prompt: 'Sky.', size: '1280x720' })}`);
    expect(problems).toEqual([]);
    expect(lines).toEqual([
      { ...full, number: 1, characterIds: [] },
      { number: 3, id: '2', prompt: 'Sky.', characters: [], characterIds: [], size: { width: 1280, height: 720 } },
    ]);
  });

  it('says how clips are brought into the frame, by one word or both', async () => {
    const wishes = [{ fit: 'pad' }, { fit: 'crop', focus: '0.5, .25' }, { focus: '0,1' }];
    const text = wishes.map((wish, index) => ({ id: String(index), prompt: 'x', ...wish }));
    const { lines, problems } = await read(jsonl(...text).replace('0.5, .25', '0.5,.25'));
    expect(problems).toEqual([]);
    expect(lines.map(({ framing }) => framing)).toEqual([
      { fit: 'pad' },
      { fit: 'crop', focus: { x: 0.5, y: 0.25 } },
      { fit: 'crop', focus: { x: 0, y: 1 } },
    ]);
    const table = await read('id,prompt,fit,focus\na,x,crop,"0.2,0.3"\nb,y,,\n', 'p.csv');
    expect(table.lines.map(({ framing }) => framing)).toEqual([{ fit: 'crop', focus: { x: 0.2, y: 0.3 } }, undefined]);
  });

  it('of a table has empty cells for what is left out, and cells of several lines', async () => {
    const table = 'id,prompt,characters,seconds\r\na,"Sea,\r\n""wide"".",Joe; Ann,8\r\n\r\nb,Sky.,,\r\n';
    const { lines, problems } = await read(table, 'p.csv');
    expect(problems).toEqual([]);
    expect(lines).toMatchObject([
      { id: 'a', number: 2, prompt: 'Sea,\n"wide".', characters: ['Joe', 'Ann'], seconds: 8 },
      { id: 'b', number: 5, prompt: 'Sky.', characters: [] },
    ]);
    expect(lines[1]).not.toHaveProperty('seconds');
  });

  it('of OpenAI’s format is read as it is', async () => {
    const body = { prompt: 'Sea.', model: 'sora-2', seconds: '8', size: '720x1280', characters: [{ id: 'char_1' }] };
    const line = { custom_id: 'a', method: 'POST', url: '/v1/videos', body };
    const picture = {
      ...line,
      custom_id: 'b',
      body: { prompt: 'Sky.', input_reference: { image_url: 'https://x.example/a.png' } },
    };
    const { lines, problems } = await read(jsonl(line, picture));
    expect(problems).toEqual([]);
    expect(lines).toMatchObject([
      { id: 'a', prompt: 'Sea.', seconds: 8, size: { width: 720, height: 1280 }, characterIds: ['char_1'] },
      { id: 'b', reference: 'https://x.example/a.png' },
    ]);
  });

  it('from standard input is told by its first character', async () => {
    expect((await read(jsonl({ id: 'a', prompt: 'Sea.' }), 'stdin')).lines).toHaveLength(1);
    expect((await read('id,prompt\na,Sea.\n', 'stdin')).lines).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{"id":', 'the line is not valid JSON.'],
    ['lists in lists', `{"id":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'the line is nested too deeply.'],
    ['a list', '[]', 'the line is not an object.'],
    ['no id', { prompt: 'x' }, 'the line has no "id".'],
    ['no prompt', { id: 'a', prompt: ' ' }, 'the line has no "prompt".'],
    [
      'a name that is none',
      { id: 'a', prompt: 'x', casts: [] },
      /^a line has no setting "casts"\. Settings: id, prompt/,
    ],
    [
      'a name that is nearly one',
      { id: 'a', prompt: 'x', refernce: 'y' },
      'a line has no setting "refernce"; did you mean "reference"?',
    ],
    ['half a second', { id: 'a', prompt: 'x', seconds: 4.5 }, '"seconds" is not a whole number from 1 to 600.'],
    ['no size', { id: 'a', prompt: 'x', size: '720p' }, '"size" is not a size like 1280x720.'],
    ['no ratio', { id: 'a', prompt: 'x', aspect: '2:1' }, /^"aspect" is not one of 16:9/],
    ['both', { id: 'a', prompt: 'x', aspect: '1:1', size: '1280x720' }, '"size" and "aspect" cannot be used together.'],
    ['no fit', { id: 'a', prompt: 'x', fit: 'stretch' }, '"fit" is not one of pad, crop.'],
    ['no focus', { id: 'a', prompt: 'x', focus: '1.5,0' }, /^"focus" is not a place like 0\.5,0\.3/],
    ['a focus of all', { id: 'a', prompt: 'x', fit: 'pad', focus: '0,0' }, /^"focus" says what is kept by "fit" crop/],
    ['a name in place of names', { id: 'a', prompt: 'x', characters: [1] }, '"characters" is not a list of names.'],
    ['another kind', { id: 'a', prompt: 'x', tag: 1 }, '"tag" is not text.'],
    ['an id of two lines', { id: 'a\nb', prompt: 'x' }, /^the id is no text of at most 200/],
    [
      'another call',
      { custom_id: 'a', url: '/v1/images', body: { prompt: 'x' } },
      '"url" is not "/v1/videos": only videos can be made.',
    ],
    [
      'an uploaded file',
      { custom_id: 'a', body: { prompt: 'x', input_reference: { file_id: 'f' } } },
      /^"input_reference" is no/,
    ],
    ['a body that is none', { custom_id: 'a', body: 1 }, '"body" is not an object.'],
  ])('is refused by its place for %s', async (_what, line, problem) => {
    const { problems, lines } = await read(jsonl({ id: 'first', prompt: 'x' }, line));
    expect(lines.map(({ id }) => id)).toEqual(['first']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^p\.jsonl:2: /);
    const text = problems[0]?.slice('p.jsonl:2: '.length);
    if (typeof problem === 'string') expect(text).toBe(problem);
    else expect(text).toMatch(problem);
  });

  it('tells every problem at once, in the order of the file', async () => {
    const { problems } = await read(jsonl({ id: 'a' }, { id: 'b', prompt: 'x', sise: '' }, { id: 'a', prompt: 'y' }));
    expect(problems).toEqual([
      'p.jsonl:1: the line has no "prompt".',
      'p.jsonl:2: a line has no setting "sise"; did you mean "size"?',
      'p.jsonl:3: the id "a" stands in line 1 already.',
    ]);
    expect((await read('\n')).problems).toEqual(['p.jsonl:1: the file has no lines.']);
  });

  it('of a table tells of an unknown column once, and of a row that is too long', async () => {
    const { problems } = await read('id,prompt,lenght\na,Sea.,4\nb,Sky.,4,5\n', 'p.csv');
    expect(problems).toEqual([
      expect.stringMatching(/^p\.csv:1: a line has no setting "lenght"/),
      'p.csv:3: the row has more cells than the header.',
    ]);
    expect((await read('id,prompt,prompt\na,Sea.,Sky.\n', 'p.csv')).problems).toEqual([
      'p.csv:1: the column "prompt" stands in the header twice.',
    ]);
    for (const [mark, shown] of [
      [';', '";"'],
      ['\t', 'tabs'],
    ]) {
      expect((await read(`id${mark}prompt\na${mark}Sea.\n`, 'p.csv')).problems).toEqual([
        `p.csv:1: its columns are separated by ${shown}: save it with commas.`,
      ]);
    }
    expect((await read('id,prompt\na,"Sea.\n', 'p.csv')).problems).toEqual([
      expect.stringMatching(/^p\.csv:\d+: the table cannot be read/),
    ]);
  });
});
