/** WaveSpeedAI. */
import type { HostEntry } from '../entry.ts';

export const wavespeed: HostEntry = {
  name: 'wavespeed',
  keyVariable: 'WAVESPEED_API_KEY',
  baseUrlVariable: 'WAVESPEED_BASE_URL',
  defaultBaseUrl: 'https://api.wavespeed.ai/api/v3',
  // The vendor's own tools take an origin for it, and the variable has the same name.
  apiRoot: (base) => (/^https?:\/\/[^/]+$/i.test(base) ? `${base}/api/v3` : base),
  otherForms: (root) => [root.replace(/\/api\/v3$/, '')],
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Bearer' }),
  models: async () => (await import('./models.ts')).wavespeedFacts(),
  characterCost: async () => (await import('./models.ts')).WAVESPEED_CHARACTER,
  questions: async (to) => (await import('./questions.ts')).wavespeedQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createWavespeed(wavespeed, options),
};
