import { expect, it } from 'vitest';
import { factLines } from '../../src/media/describe.ts';
import { audioInfo, mediaInfo } from '../helpers/media-info.ts';

const TRACKS = [audioInfo(), audioInfo({ track: 1, codec: 'APAC', channels: 4, decodable: false })];

it('says what a plain clip is in three lines', () => {
  expect(factLines(mediaInfo())).toEqual([
    'MPEG-4, 1.0 MB, 3.000 s',
    'video: H.264 (High), 1280x720, 30 fps, 8 bit, 4:2:0, 3.000 s, 90 frames',
    expect.stringMatching(/colours: BT.709$/),
    'audio: AAC, 48000 Hz, 2 channels, 2.900 s',
  ]);
});

it.each([
  [mediaInfo({ rotation: 90 }), 'shown as 720x1280'],
  [mediaInfo({ rotation: 90 }), 'turned by 90 degrees'],
  [mediaInfo({ constantRate: false }), 'on average (varies)'],
  [mediaInfo({ hdr: 'HLG' }), 'HDR (HLG)'],
  [mediaInfo({ alpha: true }), 'with transparency'],
  [mediaInfo({ scan: 'mixed' }), 'possibly interlaced'],
  [mediaInfo({ range: 'full' }), 'full range'],
  [mediaInfo({}, null), 'audio: none'],
  [mediaInfo({}, {}, { truncated: true }), 'cut off'],
  [mediaInfo({}, {}, { videoStreams: 2 }), '2 video; the first is used'],
  [mediaInfo({}, {}, { audioTracks: TRACKS }), 'left out: track 2, APAC, 48000 Hz, 4 channels, 2.900 s, cannot be'],
  [mediaInfo({}, {}, { audioTracks: TRACKS, audio: TRACKS[0] }), 'audio: track 1, AAC, 48000 Hz'],
  [mediaInfo(null, null, { image: true }), 'a single picture'],
  [mediaInfo({ seconds: undefined }), 'unknown length'],
])('tells an oddity (%#)', (info, fact) => {
  expect(factLines(info).join('\n')).toContain(fact);
});

it('shows no control characters of a file', () => {
  expect(factLines(mediaInfo({ profile: 'High\u001b[2J' })).join('')).not.toContain('\u001b');
});
