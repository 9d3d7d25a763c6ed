/** What `doctor --api` asks fal. */

import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { oneLine } from '../../shared/text.ts';
import { type Asked, NO_ID, ONCE, objectIn, objectOf, type Question, servedBy } from '../questions.ts';
import { FAL_DEFAULT_MODEL } from './models.ts';
import { appOf, falPlaces } from './places.ts';

export async function falQuestions(to: Asked): Promise<readonly Question[]> {
  const { queue, platform } = falPlaces(to.baseUrl);
  const model = to.model ?? FAL_DEFAULT_MODEL;
  const [ask, askPlatform] = [to.reader(queue), to.reader(platform)];
  return [
    {
      check: 'GET /models (schema)',
      isExtra: true,
      // Schemas ask for no key, so none is sent where none is needed.
      async ask() {
        const wish = new URLSearchParams({ endpoint_id: model, expand: 'openapi-3.0' });
        const { models } = objectOf(await askPlatform(`${platform}/models?${wish}`, { auth: undefined }));
        const found = Array.isArray(models) && models.some((one) => objectIn(one)?.endpoint_id === model);
        if (found) return `is served, and knows ${model}`;
        throw new SoraError('refused', `It does not know ${oneLine(model, 200)}.`, {
          hint: `Name another with ${option('model')}, or in the profile: sora config set model <id>`,
        });
      },
    },
    {
      check: 'GET /models/requests/by-endpoint',
      isExtra: true,
      async ask() {
        const wish = new URLSearchParams({ endpoint_id: model, limit: '1' });
        objectOf(await askPlatform(`${platform}/models/requests/by-endpoint?${wish}`));
        return 'is served, and takes the key: lost requests can be looked for, and results that are gone from the queue';
      },
    },
    {
      check: 'GET /requests/{id}/status',
      ask: async () =>
        servedBy(
          await ask(`${queue}/${appOf(model)}/requests/${NO_ID}/status`, ONCE),
          'Without it no job can be followed. Check the base URL, and the key.',
        ),
    },
  ];
}
