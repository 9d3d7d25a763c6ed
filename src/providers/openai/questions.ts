/** The routes of `/v1/videos`, as `doctor --api` asks for them. */

import { parseJson } from '../../http/answer.ts';
import { SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { type Backend, takesCharacters } from '../provider.ts';
import { type Asked, type Get, listQuestion, NO_ID, ONCE, objectIn, type Question, servedBy } from '../questions.ts';
import { preferredMode } from '../references.ts';

/** The routes of `/v1/videos`; of a server that may be anybody's, also which one it is. */
export async function openaiQuestions(to: Asked, { isAnybodys = false } = {}): Promise<readonly Question[]> {
  const { provider, signal } = to;
  const nothing = { prompt: '-', model: undefined, seconds: 4, size: { width: 1280, height: 720 } };
  const { url } = await provider.describeVideo({ ...nothing, characters: [], reference: undefined }, { signal });
  const get = to.reader(url);
  return [
    listQuestion('GET /videos', to),
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
        const { characterInputs } = await provider.limits(to.model, { signal });
        if (preferredMode(characterInputs) === 'clip-inline') return 'is not needed: clips travel in the requests';
        if (takesCharacters(provider)) return servedBy(await get(`${url}/characters/${NO_ID}`, ONCE), fix);
        throw new SoraError('refused', `${provider.backend ?? provider.name} takes no characters.`, { hint: fix });
      },
    },
    ...(isAnybodys && provider.backend === undefined ? [serverQuestion(get, url)] : []),
  ];
}

/** Servers of one's own that differ from the protocol, by whom their models belong to. */
const OWN_SERVERS: Readonly<Record<string, Backend>> = { vllm: 'vllm-omni', sglang: 'sglang' };

/** Which server answers there, where it says so in its list of models. */
function serverQuestion(get: Get, videosUrl: string): Question {
  return {
    check: 'GET /models',
    isExtra: true,
    async ask() {
      const answer = await get(`${videosUrl.replace(/\/videos$/, '')}/models`, ONCE);
      const data = objectIn(parseJson(answer.text))?.data;
      const owners = Array.isArray(data) ? data.map((model) => String(objectIn(model)?.owned_by).toLowerCase()) : [];
      const backend = owners.map((owner) => OWN_SERVERS[owner]).find((known) => known !== undefined);
      if (backend === undefined) return `no other ${option('backend')} is needed`;
      throw new SoraError('refused', `It is a server of ${backend}, which is spoken to in another way.`, {
        hint: `Add ${option('backend')} ${backend}, or: sora config set backend ${backend}`,
      });
    },
  };
}
