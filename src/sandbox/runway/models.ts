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

const AUDIO: Fields = { audio: { is: 'flag' } };

/** What is finished is MP4 here, whatever was asked for. */
const GEN_45: Fields = {
  duration: { is: 'whole', from: 2, to: 10, otherwise: 5, required: true },
  contentModeration: { is: 'options', of: { publicFigureThreshold: ['auto', 'low'] } },
  outputFormat: {
    is: 'choice',
    of: [
      ...['mp4', 'prores', 'png_sequence', 'hdr10', 'hlg', 'sdr_rec709_10bit', 'hdr_pq_12bit_master', 'hdr_prores'],
      ...['hdr_png_sequence', 'hdr_exr_sequence', 'hdr_exr_acescg_sequence_1_3', 'hdr_exr_acescg_sequence_2_0'],
    ],
    otherwise: 'mp4',
  },
  proresProfile: { is: 'choice', of: ['422', '4444', '422 Proxy', '422 LT', '422 HQ', '4444 XQ'], otherwise: '422 HQ' },
  ...SEED,
};

const VEO: Fields = {
  ratio: {
    is: 'choice',
    of: ['1280:720', '720:1280', '1080:1920', '1920:1080'],
    otherwise: '1280:720',
    required: true,
  },
  duration: { is: 'choice', of: [4, 6, 8], otherwise: 8 },
  negativePrompt: { is: 'note' },
  ...{ ...AUDIO, ...SEED },
};

/** Those of `/v1/text_to_video`. */
export const RUNWAY_MODELS: readonly ModelSpec[] = [
  {
    id: 'gen4.5',
    fields: {
      ...prompt(1000),
      ratio: { is: 'choice', of: ['1280:720', '720:1280'], otherwise: '1280:720', required: true },
      ...GEN_45,
    },
    price: perSecond(0.12),
  },
  { id: 'veo3.1', fields: { ...prompt(1000), ...VEO }, price: perSecond(0.4) },
  { id: 'veo3.1_fast', fields: { ...prompt(1000), ...VEO }, price: perSecond(0.15) },
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

/** The picture that a video begins with, and where the model takes one, that which it ends with. */
const promptImage = (of: readonly string[], more: { readonly required?: true } = {}): Fields => ({
  promptImage: {
    is: 'pictures',
    required: true,
    orOne: true,
    most: of.length,
    asUri: { type: undefined, positions: { of, ...more } },
  },
});

const FIRST = promptImage(['first'], { required: true });
const BOTH = promptImage(['first', 'last'], { required: true });
const ANY = promptImage(['first', 'last']);

/** Of a model that makes videos of words, what it takes beside a picture. */
function ofPicture(id: string, picture: Fields, drop: readonly string[]): ModelSpec {
  const { fields, ...model } = RUNWAY_MODELS.find((one) => one.id === id) as ModelSpec;
  const kept = Object.entries(fields).filter(([name]) => !drop.includes(name));
  return { ...model, fields: { ...Object.fromEntries(kept), ...picture } };
}

const NO_REFERENCES = ['references', 'referenceVideos'];
const GEN_RATIOS = '1280:720 720:1280 1104:832 960:960 832:1104 1584:672';

/** Those of `/v1/image_to_video`. */
export const RUNWAY_PICTURE_MODELS: readonly ModelSpec[] = [
  {
    ...ofPicture('gen4.5', FIRST, []),
    fields: {
      ...ofPicture('gen4.5', FIRST, []).fields,
      ratio: { is: 'choice', of: GEN_RATIOS.split(' '), otherwise: '1280:720', required: true },
    },
  },
  {
    id: 'gen4_turbo',
    fields: {
      promptText: { is: 'prompt', most: 1000 },
      ratio: { is: 'choice', of: GEN_RATIOS.split(' '), otherwise: '1280:720', required: true },
      duration: { is: 'whole', from: 2, to: 10, otherwise: 10 },
      contentModeration: { is: 'options', of: { publicFigureThreshold: ['auto', 'low'] } },
      ...{ ...SEED, ...FIRST },
    },
    price: perSecond(0.05),
  },
  ...['veo3.1', 'veo3.1_fast', 'seedance2'].map((id): ModelSpec => {
    const model = ofPicture(id, id === 'seedance2' ? ANY : BOTH, NO_REFERENCES);
    // The picture may say it all.
    const { promptText: _required, ...fields } = model.fields;
    return { ...model, fields: { ...fields, promptText: { is: 'prompt', most: id === 'seedance2' ? 3500 : 1000 } } };
  }),
  ofPicture('seedance2_5', ANY, NO_REFERENCES),
  ofPicture('hailuo3', ANY, NO_REFERENCES),
  ofPicture('h3_max', BOTH, []),
  ofPicture('wan3', ANY, ['references']),
  ofPicture('gemini_omni_flash_1.1', BOTH, NO_REFERENCES),
];
