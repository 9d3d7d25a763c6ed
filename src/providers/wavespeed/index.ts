/** WaveSpeedAI. */
import type { HostEntry } from '../entry.ts';

export const wavespeed: HostEntry = {
  name: 'wavespeed',
  keyVariable: 'WAVESPEED_API_KEY',
  baseUrlVariable: 'WAVESPEED_BASE_URL',
  defaultBaseUrl: 'https://api.wavespeed.ai/api/v3',
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Bearer' }),
  families: {
    'openai/sora-2/text-to-video': 'sora-2',
    'openai/sora-2/image-to-video': 'sora-2',
    'openai/sora-2/text-to-video-pro': 'sora-2-pro',
    'openai/sora-2/image-to-video-pro': 'sora-2-pro',
    'bytedance/seedance-2.5/text-to-video': 'seedance-2.5',
    'bytedance/seedance-2.0/text-to-video': 'seedance-2.0',
  },
  models: async () => (await import('./models.ts')).wavespeedFacts(),
  characterCost: async () => (await import('./models.ts')).WAVESPEED_CHARACTER,
  questions: async (to) => (await import('./questions.ts')).wavespeedQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createWavespeed(wavespeed, options),
};
