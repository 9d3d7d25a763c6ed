/** What `doctor --api` asks WaveSpeedAI. */

import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { oneLine } from '../../shared/text.ts';
import { type Asked, listQuestion, objectIn, objectOf, type Question } from '../questions.ts';
import { WAVESPEED_DEFAULT_MODEL } from './models.ts';

export async function wavespeedQuestions(to: Asked): Promise<readonly Question[]> {
  const get = to.reader(to.baseUrl);
  const model = to.model ?? WAVESPEED_DEFAULT_MODEL;
  return [
    {
      check: 'GET /balance',
      async ask() {
        const said = objectOf(await get(`${to.baseUrl}/balance`));
        const { balance } = objectIn(said.data) ?? said;
        return `is served, and takes the key${typeof balance === 'number' ? `; balance ${balance} USD` : ''}`;
      },
    },
    {
      check: 'GET /models',
      isExtra: true,
      async ask() {
        const { data } = objectOf(await get(`${to.baseUrl}/models`));
        const ids = Array.isArray(data) ? data.map((one) => objectIn(one)?.model_id) : [];
        if (ids.includes(model)) return `is served, and lists ${model}`;
        throw new SoraError('refused', `It does not list ${oneLine(model, 200)} among its ${ids.length} models.`, {
          hint: `Name another with ${option('model')}, or in the profile: sora config set model <id>`,
        });
      },
    },
    listQuestion('POST /predictions', to),
  ];
}
