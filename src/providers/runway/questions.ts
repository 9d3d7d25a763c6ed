/** What `doctor --api` asks Runway. */

import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { oneLine } from '../../shared/text.ts';
import { type Asked, NO_ID, ONCE, objectIn, objectOf, type Question, servedBy } from '../questions.ts';
import { RUNWAY_DEFAULT_MODEL, USD_PER_CREDIT } from './models.ts';

export async function runwayQuestions(to: Asked): Promise<readonly Question[]> {
  const { baseUrl: root } = to;
  const get = to.reader(root);
  const model = to.model ?? RUNWAY_DEFAULT_MODEL;
  const organization = `${root}/v1/organization`;
  return [
    {
      check: 'GET /v1/organization',
      async ask() {
        const { creditBalance: credits } = objectOf(await get(organization));
        const told =
          typeof credits === 'number'
            ? `; ${credits} credits are left ($${(credits * USD_PER_CREDIT).toFixed(2)})`
            : '';
        return `is served, and takes the key${told}`;
      },
    },
    {
      check: 'GET /v1/organization (model)',
      isExtra: true,
      async ask() {
        const said = objectOf(await get(organization));
        const tier = objectIn(objectIn(objectIn(said.tier)?.models)?.[model]);
        const used = objectIn(objectIn(objectIn(said.usage)?.models)?.[model])?.dailyGenerations ?? 0;
        if (tier) {
          const { maxConcurrentGenerations: atOnce, maxDailyGenerations: aDay } = tier;
          return `${model}: ${used} of ${aDay ?? 'any number'} videos of today are made, ${atOnce ?? 'any number'} at once`;
        }
        throw new SoraError('refused', `It names no limits of ${oneLine(model, 200)} for this account.`, {
          hint: `Name another with ${option('model')}, or in the profile: sora config set model <id>`,
        });
      },
    },
    {
      check: 'GET /v1/tasks/{id}',
      ask: async () =>
        servedBy(
          await get(`${root}/v1/tasks/${NO_ID}`, ONCE),
          'Without it no job can be followed. Check the base URL.',
        ),
    },
  ];
}
