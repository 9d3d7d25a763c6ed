/** eachlabs. */
import type { HostEntry } from '../entry.ts';

export const eachlabs: HostEntry = {
  name: 'eachlabs',
  keyVariable: 'EACHLABS_API_KEY',
  baseUrlVariable: 'EACHLABS_BASE_URL',
  defaultBaseUrl: 'https://api.eachlabs.ai',
  // Examples of this host name it with and without its version.
  apiRoot: (base) => base.replace(/\/v1$/, ''),
  otherForms: (root) => [`${root}/v1`],
  needsKey: () => true,
  keyHeader: () => ({ scheme: 'Bearer' }),
  models: async () => (await import('./models.ts')).eachlabsFacts(),
  characterCost: async () => undefined,
  questions: async (to) => (await import('./questions.ts')).eachlabsQuestions(to),
  create: async (options) => (await import('./adapter.ts')).createEachlabs(eachlabs, options),
};
