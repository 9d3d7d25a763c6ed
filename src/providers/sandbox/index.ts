/** The stand-in that is built in: it speaks the format of OpenAI, and costs nothing. */
import { SANDBOX_KEY } from '../../http/redact.ts';
import type { ProviderEntry } from '../entry.ts';

export const sandbox: ProviderEntry = {
  name: 'sandbox',
  keyVariable: undefined,
  baseUrlVariable: '',
  defaultBaseUrl: 'sandbox:',
  knownKey: SANDBOX_KEY,
  needsKey: () => false,
  keyHeader: () => ({ scheme: 'Bearer' }),
  isFree: true,
  models: async () => (await import('../openai/models.ts')).sandboxFacts(),
  characterCost: async () => (await import('../openai/models.ts')).FREE,
  questions: async (to) => (await import('../openai/questions.ts')).openaiQuestions(to),
  create: async (options) => (await import('../openai/adapter.ts')).createOpenai(sandbox, options),
};
