/** fal. */
import type { HostEntry } from '../entry.ts';

export const fal: HostEntry = {
  name: 'fal',
  keyVariable: 'FAL_KEY',
  baseUrlVariable: 'FAL_BASE_URL',
  defaultBaseUrl: 'https://queue.fal.run',
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Key' }),
  models: async () => (await import('./models.ts')).falFacts(),
  characterCost: async () => undefined,
  questions: async (to) => (await import('./questions.ts')).falQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createFal(fal, options),
};
