/** OpenAI, and the servers that speak its `/v1/videos`. */
import { option } from '../../shared/options.ts';
import { type HostEntry, isVendorUrl } from '../entry.ts';

const BASE_URL = 'https://api.openai.com/v1';

export const openai: HostEntry = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: BASE_URL,
  // Servers that people run themselves mostly ask for none.
  needsKey: (baseUrl) => new URL(baseUrl).host === new URL(BASE_URL).host,
  keyHeader: (backend) => (backend === 'azure' ? { header: 'api-key' } : { scheme: 'Bearer' }),
  /** The vendor's deprecation page: the Videos API ended without a replacement. */
  retirement: (baseUrl) =>
    isVendorUrl({ defaultBaseUrl: BASE_URL }, baseUrl)
      ? `api.openai.com stopped serving videos on 2026-09-24. To use a compatible host, name it with ${option('baseUrl')} or ` +
        `OPENAI_BASE_URL; to try things out, use ${option('provider')} sandbox.`
      : undefined,
  models: async () => (await import('./models.ts')).openaiFacts(),
  characterCost: async () => (await import('./models.ts')).OPENAI_CHARACTER,
  questions: async (to) =>
    (await import('./questions.ts')).openaiQuestions(to, {
      isAnybodys: !isVendorUrl({ defaultBaseUrl: BASE_URL }, to.baseUrl),
    }),
  create: async (options) => (await import('./adapter.ts')).createOpenai(openai, options),
};
