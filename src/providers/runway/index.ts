/** Runway. */
import type { HostEntry } from '../entry.ts';

export const runway: HostEntry = {
  name: 'runway',
  keyVariable: 'RUNWAYML_API_SECRET',
  baseUrlVariable: 'RUNWAYML_BASE_URL',
  defaultBaseUrl: 'https://api.dev.runwayml.com',
  // Examples of this host name it with and without its version.
  apiRoot: (base) => base.replace(/\/v1$/, ''),
  otherForms: (root) => [`${root}/v1`],
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Bearer' }),
  headers: { 'x-runway-version': '2024-11-06' },
  models: async () => (await import('./models.ts')).runwayFacts(),
  characterCost: async () => undefined,
  questions: async (to) => (await import('./questions.ts')).runwayQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createRunway(runway, options),
};
