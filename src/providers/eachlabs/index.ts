/** eachlabs. */
import type { HostEntry } from '../entry.ts';

export const eachlabs: HostEntry = {
  name: 'eachlabs',
  keyVariable: 'EACHLABS_API_KEY',
  baseUrlVariable: 'EACHLABS_BASE_URL',
  defaultBaseUrl: 'https://api.eachlabs.ai',
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Bearer' }),
  families: {
    'sora-2-text-to-video': 'sora-2',
    'sora-2-image-to-video': 'sora-2',
    'sora-2-text-to-video-pro': 'sora-2-pro',
    'sora-2-image-to-video-pro': 'sora-2-pro',
    'bytedance-seedance-2-0-reference-to-video': 'seedance-2.0',
  },
  models: async () => (await import('./models.ts')).eachlabsFacts(),
  characterCost: async () => undefined,
  questions: async (to) => (await import('./questions.ts')).eachlabsQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createEachlabs(eachlabs, options),
};
