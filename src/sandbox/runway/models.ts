/** The models of the Runway dialect as data: inputs, limits of clips, prices. */
import type { Fields } from '../task-host/fields.ts';
import { type ModelSpec, type ReferenceRules, SEEDANCE_20_CLIPS, SEEDANCE_25_CLIPS } from '../task-host/models.ts';

const ratio = (words: string, otherwise: string): Fields => ({
  ratio: { is: 'choice', of: words.split(' '), otherwise },
});

const references = (clips: number, pictures: number, clipType: 'video' | undefined): Fields => ({
  referenceVideos: { is: 'clips', most: clips, asUri: { type: clipType } },
  references: { is: 'pictures', most: pictures, asUri: { type: undefined } },
});

const sounds = (most: number): Fields => ({ referenceAudio: { is: 'sounds', most, asUri: { type: 'audio' } } });
const SEED: Fields = { seed: { is: 'seed' } };

const prompt = (most: number): Fields => ({ promptText: { is: 'prompt', required: true, most } });

const NAMED = '16:9 9:16 4:3 3:4 1:1 21:9';
const UNBOUNDED = 32_000;

const WIDE = '992:432 752:560 640:640 560:752 1470:630 1280:720 1112:834 960:960 834:1112 720:1280';
const FULL = '2206:946 1920:1080 1664:1248 1440:1440 1248:1664 1080:1920';
const ULTRA = '3840:1646 3840:2160 3840:2880 3840:3840 2880:3840 2160:3840';
const WAN =
  '832:480 720:544 624:624 544:720 480:832 1280:720 1104:832 960:960 832:1104 720:1280 ' +
  '1920:1080 1648:1248 1440:1440 1248:1648 1080:1920';
const OMNI = '640:360 360:640 1280:720 720:1280 1920:1080 1080:1920 3840:2160 2160:3840';

const H3_CLIPS: ReferenceRules = { seconds: [0, 15], each: [2, 15], fps: [23.976, 60], ratio: [0.4, 2.5] };

/** Of so many dollars a second at 720 lines; credits are whole cents. */
const perSecond =
  (usd: number) =>
  ({ seconds, short }: { seconds: number; short: number }): number =>
    Math.ceil(usd * 100 * seconds * (short / 720) ** 2) / 100;

export const RUNWAY_MODELS: readonly ModelSpec[] = [
  {
    id: 'seedance2',
    fields: {
      ...prompt(3500),
      audio: { is: 'flag' },
      duration: { is: 'whole', from: 4, to: 15, otherwise: 5, auto: true },
      ...ratio(`864:496 496:864 ${WIDE} ${FULL} ${ULTRA}`, '1280:720'),
      ...references(3, 9, 'video'),
      ...{ ...sounds(3), ...SEED },
    },
    references: SEEDANCE_20_CLIPS,
    price: perSecond(0.36),
  },
  {
    id: 'seedance2_5',
    fields: {
      promptText: { is: 'prompt', most: 15_000 },
      audio: { is: 'flag' },
      duration: { is: 'whole', from: 4, to: 30, otherwise: 5, auto: true },
      ...ratio(`854:480 480:854 ${WIDE} ${FULL}`, '1280:720'),
      ...references(10, 30, 'video'),
      ...{ ...sounds(10), ...SEED },
    },
    references: SEEDANCE_25_CLIPS,
    price: perSecond(0.45),
  },
  {
    id: 'hailuo3',
    fields: {
      ...prompt(6000),
      duration: { is: 'whole', from: 5, to: 15, otherwise: 5 },
      ...ratio(`adaptive ${NAMED}`, '16:9'),
      resolution: { is: 'choice', of: ['768p', '2k', '768P', '2K'], otherwise: '768p' },
      ...{ ...references(3, 9, 'video'), ...sounds(3) },
    },
    references: H3_CLIPS,
    marker: 'Video {n}',
    price: perSecond(0.1),
  },
  {
    id: 'h3_max',
    fields: {
      ...prompt(UNBOUNDED),
      duration: { is: 'whole', from: 5, to: 15, otherwise: 5 },
      resolution: { is: 'choice', of: ['480p', '768p'], otherwise: '768p' },
      promptExpansionMode: { is: 'choice', of: ['disabled', 'balanced', 'quality'], otherwise: 'balanced' },
      ...SEED,
    },
    price: perSecond(0.08),
  },
  {
    id: 'wan3',
    fields: {
      ...prompt(UNBOUNDED),
      audio: { is: 'flag' },
      duration: { is: 'whole', from: 2, to: 15, otherwise: 5 },
      ...ratio(`${WAN} auto_480p auto_720p auto_1080p`, '1280:720'),
      ...{ ...references(3, 10, 'video'), ...sounds(3) },
    },
    references: { seconds: [0, 15] },
    price: perSecond(0.1),
  },
  {
    id: 'gemini_omni_flash_1.1',
    fields: {
      ...prompt(UNBOUNDED),
      duration: { is: 'whole', from: 3, to: 10, otherwise: 8, auto: true },
      ...ratio(OMNI, '1280:720'),
      ...references(3, 6, undefined),
    },
    references: { each: [0, 3] },
    marker: '<VIDEO_REF_{i}>',
    price: perSecond(0.1),
  },
];
