/** The models of the WaveSpeed dialect as data: inputs, limits of clips, prices. */
import type { Fields } from '../task-host/fields.ts';
import { type ModelSpec, SEEDANCE_20_CLIPS, SEEDANCE_25_CLIPS } from '../task-host/models.ts';

const PROMPT = { is: 'prompt', required: true } as const;
const SECONDS = [4, 8, 12, 16, 20] as const;
const SIZES = ['720*1280', '1280*720'] as const;
const RATIOS = ['16:9', '9:16', '4:3', '3:4', '1:1', '21:9'] as const;

const duration = { is: 'choice', of: SECONDS, otherwise: 4 } as const;
const characters = { is: 'characters', most: 2 } as const;

function textToVideo(sizes: readonly string[]): Fields {
  return { prompt: PROMPT, size: { is: 'choice', of: sizes, otherwise: '720*1280' }, duration, characters };
}

const imageToVideo = { image: { is: 'picture', required: true }, prompt: PROMPT, duration } as const satisfies Fields;

/** The inputs of a model that takes clips and pictures by their URLs. */
function references(
  [clips, pictures]: readonly [number, number],
  [from, to]: readonly [number, number],
  resolutions: readonly string[],
  more: Fields = {},
): Fields {
  return {
    prompt: PROMPT,
    reference_videos: { is: 'clips', most: clips },
    reference_images: { is: 'pictures', most: pictures },
    reference_audios: { is: 'sounds', most: clips },
    aspect_ratio: { is: 'choice', of: RATIOS, otherwise: '16:9' },
    duration: { is: 'whole', from, to, otherwise: Math.max(5, from) },
    resolution: { is: 'choice', of: resolutions, otherwise: '720p' },
    ...more,
  };
}

const AUDIO: Fields = { generate_audio: { is: 'flag' } };

function perSecond(usd: number): ModelSpec['price'] {
  return ({ seconds, short }) => usd * seconds * (short / 720) ** 2;
}

function seedance25(id: string): ModelSpec {
  return {
    id,
    fields: references([10, 30], [4, 30], ['480p', '720p', '1080p', '4k'], AUDIO),
    references: SEEDANCE_25_CLIPS,
    price: ({ seconds, short, inputSeconds }) => 0.36 * (seconds + inputSeconds) * (short / 720) ** 2,
  };
}

const sora = ({ seconds }: { seconds: number }): number => 0.1 * seconds;
const soraPro = ({ seconds, short }: { seconds: number; short: number }): number => (short > 720 ? 0.5 : 0.3) * seconds;

export const WAVESPEED_MODELS: readonly ModelSpec[] = [
  {
    id: 'openai/sora-2/characters',
    fields: { video: { is: 'clip', required: true }, name: { is: 'name', required: true } },
    // Larger, longer and odder clips are made to fit by the host.
    characterClips: { seconds: [2, Number.POSITIVE_INFINITY], shortest: 720, ratio: 2.67 },
    price: () => 0.001,
  },
  { id: 'openai/sora-2/text-to-video', fields: textToVideo(SIZES), price: sora },
  {
    id: 'openai/sora-2/text-to-video-pro',
    fields: textToVideo([...SIZES, '1024*1792', '1792*1024']),
    price: soraPro,
  },
  { id: 'openai/sora-2/image-to-video', fields: imageToVideo, price: sora },
  {
    id: 'openai/sora-2/image-to-video-pro',
    fields: { ...imageToVideo, resolution: { is: 'choice', of: ['720p', '1080p'], otherwise: '720p' } },
    price: soraPro,
  },
  {
    id: 'bytedance/seedance-2.0/text-to-video',
    fields: references([3, 9], [4, 15], ['480p', '720p', '1080p']),
    references: SEEDANCE_20_CLIPS,
    price: ({ seconds, short }) => 0.24 * seconds * (short / 720) ** 2,
  },
  seedance25('bytedance/seedance-2.5/text-to-video'),
  seedance25('bytedance/seedance-2.5/reference-to-video'),
  {
    id: 'kwaivgi/kling-v4.0/reference-to-video',
    fields: references([5, 10], [3, 30], ['720p', '1080p', '4k'], { keep_original_sound: { is: 'flag' } }),
    references: { each: [3, 30], side: [700, Number.POSITIVE_INFINITY], fps: [24, Number.POSITIVE_INFINITY] },
    price: perSecond(0.157),
  },
  {
    id: 'alibaba/wan-3.0/reference-to-video',
    fields: references([3, 10], [2, 15], ['720p', '1080p']),
    references: { seconds: [0, 15] },
    price: perSecond(0.1),
  },
  {
    id: 'google/gemini-omni-1.1-flash/reference-to-video',
    fields: references([3, 10], [2, 15], ['720p', '1080p']),
    references: { each: [0, 3] },
    marker: '<VIDEO_REF_{i}>',
    price: perSecond(0.1),
  },
];
