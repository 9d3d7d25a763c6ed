/** The models of the fal dialect as data: inputs, limits of clips, prices. */
import type { Field, Fields } from '../task-host/fields.ts';
import { type Billing, type ModelSpec, SEEDANCE_20_CLIPS, SEEDANCE_25_CLIPS } from '../task-host/models.ts';

export interface FalModel extends ModelSpec {
  /** What the price list says, which is blind to size and clips. */
  readonly unit: { readonly usd: number; readonly of: 'seconds' | 'videos' };
  /** Names its video as `video_url`, where others have `video`. */
  readonly isBareOutput?: true;
  /** Only its own schema tells that it is there: no client has it in a table. */
  readonly isUnlisted?: true;
}

const PROMPT = { is: 'prompt', required: true } as const;
const RATIOS = ['21:9', '16:9', '4:3', '1:1', '3:4', '9:16'] as const;

const choice = (of: readonly string[], otherwise: string): Field => ({ is: 'choice', of, otherwise });
const texts = (from: number, to: number, unit = ''): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}${unit}`);

function seedance(most: number, resolutions: readonly string[], clips: number, pictures: number): Fields {
  return {
    prompt: PROMPT,
    video_urls: { is: 'clips', most: clips },
    image_urls: { is: 'pictures', most: pictures },
    // As many as clips.
    audio_urls: { is: 'sounds', most: clips },
    duration: choice(['auto', ...texts(4, most)], 'auto'),
    resolution: choice(resolutions, '720p'),
    aspect_ratio: choice(['auto', ...RATIOS], 'auto'),
    ...{ generate_audio: { is: 'flag' }, seed: { is: 'seed' }, end_user_id: { is: 'note' } },
  };
}

/** By the shorter side, of the seconds that come out and of those that go in. */
const perSecond =
  (alone: Readonly<Record<number, number>>, withClips: Readonly<Record<number, number>>, leastTimes = 1) =>
  ({ seconds, short, inputSeconds }: Billing): number =>
    inputSeconds > 0
      ? (withClips[short] ?? 0) * Math.max(seconds + inputSeconds, leastTimes * seconds)
      : (alone[short] ?? 0) * seconds;

const SEEDANCE_20 = perSecond({ 720: 0.303 }, { 720: 0.181 });

export const FAL_MODELS: readonly FalModel[] = [
  {
    id: 'bytedance/seedance-2.0/reference-to-video',
    fields: seedance(15, ['480p', '720p', '1080p', '4k'], 3, 9),
    references: { ...SEEDANCE_20_CLIPS, seconds: [2, 15] },
    unit: { usd: 0.303, of: 'seconds' },
    price: SEEDANCE_20,
  },
  {
    id: 'bytedance/seedance-2.0/fast/reference-to-video',
    fields: seedance(15, ['480p', '720p'], 3, 9),
    references: { ...SEEDANCE_20_CLIPS, seconds: [2, 15] },
    unit: { usd: 0.242, of: 'seconds' },
    price: perSecond({ 720: 0.242 }, { 720: 0.145 }),
  },
  {
    id: 'bytedance/seedance-2.5/reference-to-video',
    fields: {
      ...seedance(30, ['480p', '720p', '1080p'], 10, 30),
      task: choice(['auto', 'reference', 'edit', 'extend'], 'auto'),
    },
    references: { ...SEEDANCE_25_CLIPS, seconds: [1.8, 30.2], each: [1.8, 30.2] },
    unit: { usd: 0.473, of: 'seconds' },
    price: perSecond({ 720: 0.473 }, { 720: 0.473 * 0.6 }),
  },
  {
    id: 'kling/v4/reference-to-video',
    fields: {
      prompt: PROMPT,
      video_urls: { is: 'clips', most: 5 },
      image_urls: { is: 'pictures', most: 10 },
      elements: { is: 'elements', most: 4 },
      duration: { is: 'whole', from: 3, to: 30, otherwise: 5 },
      resolution: choice(['720p', '1080p'], '720p'),
      aspect_ratio: choice(['16:9', '9:16', '1:1'], '16:9'),
    },
    references: { each: [3, 30], side: [700, Number.POSITIVE_INFINITY], fps: [24, Number.POSITIVE_INFINITY] },
    unit: { usd: 0.157, of: 'seconds' },
    price: perSecond({ 720: 0.157, 1080: 0.235 }, { 720: 0.094, 1080: 0.141 }, 2),
  },
  {
    id: 'minimax/h3-max/reference-to-video',
    fields: {
      prompt: PROMPT,
      reference_video_urls: { is: 'clips', most: 3 },
      reference_image_urls: { is: 'pictures', most: 9 },
      duration: { is: 'whole', from: 5, to: 15, otherwise: 5 },
      resolution: choice(['480P', '768P'], '768P'),
      aspect_ratio: choice(RATIOS, '16:9'),
    },
    references: { seconds: [2, 15], each: [2, 15], fps: [23.976, 60], ratio: [0.4, 2.5] },
    marker: 'Video {n}',
    unit: { usd: 0.05, of: 'seconds' },
    price: perSecond({ 480: 0.05, 768: 0.08 }, { 480: 0.05, 768: 0.08 }),
  },
  {
    id: 'fal-ai/wan/v2.7/reference-to-video',
    fields: {
      prompt: PROMPT,
      reference_video_urls: { is: 'clips', most: 3 },
      reference_image_urls: { is: 'pictures', most: 5 },
      duration: choice(texts(2, 10), '5'),
      resolution: choice(['720p', '1080p'], '1080p'),
      aspect_ratio: choice(['16:9', '9:16', '1:1', '4:3', '3:4'], '16:9'),
    },
    references: { seconds: [2, 30] },
    unit: { usd: 0.1, of: 'seconds' },
    price: perSecond({ 720: 0.1, 1080: 0.15 }, { 720: 0.1, 1080: 0.15 }),
  },
  {
    id: 'google/gemini-omni-flash/v1.2/reference-to-video',
    fields: {
      prompt: PROMPT,
      video_urls: { is: 'clips', most: 3 },
      image_urls: { is: 'pictures', most: 6 },
      duration: choice(texts(3, 10, 's'), '8s'),
      resolution: choice(['720p', '1080p'], '720p'),
      aspect_ratio: choice(['16:9', '9:16'], '16:9'),
    },
    references: { seconds: [1, 9], each: [1, 3] },
    marker: '<VIDEO_REF_{i}>',
    unit: { usd: 0.1, of: 'seconds' },
    price: perSecond({ 720: 0.1, 1080: 0.15 }, { 720: 0.1, 1080: 0.15 }),
  },
  {
    id: 'fal-ai/veo3.1/reference-to-video',
    fields: {
      prompt: PROMPT,
      image_urls: { is: 'pictures', most: 3, required: true },
      duration: choice(['8s'], '8s'),
      resolution: choice(['720p', '1080p', '4k'], '720p'),
      aspect_ratio: choice(['16:9', '9:16'], '16:9'),
    },
    unit: { usd: 3.2, of: 'videos' },
    price: () => 3.2,
  },
  {
    id: 'xai/grok-imagine-video/reference-to-video',
    fields: {
      prompt: PROMPT,
      reference_image_urls: { is: 'pictures', most: 7 },
      duration: { is: 'whole', from: 1, to: 10, otherwise: 8 },
      resolution: choice(['480p', '720p'], '480p'),
      aspect_ratio: choice(['16:9', '4:3', '1:1', '3:4', '9:16'], '16:9'),
    },
    isBareOutput: true,
    unit: { usd: 0.05, of: 'seconds' },
    price: perSecond({ 480: 0.05, 720: 0.07 }, {}),
  },
  {
    id: 'example/reels/v2/reference-to-video',
    fields: {
      prompt: PROMPT,
      reference_video_urls: { is: 'clips', most: 2 },
      duration: { is: 'whole', from: 3, to: 12, otherwise: 5 },
      resolution: choice(['480P', '720P'], '720P'),
      aspect_ratio: choice(['16:9', '9:16'], '16:9'),
    },
    references: { seconds: [2, 20] },
    isUnlisted: true,
    unit: { usd: 0.06, of: 'seconds' },
    price: perSecond({ 480: 0.06, 720: 0.06 }, { 480: 0.06, 720: 0.06 }),
  },
];

/** The app that a model belongs to, by which its requests are asked about: the first two parts of its id. */
export function appOf(model: string): string {
  return model.split('/').slice(0, 2).join('/');
}
