import { describe, expect, it } from 'vitest';
import { outdated, outdatedNote } from '../../src/characters/outdated.ts';
import { characterDigest, characterJson, decodeCharacter } from '../../src/characters/record.ts';
import { sourceFacts } from '../../src/media/source-facts.ts';
import { DEFAULT_CLIP_OPTIONS, PLAN_VERSION, type SourceFacts } from '../../src/shared/clip.ts';
import { mediaInfo } from '../helpers/media-info.ts';
import { sampleCharacter } from '../helpers/samples.ts';

const PLAIN: SourceFacts = { container: 'MPEG-4', codec: 'H.264', bitDepth: 8, chroma: '4:2:0', fps: 30 };

const { master } = sampleCharacter('Joe').clip;

const ofVersion2 = (facts: Partial<SourceFacts>, options = DEFAULT_CLIP_OPTIONS) =>
  outdated({ master, planVersion: 2, options, source: { facts: { ...PLAIN, ...facts } } });

describe('outdated', () => {
  it.each<[string, Partial<SourceFacts>, object | undefined]>([
    ['an ordinary clip', {}, undefined],
    ['PQ', { hdr: 'PQ' }, undefined],
    ['HLG', { hdr: 'HLG' }, { differs: ['light'], mayDiffer: [] }],
    ['grey of limited range', { chroma: '4:0:0', range: 'limited' }, { differs: ['light'] }],
    ['full range, which box and stream may tell differently', { range: 'full' }, { differs: [], mayDiffer: ['light'] }],
    ['a turned WebM', { container: 'WebM', rotation: 90 }, { differs: ['shape'] }],
    ['a turned MP4', { rotation: 90 }, undefined],
    ['one eye of two', { window: { x: 0, y: 0, width: 640, height: 720 } }, { differs: ['shape'] }],
    ['a varying rate', { varies: true }, { differs: ['frame rate'] }],
    ['a picture that starts late', { delay: 0.4 }, { differs: ['start'] }],
    ['a picture that starts late by less than a frame', { delay: 0.02 }, undefined],
    ['hidden pictures', { hidden: 45 }, { differs: ['start'] }],
    ['a second sound track', { sound: { codec: 'AAC', track: 1 } }, { differs: ['sound'] }],
  ])('judges %s by the facts of its source', (_, facts, expected) => {
    const found = ofVersion2(facts);
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });

  it('does not count a sound that was left out', () => {
    const silent = { ...DEFAULT_CLIP_OPTIONS, audio: false };
    expect(ofVersion2({ sound: { codec: 'AAC', track: 1 } }, silent)).toBeUndefined();
    expect(outdated({ master, planVersion: 2, options: silent })?.mayDiffer).not.toContain('sound');
  });

  it('finds nothing of today, whatever the source is', () => {
    const today = { master, planVersion: PLAN_VERSION, options: { ...DEFAULT_CLIP_OPTIONS, start: 2 } };
    expect(outdated({ ...today, source: { facts: { ...PLAIN, hdr: 'HLG' } } })).toBeUndefined();
    expect(outdated(today)).toBeUndefined();
  });

  it('judges by what a list keeps as by the whole record', () => {
    const facts = { ...PLAIN, hdr: 'HLG', range: 'full' };
    const sample = sampleCharacter('Joe');
    const clip = { ...sample.clip, planVersion: 2, source: { ...sample.clip.source, facts } };
    const { clip: listed = clip } = characterDigest({ ...sample, clip });
    expect(listed).not.toEqual(clip);
    expect(outdated(listed)).toEqual(outdated(clip));
    expect(outdated(clip)).toEqual({ differs: ['light'], mayDiffer: [] });
  });

  it('is told with the command that makes it anew', () => {
    expect(outdatedNote({ name: 'Bob Jr.' }, { differs: [], mayDiffer: ['light', 'start', 'sound'] })).toBe(
      'Bob Jr. was prepared by an earlier version; its light, start or sound may differ now. To prepare it again, with the options that it had (its registrations are then made anew): sora character create <clip> --name "Bob Jr." --force',
    );
  });
});

describe('what a record keeps of a source', () => {
  it('is what differs from most files, and can be read again', () => {
    const info = mediaInfo(
      { codec: 'HEVC', bitDepth: 10, hdr: 'HLG', transfer: 'HLG', rotation: 90, delay: 0.4 },
      { track: 1, channels: 3, laidOut: false },
    );
    const facts = sourceFacts(info);
    expect(facts).toMatchObject({ codec: 'HEVC', bitDepth: 10, hdr: 'HLG', rotation: 90, delay: 0.4 });
    expect(facts).toMatchObject({ sound: { codec: 'AAC', track: 1, channels: 3, laidOut: false } });
    expect(Object.keys(facts ?? {})).not.toEqual(expect.arrayContaining(['mirrored', 'window', 'varies', 'hidden']));
    const sample = sampleCharacter('Joe');
    const joe = { ...sample, clip: { ...sample.clip, source: { ...sample.clip.source, ...(facts && { facts }) } } };
    expect(decodeCharacter(JSON.parse(JSON.stringify(characterJson(joe))))).toEqual(joe);
  });
});
