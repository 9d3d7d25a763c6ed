/** The models of the eachlabs dialect as data: inputs, limits of clips, prices. */
import type { Fields } from '../task-host/fields.ts';
import { type ModelSpec, SEEDANCE_20_CLIPS } from '../task-host/models.ts';

const PROMPT = { is: 'prompt', required: true } as const;
const IMAGE = { image_url: { is: 'picture', required: true } } as const satisfies Fields;

const sora: Fields = {
  prompt: PROMPT,
  aspect_ratio: { is: 'choice', of: ['16:9', '9:16'], otherwise: '16:9' },
  duration: { is: 'choice', of: [4, 8, 12], otherwise: 4 },
  characters: { is: 'characters', most: 2 },
};
const soraPro: Fields = { ...sora, resolution: { is: 'choice', of: ['720p', '1080p'], otherwise: '720p' } };

const perSecond = ({ seconds }: { seconds: number }): number => 0.1 * seconds;
const perProSecond = ({ seconds, short }: { seconds: number; short: number }): number =>
  (short > 720 ? 0.5 : 0.3) * seconds;

export const EACHLABS_MODELS: readonly ModelSpec[] = [
  {
    id: 'sora-2-characters',
    // The vendor does not publish these names: clients have to ask for the schema.
    fields: { video_url: { is: 'clip', required: true }, name: { is: 'name', required: true } },
    characterClips: { seconds: [2, 4], shortest: 720, ratio: 16 / 9 },
    price: () => 0.001,
  },
  { id: 'sora-2-text-to-video', fields: sora, price: perSecond },
  { id: 'sora-2-text-to-video-pro', fields: soraPro, price: perProSecond },
  { id: 'sora-2-image-to-video', fields: { ...sora, ...IMAGE }, price: perSecond },
  { id: 'sora-2-image-to-video-pro', fields: { ...soraPro, ...IMAGE }, price: perProSecond },
  {
    id: 'bytedance-seedance-2-0-reference-to-video',
    fields: {
      prompt: PROMPT,
      // An array on one of the vendor's pages, a string on another.
      video_urls: { is: 'clips', most: 3, orOne: true },
      image_urls: { is: 'pictures', most: 9 },
      resolution: { is: 'choice', of: ['480p', '720p', '1080p'], otherwise: '720p' },
      duration: { is: 'whole', from: 4, to: 15, otherwise: 5 },
      aspect_ratio: { is: 'choice', of: ['16:9', '9:16', '4:3', '3:4', '1:1', '21:9'], otherwise: '16:9' },
    },
    references: SEEDANCE_20_CLIPS,
    price: ({ seconds, short }) => 0.3 * seconds * (short / 720) ** 2,
  },
];
