/** The models of the WaveSpeed dialect as data: inputs, limits of clips, prices. */
import type { Fields } from '../task-host/fields.ts';
import { type ModelSpec, REFERENCE_PIXELS } from '../task-host/models.ts';

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

function seedance(most: number, resolutions: readonly string[], more: Fields = {}): Fields {
  return {
    prompt: PROMPT,
    reference_videos: { is: 'clips', most: 3 },
    reference_images: { is: 'pictures', most: 9 },
    aspect_ratio: { is: 'choice', of: RATIOS, otherwise: '16:9' },
    duration: { is: 'whole', from: 4, to: most, otherwise: 5 },
    resolution: { is: 'choice', of: resolutions, otherwise: '720p' },
    ...more,
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
    fields: seedance(15, ['480p', '720p', '1080p']),
    references: { seconds: [2, 15], pixels: REFERENCE_PIXELS },
    price: ({ seconds, short }) => 0.24 * seconds * (short / 720) ** 2,
  },
  {
    id: 'bytedance/seedance-2.5/text-to-video',
    fields: seedance(30, ['480p', '720p', '1080p', '4k'], { generate_audio: { is: 'flag' } }),
    references: { seconds: [2, 30], pixels: Number.POSITIVE_INFINITY },
    price: ({ seconds, short, inputSeconds }) => 0.36 * (seconds + inputSeconds) * (short / 720) ** 2,
  },
];
