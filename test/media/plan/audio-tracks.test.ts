import { describe, expect, it } from 'vitest';
import type { AudioInfo } from '../../../src/media/info.ts';
import { chooseAudio, mergeAudio, unusable } from '../../../src/media/plan/audio-tracks.ts';
import { audioInfo } from '../../helpers/media-info.ts';

describe('the track that is used', () => {
  const off = { chosen: false };
  it.each<[string, Partial<AudioInfo>[], number | undefined]>([
    ['the only one, enabled or not', [off], 0],
    ['the first of equals', [{}, {}], 0],
    ['the first where none is chosen', [off, off], 0],
    ['the default', [off, {}], 1],
    ['one that can be decoded', [{ decodable: false }, off], 1],
    ['one that holds something', [{ seconds: 0 }, off], 1],
    ['no commentary', [{ aside: true }, {}], 1],
    ['a commentary that is the default', [off, { aside: true }], 1],
    ['none where none can be decoded', [{ decodable: false }, { seconds: 0 }], undefined],
    ['none where there is none', [], undefined],
  ])('is %s', (_, tracks, expected) => {
    expect(chooseAudio(tracks.map((change, track) => audioInfo({ track, ...change })))?.track).toBe(expected);
  });

  it.each([
    [{}, undefined],
    [{ seconds: undefined }, undefined],
    [{ seconds: 0 }, 'is empty'],
    [{ codec: 'APAC', decodable: false }, 'cannot be decoded by this ffmpeg'],
  ])('is not another, for a reason (%#)', (change, why) => {
    expect(unusable(audioInfo(change))).toBe(why);
  });
});

describe('what ffmpeg lists', () => {
  const AAC = { codec: 'aac', dispositions: ['default'], details: ' (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp' };

  it.each([
    ['a codec that it knows', AAC, undefined],
    ['planes of whole numbers', { ...AAC, details: ', 48000 Hz, 2.1, s32 (24 bit), 3456 kb/s' }, undefined],
    ['a stream of which it saw no packet', { ...AAC, details: ' ([15][0][0][0] / 0x000F), 0 channels' }, undefined],
    ['a codec without a name', { ...AAC, codec: 'none', details: ' (apac / 0x63617061), 48000 Hz, stereo' }, false],
    ['a codec without a decoder', { ...AAC, codec: 'ac4', details: ' (ac-4 / 0x342D6361), 48000 Hz, stereo' }, false],
  ])('tells whether it can decode %s', (_, listed, decodable) => {
    expect(mergeAudio([audioInfo()], [listed])).toEqual([audioInfo({ decodable })]);
  });

  it('adds what MediaInfo has not seen, and leaves out what ffmpeg does not see', () => {
    expect(mergeAudio([], [AAC])).toMatchObject([{ track: 0, codec: 'aac', chosen: true, seconds: undefined }]);
    expect(mergeAudio([audioInfo(), audioInfo({ track: 1 })], [AAC])).toHaveLength(1);
  });

  it('marks what is spoken over the sound', () => {
    const listed = { ...AAC, dispositions: ['visual impaired'] };
    expect(mergeAudio([audioInfo()], [listed])).toMatchObject([{ aside: true }]);
  });
});
