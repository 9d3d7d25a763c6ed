import { describe, expect, it } from 'vitest';
import { type ParseOptions, parseStoryboard } from '../../../src/storyboards/file/parse-storyboard.ts';
import { RAIN } from '../rain.ts';

const parse = (text: string, choice: Partial<ParseOptions['choice']> = {}, name = 'rain.md') =>
  parseStoryboard(text, { name, folder: '/films', choice: { vars: new Map(), ...choice } });

describe('a storyboard', () => {
  it('is read with all that it says', async () => {
    const { storyboard, problems, quality, qualities, variants } = await parse(RAIN);
    expect(problems).toEqual([]);
    expect({ quality, qualities, variants }).toEqual({
      ...{ quality: 'draft', qualities: ['draft', 'final'], variants: ['tall', 'de'] },
    });
    const style = '35 mm film, soft grain, muted blue and amber, one continuous shot.';
    const every = {
      style,
      seconds: 4,
      model: 'sora-2',
      size: { width: 1280, height: 720 },
      soundDb: 0,
      holdSeconds: 0,
    };
    const words = [
      'A grey harbour at dawn, rain on the planks. Joe coils a rope and looks out to sea.',
      'Joe turns to the left, sees a small white boat and raises his hand.',
      'Mia jumps from the boat onto the planks; Joe catches her hand. Both laugh in the rain.',
    ].map((text) => ({ words: text, prompt: `${text}\n\n${style}` }));
    expect(storyboard).toEqual({
      skipped: [],
      title: 'Rain over the harbour',
      film: {
        ...{ size: { width: 1280, height: 720 }, fps: 24, loudness: -14 },
        music: { file: { name: 'theme.wav', path: '/films/theme.wav' }, levelDb: -18, duck: true, fadeSeconds: 1.5 },
      },
      scenes: [
        {
          ...{ id: 'harbour', fileName: 'harbour-aa74f6', heading: 'Harbour', line: 23, ...words[0], ...every },
          ...{ cast: ['Joe'], takes: 2, title: 'Chapter #1: Rain, over the "harbour"', transition: { kind: 'cut' } },
        },
        {
          ...{ id: 'boat', fileName: 'boat-25cdb4', heading: 'He sees the boat', line: 33, ...words[1], ...every },
          ...{ cast: ['Joe'], takes: 1, title: 'He sees the boat', transition: { kind: 'fade', seconds: 0.5 } },
          ...{ continues: 'harbour', subtitle: 'Joe: “That is her boat.”' },
        },
        {
          ...{ id: 'ashore', fileName: 'ashore-3745df', heading: 'Mia comes ashore', line: 42, ...words[2], ...every },
          ...{ cast: ['Joe', 'Mia'], takes: 1, title: 'Mia comes ashore', transition: { kind: 'cut' } },
        },
      ],
    });
  });

  it('has one framing for each scene: fit and focus of the same place replace those of another together', async () => {
    const front = 'sora: 1\nfit: pad\nvariants:\n  tall: {focus: "0.3,0.4"}\n  all: {seconds: 8}';
    const scenes = ['', '- fit: crop\n', '- focus: 0,1\n', '- fit: pad\n'].map(
      (wish, at) => `## S${at}\n\n${wish}\nA sea.\n`,
    );
    const framings = async (choice: Partial<ParseOptions['choice']> = {}) =>
      (await parse(`---\n${front}\n---\n${scenes.join('\n')}`, choice)).storyboard?.scenes.map(
        ({ framing }) => framing,
      );
    const own = [{ fit: 'crop' }, { fit: 'crop', focus: { x: 0, y: 1 } }, { fit: 'pad' }];
    expect(await framings()).toEqual([{ fit: 'pad' }, ...own]);
    expect(await framings({ variant: 'all' })).toEqual([{ fit: 'pad' }, ...own]);
    expect(await framings({ variant: 'tall' })).toEqual([{ fit: 'crop', focus: { x: 0.3, y: 0.4 } }, ...own]);
  });
});
