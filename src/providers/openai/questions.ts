/** The routes of `/v1/videos`, as `doctor --api` asks for them. */

import { SoraError } from '../../shared/errors.ts';
import { takesCharacters } from '../provider.ts';
import { type Asked, NO_ID, ONCE, type Question, servedBy } from '../questions.ts';

/** The routes of `/v1/videos`. */
export async function openaiQuestions(to: Asked): Promise<readonly Question[]> {
  const { provider, signal } = to;
  const nothing = { prompt: '-', model: undefined, seconds: 4, size: { width: 1280, height: 720 } };
  const { url } = await provider.describeVideo({ ...nothing, characters: [], reference: undefined }, { signal });
  const get = to.reader(url);
  return [
    {
      check: 'GET /videos',
      async ask() {
        const page = await provider.list?.({ limit: 1 }, { signal });
        return page ? `is served${page.videos.length === 0 ? '; no videos yet' : ''}` : 'this backend lists no videos';
      },
    },
    {
      check: 'GET /videos/{id}',
      ask: async () =>
        servedBy(await get(`${url}/${NO_ID}`, ONCE), 'Without it no job can be followed. Check the base URL.'),
    },
    {
      check: 'GET /videos/{id}/content',
      ask: async () =>
        servedBy(await get(`${url}/${NO_ID}/content`, ONCE), 'Without it no video can be fetched. Check the base URL.'),
    },
    {
      check: 'GET /videos/characters/{id}',
      isExtra: true,
      async ask() {
        const fix = 'Use another host for videos with characters: sora provider list';
        if (takesCharacters(provider)) return servedBy(await get(`${url}/characters/${NO_ID}`, ONCE), fix);
        throw new SoraError('refused', `${provider.backend ?? provider.name} takes no characters.`, { hint: fix });
      },
    },
  ];
}
